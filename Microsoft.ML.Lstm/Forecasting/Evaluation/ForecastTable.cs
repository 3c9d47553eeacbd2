using System.Globalization;
using System.Text;

namespace Microsoft.ML.Lstm.Forecasting.Evaluation;

/// <summary>Formats figures of forecasts as a table of text.</summary>
internal static class ForecastTable
{
    public static string Format(ForecastMetrics metrics, ForecastAccuracy forecast)
    {
        bool hasIntervals = metrics.Overall.NumberOfIntervals > 0;
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{metrics.Overall.NumberOfForecasts} forecasts");
        if (metrics.NumberOfMissingForecasts + metrics.NumberOfMissingActuals > 0)
            text.Append(CultureInfo.InvariantCulture, $"; left out: {metrics.NumberOfMissingForecasts} missing forecasts, "
                + $"{metrics.NumberOfMissingActuals} forecasts of missing values");
        text.AppendLine();

        Append(text, [.. Header("Method", hasIntervals)],
            metrics.Baselines.Prepend(forecast).Select(method => Row(method.Name, method.Overall, hasIntervals)));
        string[] baselines = [.. metrics.Baselines.Select(baseline => $"MAE {baseline.Name}")];
        if (metrics.PerTarget.Count > 1)
        {
            Append(text, [.. Header("Target", hasIntervals), .. baselines], metrics.PerTarget.Select((target, d) =>
                Row(target.Name, target.Overall, hasIntervals)
                    .Concat(metrics.Baselines.Select(baseline => Number(baseline.PerTarget[d].Overall.MeanAbsoluteError)))));
        }
        if (metrics.Horizon > 1)
        {
            Append(text, [.. Header("Rows ahead", hasIntervals), .. baselines], metrics.PerHorizon.Select((figures, step) =>
                Row((step + 1).ToString(CultureInfo.InvariantCulture), figures, hasIntervals)
                    .Concat(metrics.Baselines.Select(baseline => Number(baseline.PerHorizon[step].MeanAbsoluteError)))));
        }
        return text.ToString().TrimEnd();
    }

    private static IEnumerable<string> Header(string title, bool hasIntervals)
    {
        string[] intervals = hasIntervals ? ["Coverage", "Width", "Pinball low", "Pinball high"] : [];
        return [title, "Forecasts", "MAE", "RMSE", "sMAPE", "MASE", .. intervals];
    }

    private static IEnumerable<string> Row(string name, ForecastFigures figures, bool hasIntervals)
    {
        double[] intervals = hasIntervals
            ? [figures.Coverage, figures.MeanIntervalWidth, figures.LowerBoundPinballLoss, figures.UpperBoundPinballLoss]
            : [];
        double[] all = [figures.MeanAbsoluteError, figures.RootMeanSquaredError, figures.SymmetricMeanAbsolutePercentageError,
            figures.MeanAbsoluteScaledError, .. intervals];
        return [name, figures.NumberOfForecasts.ToString(CultureInfo.InvariantCulture), .. all.Select(Number)];
    }

    private static string Number(double value) => Math.Abs(value) switch
    {
        double.NaN => "-",
        0 => "0",
        < 0.001 or >= 1e9 => value.ToString("0.00E+0", CultureInfo.InvariantCulture),
        < 10 => value.ToString("0.0000", CultureInfo.InvariantCulture),
        < 1000 => value.ToString("0.00", CultureInfo.InvariantCulture),
        _ => value.ToString("0.0", CultureInfo.InvariantCulture),
    };

    private static void Append(StringBuilder text, string[] header, IEnumerable<IEnumerable<string>> rows)
    {
        string[][] cells = [header, .. rows.Select(row => row.ToArray())];
        int[] widths = [.. header.Select((_, column) => cells.Max(row => row[column].Length))];
        text.AppendLine();
        foreach (string[] row in cells)
            text.AppendLine(string.Join("  ",
                row.Select((cell, column) => column == 0 ? cell.PadRight(widths[0]) : cell.PadLeft(widths[column]))).TrimEnd());
    }
}

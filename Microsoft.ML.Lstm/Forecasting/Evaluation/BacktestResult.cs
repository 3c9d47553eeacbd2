using System.Globalization;
using System.Text;

namespace Microsoft.ML.Lstm;

/// <summary>How well a forecaster would have done in the past.</summary>
public sealed class BacktestResult
{
    internal BacktestResult(IReadOnlyList<BacktestFold> folds, ForecastMetrics metrics)
    {
        Folds = folds;
        Metrics = metrics;
    }

    /// <summary>The folds in the order of time.</summary>
    public IReadOnlyList<BacktestFold> Folds { get; }

    /// <summary>
    /// The figures of the forecasts of all folds together, each forecast counting the same; for MASE, in the scale of its own fold.
    /// </summary>
    public ForecastMetrics Metrics { get; }

    /// <summary>The figures of all folds together as tables, then a line with the figures of each fold.</summary>
    /// <returns>The text.</returns>
    public override string ToString()
    {
        var text = new StringBuilder();
        text.AppendLine(Metrics.ToString());
        text.AppendLine();
        foreach (BacktestFold fold in Folds)
        {
            ForecastFigures figures = fold.Metrics.Overall;
            text.AppendLine(CultureInfo.InvariantCulture,
                $"Fold {fold.Fold}: {fold.NumberOfTrainingRows} training rows, {figures.NumberOfForecasts} forecasts, MAE "
                + $"{figures.MeanAbsoluteError:G5}, RMSE {figures.RootMeanSquaredError:G5}");
        }
        return text.ToString().TrimEnd();
    }
}

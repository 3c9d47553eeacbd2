using System.Globalization;
using Accuracy.Data;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Lstm;

namespace Accuracy.Tasks;

/// <summary>Forecasts of series of numbers: errors, the less the better.</summary>
internal static class ForecastTasks
{
    private const int HoursOfDay = 24;

    // Informer's split of ETTh1: a year, and four months twice.
    private static readonly RowSplit EttSplit = new(8640, 2880, 2880);

    public static AccuracyTask OilTemperature { get; } = new("ETTh1-OT", "MSE of 24 hours, z-scored", (0.034, "last value"), 0.028,
        "oil temperature alone; window of 96 hours, hour of the day; else defaults",
        run => ScaledError(run, Ett(run, "OT", new()
        {
            WindowSize = 96,
            Calendar = CalendarFeatures.Day,
        })));

    public static AccuracyTask Transformer { get; } = new("ETTh1", "MSE of 24 hours, z-scored", (0.424, "same hour yesterday"), 0.33,
        "all 7 columns; window of 48 hours, 24 of them read directly, hour of the day, absolute error, half of the outputs and 0.3 of "
        + "inputs and states dropped, 100 epochs",
        run => ScaledError(run, Ett(run, null, new()
        {
            WindowSize = 48,
            NumberOfLags = 24,
            Calendar = CalendarFeatures.Day,
            LossFunction = ForecastLoss.AbsoluteError,
            OutputDropout = 0.5f,
            InputDropout = 0.3f,
            RecurrentDropout = 0.3f,
            NumberOfEpochs = 100,
        })));

    public static AccuracyTask Temperatures { get; } = new("temperatures", "RMSE of the next day", (2.58, "naive"), 2.30,
        "window of 48 days, day of the year; else defaults",
        run => Error(Classic(run, "daily-min-temperatures.csv", new RowSplit(2920, 365, 365), seasonality: 365, new()
        {
            WindowSize = 48,
            Calendar = CalendarFeatures.Year,
        })));

    public static AccuracyTask Sunspots { get; } = new("sunspots", "RMSE of the next month", (20.1, "naive"), 18.0,
        "window of 132 months, no calendar; else defaults",
        run => Error(Classic(run, "monthly-sunspots.csv", new RowSplit(1805, 451, 564), seasonality: 132, new()
        {
            WindowSize = 132,
            Calendar = CalendarFeatures.None,
        })));

    /// <summary>Trains on a file's first rows, validates on the next, and forecasts those behind.</summary>
    public static ForecastRun Measure(TaskRun run, SeriesFile file, RowSplit split, string[] targets, int seasonality,
        LstmForecastingEstimator.Options options)
    {
        MLContext ml = run.Context;
        if (run.Validates)
            split = split.WithoutTest();
        IDataView all = ml.Data.TakeRows(file.Load(ml, targets), split.Total);
        IDataView train = ml.Data.TakeRows(all, split.Train),
            validation = ml.Data.TakeRows(ml.Data.SkipRows(all, split.Train), split.Validation);
        (options.TargetColumnNames, options.TimeColumnName) = (targets, file.TimeColumnName);
        (options.LowerBoundColumnName, options.UpperBoundColumnName) = ("Lower", "Upper");
        options.NumberOfThreads = run.Threads;
        LstmForecastingTransformer model = ml.Forecasting.ForecastByLstm(options).Fit(train, validation);

        // From the beginning, so that the last validation row has a forecast too: that of the first test row.
        IDataView forecasts = ml.Data.SkipRows(model.WithoutHistory().Transform(all), split.Train + split.Validation - 1);
        ForecastMetrics metrics = ml.Forecasting.EvaluateForecast(forecasts, new ForecastEvaluationOptions
        {
            TargetColumnNames = targets,
            LowerBoundColumnName = "Lower",
            UpperBoundColumnName = "Upper",
            Seasonality = seasonality,
            TimeColumnName = file.TimeColumnName,
        }, ml.Data.TakeRows(all, split.Train + split.Validation - 1));
        return new ForecastRun(metrics, [.. targets.Select(target => Deviation(train.GetColumn<float>(target)))]);
    }

    public static Measurement ScaledError(TaskRun run, ForecastRun forecast)
        => new(forecast.ScaledSquaredError(forecast.Metrics.PerTarget), string.Create(CultureInfo.InvariantCulture,
        $"MAE {forecast.ScaledAbsoluteError(forecast.Metrics.PerTarget):0.000}, naive MSE "
        + $"{forecast.ScaledSquaredError(forecast.Metrics.Baselines[0].PerTarget):0.000}, the intervals hold "
        + $"{forecast.Metrics.Overall.Coverage:P1}{(run.Validates ? " (of held-out rows)" : "")}"));

    private static ForecastRun Ett(TaskRun run, string? target, LstmForecastingEstimator.Options options)
    {
        var file = new SeriesFile(run.PathOf("ett", "ETTh1.csv"));
        options.Horizon = HoursOfDay;
        return Measure(run, file, EttSplit, target is null ? [.. file.ValueColumnNames] : [target], HoursOfDay, options);
    }

    private static ForecastRun Classic(TaskRun run, string name, RowSplit split, int seasonality, LstmForecastingEstimator.Options options)
    {
        var file = new SeriesFile(run.PathOf("classic", name));
        return Measure(run, file, split, [.. file.ValueColumnNames], seasonality, options);
    }

    private static Measurement Error(ForecastRun forecast)
        => new(forecast.Metrics.Overall.RootMeanSquaredError, string.Create(CultureInfo.InvariantCulture,
        $"naive {forecast.Metrics.Baselines[0].Overall.RootMeanSquaredError:0.00}, the intervals hold "
        + $"{forecast.Metrics.Overall.Coverage:P1}"));

    private static double Deviation(IEnumerable<float> values)
    {
        float[] all = [.. values];
        double mean = all.Average(value => (double)value);
        return Math.Sqrt(all.Average(value => (value - mean) * (value - mean)));
    }
}

/// <summary>How many rows there are for what, in this order.</summary>
/// <param name="Train">To train on.</param>
/// <param name="Validation">To validate on.</param>
/// <param name="Test">To measure with.</param>
internal sealed record RowSplit(int Train, int Validation, int Test)
{
    private const int ValidationOneIn = 5;

    /// <summary>Reads three numbers, 1 or more, with commas between; null for anything else.</summary>
    public static RowSplit? Parse(string text)
    {
        int[] rows = [.. text.Split(',')
            .Select(part => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int count) ? count : 0)];
        return rows is [> 0, > 0, > 0] ? new RowSplit(rows[0], rows[1], rows[2]) : null;
    }

    public int Total => Train + Validation + Test;

    /// <summary>
    /// The same without the test rows, by which settings must not be chosen: the validation rows become the test rows, and the last
    /// training rows the validation rows.
    /// </summary>
    public RowSplit WithoutTest() => new(Train - Train / ValidationOneIn, Train / ValidationOneIn, Validation);
}

/// <summary>How good forecasts are, and the unit of each target: its deviation in the training rows.</summary>
internal sealed record ForecastRun(ForecastMetrics Metrics, double[] Deviations)
{
    public double ScaledSquaredError(IReadOnlyList<ForecastAccuracy> targets)
        => targets.Zip(Deviations, (target, deviation) => target.Overall.MeanSquaredError / (deviation * deviation)).Average();

    public double ScaledAbsoluteError(IReadOnlyList<ForecastAccuracy> targets)
        => targets.Zip(Deviations, (target, deviation) => target.Overall.MeanAbsoluteError / deviation).Average();
}

using Accuracy.Data;
using Microsoft.ML.Lstm;

namespace Accuracy.Tasks;

/// <summary>Forecasts of a series of numbers, from each row of its last part: errors, the less the better.</summary>
internal static class ForecastTasks
{
    private const int HoursOfDay = 24;

    private const string Informer = "Zhou et al. 2021";

    // Informer's split of ETTh1: a year, and four months twice.
    private static readonly RowSplit EttSplit = new(8640, 2880, 2880);

    public static IReadOnlyList<AccuracyTask> All { get; } =
    [
        Ett("ETTh1-OT", "OT", ridgeWindow: 96, () => new()
        {
            WindowSize = 96,
            Calendar = CalendarFeatures.Day,
        }) with
        {
            Tuned = "window of 96 hours, hour of the day",
            Aims = new(Untouched: 0.028, Best: 0.0265, Tuned: 0.028),
            Published = [new($"Informer, {Informer}", 0.098), new($"LSTMa, {Informer}", 0.114)],
        },
        Ett("ETTh1", null, ridgeWindow: 48, () => new()
        {
            WindowSize = 48,
            NumberOfLags = 24,
            Calendar = CalendarFeatures.Day,
            LossFunction = ForecastLoss.AbsoluteError,
            OutputDropout = 0.5f,
            InputDropout = 0.3f,
            RecurrentDropout = 0.3f,
            NumberOfEpochs = 100,
        }) with
        {
            Tuned = "window of 48 hours, 24 of them read directly, hour of the day, absolute error, half of the outputs and 0.3 of "
                + "inputs and states dropped, 100 epochs",
            Aims = new(Untouched: 0.33, Best: 0.31, Tuned: 0.33),
            Published = [new($"LSTMa, {Informer}", 0.650)],
        },
        Classic("temperatures", "next day", TemperaturesProblem, ridgeWindow: 48, () => new()
        {
            WindowSize = 48,
            Calendar = CalendarFeatures.Year,
        }) with
        {
            Tuned = "window of 48 days, day of the year",
            Aims = new(Untouched: 2.30, Best: 2.24, Tuned: 2.30),
        },
        Classic("sunspots", "next month", SunspotsProblem, ridgeWindow: 132, () => new()
        {
            WindowSize = 132,
            Calendar = CalendarFeatures.None,
        }) with
        {
            Tuned = "window of 132 months, no calendar",
            Aims = new(Untouched: 18.0, Best: 17.5, Tuned: 18.0),
        },
    ];

    /// <summary>The columns of ETTh1, or one of them.</summary>
    public static ForecastProblem EttProblem(TaskRun run, string? target, int horizon)
    {
        var file = new SeriesFile(run.PathOf("ett", "ETTh1.csv"));
        return new ForecastProblem(file, target is null ? [.. file.ValueColumnNames] : [target], EttSplit, horizon, HoursOfDay);
    }

    public static ForecastProblem TemperaturesProblem(TaskRun run)
        => ClassicProblem(run, "daily-min-temperatures.csv", new RowSplit(2920, 365, 365), season: 365);

    /// <summary>The column of a file of the folder of classic series, one step ahead.</summary>
    public static ForecastProblem ClassicProblem(TaskRun run, string name, RowSplit split, int season)
    {
        var file = new SeriesFile(run.PathOf("classic", name));
        return new ForecastProblem(file, [.. file.ValueColumnNames], split, Horizon: 1, season);
    }

    private static ForecastProblem SunspotsProblem(TaskRun run)
        => ClassicProblem(run, "monthly-sunspots.csv", new RowSplit(1805, 451, 564), season: 132);

    private static AccuracyTask Ett(string name, string? target, int ridgeWindow, Func<LstmForecastingEstimator.Options> tuned)
        => Task(name, "MSE of 24 hours, z-scored", run => EttProblem(run, target, HoursOfDay), tuned, ForecastError.ScaledSquare, run =>
        {
            (double[] squares, double[] deviations) = RidgeForecast.Measure(EttProblem(run, target, HoursOfDay).Of(run), run.Context,
                ridgeWindow);
            return new Bar($"ridge on {ridgeWindow} rows", ForecastError.ScaledSquareOf(squares, deviations));
        });

    private static AccuracyTask Classic(string name, string ahead, Func<TaskRun, ForecastProblem> problem, int ridgeWindow,
        Func<LstmForecastingEstimator.Options> tuned)
        => Task(name, $"RMSE of the {ahead}", problem, tuned, ForecastError.Root, run => RidgeBar(problem(run).Of(run), run, ridgeWindow));

    /// <summary>The error of the next value of one target by a ridge regression.</summary>
    public static Bar RidgeBar(ForecastProblem problem, TaskRun run, int window)
        => new($"ridge on {window} rows", Math.Sqrt(RidgeForecast.Measure(problem, run.Context, window).SquaredErrors.Single()));

    private static AccuracyTask Task(string name, string metric, Func<TaskRun, ForecastProblem> problem,
        Func<LstmForecastingEstimator.Options> tuned, ForecastError error, Func<TaskRun, Bar> ridge)
        => new(name, new Metric(metric, HigherIsBetter: false), run => problem(run).Measure(run, tuned, error))
        {
            Family = "forecasts",
            MeasureBars = run => [ridge(run)],
        };
}

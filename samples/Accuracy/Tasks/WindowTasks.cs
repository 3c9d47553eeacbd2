using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Lstm;

namespace Accuracy.Tasks;

/// <summary>
/// The next value by a regression on the last ones: SlidingWindow and the regression trainer, which holds out what it needs of the rows
/// before the test part.
/// </summary>
internal static class WindowTasks
{
    private const int WindowSize = 48;

    // How much worse than the ridge regression the trainer may be when nothing is set.
    private const double Allowance = 1.03;

    public static IReadOnlyList<AccuracyTask> All { get; } =
    [
        Task("window-ETTh1-OT", "next hour", run => ForecastTasks.EttProblem(run, "OT", horizon: 1)),
        Task("window-temperatures", "next day", ForecastTasks.TemperaturesProblem),
    ];

    private static AccuracyTask Task(string name, string ahead, Func<TaskRun, ForecastProblem> problem)
        => new(name, new Metric($"RMSE of the {ahead}", HigherIsBetter: false), run => Measure(run, problem(run).Of(run)))
        {
            Family = "windows",
            MeasureBars = run => [ForecastTasks.RidgeBar(problem(run).Of(run), run, WindowSize)],
            AimFromBars = (setting, bars) => setting == Setting.Best
                ? Ridge(bars)
                : Math.Min(Allowance * Ridge(bars), bars.First(bar => bar.Method == LastValue).Figure),
        };

    private const string LastValue = "last value";

    private static double Ridge(IReadOnlyList<Bar> bars)
        => bars.First(bar => bar.Method.StartsWith("ridge", StringComparison.Ordinal)).Figure;

    private static Measurement Measure(TaskRun run, ForecastProblem problem)
    {
        MLContext ml = run.Context;
        string target = problem.Targets.Single();
        IDataView all = ml.Data.TakeRows(problem.File.Load(ml, [target]), problem.Split.Total);
        float[] values = [.. all.GetColumn<float>(target)];
        LstmRegressionTrainer.Options options = run.Options<LstmRegressionTrainer.Options>();
        (options.LabelColumnName, options.FeatureColumnName) = ("Next", "Window");
        var model = run.Rounded(ml.Transforms.SlidingWindow("Window", WindowSize, [target], labelColumnName: "Next")
            .Append(ml.Regression.Trainers.Lstm(options))
            .Fit(ml.Data.TakeRows(all, problem.Split.Known)));
        // A forecast for each row behind a whole window, the row after the last among them.
        float[] forecasts = [.. model.Transform(all).GetColumn<float>("Score")];
        return new Measurement(Root(row => forecasts[row - WindowSize]))
        {
            Report = model.LastTransformer.TrainingReport,
            Bars = [new Bar(LastValue, Root(row => values[row - 1]))],
        };

        double Root(Func<int, float> forecastOf) => Math.Sqrt(Enumerable.Range(problem.Split.Known, problem.Split.Test)
            .Average(row => Math.Pow(forecastOf(row) - values[row], 2)));
    }
}

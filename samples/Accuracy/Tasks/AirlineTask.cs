using Accuracy.Data;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Lstm;

namespace Accuracy.Tasks;

/// <summary>
/// The airline passengers of 1949 to 1960, one month ahead: untouched by ForecastByLstm, and by hand as samples/AirlinePassengers does it,
/// by a window of the growth over the same month a year before, in logarithms, and the regression trainer's defaults.
/// </summary>
internal static class AirlineTask
{
    private const int MonthsOfYear = 12;

    // The best of 3, 4, 6 and 12 for 1955 and 1956.
    private const int WindowSize = 3;

    private static readonly RowSplit Split = new(72, 24, 48);

    public static AccuracyTask Task { get; } = new("airline", new Metric("RMSE of the next month", HigherIsBetter: false),
        run => run.Setting == Setting.Tuned
            ? Growth(run)
            : ForecastTasks.ClassicProblem(run, FileName, Split, MonthsOfYear).Measure(run, null, ForecastError.Root))
    {
        Family = "forecasts",
        Tuned = "window of 3 months' growth over a year, the regression trainer's defaults",
        Aims = new(Tuned: 14),
        Published = [new("seasonal plus drift", 15.4)],
    };

    private const string FileName = "airline-passengers.csv";

    private static Measurement Growth(TaskRun run)
    {
        MLContext ml = run.Context;
        var file = new SeriesFile(run.PathOf("classic", FileName));
        string target = file.ValueColumnNames.Single();
        float[] passengers = [.. file.Load(ml, [target]).GetColumn<float>(target)];
        int held = run.Validates ? Split.Validation : Split.Test;
        passengers = run.Validates ? passengers[..Split.Known] : passengers;
        YearlyGrowth[] growth = [.. Enumerable.Range(MonthsOfYear, passengers.Length - MonthsOfYear)
            .Select(month => new YearlyGrowth { Value = MathF.Log(passengers[month] / passengers[month - MonthsOfYear]) })];

        LstmRegressionTrainer.Options options = run.Options<LstmRegressionTrainer.Options>();
        (options.LabelColumnName, options.FeatureColumnName) = ("Next", "Window");
        var pipeline = ml.Transforms.SlidingWindow("Window", WindowSize, [nameof(YearlyGrowth.Value)], labelColumnName: "Next")
            .Append(ml.Regression.Trainers.Lstm(options));
        ITransformer model = run.Rounded(pipeline.Fit(ml.Data.LoadFromEnumerable(growth[..^held])));
        // A forecast for each month behind a whole window, the month after the last among them.
        float[] forecasts = [.. model.Transform(ml.Data.LoadFromEnumerable(growth)).GetColumn<float>("Score")];
        return Math.Sqrt(Enumerable.Range(passengers.Length - held, held).Average(month =>
        {
            double forecast = Math.Exp(forecasts[month - MonthsOfYear - WindowSize]) * passengers[month - MonthsOfYear];
            return Math.Pow(forecast - passengers[month], 2);
        }));
    }

    private sealed class YearlyGrowth
    {
        public float Value { get; set; }
    }
}

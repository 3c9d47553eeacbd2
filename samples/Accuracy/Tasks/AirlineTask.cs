using Accuracy.Data;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace Accuracy.Tasks;

/// <summary>
/// The airline passengers of 1949 to 1960, one month ahead, as samples/AirlinePassengers does it: a window of the growth over the same
/// month a year before, in logarithms, and the regression trainer's defaults. So few rows are no case for ForecastByLstm: on the growth it
/// does worse than the simple forecast.
/// </summary>
internal static class AirlineTask
{
    private const int MonthsOfYear = 12;
    private const int TestMonths = 48;

    // The best of 3, 4, 6 and 12 for 1955 and 1956.
    private const int WindowSize = 3;

    public static AccuracyTask Task { get; } = new("airline", "RMSE of the next month", (15.4, "seasonal plus drift"), 14,
        "window of 3 months' growth over a year, the regression trainer's defaults", run => Measure(run));

    private static double Measure(TaskRun run)
    {
        MLContext ml = run.Context;
        var file = new SeriesFile(run.PathOf("classic", "airline-passengers.csv"));
        string target = file.ValueColumnNames.Single();
        float[] passengers = [.. file.Load(ml, [target]).GetColumn<float>(target)];
        int held = run.Validates ? TestMonths / 2 : TestMonths;
        passengers = run.Validates ? passengers[..^TestMonths] : passengers;
        Growth[] growth = [.. Enumerable.Range(MonthsOfYear, passengers.Length - MonthsOfYear)
            .Select(month => new Growth { Value = MathF.Log(passengers[month] / passengers[month - MonthsOfYear]) })];

        var pipeline = ml.Transforms.SlidingWindow("Window", WindowSize, [nameof(Growth.Value)], labelColumnName: "Next")
            .Append(ml.Regression.Trainers.Lstm(new()
            {
                LabelColumnName = "Next",
                FeatureColumnName = "Window",
                NumberOfThreads = run.Threads
            }));
        ITransformer model = pipeline.Fit(ml.Data.LoadFromEnumerable(growth[..^held]));
        // A forecast for each month behind a whole window, the month after the last among them.
        float[] forecasts = [.. model.Transform(ml.Data.LoadFromEnumerable(growth)).GetColumn<float>("Score")];
        return Math.Sqrt(Enumerable.Range(passengers.Length - held, held).Average(month =>
        {
            double forecast = Math.Exp(forecasts[month - MonthsOfYear - WindowSize]) * passengers[month - MonthsOfYear];
            return Math.Pow(forecast - passengers[month], 2);
        }));
    }

    private sealed class Growth
    {
        public float Value { get; set; }
    }
}

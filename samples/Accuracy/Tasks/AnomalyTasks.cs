using System.Globalization;
using System.Text.Json;
using Accuracy.Data;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Lstm;

namespace Accuracy.Tasks;

/// <summary>
/// Series of the Numenta Anomaly Benchmark: how many of the labelled windows have an alarm in them, with at most as many false alarms as there are windows. Beside it the same of a detector that takes
/// the last rows for normally distributed.
/// </summary>
internal static class AnomalyTasks
{
    // As in the benchmark: what comes before is there to learn from.
    private const double ProbationaryShare = 0.15;

    // Rows that the normal distribution is of.
    private const int GaussianRows = 1000;

    private static readonly TimeSpan AlarmLength = TimeSpan.FromHours(12);

    public static AccuracyTask MachineTemperature { get; } = Task("machine-temperature", "machine_temperature_system_failure", "rows of five minutes, scores over an hour",
        new() { WindowSize = 96, SmoothingWindow = 12, Calendar = CalendarFeatures.None });

    public static AccuracyTask Taxi { get; } = Task("nyc-taxi", "nyc_taxi", "rows of half an hour, time of the day and of the week, scores over half a day",
        new() { WindowSize = 96, SmoothingWindow = 24, Calendar = CalendarFeatures.Day | CalendarFeatures.Week });

    private static AccuracyTask Task(string name, string file, string settings, LstmAnomalyEstimator.Options options)
        => new(name, "windows found, percent", (double.NaN, ""), double.NaN, settings, run => Measure(run, file, options));

    private static Measurement Measure(TaskRun run, string name, LstmAnomalyEstimator.Options options)
    {
        MLContext ml = run.Context;
        var file = new SeriesFile(run.PathOf("nab", "data", name + ".csv"));
        IDataView all = file.Load(ml, ["value"]);
        DateTime[] times = [.. all.GetColumn<DateTime>(file.TimeColumnName!)];
        int first = (int)(times.Length * ProbationaryShare);
        // The machine's clock goes back an hour once, so its times are only used to count by.
        options.TimeColumnName = options.Calendar == CalendarFeatures.None ? null : file.TimeColumnName;
        (options.InputColumnName, options.NumberOfThreads) = ("value", run.Threads);
        LstmAnomalyTransformer model = ml.Transforms.DetectAnomalyByLstm(options).Fit(ml.Data.TakeRows(all, first));

        double[] strangeness = [.. model.Transform(ml.Data.SkipRows(all, first)).GetColumn<double[]>(options.OutputColumnName).Select(result => double.IsNaN(result[2]) ? 0 : -result[2])];
        double[] gaussian = [.. Gaussian([.. all.GetColumn<float>("value")]).Skip(first)];
        (DateTime Start, DateTime End)[] windows = [.. Windows(run, name).Where(window => window.End >= times[first])];
        times = times[first..];
        int ours = Found(strangeness, times, windows), others = Found(gaussian, times, windows);
        return new(100.0 * ours / windows.Length, $"{ours} of {windows.Length}; windowed normal distribution {others}");
    }

    /// <summary>The most windows with an alarm in them that any threshold gives, with no more false alarms than there are windows.</summary>
    private static int Found(double[] scores, DateTime[] times, (DateTime Start, DateTime End)[] windows)
    {
        int best = 0;
        foreach (double threshold in scores.Distinct().OrderDescending())
        {
            var found = new HashSet<DateTime>();
            int falseAlarms = 0;
            DateTime lastAlarm = DateTime.MinValue;
            for (int t = 0; t < scores.Length; t++)
            {
                if (scores[t] < threshold)
                    continue;
                int window = Array.FindIndex(windows, window => times[t] >= window.Start && times[t] <= window.End);
                if (window >= 0)
                {
                    found.Add(windows[window].Start);
                    continue;
                }
                // Alerts soon after another are the same alarm.
                falseAlarms += times[t] - lastAlarm > AlarmLength ? 1 : 0;
                lastAlarm = times[t];
            }
            if (falseAlarms > windows.Length)
                return best;
            best = Math.Max(best, found.Count);
        }
        return best;
    }

    /// <summary>How many deviations each value is off the mean of the rows before it.</summary>
    private static IEnumerable<double> Gaussian(float[] values)
    {
        double sum = 0, squares = 0;
        for (int t = 0; t < values.Length; t++)
        {
            int count = Math.Min(t, GaussianRows);
            double mean = count > 0 ? sum / count : values[t];
            double deviation = count > 1 ? Math.Sqrt(Math.Max(squares / count - mean * mean, 1e-9)) : 1;
            yield return Math.Abs(values[t] - mean) / deviation;
            (sum, squares) = (sum + values[t], squares + (double)values[t] * values[t]);
            if (t >= GaussianRows)
                (sum, squares) = (sum - values[t - GaussianRows], squares - (double)values[t - GaussianRows] * values[t - GaussianRows]);
        }
    }

    private static IEnumerable<(DateTime Start, DateTime End)> Windows(TaskRun run, string name)
    {
        using var labels = JsonDocument.Parse(File.ReadAllText(run.PathOf("nab", "labels", "combined_windows.json")));
        return [.. labels.RootElement.GetProperty($"realKnownCause/{name}.csv").EnumerateArray().Select(window => (At(window[0]), At(window[1])))];

        static DateTime At(JsonElement time) => DateTime.Parse(time.GetString()!, CultureInfo.InvariantCulture);
    }
}

using System.Globalization;
using Accuracy.Data;
using Microsoft.ML;
using Microsoft.ML.Lstm;

namespace Accuracy.Tasks;

/// <summary>Anomalies in series of the Numenta Anomaly Benchmark: windows that are found, the more the better.</summary>
internal static class AnomalyTasks
{
    // The benchmark's probation: the part that a detector may learn from, without its labels.
    private const double TrainingShare = 0.15;
    private const double HeldOutShare = 1.0 / 6;

    private static readonly int[] GaussianLengths = [48, 100, 200, 500, 1000, 2000, 3000, RollingGaussian.NabLength];

    public static AccuracyTask MachineTemperature { get; } = new("machine_temperature", "of 3 windows found with 1 false alarm",
        (1, "rolling Gaussian"), 2,
        "first 15 percent to train on, no calendar; else defaults",
        run => Measure(run, "machine_temperature_system_failure.csv", new() { Calendar = CalendarFeatures.None }));

    public static AccuracyTask Taxi { get; } = new("nyc_taxi", "of 5 windows found with 1 false alarm", (3, "rolling Gaussian"), 4,
        "first 15 percent to train on; defaults",
        run => Measure(run, "nyc_taxi.csv", new()));

    private static Measurement Measure(TaskRun run, string name, LstmAnomalyEstimator.Options options)
    {
        MLContext ml = run.Context;
        NabFile file = NabFile.Read(run.PathOf("nab", "data", name), run.PathOf("nab", "labels", "combined_windows.json"));
        int train = (int)(file.Rows.Length * TrainingShare);
        if (run.Validates)
            (file, train) = (file with { Rows = file.Rows[..train] }, (int)(train * (1 - HeldOutShare)));
        (options.InputColumnName, options.TimeColumnName) = (nameof(Reading.Value), nameof(Reading.Time));
        options.NumberOfThreads = run.Threads;
        LstmAnomalyTransformer model = ml.Transforms.DetectAnomalyByLstm(options).Fit(ml.Data.LoadFromEnumerable(file.Rows[..train]));
        IDataView results = model.Transform(ml.Data.LoadFromEnumerable(file.Rows[train..]));
        Verdict[] verdicts = [.. ml.Data.CreateEnumerable<Verdict>(results, reuseRowObject: false)];
        return run.Validates ? ForecastError(file.Rows[train..], verdicts) : Windows(file, verdicts);
    }

    /// <summary>Without labels, settings are chosen by how well the values of held-out rows were expected.</summary>
    private static Measurement ForecastError(Reading[] rows, Verdict[] verdicts)
        => new(rows.Zip(verdicts, (row, verdict) => Math.Abs(row.Value - verdict.Expected)).Average(),
            string.Create(CultureInfo.InvariantCulture,
            $"this is the MAE of the next value of held-out rows; naive "
            + $"{rows.Zip(rows.Skip(1), (row, next) => Math.Abs(row.Value - next.Value)).Average():G4}"));

    private static Measurement Windows(NabFile file, Verdict[] verdicts)
    {
        int[] found = AlertSweep.Found(file, [.. verdicts.Select(verdict => Math.Abs(verdict.Score))]);
        (int windows, int falseAlarms) = AlertSweep.Count(file, [.. verdicts.Select(verdict => verdict.IsAlert)]);
        float[] values = [.. file.Rows.Select(row => row.Value)];
        int[][] gaussian = [.. GaussianLengths.Select(length =>
            AlertSweep.Found(file, RollingGaussian.Scores(values, length, values.Length - verdicts.Length)))];
        int[] best = [.. found.Select((_, i) => gaussian.Max(one => one[i]))];
        return new Measurement(found[Array.IndexOf(AlertSweep.Allowances, 1)],
            $"at up to {Join(AlertSweep.Allowances)} false alarms {Join(found)}; rolling Gaussian of {RollingGaussian.NabLength} rows "
            + $"{Join(gaussian[^1])}, of the best length for each {Join(best)}; at the default confidence {windows} at {falseAlarms}");

        static string Join(int[] numbers) => string.Join('/', numbers);
    }

    private sealed class Verdict
    {
        /// <summary>Alert, score, p-value, expected value and bounds.</summary>
        public double[] Anomaly { get; set; } = [];

        public bool IsAlert => Anomaly[0] == 1;

        public double Score => Anomaly[1];

        public double Expected => Anomaly[3];
    }
}

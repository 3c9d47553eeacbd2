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

    private static readonly int[] CountedAllowances = [1, 5];

    private static readonly int[] GaussianLengths = [48, 100, 200, 500, 1000, 2000, 3000, RollingGaussian.NabLength];

    private static readonly Metric Found = new("windows found at 1 and at 5 false alarms, in sum", HigherIsBetter: true);

    public static IReadOnlyList<AccuracyTask> All { get; } =
    [
        Task("ambient_temperature", "ambient_temperature_system_failure.csv"),
        Task("cpu_utilization", "cpu_utilization_asg_misconfiguration.csv"),
        Task("ec2_request_latency", "ec2_request_latency_system_failure.csv"),
        Task("machine_temperature", MachineFile) with
        {
            Tuned = "no calendar",
            Run = run => Measure(run, MachineFile, () => new() { Calendar = CalendarFeatures.None }),
        },
        Task("nyc_taxi", "nyc_taxi.csv"),
        Task("rogue_agent_key_hold", "rogue_agent_key_hold.csv"),
        Task("rogue_agent_key_updown", "rogue_agent_key_updown.csv"),
    ];

    private const string MachineFile = "machine_temperature_system_failure.csv";

    private static AccuracyTask Task(string name, string fileName)
        => new(name, Found, run => Measure(run, fileName))
        {
            Family = "NAB",
            AimFromBars = (_, bars) => bars.Count > 0 ? bars[0].Figure : double.NaN,
        };

    private static Measurement Measure(TaskRun run, string name, Func<LstmAnomalyEstimator.Options>? tuned = null)
    {
        MLContext ml = run.Context;
        NabFile file = NabFile.Read(run.PathOf("nab", "data", name), run.PathOf("nab", "labels", "combined_windows.json"));
        int train = (int)(file.Rows.Length * TrainingShare);
        if (run.Validates)
            (file, train) = (file with { Rows = file.Rows[..train] }, (int)(train * (1 - HeldOutShare)));
        LstmAnomalyEstimator.Options options = run.Options(tuned);
        (options.InputColumnName, options.TimeColumnName) = (nameof(Reading.Value), nameof(Reading.Time));
        LstmAnomalyTransformer model = run.Rounded(
            ml.Transforms.DetectAnomalyByLstm(options).Fit(ml.Data.LoadFromEnumerable(file.Rows[..train])));
        IDataView results = model.Transform(ml.Data.LoadFromEnumerable(file.Rows[train..]));
        Verdict[] verdicts = [.. ml.Data.CreateEnumerable<Verdict>(results, reuseRowObject: false)];
        Measurement measured = run.Validates ? ForecastError(file.Rows[train..], verdicts) : Windows(file, verdicts);
        return measured with { Report = model.TrainingReport };
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
        return new Measurement(AtFew(found),
            $"of {file.Windows.Length} windows at up to {Join(AlertSweep.Allowances)} false alarms {Join(found)}; rolling Gaussian of "
            + $"{RollingGaussian.NabLength} rows {Join(gaussian[^1])}, of the best length for each {Join(best)}; at the default confidence "
            + $"{windows} at {falseAlarms}")
        {
            Bars = [new Bar($"rolling Gaussian of {RollingGaussian.NabLength} rows", AtFew(gaussian[^1]))],
        };

        static int AtFew(int[] found) => CountedAllowances.Sum(allowance => found[Array.IndexOf(AlertSweep.Allowances, allowance)]);

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

using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Tests.Series;

namespace Microsoft.ML.Lstm.Tests.Anomalies;

/// <summary>Small detectors for tests.</summary>
internal static class DetectorRun
{
    public const int Alert = 0, Score = 1, PValue = 2, Expected = 3, Upper = 4, Lower = 5;

    /// <summary>A detector that trains in a moment.</summary>
    public static LstmAnomalyTransformer Fit(MLContext ml, IEnumerable<Reading> rows, Action<LstmAnomalyEstimator.Options>? change = null)
    {
        var options = new LstmAnomalyEstimator.Options
        {
            InputColumnName = "Value",
            WindowSize = 24,
            HiddenSize = 10,
            NumberOfEpochs = 3,
            Seed = 1
        };
        change?.Invoke(options);
        return ml.Transforms.DetectAnomalyByLstm(options).Fit(ml.Data.LoadFromEnumerable(rows));
    }

    /// <summary>The output for each row.</summary>
    public static double[][] Transform(MLContext ml, ITransformer model, IEnumerable<Reading> rows)
        => [.. model.Transform(ml.Data.LoadFromEnumerable(rows)).GetColumn<double[]>("Anomaly")];

    /// <summary>The rows that have an alert.</summary>
    public static int[] Alerts(double[][] results) => [.. Enumerable.Range(0, results.Length).Where(t => results[t][Alert] == 1)];
}

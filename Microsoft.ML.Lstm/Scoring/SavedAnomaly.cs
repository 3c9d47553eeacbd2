using System.Text.Json.Serialization;
using Microsoft.ML.Lstm.Network;
using Microsoft.ML.Lstm.Persistence;

namespace Microsoft.ML.Lstm.Scoring;

/// <summary>What is stored of a detector of anomalies beside its forecaster, as JSON.</summary>
/// <param name="Settings">Its settings.</param>
/// <param name="Quantiles">The quantiles of scores when nothing is wrong.</param>
/// <param name="LowerExcess">Their lower tail.</param>
/// <param name="UpperExcess">Their upper tail.</param>
/// <param name="Recent">What is known of the last rows of each series.</param>
internal sealed record SavedAnomaly(AnomalySettings Settings, float[] Quantiles, double LowerExcess, double UpperExcess, Dictionary<string, float[]> Recent)
{
    private const int MaxSmoothing = 10_000;

    [JsonIgnore]
    public ScoreDistribution Scores => new(Quantiles, LowerExcess, UpperExcess);

    public byte[] ToJson() => SavedJson.Write(this);

    /// <exception cref="InvalidDataException">The JSON is not that of such a detector.</exception>
    public static SavedAnomaly FromJson(ReadOnlySpan<byte> json)
    {
        var saved = SavedJson.Read<SavedAnomaly>(json, "A saved LSTM anomaly detector");
        saved.Check();
        return saved;
    }

    private void Check()
    {
        if (Settings.OutputColumnName == "" || !(Settings.Confidence is > 0 and < 100) || !Enum.IsDefined(Settings.Side))
            throw Invalid("expected a column name, a confidence above 0 and below 100, and a known side");
        if (Settings.Residuals.Smoothing is < 1 or > MaxSmoothing || !(Settings.Residuals.Unit > 0) || !double.IsFinite(Settings.Residuals.Median))
            throw Invalid($"expected residuals with a unit above 0, over 1 to {MaxSmoothing} rows");
        if (Quantiles.Length != ScoreDistribution.QuantileCount || !Quantiles.SequenceEqual(Quantiles.Order()) || !(LowerExcess > 0) || !(UpperExcess > 0))
            throw Invalid($"expected {ScoreDistribution.QuantileCount} quantiles in ascending order, and tails above 0");
        foreach ((string series, float[] recent) in Recent)
        {
            if (recent?.Length != Settings.Residuals.Smoothing + 1)
                throw Invalid($"expected {Settings.Residuals.Smoothing + 1} numbers of series '{series}', found {recent?.Length ?? 0}");
        }
    }

    private static InvalidDataException Invalid(string what) => new($"A saved LSTM anomaly detector can't be read: {what}.");
}

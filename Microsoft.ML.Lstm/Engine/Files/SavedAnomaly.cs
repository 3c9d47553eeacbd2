using System.Numerics.Tensors;
using System.Text.Json.Serialization;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Series;
using Microsoft.ML.Lstm.Engine.Series.Detection;

namespace Microsoft.ML.Lstm.Engine.Files;

/// <summary>
/// The JSON of an anomaly detector, <c>Anomaly.json</c>; its forecaster is saved beside it as <see cref="SavedForecast"/>.
/// </summary>
/// <param name="Settings">The settings of the detector.</param>
/// <param name="Quantiles">The quantiles of the scores of normal data.</param>
/// <param name="Lower">The lower tail of these scores.</param>
/// <param name="Upper">The upper tail of these scores.</param>
/// <param name="Known">The scores of each series so far, by name.</param>
internal sealed record SavedAnomaly(AnomalySettings Settings, float[] Quantiles, ExponentialTail Lower, ExponentialTail Upper,
    Dictionary<string, KnownScores> Known)
{
    [JsonIgnore]
    public ScoreDistribution Scores => new(Quantiles, Lower, Upper);

    public byte[] ToJson() => SavedJson.Write(this, SavedJsonContext.Default.SavedAnomaly);

    /// <exception cref="InvalidDataException">It is not the JSON of an anomaly detector.</exception>
    public static SavedAnomaly FromJson(ReadOnlyMemory<byte> json)
    {
        SavedAnomaly saved = SavedJson.Read(json, value => value.Object(From), "A saved LSTM anomaly detector");
        saved.Check();
        return saved;
    }

    private static SavedAnomaly From(SavedValue json)
        => new(json["settings"].Object(AnomalySettings.From), json["quantiles"].Array(value => value.Single()),
            json["lower"].Object(TailFrom), json["upper"].Object(TailFrom), json["known"].Entries(series => series.Object(ScoresFrom)));

    private static ExponentialTail TailFrom(SavedValue json) => new(json["rate"].Single(), json["excess"].Single());

    private static KnownScores ScoresFrom(SavedValue json)
        => new(json["recent"].Array(score => score.Single()), json["lower"].Object(TailFrom), json["upper"].Object(TailFrom))
        {
            Usual = json.Find("usual")?.Object(usual
                => new UsualState(usual["mean"].Double(), usual["variance"].Double(), usual["count"].Double())),
        };

    private void Check()
    {
        if (Settings.OutputColumnName == "" || !(Settings.Confidence is > 0 and < 100))
            throw Invalid("expected a column name, and a confidence above 0 and below 100");
        if (!AnomalySettings.IsHistory(Settings.History))
            throw Invalid($"expected a history of {AnomalySettings.HistoryRange}, found {Settings.History}");
        if (Settings.Residuals.Smoothing is < 1 or > AnomalySettings.MaxSmoothing
            || !(Settings.Residuals.Unit > 0)
            || !double.IsFinite(Settings.Residuals.Unit)
            || !AnomalySettings.IsUsualWeight(Settings.Residuals.UsualWeight)
            || !double.IsFinite(Settings.Residuals.Median))
            throw Invalid($"expected residuals with a unit above 0, over 1 to {AnomalySettings.MaxSmoothing} rows, and a weight of what is "
                + $"usual {AnomalySettings.UsualWeightRange}");
        if (Quantiles.Length != ScoreDistribution.QuantileCount
            || !TensorPrimitives.IsFiniteAll<float>(Quantiles)
            || !Quantiles.SequenceEqual(Quantiles.Order())
            || !AreTails(Lower, Upper))
            throw Invalid($"expected {ScoreDistribution.QuantileCount} finite quantiles in ascending order, and tails with rates from 0 "
                + "to 1 and finite excesses above 0");
        foreach ((string series, KnownScores known) in Known)
        {
            if (known.Recent.Length != Settings.Residuals.Smoothing + 1
                || !TensorPrimitives.IsFiniteAll<float>(known.Recent)
                || known.Usual is { } usual && !(double.IsFinite(usual.Mean) && usual is { Variance: >= 0 and <= MaxVariance, Count: >= 0 })
                || !AreTails(known.Lower, known.Upper))
                throw Invalid($"expected {Settings.Residuals.Smoothing + 1} finite numbers and two tails of series '{series}', "
                    + "found others");
        }
    }

    // That of the largest floats.
    private const double MaxVariance = (double)float.MaxValue * float.MaxValue * 4;

    private static bool AreTails(ExponentialTail lower, ExponentialTail upper)
        => lower is { Rate: >= 0 and <= 1, Excess: > 0 and <= float.MaxValue }
            && upper is { Rate: >= 0 and <= 1, Excess: > 0 and <= float.MaxValue }
            && lower.Rate + (double)upper.Rate <= 1 + 1e-6;

    private static InvalidDataException Invalid(string what) => new($"A saved LSTM anomaly detector can't be read: {what}.");
}

using System.Text.Json.Serialization;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Files;

/// <summary>
/// The JSON of a transformer of sequences, <c>Columns.json</c>: the columns that it reads and adds. Its network is in
/// <see cref="ModelFile"/>.
/// </summary>
internal sealed record ScoringColumns
{
    /// <summary>The columns of sequences.</summary>
    public required FeatureColumn[] Features { get; init; }

    /// <summary>The column of static features; null for none.</summary>
    public string? StaticFeatureColumnName { get; init; }

    /// <summary>The column of words that are read by their characters; null for none.</summary>
    public string? CharacterColumnName { get; set; }

    /// <summary>The column that receives the encoding; null for none.</summary>
    public string? EncodingColumnName { get; init; }

    /// <summary>The column that receives the attention weights of the steps; null for none.</summary>
    public string? AttentionColumnName { get; init; }

    /// <summary>The column that receives the reconstruction errors of the steps; null for none, and for other tasks.</summary>
    public string? StepErrorColumnName { get; init; }

    /// <summary>The column that receives the outputs of a network without a task; null for none, and for networks with a task.</summary>
    public string? OutputColumnName { get; init; }

    /// <summary>The output function of a network without a task; null for none.</summary>
    public OutputFunction? OutputFunction { get; init; }

    /// <summary>Whether the score is a vector, as the label was; otherwise it is a single value.</summary>
    public required bool VectorScore { get; init; }

    /// <summary>
    /// The probability above which a binary classifier predicts true, or the score above which a sequence is an anomaly; null for other
    /// tasks.
    /// </summary>
    public float? Threshold { get; init; }

    /// <summary>The columns of a language model; null for other tasks.</summary>
    public LanguageColumns? Language { get; set; }

    /// <summary>Prefixes that the search for a label without alignment follows; null for the best path, and for other tasks.</summary>
    public int? BeamSize { get; set; }

    /// <summary>What the network has learned of each row; null where that is unknown.</summary>
    public LabelKind? LabelKind { get; set; }

    /// <summary>The values of the keys of the label; null when it is no key, or its keys have no values.</summary>
    public SavedKeyValues? LabelValues { get; init; }

    /// <summary>
    /// For each column of tokens the values of the keys that the network knows, or null where they are unknown; null in place of the list
    /// where all are, and for a language model.
    /// </summary>
    public SavedKeyValues?[]? TokenValues { get; set; }

    /// <summary>How a decoder writes sequences; null for other tasks.</summary>
    public DecodingSettings? Decoding { get; set; }

    public byte[] ToJson() => SavedJson.Write(this, SavedJsonContext.Default.ScoringColumns);

    /// <exception cref="InvalidDataException">It is not the JSON of such columns.</exception>
    public static ScoringColumns FromJson(ReadOnlyMemory<byte> json)
    {
        ScoringColumns columns = SavedJson.Read(json, value => value.Object(From), "The columns of a saved LSTM model");
        if (columns.Features.Length == 0)
            throw Invalid("expected one or more feature columns, found none");
        foreach (FeatureColumn feature in columns.Features)
        {
            if (feature.Name == "")
                throw Invalid("expected a name for a feature column, found none");
            if (feature.FeaturesPerStep < 0 || feature.Vocabulary < 0 || feature.FeaturesPerStep == 0 == (feature.Vocabulary == 0))
                throw Invalid($"expected features a step or a vocabulary for the feature column, found {feature.FeaturesPerStep} and "
                    + $"{feature.Vocabulary}");
            if (feature.Dimensions.Length == 0 || feature.Dimensions.Any(dimension => dimension < 0))
                throw Invalid("expected one or more dimensions of 0 or more for the feature column, found "
                    + $"[{string.Join(", ", feature.Dimensions)}]");
            if (feature.Dimensions.Where(dimension => dimension > 0)
                .Aggregate(1d, (product, dimension) => product * dimension) > int.MaxValue)
                throw Invalid($"expected dimensions of the feature column whose product is at most {int.MaxValue}, found "
                    + $"[{string.Join(", ", feature.Dimensions)}]");
        }
        if (columns.StaticFeatureColumnName == ""
            || columns.CharacterColumnName == ""
            || columns.EncodingColumnName == ""
            || columns.OutputColumnName == ""
            || columns.AttentionColumnName == ""
            || columns.StepErrorColumnName == ""
            || columns.Language is { LogLikelihood: "" } or { NumberOfTokens: "" } or { TokenLogLikelihood: "" })
            throw Invalid("expected a name for an optional column, found an empty string");
        if (columns.Decoding is { } decoding && !(decoding.BeamSize is >= 1 and <= DecodingSettings.LargestBeam
            && decoding.LengthPenalty >= 0 && float.IsFinite(decoding.LengthPenalty) && decoding.MaximumLength >= 1
            && decoding.Predictions >= 1 && decoding.Predictions <= decoding.BeamSize))
            throw Invalid($"expected a beam of 1 to {DecodingSettings.LargestBeam}, 1 to as many predictions, a length penalty of 0 or "
                + "more and a maximum length of 1 or more, found others");
        return columns;

        static InvalidDataException Invalid(string what) => new($"The columns of a saved LSTM model can't be read: {what}.");
    }

    private static ScoringColumns From(SavedValue json) => new()
    {
        Features = json["features"].Array(column => column.Object(FeatureColumn.From)),
        StaticFeatureColumnName = json.Find("staticFeatureColumnName")?.Text(),
        CharacterColumnName = json.Find("characterColumnName")?.Text(),
        EncodingColumnName = json.Find("encodingColumnName")?.Text(),
        AttentionColumnName = json.Find("attentionColumnName")?.Text(),
        StepErrorColumnName = json.Find("stepErrorColumnName")?.Text(),
        OutputColumnName = json.Find("outputColumnName")?.Text(),
        OutputFunction = json.Find("outputFunction")?.Enum<OutputFunction>(),
        VectorScore = json["vectorScore"].Boolean(),
        Threshold = json.Find("threshold")?.Single(),
        Language = json.Find("language")?.Object(LanguageColumns.From),
        BeamSize = json.Find("beamSize")?.Int32(),
        LabelKind = json.Find("labelKind")?.Enum<LabelKind>(),
        LabelValues = json.Find("labelValues")?.Object(SavedKeyValues.From),
        TokenValues = json.Find("tokenValues")?.Array(column => column.OrNull()?.Object(SavedKeyValues.From)),
        Decoding = json.Find("decoding")?.Object(DecodingSettings.From),
    };
}

/// <summary>The columns that a language model adds.</summary>
/// <param name="Predictions">How many of the most probable next tokens.</param>
internal sealed record LanguageColumns(int Predictions)
{
    /// <summary>The column of the logarithm of a text's probability; null for none.</summary>
    public string? LogLikelihood { get; init; }

    /// <summary>The column of the number of tokens that have a part in it; null for none.</summary>
    public string? NumberOfTokens { get; init; }

    /// <summary>The column of the logarithm of the probability of each token; null for none.</summary>
    public string? TokenLogLikelihood { get; init; }

    /// <summary>Whether the tokens of a text are left out of the predictions.</summary>
    public bool ExcludeHistory { get; set; }

    public static LanguageColumns From(SavedValue json) => new(json["predictions"].Int32())
    {
        LogLikelihood = json.Find("logLikelihood")?.Text(),
        NumberOfTokens = json.Find("numberOfTokens")?.Text(),
        TokenLogLikelihood = json.Find("tokenLogLikelihood")?.Text(),
        ExcludeHistory = json.Find("excludeHistory")?.Boolean() ?? false,
    };
}

/// <summary>How a decoder writes sequences.</summary>
/// <param name="BeamSize">Beginnings that are gone on with.</param>
/// <param name="LengthPenalty">The exponent of the length by which log-likelihoods are divided.</param>
/// <param name="MaximumLength">The most tokens of a sequence.</param>
internal sealed record DecodingSettings(int BeamSize, float LengthPenalty, int MaximumLength)
{
    public const int LargestBeam = 64;

    /// <summary>How many of the sequences that the beam ended with are columns, from the best on.</summary>
    public int Predictions { get; set; } = 1;

    public static DecodingSettings From(SavedValue json)
        => new(json["beamSize"].Int32(), json["lengthPenalty"].Single(), json["maximumLength"].Int32())
        {
            Predictions = json.Find("predictions")?.Int32() ?? 1,
        };
}

/// <summary>The JSON of a transformer that copies words of the source, <c>Columns.json</c>.</summary>
/// <param name="Output">The column of words that it adds.</param>
/// <param name="PredictedLabel">The column of keys that were written.</param>
/// <param name="Attention">The column of the weights of the steps of the source.</param>
/// <param name="Source">The column of the words of the source.</param>
internal sealed record CopyingColumns(string Output, string PredictedLabel, string Attention, string Source)
{
    public byte[] ToJson() => SavedJson.Write(this, SavedJsonContext.Default.CopyingColumns);

    /// <exception cref="InvalidDataException">It is not the JSON of such columns.</exception>
    public static CopyingColumns FromJson(ReadOnlyMemory<byte> json)
    {
        CopyingColumns columns = SavedJson.Read(json, value => value.Object(From), "The columns of a saved transformer");
        if (columns is { Output: "" } or { PredictedLabel: "" } or { Attention: "" } or { Source: "" })
            throw new InvalidDataException("The columns of a saved transformer can't be read: expected names, found an empty one.");
        return columns;
    }

    private static CopyingColumns From(SavedValue json)
        => new(json["output"].Text(), json["predictedLabel"].Text(), json["attention"].Text(), json["source"].Text());
}

/// <summary>A column of sequences that a network reads: some numbers a step, or one key a step.</summary>
/// <param name="Name">The name of the column.</param>
/// <param name="Dimensions">The dimensions in the training data; 0 for one that differs from row to row.</param>
/// <param name="FeaturesPerStep">The numbers of a step; 0 for keys.</param>
/// <param name="Vocabulary">The number of keys; 0 for numbers.</param>
internal sealed record FeatureColumn(string Name, int[] Dimensions, int FeaturesPerStep, int Vocabulary)
{
    [JsonIgnore]
    public bool IsTokens => Vocabulary > 0;

    public static FeatureColumn From(SavedValue json)
        => new(json["name"].Text(), json["dimensions"].Array(size => size.Int32()), json["featuresPerStep"].Int32(),
            json["vocabulary"].Int32());

    /// <summary>Whether the user has set another number of features a step than the dimensions of the training data say.</summary>
    [JsonIgnore]
    public bool OverridesDimensions => !IsTokens && FeaturesPerStepOf(Dimensions) is { } declared && declared != FeaturesPerStep;

    /// <summary>
    /// The number of features a step by the dimensions of a column: the first dimension counts the steps, all others the features of a
    /// step. Before them there may be axes of 1, usually a batch.
    /// </summary>
    /// <returns>The number; null for a flat vector, or one whose steps differ in size.</returns>
    public static int? FeaturesPerStepOf(IReadOnlyList<int> dimensions)
    {
        int[] steps = [.. WithoutLeadingAxes(dimensions, least: 2)];
        int size = steps.Skip(1).Aggregate(1, (product, dimension) => checked(product * dimension));
        return steps.Length > 1 && size > 0 ? size : null;
    }

    /// <summary>The dimensions without axes of 1 at the front, but at least the last <paramref name="least"/>.</summary>
    public static IEnumerable<int> WithoutLeadingAxes(IReadOnlyList<int> dimensions, int least)
        => dimensions.SkipWhile((dimension, axis) => dimension == 1 && axis < dimensions.Count - least);
}

/// <summary>The values of the keys of a column as texts, such as the names of classes; checked by those who read them.</summary>
/// <param name="Type">The .NET type of the values by name; "Text" for texts.</param>
/// <param name="Values">The values in the invariant culture.</param>
internal sealed record SavedKeyValues(string Type, string[] Values)
{
    public static SavedKeyValues From(SavedValue json) => new(json["type"].Text(), json["values"].Array(value => value.Text()));
}

using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Files;


namespace Microsoft.ML.Lstm.Sequences;

/// <summary>The columns that a transformer reads and adds, as they are stored beside its network.</summary>
internal sealed record ScoringColumns
{
    /// <summary>The columns of sequences.</summary>
    public required FeatureColumn[] Features { get; init; }

    /// <summary>The column of static features; null for none.</summary>
    public string? StaticFeatureColumnName { get; init; }

    /// <summary>The column that receives the encoding; null for none.</summary>
    public string? EncodingColumnName { get; init; }

    /// <summary>The column that receives the steps' weights in the encoding; null for none.</summary>
    public string? AttentionColumnName { get; init; }

    /// <summary>The column that receives the errors of the steps of an autoencoder; null for none.</summary>
    public string? StepErrorColumnName { get; init; }

    /// <summary>Whether the score is a vector, as the label was; else it is a single value.</summary>
    public required bool VectorScore { get; init; }

    /// <summary>
    /// The probability above which a binary classification says yes, or the score above which a sequence is strange; null for other tasks.
    /// </summary>
    public float? Threshold { get; init; }

    /// <summary>What the keys of the label stand for; null when it is no key or its keys have no values.</summary>
    public KeyValues? LabelValues { get; init; }

    public byte[] ToJson() => SavedJson.Write(this, SavedJsonContext.Default.ScoringColumns);

    /// <exception cref="InvalidDataException">The JSON is not that of such columns.</exception>
    public static ScoringColumns FromJson(ReadOnlySpan<byte> json)
    {
        ScoringColumns columns = SavedJson.Read(json, SavedJsonContext.Default.ScoringColumns, "The columns of a saved LSTM model");
        if (columns.Features.Length == 0)
            throw Invalid("expected one or more feature columns, found none");
        foreach (FeatureColumn feature in columns.Features)
        {
            if (feature is null || feature.Name == "")
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
            || columns.EncodingColumnName == ""
            || columns.AttentionColumnName == ""
            || columns.StepErrorColumnName == "")
            throw Invalid("expected a name for an optional column, found an empty string");
        return columns;

        static InvalidDataException Invalid(string what) => new($"The columns of a saved LSTM model can't be read: {what}.");
    }
}

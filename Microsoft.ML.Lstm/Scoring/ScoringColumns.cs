using System.Text.Json;
using System.Text.Json.Serialization;

namespace Microsoft.ML.Lstm.Scoring;

/// <summary>The columns that a transformer reads and adds, as they are stored beside its network.</summary>
internal sealed record ScoringColumns
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        RespectNullableAnnotations = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        WriteIndented = true,
    };

    /// <summary>The column of sequences.</summary>
    public required string FeatureColumnName { get; init; }

    /// <summary>The dimensions of the feature column that was trained on; a 0 stands for one that differs from row to row.</summary>
    public required int[] FeatureDimensions { get; init; }

    /// <summary>The column of static features; null for none.</summary>
    public string? StaticFeatureColumnName { get; init; }

    /// <summary>The column that receives the encoding; null for none.</summary>
    public string? EncodingColumnName { get; init; }

    /// <summary>Whether the score is a vector, as the label was; else it is a single value.</summary>
    public required bool VectorScore { get; init; }

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, Json);

    /// <exception cref="InvalidDataException">The JSON is not that of such columns.</exception>
    public static ScoringColumns FromJson(ReadOnlySpan<byte> json)
    {
        ScoringColumns? columns;
        try
        {
            columns = JsonSerializer.Deserialize<ScoringColumns>(json, Json);
        }
        catch (JsonException error)
        {
            throw new InvalidDataException($"The columns of a saved LSTM model can't be read: {error.Message}", error);
        }

        if (columns is null)
            throw Invalid("expected an object, found null");
        if (columns.FeatureColumnName == "")
            throw Invalid("expected a name for the feature column, found an empty string");
        if (columns.FeatureDimensions.Length == 0 || columns.FeatureDimensions.Any(dimension => dimension < 0))
            throw Invalid($"expected one or more dimensions of 0 or more for the feature column, found [{string.Join(", ", columns.FeatureDimensions)}]");
        if (columns.FeatureDimensions.Where(dimension => dimension > 0).Aggregate(1d, (product, dimension) => product * dimension) > int.MaxValue)
            throw Invalid($"expected dimensions of the feature column whose product is at most {int.MaxValue}, found [{string.Join(", ", columns.FeatureDimensions)}]");
        if (columns.StaticFeatureColumnName == "" || columns.EncodingColumnName == "")
            throw Invalid("expected a name for an optional column, found an empty string");
        return columns;

        static InvalidDataException Invalid(string what) => new($"The columns of a saved LSTM model can't be read: {what}.");
    }
}

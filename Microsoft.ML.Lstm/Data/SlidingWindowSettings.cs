using System.Text.Json;
using System.Text.Json.Serialization;

namespace Microsoft.ML.Lstm.Data;

/// <summary>What windows are made of, checked. The names are those of <see cref="SlidingWindowEstimator.Options"/>.</summary>
internal sealed record SlidingWindowSettings(
    string OutputColumnName,
    string[] InputColumnNames,
    int WindowSize,
    string? LabelColumnName,
    string? LabelSourceColumnName,
    int Horizon,
    bool KeepIncompleteWindows)
{
    /// <exception cref="ArgumentOutOfRangeException">A size is out of range.</exception>
    /// <exception cref="ArgumentException">Names are missing or contradict each other.</exception>
    public static SlidingWindowSettings From(SlidingWindowEstimator.Options options)
    {
        ArgumentNullException.ThrowIfNull(options);
        string[] inputs = options.InputColumnNames is { Length: > 0 } names ? [.. names] : [options.OutputColumnName];
        string? source = options.LabelSourceColumnName;
        if (options.LabelColumnName is not null && source is null)
        {
            source = inputs.Length == 1
                ? inputs[0]
                : throw new ArgumentException($"There are {inputs.Length} input columns, so the one to take the label from must be named.", nameof(options.LabelSourceColumnName));
        }
        var settings = new SlidingWindowSettings(
            options.OutputColumnName, inputs, options.WindowSize, options.LabelColumnName, source, options.Horizon, options.KeepIncompleteWindows);
        settings.Check();
        return settings;
    }

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, SlidingWindowJson.Default.SlidingWindowSettings);

    /// <exception cref="InvalidDataException">It isn't what <see cref="ToJson"/> makes of valid settings.</exception>
    public static SlidingWindowSettings FromJson(ReadOnlySpan<byte> json)
    {
        try
        {
            SlidingWindowSettings settings = JsonSerializer.Deserialize(json, SlidingWindowJson.Default.SlidingWindowSettings)
                ?? throw new InvalidDataException("A saved sliding window can't be read: expected a JSON object, found null.");
            settings.Check();
            return settings;
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            throw new InvalidDataException($"A saved sliding window can't be read: {e.Message}", e);
        }
    }

    private void Check()
    {
        ArgumentException.ThrowIfNullOrEmpty(OutputColumnName);
        if (InputColumnNames.Length == 0)
            throw new ArgumentException("There is no input column.", nameof(InputColumnNames));
        foreach (string name in InputColumnNames)
            ArgumentException.ThrowIfNullOrEmpty(name, nameof(InputColumnNames));
        ArgumentOutOfRangeException.ThrowIfLessThan(WindowSize, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(Horizon, 1);
        if (LabelColumnName is null)
        {
            if (LabelSourceColumnName is not null)
                throw new ArgumentException($"The label is to be taken from '{LabelSourceColumnName}', but the column to put it in has no name.", nameof(LabelColumnName));
            return;
        }
        ArgumentException.ThrowIfNullOrEmpty(LabelColumnName);
        ArgumentException.ThrowIfNullOrEmpty(LabelSourceColumnName);
        if (LabelColumnName == OutputColumnName)
            throw new ArgumentException($"The window and the label can't both be called '{OutputColumnName}'.", nameof(LabelColumnName));
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    AllowDuplicateProperties = false)]
[JsonSerializable(typeof(SlidingWindowSettings))]
internal sealed partial class SlidingWindowJson : JsonSerializerContext;

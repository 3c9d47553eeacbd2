using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Files;

namespace Microsoft.ML.Lstm.Sequences;

/// <summary>The names of the numbers of sequences, for annotations of what explains them.</summary>
/// <param name="input">The columns that a network reads.</param>
/// <param name="columns">The columns in the data, as <see cref="SequenceRowReader"/> takes them.</param>
internal sealed class ExplainedNames(SequenceInput input, DataViewSchema.Column[] columns)
{
    // The end of the names of a window's last step.
    private const string Present = " t";

    /// <summary>T; 0 if it differs from row to row.</summary>
    public int Steps
    {
        get
        {
            int[] steps = [.. input.Features.Zip(columns, (feature, column)
                => ((VectorDataViewType)column.Type).Size / Math.Max(feature.FeaturesPerStep, 1)).Distinct()];
            return steps.Length == 1 ? steps[0] : 0;
        }
    }

    /// <summary>The names of the numbers of a step: its features, then its keys and its word.</summary>
    public string[] OfStep =>
    [
        .. Pairs.Where(pair => !pair.Feature.IsTokens).SelectMany(pair => OfFeatures(pair.Feature, pair.Column)),
        .. Pairs.Where(pair => pair.Feature.IsTokens).Select(pair => pair.Feature.Name),
        .. input.CharacterColumnName is { } characters ? new[] { characters } : [],
    ];

    /// <summary>The names of the numbers of all steps, if the data has them; else null.</summary>
    public string[]? OfSlots
        => input.Features.Count == 1 && input.CharacterColumnName is null && Steps > 0 ? SlotNames.Of(columns[0]) : null;

    /// <summary>The names of the static features.</summary>
    public string[] OfStatics
    {
        get
        {
            if (input.StaticFeatureColumnName is not { } name)
                return [];
            string[] names = SlotNames.Of(columns[input.Features.Count]) ?? new string[input.StaticSize];
            return [.. names.Select((slot, i) => !string.IsNullOrEmpty(slot) ? slot : names.Length == 1 ? name : $"{name}[{i}]")];
        }
    }

    private IEnumerable<(FeatureColumn Feature, DataViewSchema.Column Column)> Pairs => input.Features.Zip(columns);

    private static IEnumerable<string> OfFeatures(FeatureColumn feature, DataViewSchema.Column column)
    {
        string[]? slots = SlotNames.Of(column)?[^feature.FeaturesPerStep..];
        if (slots is not null && Array.TrueForAll(slots, slot => slot.EndsWith(Present, StringComparison.Ordinal)))
            return slots.Select(slot => slot[..^Present.Length]);
        return feature.FeaturesPerStep == 1
            ? [feature.Name]
            : Enumerable.Range(0, feature.FeaturesPerStep).Select(i => $"{feature.Name}[{i}]");
    }
}

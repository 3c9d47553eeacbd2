using System.Text.Json.Serialization;
using Microsoft.ML.Data;

namespace Microsoft.ML.Lstm.Columns;

/// <summary>A column of sequences that a network reads: numbers, a few a step, or keys, one a step.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Dimensions">Those of the data that was trained on; a 0 stands for one that differs from row to row.</param>
/// <param name="FeaturesPerStep">Numbers of a step; 0 for keys.</param>
/// <param name="Vocabulary">The number of keys; 0 for numbers.</param>
internal sealed record FeatureColumn(string Name, int[] Dimensions, int FeaturesPerStep, int Vocabulary)
{
    [JsonIgnore]
    public bool IsTokens => Vocabulary > 0;

    /// <summary>Whether the steps of the data that was trained on had other sizes than its dimensions say, as the user wanted.</summary>
    [JsonIgnore]
    public bool OverridesDimensions => !IsTokens && FeaturesPerStepOf(Dimensions) is { } declared && declared != FeaturesPerStep;

    /// <summary>
    /// The features of a step by the dimensions of a column: steps come first, all dimensions behind them are features of a step. Before
    /// the steps and the features there may be axes of 1, a batch mostly.
    /// </summary>
    /// <returns>Their number; null for a flat vector, or one whose steps differ in size.</returns>
    public static int? FeaturesPerStepOf(IReadOnlyList<int> dimensions)
    {
        int[] steps = [.. WithoutLeadingAxes(dimensions, least: 2)];
        int size = steps.Skip(1).Aggregate(1, (product, dimension) => checked(product * dimension));
        return steps.Length > 1 && size > 0 ? size : null;
    }

    /// <summary>The dimensions without axes of 1 at the front, but for the last <paramref name="least"/>.</summary>
    public static IEnumerable<int> WithoutLeadingAxes(IReadOnlyList<int> dimensions, int least)
        => dimensions.SkipWhile((dimension, axis) => dimension == 1 && axis < dimensions.Count - least);

    /// <summary>The type of the column in the data that was trained on.</summary>
    [JsonIgnore]
    public VectorDataViewType Type => new(IsTokens ? new KeyDataViewType(typeof(uint), Vocabulary) : NumberDataViewType.Single, Dimensions);
}

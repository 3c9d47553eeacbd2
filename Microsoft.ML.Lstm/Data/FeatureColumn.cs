using System.Text.Json.Serialization;
using Microsoft.ML.Data;

namespace Microsoft.ML.Lstm.Data;

/// <summary>A column of sequences that a network reads: numbers, a few a step, or keys, one a step.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Dimensions">Those of the data that was trained on; a 0 stands for one that differs from row to row.</param>
/// <param name="FeaturesPerStep">Numbers of a step; 0 for keys.</param>
/// <param name="Vocabulary">The number of keys; 0 for numbers.</param>
internal sealed record FeatureColumn(string Name, int[] Dimensions, int FeaturesPerStep, int Vocabulary)
{
    [JsonIgnore]
    public bool IsTokens => Vocabulary > 0;

    /// <summary>The type of the column in the data that was trained on.</summary>
    [JsonIgnore]
    public VectorDataViewType Type => new(IsTokens ? new KeyDataViewType(typeof(uint), Vocabulary) : NumberDataViewType.Single, Dimensions);
}

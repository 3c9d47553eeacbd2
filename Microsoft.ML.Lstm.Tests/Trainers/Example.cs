using Microsoft.ML.Data;

namespace Microsoft.ML.Lstm.Tests.Trainers;

/// <summary>A row of test data with a column of each kind.</summary>
internal sealed class Example
{
    public int Id;
    public float Label;
    public float[] Labels = [];
    public float Weight = 1;
    public float[] Features = [];
    public float[] Statics = [];

    /// <summary>
    /// Sequences of two features, the first of which carries the label: Label = sum over steps of x / 4 + statics / 2 + 10, and
    /// Labels = { Label, −Label, last x }. With <paramref name="variable"/>, 3 to 7 steps, else 5.
    /// </summary>
    public static Example[] Make(int count, bool variable = false, int seed = 1)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(id =>
        {
            int steps = variable ? random.Next(3, 8) : 5;
            float[] features = [.. Enumerable.Range(0, 2 * steps).Select(_ => random.NextSingle() * 2 - 1)];
            float statics = random.NextSingle();
            float sum = 0;
            for (int t = 0; t < steps; t++)
                sum += features[2 * t];
            float label = sum / 4 + statics / 2 + 10;
            return new Example
            {
                Id = id,
                Label = label,
                Labels = [label, -label, features[2 * steps - 2]],
                Weight = 0.5f + id % 3,
                Features = features,
                Statics = [statics, 1],
            };
        })];
    }

    /// <summary>The schema with the given types of the feature column and, by default, vectors of known size elsewhere.</summary>
    public static SchemaDefinition Schema(DataViewType features)
    {
        SchemaDefinition definition = SchemaDefinition.Create(typeof(Example));
        definition[nameof(Features)].ColumnType = features;
        definition[nameof(Labels)].ColumnType = new VectorDataViewType(NumberDataViewType.Single, 3);
        definition[nameof(Statics)].ColumnType = new VectorDataViewType(NumberDataViewType.Single, 2);
        return definition;
    }

    public static VectorDataViewType Vector(params int[] dimensions) => new(NumberDataViewType.Single, dimensions);
}

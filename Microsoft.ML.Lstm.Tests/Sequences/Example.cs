using Microsoft.ML.Data;

namespace Microsoft.ML.Lstm.Tests.Sequences;

/// <summary>A row of test data with a column of each kind.</summary>
internal sealed class Example
{
    /// <summary>Keys of <see cref="Tokens"/>.</summary>
    public const int Vocabulary = 8;

    private static readonly string[] Names = ["low", "middle", "high"];
    private static readonly DateTime FirstTime = new(2026, 3, 29, 1, 59, 59, 999);

    public int Id;
    public float Label;
    public float[] Labels = [];
    public bool IsHigh;
    // A key by its index, from 0, as ML.NET has it in objects; in vectors keys count from 1, and 0 is a missing one.
    [KeyType(3)]
    public uint Class;
    public string ClassName = "";
    [KeyType(3)]
    public uint[] StepClasses = [];
    public string[] StepClassNames = [];
    // The classes of the steps, those that follow each other and are the same as one.
    [KeyType(3)]
    public uint[] Items = [];
    public string[] ItemNames = [];
    // Two numbers and two truths of each step; some of the numbers are missing.
    public float[] StepValues = [];
    public bool[] StepTruths = [];
    // The names of the classes, in other types than text.
    public DateTime ClassTime;
    public DateTimeOffset ClassOffsetTime;
    public TimeSpan ClassDuration;
    public DateTime[] StepClassTimes = [];
    public float Weight = 1;
    public float[] Features = [];
    [KeyType(Vocabulary)]
    public uint[] Tokens = [];
    [KeyType(4)]
    public byte[] Shapes = [];
    // Texts whose endings say what the step's class is; some are missing.
    public string[] Words = [];
    public float[] Statics = [];

    /// <summary>
    /// Sequences of two features, the first of which, x from −1 to 1, carries the labels: Label = sum over steps of x / 4 + statics / 2 +
    /// 10, and Labels = { Label, −Label, last x }; IsHigh tells whether that sum is positive, Class which third of its range it is in,
    /// and StepClasses the third that the x of a step is in. StepValues are { the sum of x so far, 3·x + 5 }, the first one missing at
    /// some steps, and StepTruths whether { that sum, x } is positive. Tokens are the eighth that it is in, and Shapes say nothing. With
    /// <paramref name="variable"/>, 3 to 7 steps, else 5.
    /// </summary>
    public static Example[] Make(int count, bool variable = false, int seed = 1)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(id =>
        {
            int steps = variable ? random.Next(3, 8) : 5;
            float[] features = [.. Enumerable.Range(0, 2 * steps).Select(_ => random.NextSingle() * 2 - 1)];
            float statics = random.NextSingle();
            float[] x = [.. Enumerable.Range(0, steps).Select(t => features[2 * t])];
            float sum = 0;
            foreach (float value in x)
                sum += value;
            float label = sum / 4 + statics / 2 + 10;
            float[] sums = [.. x.Select((_, t) => x[..(t + 1)].Sum())];
            uint third = sum < -0.5f ? 0u : sum < 0.5f ? 1u : 2u;
            uint[] thirds = [.. x.Select(value => Part(value, 3))];
            return new Example
            {
                Id = id,
                Label = label,
                Labels = [label, -label, x[^1]],
                IsHigh = sum > 0,
                Class = third,
                ClassName = Names[third],
                StepClasses = thirds,
                Items = [.. thirds.Where((part, t) => t == 0 || part != thirds[t - 1])],
                ItemNames = [.. thirds.Where((part, t) => t == 0 || part != thirds[t - 1]).Select(part => Names[part - 1])],
                StepValues = [.. x.SelectMany((value, t) => new[] { (id + t) % 6 == 0 ? float.NaN : sums[t], 3 * value + 5 })],
                StepTruths = [.. x.SelectMany((value, t) => new[] { sums[t] > 0, value > 0 })],
                StepClassNames = [.. thirds.Select(part => Names[part - 1])],
                ClassTime = FirstTime.AddTicks(third),
                ClassOffsetTime = new DateTimeOffset(FirstTime.AddTicks(third), TimeSpan.FromMinutes(30 * third)),
                ClassDuration = TimeSpan.FromTicks(third - 1L),
                StepClassTimes = [.. thirds.Select(part => FirstTime.AddTicks(part))],
                Weight = 0.5f + id % 3,
                Features = features,
                Tokens = [.. x.Select(value => Part(value, Vocabulary))],
                Shapes = [.. x.Select((_, t) => (byte)(1 + (id + t) % 4))],
                Words = [.. x.Select((value, t) =>
                    (id + t) % 9 == 0 ? "" : $"{(char)('a' + (7 * id + t) % 26)}{id % 5}{Names[Part(value, 3) - 1]}")],
                Statics = [statics, 1 - statics],
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

    private static uint Part(float x, int parts) => 1 + (uint)Math.Min((x + 1) / 2 * parts, parts - 1);
}

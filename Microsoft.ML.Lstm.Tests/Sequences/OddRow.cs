using Microsoft.ML.Data;

namespace Microsoft.ML.Lstm.Tests.Sequences;

/// <summary>A row with columns that one trainer or another can't use.</summary>
internal sealed class OddRow
{
    public float Number { get; set; }

    public float[] Numbers { get; set; } = [1, 2];

    public double[] Doubles { get; set; } = [1, 2];

    public bool Flag { get; set; }

    public bool[] Flags { get; set; } = [true, false];

    public string Text { get; set; } = "one";

    public DateTime Time { get; set; }

    public DateTimeOffset OffsetTime { get; set; }

    [KeyType(10)]
    public uint Key { get; set; } = 1;

    [KeyType(10)]
    public byte ByteKey { get; set; } = 1;

    [KeyType(10)]
    public uint[] Keys { get; set; } = [1, 2];

    [KeyType(1ul << 40)]
    public ulong[] FarTooManyKeys { get; set; } = [1, 2];

    /// <summary>
    /// Refused with the same message where a pipeline asks for the schema and where data arrives. Features are <see cref="Numbers"/>
    /// unless the options differ.
    /// </summary>
    public static void AssertRefused(SequenceTrainerOptions options, string message)
    {
        if (options.FeatureColumnName == "Features")
            options.FeatureColumnName = nameof(Numbers);
        AssertRefused(ml => AnyTrainer.Create(ml, options), message);
    }

    /// <summary>The same for any trainer.</summary>
    public static void AssertRefused(Func<MLContext, IEstimator<ITransformer>> create, string message)
    {
        var ml = new MLContext(seed: 1);
        IDataView data = ml.Data.LoadFromEnumerable([new OddRow()]);
        IEstimator<ITransformer> trainer = create(ml);
        StringAssert.StartsWith(Assert.ThrowsExactly<ArgumentOutOfRangeException>(() =>
            trainer.GetOutputSchema(data.Schema.ToShape())).Message, message);
        StringAssert.StartsWith(Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => trainer.Fit(data)).Message, message);
    }
}

using Microsoft.ML.Data;

namespace Microsoft.ML.Lstm.Tests.Windows;

/// <summary>Rows of a series, and the same rows with windows.</summary>
internal static class WindowSample
{
    public static IDataView Table(MLContext ml, int count) => ml.Data.LoadFromEnumerable(Rows(count));

    public static WindowSource[] Rows(int count) =>
        [.. Enumerable.Range(1, count)
            .Select(i => new WindowSource { Value = i, Pair = [10 * i, 100 * i], Name = $"row {i}", Variable = [i] })];

    public static IDataView Apply(SlidingWindowEstimator estimator, IDataView data) => estimator.Fit(data).Transform(data);

    public static Windowed[] Read(MLContext ml, SlidingWindowEstimator estimator, IDataView data) => Read(ml, Apply(estimator, data));

    public static Windowed[] Read(MLContext ml, IDataView windowed) =>
        [.. ml.Data.CreateEnumerable<Windowed>(windowed, reuseRowObject: false, ignoreMissingColumns: true)];

    public static void AssertSame(Windowed[] expected, Windowed[] actual)
    {
        Assert.HasCount(expected.Length, actual);
        for (int i = 0; i < expected.Length; i++)
        {
            CollectionAssert.AreEqual(expected[i].Window, actual[i].Window);
            Assert.AreEqual(expected[i].Label, actual[i].Label);
            Assert.AreEqual(expected[i].Value, actual[i].Value);
            Assert.AreEqual(expected[i].Name, actual[i].Name);
        }
    }
}

internal sealed class WindowSource
{
    public float Value { get; set; }

    [VectorType(2)]
    public float[] Pair { get; set; } = [];

    public string Name { get; set; } = "";

    public double Number { get; set; }

    public float[] Variable { get; set; } = [];
}

internal sealed class SparseRow
{
    [VectorType(3)]
    public VBuffer<float> Sparse { get; set; }
}

internal sealed class Windowed
{
    public float[] Window { get; set; } = [];

    public float Label { get; set; }

    public float Value { get; set; }

    public string Name { get; set; } = "";
}

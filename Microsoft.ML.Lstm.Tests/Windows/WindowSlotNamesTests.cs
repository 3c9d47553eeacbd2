using Microsoft.ML.Data;

namespace Microsoft.ML.Lstm.Tests.Windows;

/// <summary>The names of the values of a window.</summary>
[TestClass]
public sealed class WindowSlotNamesTests
{
    private readonly MLContext _ml = new(seed: 1);
    private readonly IDataView _rows;

    public WindowSlotNamesTests()
        => _rows = _ml.Data.LoadFromEnumerable(Enumerable.Range(0, 8).Select(i => new Row { Heat = i, Flow = -i, Pair = [i, i + 1] }));

    [TestMethod]
    public void AValueIsCalledAfterItsColumnAndHowManyRowsAgoItWas()
    {
        CollectionAssert.AreEqual((string[])["Heat t-3", "Heat t-2", "Heat t-1", "Heat t"], Names(4, "Heat"));
        CollectionAssert.AreEqual((string[])["Heat t-1", "Flow t-1", "Heat t", "Flow t"], Names(2, "Heat", "Flow"));
        CollectionAssert.AreEqual((string[])["Heat t"], Names(1, "Heat"));
    }

    [TestMethod]
    public void ValuesOfVectorsHaveTheNamesOfTheirSlots()
    {
        CollectionAssert.AreEqual(
            (string[])["Heat t-1", "Pair[0] t-1", "Pair[1] t-1", "Heat t", "Pair[0] t", "Pair[1] t"], Names(2, "Heat", "Pair"));
        IDataView joined = Apply(_ml.Transforms.Concatenate("Sensors", "Heat", "Flow"), _rows);
        CollectionAssert.AreEqual((string[])["Heat t-1", "Flow t-1", "Heat t", "Flow t"], Names(joined, 2, "Sensors"));
        // Concatenate leaves slots without a name where a vector has none.
        IDataView mixed = Apply(_ml.Transforms.Concatenate("Sensors", "Pair", "Flow"), _rows);
        CollectionAssert.AreEqual((string[])["Sensors[0] t", "Sensors[1] t", "Flow t"], Names(mixed, 1, "Sensors"));
    }

    [TestMethod]
    public void NoTwoNamesAreTheSame()
    {
        IDataView joined = Apply(_ml.Transforms.Concatenate("Sensors", "Heat", "Flow", "Heat"), _rows);
        CollectionAssert.AreEqual(
            (string[])["Heat t-1", "Heat (2) t-1", "Flow t-1", "Heat (3) t-1", "Heat t", "Heat (2) t", "Flow t", "Heat (3) t"],
                Names(joined, 2, "Heat", "Sensors"));
        CollectionAssert.AreEqual((string[])["Heat t", "Heat (2) t"], Names(1, "Heat", "Heat"));
    }

    [TestMethod]
    public void AVectorLabelKeepsItsSlotNames()
    {
        IDataView joined = Apply(_ml.Transforms.Concatenate("Sensors", "Heat", "Flow"), _rows);
        var window = _ml.Transforms.SlidingWindow("Window", 2, ["Heat"], labelColumnName: "Next", labelSourceColumnName: "Sensors");
        CollectionAssert.AreEqual((string[])["Heat", "Flow"], SlotNames(Apply(window, joined), "Next"));
        IDataView unnamed = Apply(_ml.Transforms.SlidingWindow("Window", 2, ["Heat"], "Next", "Pair"), _rows);
        Assert.IsNull(unnamed.Schema["Next"].Annotations.Schema.GetColumnOrNull("SlotNames"));
    }

    [TestMethod]
    [DataRow("Heat")]
    [DataRow("Pair")]
    [DataRow("Sensors")]
    public void AnnotationsAreAsPromised(string label)
    {
        IDataView joined = Apply(_ml.Transforms.Concatenate("Sensors", "Heat", "Flow"), _rows);
        var estimator = _ml.Transforms.SlidingWindow(
            "Window", 2, ["Heat", "Sensors"], labelColumnName: "Next", labelSourceColumnName: label);
        string[] promised = Describe(estimator.GetOutputSchema(joined.Schema.ToShape())),
            delivered = Describe(Apply(estimator, joined).Schema.ToShape());
        CollectionAssert.AreEqual(promised, delivered);
        Assert.Contains("Window: Vector Single (SlotNames: Vector String, WindowRows: Scalar Int32, WindowHorizon: Scalar Int32, "
            + "WindowLabelSlot: Scalar Int32)", promised);
    }

    [TestMethod]
    public void NamesAreMadeWhenTheyAreAskedForOnly()
    {
        // A million names are some 60 MB.
        var estimator = _ml.Transforms.SlidingWindow("Window", 500_000, ["Heat", "Flow"]);
        estimator.Fit(_rows).Transform(_rows);
        long before = GC.GetAllocatedBytesForCurrentThread();
        IDataView windows = estimator.Fit(_rows).Transform(_rows);
        _ = windows.Schema.ToShape();
        Assert.IsLessThan(1_000_000, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.AreEqual("Flow t-499999", SlotNames(windows, "Window")[1]);
    }

    private string[] Names(int windowSize, params string[] columns) => Names(_rows, windowSize, columns);

    private string[] Names(IDataView rows, int windowSize, params string[] columns)
        => SlotNames(Apply(_ml.Transforms.SlidingWindow("Window", windowSize, columns), rows), "Window");

    private static string[] SlotNames(IDataView data, string column)
    {
        VBuffer<ReadOnlyMemory<char>> names = default;
        data.Schema[column].GetSlotNames(ref names);
        return [.. names.DenseValues().Select(name => name.ToString())];
    }

    private static IDataView Apply(IEstimator<ITransformer> estimator, IDataView rows) => estimator.Fit(rows).Transform(rows);

    private static string[] Describe(SchemaShape shape)
        => [.. shape.Select(column => $"{Describe(column)} ({string.Join(", ", column.Annotations.Select(Describe))})")];

    private static string Describe(SchemaShape.Column column) => $"{column.Name}: {column.Kind} {column.ItemType}";

    private sealed class Row
    {
        public float Heat { get; set; }

        public float Flow { get; set; }

        [VectorType(2)]
        public float[] Pair { get; set; } = [];
    }
}

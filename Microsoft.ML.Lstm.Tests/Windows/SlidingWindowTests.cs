using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Tests.Sequences;
using static Microsoft.ML.Lstm.Tests.Windows.WindowSample;

namespace Microsoft.ML.Lstm.Tests.Windows;

[TestClass]
public sealed class SlidingWindowTests
{
    private readonly MLContext _ml = new(seed: 1);

    [TestMethod]
    public void AWindowHasTheLastRowsTheOldestFirst()
    {
        Windowed[] rows = Read(_ml, _ml.Transforms.SlidingWindow("Window", 3, ["Value"]), Table(_ml, 5));

        Assert.HasCount(3, rows);
        CollectionAssert.AreEqual(new[] { 1f, 2f, 3f }, rows[0].Window);
        CollectionAssert.AreEqual(new[] { 2f, 3f, 4f }, rows[1].Window);
        CollectionAssert.AreEqual(new[] { 3f, 4f, 5f }, rows[2].Window);
    }

    [TestMethod]
    public void OneInputNeedsNoCollection()
    {
        AssertSame(
            Read(_ml, _ml.Transforms.SlidingWindow("Window", 3, ["Value"], "Label", horizon: 2), Table(_ml, 6)),
            Read(_ml, _ml.Transforms.SlidingWindow("Window", 3, "Value", "Label", horizon: 2), Table(_ml, 6)));
        Assert.HasCount(3, Read(_ml, _ml.Transforms.SlidingWindow("Window", 4, "Value"), Table(_ml, 6)));
        EstimatorHarness.AssertSame(
            ColumnReader.Read(Apply(_ml.Transforms.SlidingWindow("Value", 3), Table(_ml, 6)), "Value"),
            ColumnReader.Read(Apply(_ml.Transforms.SlidingWindow("Value", 3, null), Table(_ml, 6)), "Value"));
        Assert.ThrowsExactly<ArgumentException>(() => _ml.Transforms.SlidingWindow("Window", 3, ""));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _ml.Transforms.SlidingWindow("Window", 0, "Value"));
    }

    [TestMethod]
    public void OtherColumnsHaveTheValuesOfTheWindowsLastRow()
    {
        Windowed[] rows = Read(_ml, _ml.Transforms.SlidingWindow("Window", 3, ["Value"], labelColumnName: "Label", horizon: 2),
            Table(_ml, 6));

        CollectionAssert.AreEqual(new[] { "row 3", "row 4", "row 5", "row 6" }, rows.Select(row => row.Name).ToArray());
        CollectionAssert.AreEqual(new[] { 3f, 4f, 5f, 6f }, rows.Select(row => row.Value).ToArray());
    }

    [TestMethod]
    public void TheLabelIsTheValueTheHorizonAheadAndMissingWhereThatIsNotKnownYet()
    {
        Windowed[] rows = Read(_ml, _ml.Transforms.SlidingWindow("Window", 2, ["Value"], labelColumnName: "Label", horizon: 2),
            Table(_ml, 6));

        // Windows end at the rows 2 to 6; the last two are those to forecast from.
        CollectionAssert.AreEqual(new[] { 4f, 5f, 6f, float.NaN, float.NaN }, rows.Select(row => row.Label).ToArray());
        CollectionAssert.AreEqual(new[] { 5f, 6f }, rows[^1].Window);
    }

    [TestMethod]
    public void AHorizonBehindTheEndGivesNoLabels()
    {
        Windowed[] rows = Read(_ml, _ml.Transforms.SlidingWindow("Window", 2, ["Value"], labelColumnName: "Label", horizon: int.MaxValue),
            Table(_ml, 4));

        Assert.HasCount(3, rows);
        Assert.IsTrue(rows.All(row => float.IsNaN(row.Label)));
    }

    [TestMethod]
    public void SeveralColumnsAndVectorsAreJoinedStepByStep()
    {
        IDataView windowed = Apply(_ml.Transforms.SlidingWindow("Window", 2, ["Value", "Pair"], labelColumnName: "Label",
            labelSourceColumnName: "Value"), Table(_ml, 3));

        var type = (VectorDataViewType)windowed.Schema["Window"].Type;
        CollectionAssert.AreEqual(new[] { 2, 3 }, type.Dimensions.ToArray());
        Windowed[] rows = Read(_ml, windowed);
        CollectionAssert.AreEqual(new[] { 1f, 10f, 100f, 2f, 20f, 200f }, rows[0].Window);
        CollectionAssert.AreEqual(new[] { 2f, 20f, 200f, 3f, 30f, 300f }, rows[1].Window);
        Assert.AreEqual(3f, rows[0].Label);
    }

    [TestMethod]
    public void AVectorCanBeTheLabel()
    {
        IDataView windowed = Apply(_ml.Transforms.SlidingWindow("Window", 2, ["Value"], labelColumnName: "Next",
            labelSourceColumnName: "Pair"), Table(_ml, 3));

        Assert.AreEqual(windowed.Schema["Pair"].Type, windowed.Schema["Next"].Type);
        float[][] labels = [.. windowed.GetColumn<float[]>("Next")];
        CollectionAssert.AreEqual(new[] { 30f, 300f }, labels[0]);
        CollectionAssert.AreEqual(new[] { float.NaN, float.NaN }, labels[1]);
    }

    [TestMethod]
    public void SparseVectorsAreReadAsTheirValues()
    {
        var rows = new[]
        {
            new SparseRow { Sparse = new VBuffer<float>(3, 1, [7f], [1]) },
            new SparseRow { Sparse = new VBuffer<float>(3, 0, [], []) },
            new SparseRow { Sparse = new VBuffer<float>(3, [1f, 2f, 3f]) },
        };
        IDataView windowed = Apply(_ml.Transforms.SlidingWindow("Window", 2, ["Sparse"]), _ml.Data.LoadFromEnumerable(rows));

        float[][] windows = [.. windowed.GetColumn<float[]>("Window")];
        CollectionAssert.AreEqual(new[] { 0f, 7f, 0f, 0f, 0f, 0f }, windows[0]);
        CollectionAssert.AreEqual(new[] { 0f, 0f, 0f, 1f, 2f, 3f }, windows[1]);
    }

    [TestMethod]
    public void MissingValuesStayMissing()
    {
        var rows = Rows(4);
        rows[1].Value = float.NaN;

        Windowed[] windowed = Read(_ml, _ml.Transforms.SlidingWindow("Window", 2, ["Value"]), _ml.Data.LoadFromEnumerable(rows));

        CollectionAssert.AreEqual(new[] { 1f, float.NaN }, windowed[0].Window);
        CollectionAssert.AreEqual(new[] { float.NaN, 3f }, windowed[1].Window);
        CollectionAssert.AreEqual(new[] { 3f, 4f }, windowed[2].Window);
    }

    [TestMethod]
    public void AWindowOfOneRowIsTheRow()
    {
        Windowed[] rows = Read(_ml, _ml.Transforms.SlidingWindow("Window", 1, ["Value"]), Table(_ml, 3));

        CollectionAssert.AreEqual(new[] { 1f, 2f, 3f }, rows.Select(row => row.Window.Single()).ToArray());
    }

    [TestMethod]
    [DataRow(0)]
    [DataRow(1)]
    [DataRow(3)]
    public void FewerRowsThanAWindowGiveNone(int count)
    {
        IDataView windowed = Apply(_ml.Transforms.SlidingWindow("Window", 4, ["Value"], labelColumnName: "Label"), Table(_ml, count));

        Assert.HasCount(0, Read(_ml, windowed));
        Assert.AreEqual(0L, windowed.GetRowCount() ?? 0);
    }

    [TestMethod]
    public void IncompleteWindowsCanBeKept()
    {
        var estimator = _ml.Transforms.SlidingWindow(new()
        {
            OutputColumnName = "Window",
            WindowSize = 3,
            InputColumnNames = ["Value"],
            KeepIncompleteWindows = true,
        });

        Windowed[] rows = Read(_ml, estimator, Table(_ml, 3));

        CollectionAssert.AreEqual(new[] { float.NaN, float.NaN, 1f }, rows[0].Window);
        CollectionAssert.AreEqual(new[] { float.NaN, 1f, 2f }, rows[1].Window);
        CollectionAssert.AreEqual(new[] { 1f, 2f, 3f }, rows[2].Window);
    }

    [TestMethod]
    public void WindowAndLabelMayHideTheColumnsTheyAreMadeOf()
    {
        IDataView windowed = Apply(_ml.Transforms.SlidingWindow("Pair", 2, labelColumnName: "Value", labelSourceColumnName: "Value"),
            Table(_ml, 3));

        CollectionAssert.AreEqual(new[] { 10f, 100f, 20f, 200f }, windowed.GetColumn<float[]>("Pair").First());
        CollectionAssert.AreEqual(new[] { 3f, float.NaN }, windowed.GetColumn<float>("Value").ToArray());
    }

    [TestMethod]
    public void WhatIsPromisedIsDelivered()
    {
        var estimator = _ml.Transforms.SlidingWindow("Window", 2, ["Value"], labelColumnName: "Next", labelSourceColumnName: "Pair");
        IDataView data = Table(_ml, 3);

        SchemaShape promised = estimator.GetOutputSchema(data.Schema.ToShape());
        DataViewSchema delivered = estimator.Fit(data).Transform(data).Schema;

        CollectionAssert.AreEqual(Describe(promised), Describe(delivered.ToShape()));
        Assert.AreEqual(delivered.ToString(), estimator.Fit(data).GetOutputSchema(data.Schema).ToString());
    }

    [TestMethod]
    [DataRow("Missing", null, "Missing")]
    [DataRow("Name", null, "Single or Vector<Single>")]
    [DataRow("Number", null, "Single or Vector<Single>")]
    [DataRow("Variable", null, "Single or Vector<Single>")]
    [DataRow("Value", "Name", "label")]
    [DataRow("Value", "Missing", "label")]
    public void AColumnThatIsMissingOrOfAnotherTypeIsRefusedByName(string input, string? label, string says)
    {
        var estimator = _ml.Transforms.SlidingWindow("Window", 2, [input], label is null ? null : "Label", label);
        IDataView data = Table(_ml, 3);

        var promise = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => estimator.GetOutputSchema(data.Schema.ToShape()));
        var fit = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => estimator.Fit(data));

        foreach (string message in new[] { promise.Message, fit.Message })
        {
            StringAssert.Contains(message, says);
            StringAssert.Contains(message, label ?? input);
        }
    }

    [TestMethod]
    public void WhatCannotBeIsRefusedAtConstruction()
    {
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _ml.Transforms.SlidingWindow("Window", 0, ["Value"]));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _ml.Transforms.SlidingWindow("Window", -1, ["Value"]));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _ml.Transforms.SlidingWindow("Window", 2, ["Value"], horizon: 0));
        Assert.ThrowsExactly<ArgumentException>(() => _ml.Transforms.SlidingWindow("", 2, ["Value"]));
        Assert.ThrowsExactly<ArgumentException>(() => _ml.Transforms.SlidingWindow("Window", 2, [""]));
        Assert.ThrowsExactly<ArgumentException>(() => _ml.Transforms.SlidingWindow("Window", 2, ["Value"], "Window"));
        Assert.ThrowsExactly<ArgumentException>(() => _ml.Transforms.SlidingWindow("Window", 2, ["Value"], labelSourceColumnName: "Value"));
        Assert.ThrowsExactly<ArgumentException>(() => _ml.Transforms.SlidingWindow("Window", 2, ["Value", "Pair"], "Label"));
        Assert.ThrowsExactly<ArgumentNullException>(() => _ml.Transforms.SlidingWindow(null!));
    }

    [TestMethod]
    public void AWindowOfMoreThanAMillionValuesIsRefused()
    {
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentOutOfRangeException>(() =>
            _ml.Transforms.SlidingWindow("Window", 1_048_577, ["Value"])).Message, "1048576");
        // Pairs are two values a row.
        var error = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() =>
            _ml.Transforms.SlidingWindow("Window", 524_289, ["Pair"]).Fit(Table(_ml, 3)));
        StringAssert.Contains(error.Message, "524289");
    }

    [TestMethod]
    public void TheWindowsAreSavedAndLoadedWithTheirPipeline()
    {
        IDataView data = Table(_ml, 6);
        ITransformer model = _ml.Transforms.CopyColumns("Copy", "Value")
            .Append(_ml.Transforms.SlidingWindow(new()
            {
                OutputColumnName = "Window",
                WindowSize = 2,
                InputColumnNames = ["Copy", "Pair"],
                LabelColumnName = "Label",
                LabelSourceColumnName = "Copy",
                Horizon = 2,
                KeepIncompleteWindows = true,
            }))
            .Fit(data);
        var file = new MemoryStream();
        _ml.Model.Save(model, data.Schema, file);

        // A context that has never seen our types finds them by what the file says.
        file.Position = 0;
        ITransformer loaded = new MLContext().Model.Load(file, out _);

        AssertSame(Read(_ml, model.Transform(data)), Read(_ml, loaded.Transform(data)));
    }

    [TestMethod]
    [DataRow("""{"outputColumnName":"W","inputColumnNames":["V"],"windowSize":0,"labelColumnName":null,"labelSourceColumnName":"""
            + """null,"horizon":1,"keepIncompleteWindows":false}""")]
    [DataRow("""{"outputColumnName":"W","inputColumnNames":[null],"windowSize":2,"labelColumnName":null,"labelSourceColumnName":"""
            + """null,"horizon":1,"keepIncompleteWindows":false}""")]
    [DataRow("""{"outputColumnName":"W","inputColumnNames":[],"windowSize":2,"labelColumnName":null,"labelSourceColumnName":"""
            + """null,"horizon":1,"keepIncompleteWindows":false}""")]
    [DataRow("""{"outputColumnName":"W","inputColumnNames":["V"],"windowSize":2,"labelColumnName":"L","labelSourceColumnName":"""
            + """null,"horizon":1,"keepIncompleteWindows":false}""")]
    [DataRow("""{"outputColumnName":null,"inputColumnNames":["V"],"windowSize":2,"labelColumnName":null,"labelSourceColumnName":"""
            + """null,"horizon":1,"keepIncompleteWindows":false}""")]
    [DataRow("""{"outputColumnName":"W","inputColumnNames":["V"],"windowSize":2,"windowSize":2,"labelColumnName":"""
            + """null,"labelSourceColumnName":null,"horizon":1,"keepIncompleteWindows":false}""")]
    [DataRow("""{"outputColumnName":"W","inputColumnNames":["V"],"windowSize":2}""")]
    [DataRow("null")]
    [DataRow("{")]
    [DataRow("")]
    public void SavedSettingsThatAreDamagedAreRefused(string json) =>
        Assert.ThrowsExactly<InvalidDataException>(() => SlidingWindowSettings.FromJson(System.Text.Encoding.UTF8.GetBytes(json)));

    private static string[] Describe(SchemaShape shape)
        => [.. shape.Select(column => $"{column.Name}: {column.Kind} {column.ItemType} {column.IsKey}")];
}

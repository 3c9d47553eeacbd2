using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Tests.Sequences;

namespace Microsoft.ML.Lstm.Tests.Windows;

[TestClass]
public sealed class SlidingWindowTests
{
    private readonly MLContext _ml = new(seed: 1);

    [TestMethod]
    public void AWindowHasTheLastRowsTheOldestFirst()
    {
        Windowed[] rows = Read(_ml.Transforms.SlidingWindow("Window", 3, ["Value"]), Series(5));

        Assert.HasCount(3, rows);
        CollectionAssert.AreEqual(new[] { 1f, 2f, 3f }, rows[0].Window);
        CollectionAssert.AreEqual(new[] { 2f, 3f, 4f }, rows[1].Window);
        CollectionAssert.AreEqual(new[] { 3f, 4f, 5f }, rows[2].Window);
    }

    [TestMethod]
    public void OneInputNeedsNoCollection()
    {
        AssertSame(
            Read(_ml.Transforms.SlidingWindow("Window", 3, ["Value"], "Label", horizon: 2), Series(6)),
            Read(_ml.Transforms.SlidingWindow("Window", 3, "Value", "Label", horizon: 2), Series(6)));
        Assert.HasCount(3, Read(_ml.Transforms.SlidingWindow("Window", 4, "Value"), Series(6)));
        EstimatorHarness.AssertSame(
            ColumnReader.Read(Apply(_ml.Transforms.SlidingWindow("Value", 3), Series(6)), "Value"),
            ColumnReader.Read(Apply(_ml.Transforms.SlidingWindow("Value", 3, null), Series(6)), "Value"));
        Assert.ThrowsExactly<ArgumentException>(() => _ml.Transforms.SlidingWindow("Window", 3, ""));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _ml.Transforms.SlidingWindow("Window", 0, "Value"));
    }

    [TestMethod]
    public void OtherColumnsHaveTheValuesOfTheWindowsLastRow()
    {
        Windowed[] rows = Read(_ml.Transforms.SlidingWindow("Window", 3, ["Value"], labelColumnName: "Label", horizon: 2), Series(6));

        CollectionAssert.AreEqual(new[] { "row 3", "row 4", "row 5", "row 6" }, rows.Select(row => row.Name).ToArray());
        CollectionAssert.AreEqual(new[] { 3f, 4f, 5f, 6f }, rows.Select(row => row.Value).ToArray());
    }

    [TestMethod]
    public void TheLabelIsTheValueTheHorizonAheadAndMissingWhereThatIsNotKnownYet()
    {
        Windowed[] rows = Read(_ml.Transforms.SlidingWindow("Window", 2, ["Value"], labelColumnName: "Label", horizon: 2), Series(6));

        // Windows end at the rows 2 to 6; the last two are those to forecast from.
        CollectionAssert.AreEqual(new[] { 4f, 5f, 6f, float.NaN, float.NaN }, rows.Select(row => row.Label).ToArray());
        CollectionAssert.AreEqual(new[] { 5f, 6f }, rows[^1].Window);
    }

    [TestMethod]
    public void AHorizonBehindTheEndGivesNoLabels()
    {
        Windowed[] rows = Read(_ml.Transforms.SlidingWindow("Window", 2, ["Value"], labelColumnName: "Label", horizon: int.MaxValue),
            Series(4));

        Assert.HasCount(3, rows);
        Assert.IsTrue(rows.All(row => float.IsNaN(row.Label)));
    }

    [TestMethod]
    public void SeveralColumnsAndVectorsAreJoinedStepByStep()
    {
        IDataView windowed = Apply(_ml.Transforms.SlidingWindow("Window", 2, ["Value", "Pair"], labelColumnName: "Label",
            labelSourceColumnName: "Value"), Series(3));

        var type = (VectorDataViewType)windowed.Schema["Window"].Type;
        CollectionAssert.AreEqual(new[] { 2, 3 }, type.Dimensions.ToArray());
        Windowed[] rows = Read(windowed);
        CollectionAssert.AreEqual(new[] { 1f, 10f, 100f, 2f, 20f, 200f }, rows[0].Window);
        CollectionAssert.AreEqual(new[] { 2f, 20f, 200f, 3f, 30f, 300f }, rows[1].Window);
        Assert.AreEqual(3f, rows[0].Label);
    }

    [TestMethod]
    public void AVectorCanBeTheLabel()
    {
        IDataView windowed = Apply(_ml.Transforms.SlidingWindow("Window", 2, ["Value"], labelColumnName: "Next",
            labelSourceColumnName: "Pair"), Series(3));

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

        Windowed[] windowed = Read(_ml.Transforms.SlidingWindow("Window", 2, ["Value"]), _ml.Data.LoadFromEnumerable(rows));

        CollectionAssert.AreEqual(new[] { 1f, float.NaN }, windowed[0].Window);
        CollectionAssert.AreEqual(new[] { float.NaN, 3f }, windowed[1].Window);
        CollectionAssert.AreEqual(new[] { 3f, 4f }, windowed[2].Window);
    }

    [TestMethod]
    public void AWindowOfOneRowIsTheRow()
    {
        Windowed[] rows = Read(_ml.Transforms.SlidingWindow("Window", 1, ["Value"]), Series(3));

        CollectionAssert.AreEqual(new[] { 1f, 2f, 3f }, rows.Select(row => row.Window.Single()).ToArray());
    }

    [TestMethod]
    [DataRow(0)]
    [DataRow(1)]
    [DataRow(3)]
    public void FewerRowsThanAWindowGiveNone(int count)
    {
        IDataView windowed = Apply(_ml.Transforms.SlidingWindow("Window", 4, ["Value"], labelColumnName: "Label"), Series(count));

        Assert.HasCount(0, Read(windowed));
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

        Windowed[] rows = Read(estimator, Series(3));

        CollectionAssert.AreEqual(new[] { float.NaN, float.NaN, 1f }, rows[0].Window);
        CollectionAssert.AreEqual(new[] { float.NaN, 1f, 2f }, rows[1].Window);
        CollectionAssert.AreEqual(new[] { 1f, 2f, 3f }, rows[2].Window);
    }

    [TestMethod]
    public void WindowAndLabelMayHideTheColumnsTheyAreMadeOf()
    {
        IDataView windowed = Apply(_ml.Transforms.SlidingWindow("Pair", 2, labelColumnName: "Value", labelSourceColumnName: "Value"),
            Series(3));

        CollectionAssert.AreEqual(new[] { 10f, 100f, 20f, 200f }, windowed.GetColumn<float[]>("Pair").First());
        CollectionAssert.AreEqual(new[] { 3f, float.NaN }, windowed.GetColumn<float>("Value").ToArray());
    }

    [TestMethod]
    public void WhatIsPromisedIsDelivered()
    {
        var estimator = _ml.Transforms.SlidingWindow("Window", 2, ["Value"], labelColumnName: "Next", labelSourceColumnName: "Pair");
        IDataView data = Series(3);

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
        IDataView data = Series(3);

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
            _ml.Transforms.SlidingWindow("Window", 524_289, ["Pair"]).Fit(Series(3)));
        StringAssert.Contains(error.Message, "524289");
    }

    [TestMethod]
    public void TheWindowsAreSavedAndLoadedWithTheirPipeline()
    {
        IDataView data = Series(6);
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

        // A context that has never seen our types has only what the file says to find them by.
        file.Position = 0;
        ITransformer loaded = new MLContext().Model.Load(file, out _);

        AssertSame(Read(model.Transform(data)), Read(loaded.Transform(data)));
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

    [TestMethod]
    public void CachedWindowsAndThoseOfAPartOfTheRowsAreTheSame()
    {
        var estimator = _ml.Transforms.SlidingWindow("Window", 3, ["Value"], labelColumnName: "Label");
        IDataView data = Series(10);
        Windowed[] rows = Read(estimator, data);

        AssertSame(rows, Read(_ml.Data.Cache(Apply(estimator, data))));
        AssertSame(rows, Read(estimator, _ml.Data.Cache(data)));
        AssertSame(rows[..4], Read(_ml.Data.TakeRows(Apply(estimator, data), 4)));
        AssertSame(rows[4..], Read(estimator, _ml.Data.SkipRows(data, 4)));
    }

    [TestMethod]
    public void DataSplitByTimeBeforeTheWindowLendNoLabelToEachOther()
    {
        Windowed[] train = Read(_ml.Transforms.SlidingWindow("Window", 3, ["Value"], labelColumnName: "Label"),
            _ml.Data.TakeRows(Series(10), 6));

        CollectionAssert.AreEqual(new[] { 4f, 5f, 6f, float.NaN }, train.Select(row => row.Label).ToArray());
    }

    [TestMethod]
    public void CursorsOnSeveralThreadsGiveTheSame()
    {
        IDataView windowed = Apply(_ml.Transforms.SlidingWindow("Window", 5, ["Value"], labelColumnName: "Label", horizon: 3),
            Series(2000));
        Windowed[] rows = Read(windowed);

        var results = new Windowed[4][];
        Parallel.For(0, results.Length, i => results[i] = Read(windowed));

        foreach (Windowed[] result in results)
            AssertSame(rows, result);
    }

    [TestMethod]
    public void OnlyTheColumnsThatAreNeededAreActive()
    {
        IDataView windowed = Apply(_ml.Transforms.SlidingWindow("Window", 2, ["Value"], labelColumnName: "Label"), Series(4));
        DataViewSchema schema = windowed.Schema;

        using DataViewRowCursor cursor = windowed.GetRowCursor([schema["Window"], schema["Name"]]);

        Assert.IsTrue(cursor.IsColumnActive(schema["Window"]));
        Assert.IsTrue(cursor.IsColumnActive(schema["Name"]));
        // The window reads it, but the consumer didn't ask for it.
        Assert.IsFalse(cursor.IsColumnActive(schema["Value"]));
        Assert.IsFalse(cursor.IsColumnActive(schema["Label"]));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => cursor.GetGetter<float>(schema["Value"]));
        Assert.ThrowsExactly<InvalidOperationException>(() => cursor.GetGetter<float>(schema["Window"]));
    }

    [TestMethod]
    public void RowsPositionsAndIdsDoNotDependOnTheColumnsAskedFor()
    {
        IDataView windowed = Apply(_ml.Transforms.SlidingWindow("Window", 3, ["Value"], labelColumnName: "Label", horizon: 2), Series(6));
        DataViewSchema schema = windowed.Schema;
        DataViewSchema.Column[][] choices = [[], [schema["Name"]], [schema["Label"]], [schema["Window"]], [.. schema]];

        DataViewRowId[] expected = Ids(windowed, []);

        Assert.HasCount(4, expected);
        Assert.HasCount(4, expected.Distinct().ToArray());
        foreach (DataViewSchema.Column[] choice in choices)
            CollectionAssert.AreEqual(expected, Ids(windowed, choice));
    }

    [TestMethod]
    public void TheOrderOfTheRowsIsNotForOthersToChange()
    {
        IDataView windowed = Apply(_ml.Transforms.SlidingWindow("Window", 3, ["Value"]), Series(6));
        DataViewSchema schema = windowed.Schema;

        Assert.IsFalse(windowed.CanShuffle);
        DataViewRowCursor[] cursors = windowed.GetRowCursorSet(schema, 4);
        Assert.HasCount(1, cursors);
        cursors[0].Dispose();
        using DataViewRowCursor shuffled = windowed.GetRowCursor([schema["Value"]], new Random(1));
        ValueGetter<float> getter = shuffled.GetGetter<float>(schema["Value"]);
        float value = 0;
        for (float expected = 3; expected <= 6; expected++)
        {
            Assert.IsTrue(shuffled.MoveNext());
            getter(ref value);
            Assert.AreEqual(expected, value);
        }
        Assert.IsFalse(shuffled.MoveNext());
        Assert.IsFalse(shuffled.MoveNext());
    }

    [TestMethod]
    public void ASingleRowHasNoWindow()
    {
        IDataView data = Series(3);
        SlidingWindowTransformer transformer = _ml.Transforms.SlidingWindow("Window", 2, ["Value"]).Fit(data);

        Assert.IsFalse(transformer.IsRowToRowMapper);
        var e = Assert.ThrowsExactly<InvalidOperationException>(() => transformer.GetRowToRowMapper(data.Schema));
        StringAssert.Contains(e.Message, "single");
    }

    [TestMethod]
    public void TooFewRowsForAWindowAreWarnedOf()
    {
        var warnings = new List<string>();
        _ml.Log += (_, entry) =>
        {
            if (entry.Kind == Runtime.ChannelMessageKind.Warning)
                warnings.Add(entry.RawMessage);
        };
        foreach (string? label in (string?[])[null, "Label"])
        {
            warnings.Clear();
            Assert.IsEmpty(Read(_ml.Transforms.SlidingWindow("Window", 5, ["Value"], label), Series(4)));
            Assert.IsEmpty(Read(_ml.Transforms.SlidingWindow("Window", 5, ["Value"], label), Series(1)));
            Assert.IsEmpty(Read(_ml.Transforms.SlidingWindow("Window", 5, ["Value"], label), Series(0)));
            Assert.HasCount(1, Read(_ml.Transforms.SlidingWindow("Window", 5, ["Value"], label), Series(5)));
            CollectionAssert.AreEqual((string[])[
                "The data has 4 rows, and a window takes 5, so there is no window (KeepIncompleteWindows makes some).",
                "The data has 1 row, and a window takes 5, so there is no window (KeepIncompleteWindows makes some)."], warnings);
        }
    }

    private IDataView Series(int count) => _ml.Data.LoadFromEnumerable(Rows(count));

    private static Row[] Rows(int count) =>
        [.. Enumerable.Range(1, count).Select(i => new Row { Value = i, Pair = [10 * i, 100 * i], Name = $"row {i}", Variable = [i] })];

    private static IDataView Apply(SlidingWindowEstimator estimator, IDataView data) => estimator.Fit(data).Transform(data);

    private Windowed[] Read(SlidingWindowEstimator estimator, IDataView data) => Read(Apply(estimator, data));

    private Windowed[] Read(IDataView windowed) =>
        [.. _ml.Data.CreateEnumerable<Windowed>(windowed, reuseRowObject: false, ignoreMissingColumns: true)];

    private static DataViewRowId[] Ids(IDataView data, DataViewSchema.Column[] columns)
    {
        var ids = new List<DataViewRowId>();
        using DataViewRowCursor cursor = data.GetRowCursor(columns);
        ValueGetter<DataViewRowId> getter = cursor.GetIdGetter();
        Assert.AreEqual(-1L, cursor.Position);
        while (cursor.MoveNext())
        {
            Assert.AreEqual(ids.Count, cursor.Position);
            Assert.AreEqual(0L, cursor.Batch);
            DataViewRowId id = default;
            getter(ref id);
            ids.Add(id);
        }
        return [.. ids];
    }

    private static string[] Describe(SchemaShape shape)
        => [.. shape.Select(column => $"{column.Name}: {column.Kind} {column.ItemType} {column.IsKey}")];

    private static void AssertSame(Windowed[] expected, Windowed[] actual)
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

    private sealed class Row
    {
        public float Value { get; set; }

        [VectorType(2)]
        public float[] Pair { get; set; } = [];

        public string Name { get; set; } = "";

        public double Number { get; set; }

        public float[] Variable { get; set; } = [];
    }

    private sealed class SparseRow
    {
        [VectorType(3)]
        public VBuffer<float> Sparse { get; set; }
    }

    private sealed class Windowed
    {
        public float[] Window { get; set; } = [];

        public float Label { get; set; }

        public float Value { get; set; }

        public string Name { get; set; } = "";
    }
}

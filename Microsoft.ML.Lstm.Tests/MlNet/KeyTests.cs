using Microsoft.ML.Data;
using Microsoft.ML.Transforms;
using static Microsoft.ML.Lstm.Tests.MlNet.VectorRows;

namespace Microsoft.ML.Lstm.Tests.MlNet;

/// <summary>Keys: made of values and made values again, in columns and vectors, on their way into and out of objects and through views.</summary>
[TestClass]
public sealed class KeyTests
{
    private readonly MLContext _ml = new(seed: 1);

    [TestMethod]
    public void KeysCountValuesInTheOrderInWhichTheyFirstOccur()
    {
        IDataView data = Texts("b", "a", "", "b", "B", " ");
        IDataView keys = Apply(_ml.Transforms.Conversion.MapValueToKey("Key", "Text"), data);
        CollectionAssert.AreEqual((uint[])[1, 2, 0, 1, 3, 4], keys.GetColumn<uint>("Key").ToArray());
        Assert.AreEqual("Key<UInt32, 0-3>", keys.Schema["Key"].Type.ToString());
        CollectionAssert.AreEqual((string[])["b", "a", "B", " "], TextKeyValues(keys, "Key"));
    }

    [TestMethod]
    public void KeysCanBeInTheOrderOfTheirValuesAndLimited()
    {
        IDataView data = Texts("b", "a", "B", "c");
        IDataView sorted = Apply(_ml.Transforms.Conversion.MapValueToKey("Text", keyOrdinality: ValueToKeyMappingEstimator.KeyOrdinality.ByValue), data);
        CollectionAssert.AreEqual((string[])["B", "a", "b", "c"], TextKeyValues(sorted, "Text"));
        CollectionAssert.AreEqual((uint[])[3, 2, 1, 4], sorted.GetColumn<uint>("Text").ToArray());
        IDataView limited = Apply(_ml.Transforms.Conversion.MapValueToKey("Text", maximumNumberOfKeys: 2), data);
        CollectionAssert.AreEqual((uint[])[1, 2, 0, 0], limited.GetColumn<uint>("Text").ToArray());
    }

    [TestMethod]
    public void ValuesNotSeenInTrainingAreMissing()
    {
        ITransformer model = _ml.Transforms.Conversion.MapValueToKey("Text").Fit(Texts("x", "y"));
        CollectionAssert.AreEqual((uint[])[2, 0, 0], model.Transform(Texts("y", "z", "")).GetColumn<uint>("Text").ToArray());
    }

    [TestMethod]
    public void KeysCanBeGiven()
    {
        IDataView given = _ml.Data.LoadFromEnumerable([new { Term = "no" }, new { Term = "yes" }, new { Term = "no" }]);
        IDataView keys = Apply(_ml.Transforms.Conversion.MapValueToKey("Text", keyData: given), Texts("yes", "maybe", "no"));
        CollectionAssert.AreEqual((uint[])[2, 0, 1], keys.GetColumn<uint>("Text").ToArray());
        AssertRefused("If specified, this data view should contain only a single column containing the terms to map, but this had 2 columns.",
            () => _ml.Transforms.Conversion.MapValueToKey("Text", keyData: _ml.Data.LoadFromEnumerable([new { A = "a", B = "b" }])));
        AssertRefused("Input data's column must be of type 'Single' but was 'String'",
            () => _ml.Transforms.Conversion.MapValueToKey("Number", keyData: given).Fit(Rows(new Row())));
    }

    [TestMethod]
    public void NumbersAndTruthValuesBecomeKeysAndValuesAgain()
    {
        IDataView data = Rows(new Row { Number = 2, Flag = true, Integer = 7 }, new Row { Number = float.NaN, Flag = false }, new Row { Number = -0.5f, Flag = true });
        string[] columns = ["Number", "Flag", "Integer"];
        IDataView keys = Apply(_ml.Transforms.Conversion.MapValueToKey(Array.ConvertAll(columns, c => new InputOutputColumnPair(c))), data);
        CollectionAssert.AreEqual((uint[])[1, 0, 2], keys.GetColumn<uint>("Number").ToArray());
        CollectionAssert.AreEqual((uint[])[1, 2, 1], keys.GetColumn<uint>("Flag").ToArray());
        CollectionAssert.AreEqual((uint[])[1, 2, 2], keys.GetColumn<uint>("Integer").ToArray());
        Assert.AreEqual("Vector<Single, 2>", keys.Schema["Number"].Annotations.Schema["KeyValues"].Type.ToString());

        IDataView values = Apply(_ml.Transforms.Conversion.MapKeyToValue(Array.ConvertAll(columns, c => new InputOutputColumnPair(c))), keys);
        CollectionAssert.AreEqual((float[])[2, float.NaN, -0.5f], values.GetColumn<float>("Number").ToArray());
        CollectionAssert.AreEqual((bool[])[true, false, true], values.GetColumn<bool>("Flag").ToArray());
        CollectionAssert.AreEqual((int[])[7, 0, 0], values.GetColumn<int>("Integer").ToArray());
    }

    [TestMethod]
    public void VectorsBecomeVectorsOfKeysAndValuesAgain()
    {
        IDataView data = Rows(new Row { Words = ["the", "cat", "the"] }, new Row { Words = [] }, new Row { Words = ["cat", "", "sat"] });
        IDataView keys = Apply(_ml.Transforms.Conversion.MapValueToKey("Words"), data);
        Assert.AreEqual("Vector<Key<UInt32, 0-2>>", keys.Schema["Words"].Type.ToString());
        uint[][] expected = [[1, 2, 1], [], [2, 0, 3]];
        AssertRows(expected, keys.GetColumn<uint[]>("Words"));
        AssertRows([["the", "cat", "the"], [], ["cat", "", "sat"]], Apply(_ml.Transforms.Conversion.MapKeyToValue("Words"), keys).GetColumn<string[]>("Words"));
        AssertRows(expected, _ml.Data.Cache(keys).GetColumn<uint[]>("Words"));
        CollectionAssert.AreEquivalent((int[])[3, 0, 3], _ml.Data.ShuffleRows(keys).GetColumn<uint[]>("Words").Select(words => words.Length).ToArray());
    }

    [TestMethod]
    public void KeysOfNamedKeysKeepTheNames()
    {
        IDataView keys = Apply(_ml.Transforms.Conversion.MapValueToKey("Text"), Texts("a", "b", "c"));
        IDataView again = Apply(_ml.Transforms.Conversion.MapValueToKey("Text"), _ml.Data.SkipRows(keys, 1));
        CollectionAssert.AreEqual((uint[])[1, 2], again.GetColumn<uint>("Text").ToArray());
        CollectionAssert.AreEqual((string[])["b", "c"], TextKeyValues(again, "Text"));
        CollectionAssert.AreEqual((string[])["b", "c"], Apply(_ml.Transforms.Conversion.MapKeyToValue("Text"), again).GetColumn<string>("Text").ToArray());
    }

    [TestMethod]
    public void ColumnWithNoValueAtAllHasOneUnnamedKey()
    {
        string warning = "";
        _ml.Log += (_, e) => warning += e.Kind == Runtime.ChannelMessageKind.Warning ? e.Message : "";
        IDataView keys = Apply(_ml.Transforms.Conversion.MapValueToKey("Text"), Texts("", ""));
        Assert.AreEqual("Key<UInt32, 0-0>", keys.Schema["Text"].Type.ToString());
        Assert.IsFalse(keys.Schema["Text"].HasKeyValues());
        CollectionAssert.AreEqual(new uint[2], keys.GetColumn<uint>("Text").ToArray());
        Assert.AreEqual("[Source=Term; Training, Kind=Warning] Term map for output column 'Text' contains no entries.", warning);
    }

    [TestMethod]
    public void WhatCannotBeMappedIsRefused()
    {
        IDataView data = Rows(new Row());
        AssertRefused("Could not find input column 'Nowhere'", () => _ml.Transforms.Conversion.MapValueToKey("Key", "Nowhere").Fit(data));
        AssertRefused("Must be positive", () => _ml.Transforms.Conversion.MapValueToKey("Text", maximumNumberOfKeys: 0).Fit(data));
        ITransformer model = _ml.Transforms.Conversion.MapValueToKey("Key", "Text").Fit(Texts("x"));
        AssertFails("Could not apply a map over type 'String' to column 'Key' since it has type 'Single'",
            () => model.Transform(_ml.Transforms.CopyColumns("Text", "Number").Fit(data).Transform(data)));
        AssertFails("Metadata KeyValues does not exist", () => _ml.Transforms.Conversion.MapKeyToValue("Category").Fit(data));
        EstimatorChain<ITransformer> Chain(string column) => new EstimatorChain<ITransformer>()
            .Append((IEstimator<ITransformer>)_ml.Transforms.CopyColumns("Copy", "Number")).Append((IEstimator<ITransformer>)_ml.Transforms.Conversion.MapKeyToValue("Value", column));
        AssertRefused("Schema mismatch for input column 'Text': expected KeyType, got String", () => Chain("Text").Fit(data));
        AssertRefused("Input column 'Category' doesn't contain key values metadata", () => Chain("Category").Fit(data));
    }

    [TestMethod]
    public void ShapePromisesKeysAndTheirValues()
    {
        var chain = _ml.Transforms.Conversion.MapValueToKey("Words").Append(_ml.Transforms.Conversion.MapValueToKey("Number"))
            .Append(_ml.Transforms.Conversion.MapKeyToValue("Back", "Words"));
        SchemaShape shape = chain.GetOutputSchema(Lstm.MlNet.SchemaShapes.ToShape(Rows(new Row()).Schema));
        SchemaShape.Column words = shape.Single(c => c.Name == "Words");
        Assert.IsTrue(words.IsKey && words.Kind == SchemaShape.Column.VectorKind.VariableVector && words.ItemType == NumberDataViewType.UInt32);
        Assert.AreEqual(TextDataViewType.Instance, words.Annotations.Single(a => a.Name == "KeyValues").ItemType);
        Assert.AreEqual(NumberDataViewType.Single, shape.Single(c => c.Name == "Number").Annotations.Single(a => a.Name == "KeyValues").ItemType);
        SchemaShape.Column back = shape.Single(c => c.Name == "Back");
        Assert.IsTrue(!back.IsKey && back.Kind == SchemaShape.Column.VectorKind.VariableVector && back.ItemType is TextDataViewType);
    }

    [TestMethod]
    public void ObjectsHoldAKeysIndexAndAreGivenTheKey()
    {
        // A scalar member counts from 0, as a text file does; in vectors, and in what is read from a view, 0 is the missing key.
        IDataView data = Rows(new Row { Category = 0, Categories = [1, 0, 3] }, new Row { Category = 2, Categories = [3, 3, 3] }, new Row { Category = 3, Categories = [0, 0, 1] });
        CollectionAssert.AreEqual((uint[])[1, 3, 0], data.GetColumn<uint>("Category").ToArray());
        uint[][] categories = [[1, 0, 3], [3, 3, 3], [0, 0, 1]];
        AssertRows(categories, data.GetColumn<uint[]>("Categories"));
        Row[] rows = _ml.Data.CreateEnumerable<Row>(data, reuseRowObject: false).ToArray();
        CollectionAssert.AreEqual((uint[])[1, 3, 0], Array.ConvertAll(rows, row => row.Category));
        AssertRows(categories, rows.Select(row => row.Categories));
    }

    [TestMethod]
    public void PredictionEngineTakesAndGivesKeysAndTexts()
    {
        ITransformer model = _ml.Transforms.Conversion.MapValueToKey([new("Text"), new("Words")]).Append(_ml.Transforms.Conversion.MapKeyToValue("Back", "Words"))
            .Fit(Rows(new Row { Text = "x", Words = ["a", "b"] }));
        using PredictionEngine<Row, Prediction> engine = _ml.Model.CreatePredictionEngine<Row, Prediction>(model);
        Prediction prediction = engine.Predict(new() { Text = "x", Words = ["b", "c", "a"], Category = 1 });
        Assert.AreEqual(1u, prediction.Text);
        Assert.AreEqual(2u, prediction.Category);
        CollectionAssert.AreEqual((uint[])[2, 0, 1], prediction.Words);
        CollectionAssert.AreEqual((string[])["b", "", "a"], prediction.Back);
        Assert.AreEqual(0u, engine.Predict(new() { Text = "y" }).Text);
    }

    [TestMethod]
    public void SavedMapsKeepTheirValues()
    {
        IDataView data = Rows(new Row { Text = "b", Number = 2, Flag = true, Words = ["x", "y"] }, new Row { Text = "a", Number = 1, Words = ["z"] });
        string[] columns = ["Text", "Number", "Flag", "Words"];
        IEstimator<ITransformer> pipeline = _ml.Transforms.Conversion.MapValueToKey(Array.ConvertAll(columns, c => new InputOutputColumnPair(c)))
            .Append(_ml.Transforms.Conversion.MapValueToKey("TextAgain", "Text")).Append(_ml.Transforms.Conversion.MapKeyToValue("Back", "Words"));
        ITransformer model = pipeline.Fit(data);
        var file = new MemoryStream();
        _ml.Model.Save(model, data.Schema, file);
        file.Position = 0;
        IDataView loaded = new MLContext().Model.Load(file, out _).Transform(data);
        IDataView expected = model.Transform(data);
        CollectionAssert.AreEqual(expected.Schema.Select(c => c.ToString()).ToArray(), loaded.Schema.Select(c => c.ToString()).ToArray());
        foreach (string column in (string[])["Text", "Number", "Flag", "TextAgain"])
            CollectionAssert.AreEqual(expected.GetColumn<uint>(column).ToArray(), loaded.GetColumn<uint>(column).ToArray());
        AssertRows(expected.GetColumn<string[]>("Back"), loaded.GetColumn<string[]>("Back"));
        CollectionAssert.AreEqual((string[])["b", "a"], TextKeyValues(loaded, "TextAgain"));
    }

    private static IDataView Apply(IEstimator<ITransformer> estimator, IDataView data) => estimator.Fit(data).Transform(data);

    private IDataView Rows(params Row[] rows) => _ml.Data.LoadFromEnumerable(rows);

    private IDataView Texts(params string[] texts) => Rows(Array.ConvertAll(texts, text => new Row { Text = text }));

    private static string[] TextKeyValues(IDataView data, string column)
    {
        Assert.IsTrue(data.Schema[column].HasKeyValues(TextDataViewType.Instance));
        VBuffer<ReadOnlyMemory<char>> values = default;
        data.Schema[column].GetKeyValues(ref values);
        return [.. values.DenseValues().Select(value => value.ToString())];
    }

    private static void AssertRefused(string message, Action action) =>
        StringAssert.StartsWith(Assert.ThrowsExactly<ArgumentOutOfRangeException>(action).Message, message);

    private static void AssertFails(string message, Action action) =>
        Assert.AreEqual(message, Assert.ThrowsExactly<InvalidOperationException>(action).Message);

    private sealed class Row
    {
        public string Text { get; set; } = "";

        public float Number { get; set; }

        public bool Flag { get; set; }

        public int Integer { get; set; }

        public string[] Words { get; set; } = [];

        [KeyType(3)]
        public uint Category { get; set; }

        [KeyType(3)]
        [VectorType(3)]
        public uint[] Categories { get; set; } = [0, 0, 0];
    }

    private sealed class Prediction
    {
        public uint Text { get; set; }

        public uint Category { get; set; }

        public uint[] Words { get; set; } = [];

        public string[] Back { get; set; } = [];
    }
}

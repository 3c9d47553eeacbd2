using Microsoft.ML.Data;

namespace Microsoft.ML.Lstm.Tests.Sequences;

/// <summary>What ML.NET's own catalogs put in front of our trainers and behind them.</summary>
[TestClass]
public sealed class CatalogCallTests
{
    private static readonly Example[] Rows = Example.Make(60);

    private readonly MLContext _ml = new(seed: 1);
    private readonly IDataView _data;

    public CatalogCallTests() => _data = _ml.Data.LoadFromEnumerable(Rows, Example.Schema(Example.Vector(5, 2)));

    [TestMethod]
    [DataRow("Platt")]
    [DataRow("Isotonic")]
    [DataRow("Naive")]
    public void CalibratorsTakeTheScore(string name)
    {
        BinaryClassificationCatalog.CalibratorsCatalog calibrators = _ml.BinaryClassification.Calibrators;
        IEstimator<ITransformer> calibrator = name switch
        {
            "Platt" => calibrators.Platt("IsHigh"),
            "Isotonic" => calibrators.Isotonic("IsHigh"),
            _ => calibrators.Naive("IsHigh"),
        };
        // The trainer gives a probability itself; the calibrator's hides it, since it comes later in the schema.
        IDataView scored = SaveAndLoad(Binary().Append(calibrator).Fit(_data)).Transform(_data);
        float[] own = [.. Binary().Fit(_data).Transform(_data).GetColumn<float>("Probability")],
            calibrated = [.. scored.GetColumn<float>("Probability")];
        CollectionAssert.AreNotEqual(own, calibrated);
        Assert.IsTrue(calibrated.All(probability => probability is >= 0 and <= 1));
        CalibratedBinaryClassificationMetrics metrics = _ml.BinaryClassification.Evaluate(scored, "IsHigh");
        Assert.IsGreaterThan(0.8, metrics.AreaUnderRocCurve);
    }

    [TestMethod]
    public void BothEvaluationsOfBinaryClassificationAgree()
    {
        IDataView scored = Binary().Fit(_data).Transform(_data);
        Assert.AreEqual(_ml.BinaryClassification.Evaluate(scored, "IsHigh").AreaUnderRocCurve,
            _ml.BinaryClassification.EvaluateNonCalibrated(scored, "IsHigh").AreaUnderRocCurve);
    }

    [TestMethod]
    public void TheConfusionMatrixHasTheNamesOfTheClasses()
    {
        var pipeline = _ml.Transforms.Conversion.MapValueToKey("LabelKey", "ClassName")
            .Append(_ml.MulticlassClassification.Trainers.Lstm(
                SmallOptions.Create<LstmMulticlassTrainer.Options>(options => options.LabelColumnName = "LabelKey")));
        MulticlassClassificationMetrics metrics = _ml.MulticlassClassification.Evaluate(
            pipeline.Fit(_data).Transform(_data), "LabelKey", topKPredictionCount: 3);
        foreach (string name in Rows.Select(row => row.ClassName).Distinct())
            Assert.Contains(name, metrics.ConfusionMatrix.GetFormattedConfusionTable());
        Assert.AreEqual(1, metrics.TopKAccuracy);
    }

    [TestMethod]
    public void ScoredRowsSurviveABinaryFile()
    {
        IDataView scored = _ml.Transforms.Conversion.MapValueToKey("LabelKey", "ClassTime")
            .Append(_ml.MulticlassClassification.Trainers.Lstm(
                SmallOptions.Create<LstmMulticlassTrainer.Options>(options => options.LabelColumnName = "LabelKey")))
            .Fit(_data).Transform(_data);
        string path = Path.GetTempFileName();
        try
        {
            using (FileStream file = File.Create(path))
                _ml.Data.SaveAsBinary(scored, file);
            IDataView loaded = _ml.Data.LoadFromBinary(path);
            EstimatorHarness.AssertSame(ColumnReader.Read(scored, "Score"), ColumnReader.Read(loaded, "Score"));
            Assert.AreEqual(_ml.MulticlassClassification.Evaluate(scored, "LabelKey").MicroAccuracy,
                _ml.MulticlassClassification.Evaluate(loaded, "LabelKey").MicroAccuracy);
            IDataView named = _ml.Transforms.Conversion.MapKeyToValue("Name", "PredictedLabel").Fit(loaded).Transform(loaded);
            Assert.IsTrue(named.GetColumn<DateTime>("Name").All(time => Rows.Any(row => row.ClassTime == time)));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [TestMethod]
    public void KeysThatStandForKeysAreMappedBackToThem()
    {
        var pipeline = _ml.Transforms.Conversion.MapValueToKey("LabelKey", "Class")
            .Append(_ml.MulticlassClassification.Trainers.Lstm(
                SmallOptions.Create<LstmMulticlassTrainer.Options>(options =>
                    (options.LabelColumnName, options.NumberOfEpochs) = ("LabelKey", 40))))
            .Append(_ml.Transforms.Conversion.MapKeyToValue("Back", "PredictedLabel"));
        IDataView scored = SaveAndLoad(pipeline.Fit(_data)).Transform(_data);
        Assert.AreEqual(_data.Schema["Class"].Type, scored.Schema["Back"].Type);
        // In objects keys count from 0, in columns from 1.
        string[] classes = [.. Rows.Select(row => $"{row.Class + 1}")],
            found = [.. ColumnReader.Read(scored, "Back").Select(row => row[0])];
        double accuracy = _ml.MulticlassClassification.Evaluate(scored, "LabelKey").MicroAccuracy;
        Assert.AreEqual(accuracy, classes.Zip(found, (right, back) => right == back ? 1.0 : 0).Average(), 1e-9);
        Assert.IsGreaterThan(0.6, accuracy);
    }

    [TestMethod]
    public void ScoredRowsCanBeWrittenAsText()
    {
        IDataView scored = _ml.Transforms.SelectColumns("IsHigh", "Probability").Fit(Scored()).Transform(Scored());
        using var text = new MemoryStream();
        _ml.Data.SaveAsText(scored, text, schema: false, headerRow: false);
        Assert.HasCount(Rows.Length,
            System.Text.Encoding.UTF8.GetString(text.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [TestMethod]
    public void ColumnsAreSelectedDroppedAndCopiedBehind()
    {
        IDataView behind = SaveAndLoad(
            Binary().Append(_ml.Transforms.CopyColumns("Yes", "Probability")).Append(_ml.Transforms.DropColumns("Features"))
            .Append(_ml.Transforms.SelectColumns("Yes", "Score")).Fit(_data)).Transform(_data);
        CollectionAssert.AreEquivalent((string[])["Yes", "Score"], behind.Schema.Select(column => column.Name).ToArray());
        CollectionAssert.AreEqual(Scored().GetColumn<float>("Probability").ToArray(), behind.GetColumn<float>("Yes").ToArray());
    }

    [TestMethod]
    public void MappingsOfOnesOwnStandInFrontAndBehind()
    {
        SchemaDefinition twice = SchemaDefinition.Create(typeof(Twice));
        twice[nameof(Twice.Doubled)].ColumnType = Example.Vector(5, 2);
        var pipeline = _ml.Transforms.CustomMapping<FeaturesOnly,
            Twice>((row, output) => output.Doubled = [.. row.Features.Select(value => 2 * value)], null, Definition(), twice)
            .Append(_ml.BinaryClassification.Trainers.Lstm(
                SmallOptions.Create<LstmBinaryTrainer.Options>(options => options.FeatureColumnName = "Doubled")))
            .Append(_ml.Transforms.CustomMapping<Probable, Percent>((row, output) => output.Percentage = 100 * row.Probability, null));
        IDataView scored = pipeline.Fit(_data).Transform(_data);
        CollectionAssert.AreEqual(
            scored.GetColumn<float>("Probability").Select(probability => 100 * probability).ToArray(),
                scored.GetColumn<float>("Percentage").ToArray());
    }

    [TestMethod]
    public void AnEngineTakesAndGivesTheColumnsOfItsClasses()
    {
        LstmBinaryTransformer model = Binary().Fit(_data);
        using var engine = _ml.Model.CreatePredictionEngine<FeaturesOnly, Probable>(model, inputSchemaDefinition: Definition());
        float[] expected = [.. model.Transform(_data).GetColumn<float>("Probability")];
        CollectionAssert.AreEqual(
            expected, Rows.Select(row => engine.Predict(new FeaturesOnly { Features = row.Features }).Probability).ToArray());
        var error = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _ml.Model.CreatePredictionEngine<Probable, Percent>(model));
        StringAssert.StartsWith(error.Message, "Could not find feature column 'Features'");
    }

    [TestMethod]
    public void CrossValidationTakesAPipelineOfEachKind()
    {
        var named = _ml.Transforms.Conversion.MapValueToKey("LabelKey", "ClassTime")
            .Append(_ml.MulticlassClassification.Trainers.Lstm(
                SmallOptions.Create<LstmMulticlassTrainer.Options>(options => options.LabelColumnName = "LabelKey")));
        Assert.HasCount(2, _ml.MulticlassClassification.CrossValidate(_data, named, numberOfFolds: 2, labelColumnName: "LabelKey"));
        Assert.HasCount(2, _ml.BinaryClassification.CrossValidate(_data, Binary(), numberOfFolds: 2, labelColumnName: "IsHigh"));
        Assert.HasCount(2, _ml.BinaryClassification.CrossValidateNonCalibrated(
            _data, Binary(), numberOfFolds: 2, labelColumnName: "IsHigh"));
    }

    private LstmBinaryTrainer Binary()
        => _ml.BinaryClassification.Trainers.Lstm(SmallOptions.Create<LstmBinaryTrainer.Options>(options => options.NumberOfEpochs = 20));

    private IDataView Scored() => Binary().Fit(_data).Transform(_data);

    private ITransformer SaveAndLoad(ITransformer model)
    {
        using var file = new MemoryStream();
        _ml.Model.Save(model, _data.Schema, file);
        file.Position = 0;
        return new MLContext().Model.Load(file, out _);
    }

    private static SchemaDefinition Definition()
    {
        SchemaDefinition definition = SchemaDefinition.Create(typeof(FeaturesOnly));
        definition[nameof(FeaturesOnly.Features)].ColumnType = Example.Vector(5, 2);
        return definition;
    }

    private sealed class FeaturesOnly
    {
        public float[] Features { get; set; } = [];
    }

    private sealed class Twice
    {
        public float[] Doubled { get; set; } = [];
    }

    private sealed class Probable
    {
        public float Probability { get; set; }
    }

    private sealed class Percent
    {
        public float Percentage { get; set; }
    }
}

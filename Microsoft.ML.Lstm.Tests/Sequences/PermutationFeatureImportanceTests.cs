namespace Microsoft.ML.Lstm.Tests.Sequences;

/// <summary>
/// PermutationFeatureImportance of ML.NET measures each slot of the features: the first feature of a step matters, the second does not.
/// </summary>
[TestClass]
public sealed class PermutationFeatureImportanceTests
{
    private readonly MLContext _ml = new(seed: 1);

    [TestMethod]
    public void BinaryClassifierNeedsTheFeatureThatMatters()
    {
        IDataView data = _ml.Data.LoadFromEnumerable(Example.Make(150), Example.Schema(Example.Vector(5, 2)));
        LstmBinaryTransformer model = _ml.BinaryClassification.Trainers.Lstm(SmallOptions.Create<LstmBinaryTrainer.Options>(options =>
            options.NumberOfEpochs = 40)).Fit(data);
        var importance = _ml.BinaryClassification.PermutationFeatureImportance(model, data, nameof(Example.IsHigh), permutationCount: 2);
        AssertFirstOfEachStepMatters([.. importance.Select(slot => slot.AreaUnderRocCurve.Mean)]);
    }

    [TestMethod]
    public void MulticlassClassifierNeedsTheFeatureThatMatters()
    {
        IDataView data = _ml.Data.LoadFromEnumerable(Example.Make(150), Example.Schema(Example.Vector(5, 2)));
        LstmMulticlassTransformer model =
            _ml.MulticlassClassification.Trainers.Lstm(SmallOptions.Create<LstmMulticlassTrainer.Options>(options =>
            options.NumberOfEpochs = 40)).Fit(data);
        var importance = _ml.MulticlassClassification.PermutationFeatureImportance(model, data, nameof(Example.Class), permutationCount: 2);
        AssertFirstOfEachStepMatters([.. importance.Select(slot => slot.MicroAccuracy.Mean)]);
    }

    [TestMethod]
    public void RegressionNeedsTheFeatureThatMatters()
    {
        IDataView data = _ml.Data.LoadFromEnumerable(Example.Make(100), Example.Schema(Example.Vector(5, 2)));
        LstmRegressionTransformer model = _ml.Regression.Trainers.Lstm(SmallOptions.Create(
            options => (options.NumberOfEpochs, options.SkipSteps) = (40, 0))).Fit(data);
        var importance = _ml.Regression.PermutationFeatureImportance(model, data, permutationCount: 2);
        AssertFirstOfEachStepMatters([.. importance.Select(slot => slot.RSquared.Mean)]);
    }

    [TestMethod]
    public void TrainerIsFoundInAPipeline()
    {
        IDataView data = _ml.Data.LoadFromEnumerable(Example.Make(100), Example.Schema(Example.Vector(5, 2)));
        var pipeline = _ml.Transforms.Concatenate("Pair", "Label", "Weight")
            .Append(_ml.Regression.Trainers.Lstm(SmallOptions.Create(options =>
                (options.FeatureColumnName, options.FeaturesPerStep, options.NumberOfEpochs) = ("Pair", 2, 40))));
        var model = pipeline.Fit(data);
        var importance = _ml.Regression.PermutationFeatureImportance(model, model.Transform(data), permutationCount: 2);
        Assert.IsLessThan(-0.5, importance["Label"].RSquared.Mean);
        Assert.IsLessThan(0.1, Math.Abs(importance["Weight"].RSquared.Mean));
    }

    [TestMethod]
    public void ValuesOfAWindowAreKnownByName()
    {
        // The target follows the heat two rows before; the flow has no effect.
        var random = new Random(1);
        float[] heat = [.. Enumerable.Range(0, 150).Select(_ => random.NextSingle())];
        IDataView rows = _ml.Data.LoadFromEnumerable(
            heat.Select((value, t) => new Reading { Heat = value, Flow = random.NextSingle(), Target = t < 2 ? 0 : heat[t - 2] }));
        var pipeline = _ml.Transforms.SlidingWindow("Window", 3, ["Heat", "Flow"])
            .Append(_ml.Regression.Trainers.Lstm(
                SmallOptions.Create(options
                    => (options.LabelColumnName, options.FeatureColumnName, options.NumberOfEpochs) = ("Target", "Window", 40))));
        var model = pipeline.Fit(rows);
        var file = new MemoryStream();
        _ml.Model.Save(model, rows.Schema, file);
        file.Position = 0;

        foreach (ITransformer transformer in new[] { model, _ml.Model.Load(file, out _) })
        {
            var importance = _ml.Regression.PermutationFeatureImportance(
                transformer, transformer.Transform(rows), "Target", permutationCount: 2);
            CollectionAssert.AreEquivalent(
                (string[])["Heat t-2", "Flow t-2", "Heat t-1", "Flow t-1", "Heat t", "Flow t"], importance.Keys.ToArray());
            Assert.IsLessThan(-0.5, importance["Heat t-2"].RSquared.Mean);
            foreach (string other in importance.Keys.Where(name => name != "Heat t-2"))
                Assert.IsLessThan(0.2, Math.Abs(importance[other].RSquared.Mean), other);
        }
    }

    [TestMethod]
    public void EveryWayToAskByNameGivesEachValueOfAWindow()
    {
        IDataView windows = Windows(Example.Make(60));
        LstmBinaryTransformer binary = _ml.BinaryClassification.Trainers.Lstm(
            SmallOptions.Create<LstmBinaryTrainer.Options>(options => options.FeatureColumnName = "Window")).Fit(windows);
        LstmMulticlassTransformer multiclass = _ml.MulticlassClassification.Trainers.Lstm(
            SmallOptions.Create<LstmMulticlassTrainer.Options>(options => options.FeatureColumnName = "Window")).Fit(windows);
        string[] names = ["Label t-1", "Weight t-1", "Label t", "Weight t"];
        CollectionAssert.AreEquivalent(
            names, _ml.BinaryClassification.PermutationFeatureImportanceNonCalibrated(
                (ITransformer)binary, windows, nameof(Example.IsHigh)).Keys.ToArray());
        CollectionAssert.AreEquivalent(
            names, _ml.MulticlassClassification.PermutationFeatureImportance(
                (ITransformer)multiclass, windows, nameof(Example.Class)).Keys.ToArray());
        Assert.HasCount(4, _ml.BinaryClassification.PermutationFeatureImportance(binary, windows, nameof(Example.IsHigh)));
    }

    [TestMethod]
    public void OneOfSeveralColumnsIsPermutedAndAWarningSaysWhich()
    {
        IDataView data = _ml.Data.LoadFromEnumerable(Example.Make(60), Example.Schema(Example.Vector(5, 2)));
        data = _ml.Transforms.CopyColumns("Other", "Features").Fit(data).Transform(data);
        LstmRegressionTransformer model = _ml.Regression.Trainers.Lstm(
            SmallOptions.Create(options => options.FeatureColumnNames = ["Tokens", "Features", "Other"])).Fit(data);

        string[] warnings = Warnings(() => Assert.HasCount(10, _ml.Regression.PermutationFeatureImportance(model, data)));
        CollectionAssert.AreEqual(
            (string[])["PermutationFeatureImportance permutes one column, 'Features', and not 'Tokens', 'Other'; ForFeatureColumn(name) "
                + "chooses another one."], warnings);

        SequencePredictionTransformer other = model.ForFeatureColumn("Other");
        Assert.AreEqual("Other", other.FeatureColumnName);
        Assert.AreEqual("Tokens", model.FeatureColumnName);
        Assert.IsEmpty(Warnings(() => Assert.HasCount(10, _ml.Regression.PermutationFeatureImportance(other, data))));
        EstimatorHarness.AssertSame(ColumnReader.Read(model.Transform(data), "Score"), ColumnReader.Read(other.Transform(data), "Score"));
        var error = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => model.ForFeatureColumn("Statics"));
        Assert.Contains("Sequences are read from 'Tokens', 'Features', 'Other'.", error.Message);
    }

    [TestMethod]
    public void WhatCannotBePermutedIsSaid()
    {
        Example[] rows = Example.Make(40, variable: true);
        IDataView data = AnyTrainer.Data(_ml, rows);
        LstmRegressionTransformer tokens = _ml.Regression.Trainers.Lstm(
            SmallOptions.Create(options => options.FeatureColumnName = "Tokens")).Fit(data);
        foreach (Action importance in new Action[] { () => _ml.Regression.PermutationFeatureImportance(tokens, data),
            () => _ml.Regression.PermutationFeatureImportance((ITransformer)tokens, data) })
            StringAssert.StartsWith(
                Assert.ThrowsExactly<NotSupportedException>(importance).Message,
                    "PermutationFeatureImportance permutes numbers, and feature column 'Tokens' has keys.");

        LstmRegressionTransformer variable = _ml.Regression.Trainers.Lstm(SmallOptions.Create()).Fit(data);
        string[] warnings = Warnings(() => Assert.IsEmpty(_ml.Regression.PermutationFeatureImportance(variable, data)));
        StringAssert.StartsWith(
            warnings[0], "PermutationFeatureImportance has nothing to permute where vectors have no known size, as in feature column "
                + "'Features'");
    }

    private IDataView Windows(Example[] rows)
    {
        IDataView data = AnyTrainer.Data(_ml, rows);
        return _ml.Transforms.SlidingWindow("Window", 2, ["Label", "Weight"]).Fit(data).Transform(data);
    }

    private string[] Warnings(Action action)
    {
        var warnings = new List<string>();
        void Take(object? sender, LoggingEventArgs entry)
        {
            if (entry.Kind == Runtime.ChannelMessageKind.Warning)
                warnings.Add(entry.RawMessage);
        }
        _ml.Log += Take;
        action();
        _ml.Log -= Take;
        return [.. warnings];
    }

    private static void AssertFirstOfEachStepMatters(double[] changes)
    {
        Assert.HasCount(10, changes);
        double matters = Enumerable.Range(0, 5).Average(step => changes[2 * step]);
        double mattersNot = Enumerable.Range(0, 5).Average(step => changes[2 * step + 1]);
        Assert.IsLessThan(-0.05, matters);
        Assert.IsLessThan(0.05, Math.Abs(mattersNot));
    }

    private sealed class Reading
    {
        public float Heat { get; set; }

        public float Flow { get; set; }

        public float Target { get; set; }
    }
}

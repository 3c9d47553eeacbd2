namespace Microsoft.ML.Lstm.Tests.Sequences;

/// <summary>ML.NET's own cross-validation, which trains and evaluates on each fold.</summary>
[TestClass]
public sealed class CrossValidationTests
{
    private readonly MLContext _ml = new(seed: 1);

    [TestMethod]
    public void RegressionIsEvaluatedOnEachFold()
    {
        var folds = _ml.Regression.CrossValidate(Data(60), _ml.Regression.Trainers.Lstm(Options<LstmRegressionTrainer.Options>()),
            numberOfFolds: 3);
        Assert.HasCount(3, folds);
        foreach (var fold in folds)
            Assert.IsInRange(0.5, 1, fold.Metrics.RSquared);
    }

    [TestMethod]
    public void BinaryClassificationIsEvaluatedOnEachFold()
    {
        var folds = _ml.BinaryClassification.CrossValidate(Data(150),
            _ml.BinaryClassification.Trainers.Lstm(Options<LstmBinaryTrainer.Options>()), numberOfFolds: 3, labelColumnName: "IsHigh");
        Assert.HasCount(3, folds);
        foreach (var fold in folds)
        {
            Assert.IsInRange(0.85, 1, fold.Metrics.Accuracy);
            Assert.IsInRange(0.93, 1, fold.Metrics.AreaUnderRocCurve);
            // Bits a row: even odds for all rows would get 1.
            Assert.IsInRange(0, 0.5, fold.Metrics.LogLoss);
        }
    }

    [TestMethod]
    public void MulticlassClassificationOfNamedClassesIsEvaluatedOnEachFold()
    {
        var pipeline = _ml.Transforms.Conversion.MapValueToKey("LabelKey", "ClassName")
            .Append(_ml.MulticlassClassification.Trainers.Lstm(Options<LstmMulticlassTrainer.Options>(options =>
                options.LabelColumnName = "LabelKey")));
        var folds = _ml.MulticlassClassification.CrossValidate(Data(200), pipeline, numberOfFolds: 3, labelColumnName: "LabelKey");
        Assert.HasCount(3, folds);
        foreach (var fold in folds)
        {
            Assert.IsInRange(0.7, 1, fold.Metrics.MicroAccuracy);
            Assert.IsInRange(0.6, 1, fold.Metrics.MacroAccuracy);
            Assert.IsInRange(0.4, 1, fold.Metrics.LogLossReduction);
        }
    }

    [TestMethod]
    public void LabelledStepsCanBeCrossValidatedByTrainTestSplits()
    {
        foreach (int seed in new[] { 1, 2 })
        {
            var split = _ml.Data.TrainTestSplit(Data(200), 0.3, seed: seed);
            var pipeline = _ml.Transforms.Conversion.MapValueToKey("LabelKey", "StepClassNames")
                .Append(_ml.MulticlassClassification.Trainers.LstmSequenceLabeling(Options<LstmSequenceLabelingTrainer.Options>(options =>
                    options.LabelColumnName = "LabelKey")));
            SequenceLabelingMetrics metrics = _ml.MulticlassClassification.EvaluateSequenceLabeling(pipeline.Fit(split.TrainSet)
                .Transform(split.TestSet), "LabelKey");
            Assert.IsInRange(0.9, 1, metrics.TokenAccuracy);
            CollectionAssert.AreEquivalent((string[])["low", "middle", "high"], metrics.PerLabel.Select(label => label.Name).ToArray());
        }
    }

    private IDataView Data(int rows) => _ml.Data.LoadFromEnumerable(Example.Make(rows), Example.Schema(Example.Vector(5, 2)));

    private static TOptions Options<TOptions>(Action<TOptions>? change = null)
        where TOptions : SequenceTrainerOptions, new()
        => SmallOptions.Create<TOptions>(options =>
        {
            options.NumberOfEpochs = 40;
            change?.Invoke(options);
        });
}

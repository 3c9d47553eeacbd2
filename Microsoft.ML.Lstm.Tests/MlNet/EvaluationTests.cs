using System.Globalization;
using Microsoft.ML.Data;

namespace Microsoft.ML.Lstm.Tests.MlNet;

/// <summary>ML.NET's metrics of classifiers and detectors, on a handful of rows with figures worked out by hand.</summary>
[TestClass]
public sealed class EvaluationTests
{
    private readonly MLContext _ml = new(seed: 1);

    [TestMethod]
    public void MulticlassFiguresAreThoseWorkedOutByHand()
    {
        MulticlassClassificationMetrics metrics = _ml.MulticlassClassification.Evaluate(ClassRows(), topKPredictionCount: 2);
        // Of the four rows that count, the second is a tie, which goes to the lower class, and the fourth gives its class no chance at all.
        double[] losses = [-Math.Log(0.7f), -Math.Log(0.4f), -Math.Log(0.7f), -Math.Log(1e-15f)];
        double entropy = Math.Log(4) - 0.5 * Math.Log(2);
        Assert.AreEqual(0.5, metrics.MicroAccuracy, 1e-12);
        Assert.AreEqual(2.0 / 3, metrics.MacroAccuracy, 1e-12);
        Assert.AreEqual(losses.Average(), metrics.LogLoss, 1e-12);
        Assert.AreEqual((entropy - losses.Average()) / entropy, metrics.LogLossReduction, 1e-12);
        Assert.AreEqual((losses[1] + losses[3]) / 2, metrics.PerClassLogLoss[1], 1e-12);
        Assert.AreEqual(2, metrics.TopKPredictionCount);
        CollectionAssert.AreEqual((double[])[0.5, 1], metrics.TopKAccuracyForAllK.ToArray());
        Assert.AreEqual(1, metrics.TopKAccuracy);
        Assert.AreEqual(3, metrics.ConfusionMatrix.NumberOfClasses);
        CollectionAssert.AreEqual((double[])[2, 0, 0], metrics.ConfusionMatrix.Counts[1].ToArray());
        Assert.AreEqual(2, metrics.ConfusionMatrix.GetCountForClassPair(0, 1));
        Assert.AreEqual(1.0 / 3, metrics.ConfusionMatrix.PerClassPrecision[0], 1e-12);
        CollectionAssert.AreEqual((double[])[1, 0, 1], metrics.ConfusionMatrix.PerClassRecall.ToArray());
    }

    [TestMethod]
    public void TopKIsGivenOnlyIfAskedFor()
    {
        MulticlassClassificationMetrics metrics = _ml.MulticlassClassification.Evaluate(ClassRows());
        Assert.AreEqual(0, metrics.TopKPredictionCount);
        Assert.AreEqual(0, metrics.TopKAccuracy);
        Assert.IsNull(metrics.TopKAccuracyForAllK);
    }

    [TestMethod]
    public void ClassTheModelDoesNotKnowIsAnErrorInNoRowOfTheTable()
    {
        IDataView data = _ml.Data.LoadFromEnumerable([new ClassRow { Number = 0, Score = [0.7f, 0.2f, 0.1f] }, new ClassRow { Number = 5, Score = [0.7f, 0.2f, 0.1f] }]);
        MulticlassClassificationMetrics metrics = _ml.MulticlassClassification.Evaluate(data, "Number");
        Assert.AreEqual(0.5, metrics.MicroAccuracy);
        Assert.AreEqual(1, metrics.MacroAccuracy);
        Assert.AreEqual(1, metrics.ConfusionMatrix.Counts.Sum(row => row.Sum()));
    }

    [TestMethod]
    public void NoRowsGiveZerosAndOneClassNoReduction()
    {
        MulticlassClassificationMetrics none = _ml.MulticlassClassification.Evaluate(_ml.Data.LoadFromEnumerable(Array.Empty<ClassRow>()));
        Assert.AreEqual(0, none.MicroAccuracy + none.MacroAccuracy + none.LogLoss);
        Assert.AreEqual(double.NaN, none.LogLossReduction);
        IDataView oneClass = _ml.Data.LoadFromEnumerable([new ClassRow { Score = [0.7f, 0.2f, 0.1f] }]);
        Assert.AreEqual(double.PositiveInfinity, _ml.MulticlassClassification.Evaluate(oneClass).LogLossReduction);
    }

    [TestMethod]
    public void MulticlassTableIsLaidOutAsMlNetLaysItOut() => AssertLines(
        [
            "",
            "Confusion table",
            "          ||========================",
            "PREDICTED ||     0 |     1 |     2 | Recall",
            "TRUTH     ||========================",
            "        0 ||     1 |     0 |     0 | 1.0000",
            "        1 ||     2 |     0 |     0 | 0.0000",
            "        2 ||     0 |     0 |     1 | 1.0000",
            "          ||========================",
            "Precision ||0.3333 |0.0000 |1.0000 |",
        ],
        _ml.MulticlassClassification.Evaluate(ClassRows()).ConfusionMatrix);

    [TestMethod]
    public void LongClassNamesAreNumberedInTheTable()
    {
        IDataView data = _ml.Data.LoadFromEnumerable([new NamedRow { Label = 0, Cat = 0.9f, Hippopotamus = 0.1f }, new NamedRow { Label = 1, Cat = 0.9f, Hippopotamus = 0.1f }]);
        IDataView scores = _ml.Transforms.Concatenate("Score", nameof(NamedRow.Cat), nameof(NamedRow.Hippopotamus)).Fit(data).Transform(data);
        AssertLines(
            [
                "",
                "Confusion table",
                "                ||======================",
                "PREDICTED       ||        0 |        1 | Recall",
                "TRUTH           ||======================",
                "0.          Cat ||        1 |        0 | 1.0000",
                "1. Hippopotamus ||        1 |        0 | 0.0000",
                "                ||======================",
                "Precision       ||   0.5000 |   0.0000 |",
            ],
            _ml.MulticlassClassification.Evaluate(scores).ConfusionMatrix);
    }

    [TestMethod]
    public void MulticlassRefusesOtherColumns()
    {
        IDataView data = ClassRows();
        AssertRefused("None column 'Label' not found", () => _ml.MulticlassClassification.Evaluate(data, "None"));
        AssertRefused("None column 'Score' not found", () => _ml.MulticlassClassification.Evaluate(data, scoreColumnName: "None"));
        AssertRefused("None column 'PredictedLabel' not found", () => _ml.MulticlassClassification.Evaluate(data, predictedLabelColumnName: "None"));
        AssertRefused("Schema mismatch for score column 'Number': expected vector of two or more items of type Single, got Single",
            () => _ml.MulticlassClassification.Evaluate(data, scoreColumnName: "Number"));
        AssertRefused("Schema mismatch for label column 'Score': expected Single or Key, got Vector<Single, 3>",
            () => _ml.MulticlassClassification.Evaluate(data, "Score"));
        AssertRefused("labelColumnName cannot be null or empty", () => _ml.MulticlassClassification.Evaluate(data, ""));
        AssertRefused("Must be non-negative", () => _ml.MulticlassClassification.Evaluate(data, topKPredictionCount: -1));
        AssertRefused("Invalid index. Should be non-negative, less than the number of classes.",
            () => _ml.MulticlassClassification.Evaluate(data).ConfusionMatrix.GetCountForClassPair(3, 0));
    }

    [TestMethod]
    public void BinaryFiguresAreThoseWorkedOutByHand()
    {
        CalibratedBinaryClassificationMetrics metrics = _ml.BinaryClassification.Evaluate(BinaryRows());
        double[] probabilities = [0.9f, 1 - (double)0.6f, 0.6f, 0.3f, 1 - (double)0.1f, 1 - (double)0.5f];
        double logLoss = -probabilities.Average(Math.Log2);
        Assert.AreEqual(6.5 / 9, metrics.AreaUnderRocCurve, 1e-12);
        Assert.AreEqual(2.0 / 3, metrics.Accuracy, 1e-12);
        Assert.AreEqual(2.0 / 3, metrics.PositivePrecision, 1e-12);
        Assert.AreEqual(2.0 / 3, metrics.PositiveRecall, 1e-12);
        Assert.AreEqual(2.0 / 3, metrics.NegativePrecision, 1e-12);
        Assert.AreEqual(2.0 / 3, metrics.NegativeRecall, 1e-12);
        Assert.AreEqual(2.0 / 3, metrics.F1Score, 1e-12);
        // The trapezoids end at precisions of 1, 2/3 (after 1/2) and 3/5 (after 2/4).
        Assert.AreEqual((1 + (0.5 + 2.0 / 3) / 2 + (0.5 + 0.6) / 2) / 3, metrics.AreaUnderPrecisionRecallCurve, 1e-12);
        Assert.AreEqual(logLoss, metrics.LogLoss, 1e-12);
        Assert.AreEqual(1, metrics.Entropy, 1e-12);
        Assert.AreEqual(1 - logLoss, metrics.LogLossReduction, 1e-12);
        CollectionAssert.AreEqual((double[])[1, 2], metrics.ConfusionMatrix.Counts[1].ToArray());
    }

    [TestMethod]
    public void BinaryFiguresNeedNoProbabilityAndTakeLabelsOfSeveralTypes()
    {
        foreach (string label in (string[])["Label", "Number", "Key"])
        {
            BinaryClassificationMetrics metrics = _ml.BinaryClassification.EvaluateNonCalibrated(BinaryRows(), label);
            Assert.AreEqual(6.5 / 9, metrics.AreaUnderRocCurve, 1e-12);
            Assert.AreEqual(2.0 / 3, metrics.F1Score, 1e-12);
        }
    }

    [TestMethod]
    public void BinaryTableIsLaidOutAsMlNetLaysItOut() => AssertLines(
        [
            "TEST POSITIVE RATIO:\t0.5000 (3.0/(3.0+3.0))",
            "Confusion table",
            "          ||======================",
            "PREDICTED || positive | negative | Recall",
            "TRUTH     ||======================",
            " positive ||        2 |        1 | 0.6667",
            " negative ||        1 |        2 | 0.6667",
            "          ||======================",
            "Precision ||   0.6667 |   0.6667 |",
        ],
        _ml.BinaryClassification.Evaluate(BinaryRows()).ConfusionMatrix);

    [TestMethod]
    public void BinaryRefusesOtherColumnsAndASingleClass()
    {
        IDataView data = BinaryRows();
        AssertRefused("None column 'Probability' not found", () => _ml.BinaryClassification.Evaluate(data, probabilityColumnName: "None"));
        AssertRefused("Schema mismatch for score column 'Label': expected Single, got Boolean", () => _ml.BinaryClassification.Evaluate(data, scoreColumnName: "Label"));
        AssertRefused("Schema mismatch for label column 'Text': expected Single, Double, Boolean, or a Key with cardinality 2, got String",
            () => _ml.BinaryClassification.Evaluate(data, "Text"));
        AssertRefused("AUC is not defined when there is no positive class in the data",
            () => _ml.BinaryClassification.EvaluateNonCalibrated(_ml.Data.FilterRowsByColumn(data, "Number", upperBound: 0.5)));
        AssertRefused("AUC is not defined when there is no negative class in the data",
            () => _ml.BinaryClassification.EvaluateNonCalibrated(_ml.Data.FilterRowsByColumn(data, "Number", 0.5)));
    }

    [TestMethod]
    public void AnomalyFiguresAreThoseWorkedOutByHand()
    {
        IDataView data = BinaryRows();
        AnomalyDetectionMetrics metrics = _ml.AnomalyDetection.Evaluate(data, "Number", falsePositiveCount: 1);
        Assert.AreEqual(6.5 / 9, metrics.AreaUnderRocCurve, 1e-12);
        Assert.AreEqual(2.0 / 3, metrics.DetectionRateAtFalsePositiveCount, 1e-12);
        Assert.AreEqual(1, _ml.AnomalyDetection.Evaluate(data, "Number").DetectionRateAtFalsePositiveCount);
        AssertRefused("Schema mismatch for label column 'Label': expected Single or a Key with cardinality 2, got Boolean", () => _ml.AnomalyDetection.Evaluate(data));
        AssertRefused("Must be positive", () => _ml.AnomalyDetection.Evaluate(data, "Number", falsePositiveCount: 0));
    }

    [TestMethod]
    public void CrossValidationEvaluatesEachFoldByItsTask()
    {
        IDataView classes = _ml.Data.LoadFromEnumerable(Enumerable.Range(0, 40).Select(i => new ClassRow { Label = (uint)i % 3, Score = [1, 0, 0] }));
        var folds = _ml.MulticlassClassification.CrossValidate(classes, _ml.Transforms.CopyColumns("Copy", "Number"), 2);
        CollectionAssert.AreEqual((int[])[0, 1], folds.Select(f => f.Fold).ToArray());
        Assert.AreEqual(14, folds.Sum(f => f.Metrics.ConfusionMatrix.Counts[0][0]));

        IDataView binary = _ml.Data.LoadFromEnumerable(Enumerable.Range(0, 40).Select(i => new BinaryRow { Label = i % 2 == 0, Score = i % 2 - 0.5f, Probability = 0.5f }));
        var calibrated = _ml.BinaryClassification.CrossValidate(binary, _ml.Transforms.CopyColumns("Copy", "Number"), 2);
        Assert.IsTrue(calibrated.All(f => f.Metrics.LogLoss == 1 && f.Metrics.AreaUnderRocCurve == 0));
        var uncalibrated = _ml.BinaryClassification.CrossValidateNonCalibrated(binary, _ml.Transforms.CopyColumns("Copy", "Number"), 2);
        Assert.AreEqual(40, uncalibrated.Sum(f => f.Metrics.ConfusionMatrix.Counts.Sum(row => row.Sum())));
    }

    private IDataView ClassRows() => _ml.Data.LoadFromEnumerable(
    [
        new ClassRow { Label = 0, Score = [0.7f, 0.2f, 0.1f] },
        new ClassRow { Label = 1, Score = [0.4f, 0.4f, 0.2f] },
        new ClassRow { Label = 2, Score = [0.1f, 0.2f, 0.7f] },
        new ClassRow { Label = 1, Score = [1, 0, 0] },
        new ClassRow { Label = 3, Score = [1, 0, 0] }, // no such key: a missing label
        new ClassRow { Label = 1, Score = [float.NaN, 0, 0] },
    ]);

    private IDataView BinaryRows() => _ml.Data.LoadFromEnumerable(Array.ConvertAll(
        ((bool, float, float)[])[(true, 2, 0.9f), (false, 1, 0.6f), (true, 1, 0.6f), (true, -1, 0.3f), (false, -2, 0.1f), (false, 0, 0.5f), (true, float.NaN, 0.5f)],
        row => new BinaryRow { Label = row.Item1, Number = row.Item1 ? 1 : 0, Key = row.Item1 ? 1u : 0, Score = row.Item2, Probability = row.Item3 }));

    private static void AssertLines(string[] lines, ConfusionMatrix matrix)
    {
        // The table's numbers are written as the user's culture writes them.
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        CollectionAssert.AreEqual(lines.Append("").ToArray(), matrix.GetFormattedConfusionTable().Split(Environment.NewLine));
    }

    private static void AssertRefused(string message, Action evaluate) =>
        StringAssert.StartsWith(Assert.ThrowsExactly<ArgumentOutOfRangeException>(evaluate).Message, message);

    private sealed class ClassRow
    {
        [KeyType(3)]
        public uint Label { get; set; }

        public float Number { get; set; }

        [VectorType(3)]
        public float[] Score { get; set; } = [];

        public uint PredictedLabel { get; set; }
    }

    private sealed class NamedRow
    {
        [KeyType(2)]
        public uint Label { get; set; }

        public float Cat { get; set; }

        public float Hippopotamus { get; set; }

        public uint PredictedLabel { get; set; }
    }

    private sealed class BinaryRow
    {
        public bool Label { get; set; }

        public float Number { get; set; }

        [KeyType(2)]
        public uint Key { get; set; }

        public string Text { get; set; } = "";

        public float Score { get; set; }

        public float Probability { get; set; }

        public bool PredictedLabel { get; set; }
    }
}

using Microsoft.ML.Data;

namespace Microsoft.ML.Lstm.Tests.Sequences.PerStep;

/// <summary>The evaluation of values at every step against figures counted by hand.</summary>
[TestClass]
public sealed class PerStepEvaluationTests
{
    private static readonly MLContext Ml = new(seed: 1);

    [TestMethod]
    public void ErrorsAreThoseOfEachValueAndOnAverage()
    {
        IDataView data = Ml.Data.LoadFromEnumerable(new[]
        {
            new Row { Label = [1, 10, 2, float.NaN], Score = [1, 12, 4, 7] },
            new Row { Label = [3, 30], Score = [3, 30] },
            new Row { Label = [5, 50], Score = [] },
        });
        MultiOutputRegressionMetrics metrics = Ml.Regression.EvaluatePerStep(data, labelsPerStep: 2);
        Assert.AreEqual(4, metrics.NumberOfRows);
        Assert.AreEqual(1, metrics.NumberOfRowsWithMissingScores);
        OutputRegressionMetrics first = metrics.PerOutput[0], second = metrics.PerOutput[1];
        Assert.AreEqual((3, 0, 1), (first.NumberOfRows, first.NumberOfMissingLabels, first.NumberOfMissingScores));
        Assert.AreEqual(2 / 3.0, first.MeanAbsoluteError, 1e-12);
        Assert.AreEqual(4 / 3.0, first.MeanSquaredError, 1e-12);
        Assert.AreEqual(1 - 4 / 2.0, first.RSquared, 1e-12);
        Assert.AreEqual((2, 1, 1), (second.NumberOfRows, second.NumberOfMissingLabels, second.NumberOfMissingScores));
        Assert.AreEqual(Math.Sqrt(2), second.RootMeanSquaredError, 1e-12);
        Assert.AreEqual((first.MeanAbsoluteError + second.MeanAbsoluteError) / 2, metrics.MeanAbsoluteError, 1e-12);
    }

    [TestMethod]
    public void TruthsAreCountedEachAndTogether()
    {
        IDataView data = Ml.Data.LoadFromEnumerable(new[]
        {
            new Row { Label = [1, 0, 1, 1], Score = [2, -1, -1, 1], PredictedLabel = [true, false, false, true] },
            new Row { Label = [0, float.NaN], Score = [1, 3], PredictedLabel = [true, true] },
            new Row { Label = [1, 1], Score = [], PredictedLabel = [] },
        });
        PerStepBinaryMetrics metrics = Ml.BinaryClassification.EvaluatePerStep(data, labelsPerStep: 2);
        PerStepBinaryScore first = metrics.PerOutput[0], second = metrics.PerOutput[1];
        Assert.AreEqual(new PerStepBinaryScore("0", 1, 1, 1, 0, 0, 0.5), first);
        Assert.AreEqual(new PerStepBinaryScore("1", 1, 0, 0, 1, 1, 1), second);
        Assert.AreEqual(0.5, first.F1, 1e-12);
        Assert.AreEqual(1, second.F1, 1e-12);
        Assert.AreEqual((2 / 3.0, 2 / 3.0, 2 / 3.0), (metrics.MicroPrecision, metrics.MicroRecall, metrics.MicroF1));
        Assert.AreEqual(0.75, metrics.MacroF1, 1e-12);
        Assert.AreEqual(0.75, metrics.MacroAreaUnderRocCurve, 1e-12);
        Assert.AreEqual(3 / 5.0, metrics.Accuracy, 1e-12);
        Assert.AreEqual(1 / 3.0, metrics.ExactMatch, 1e-12);
        Assert.AreEqual((3, 1), (metrics.NumberOfSteps, metrics.NumberOfUnscoredSequences));
        StringAssert.StartsWith(metrics.ToString(), "3 steps, accuracy 60.00 %, all right at 33.33 %");
    }

    [TestMethod]
    public void RowsThatDoNotFitAreNamed()
    {
        Assert.Contains("Row 0 (counted from 0) has 2 labels in column 'Label', but 4 in column 'Score'.",
            Message(2, [1, 2], [1, 2, 3, 4]));
        Assert.Contains("Row 0 (counted from 0) has 3 labels in column 'Label', which is no multiple of 2",
            Message(2, [1, 2, 3], [1, 2, 3]));
        Assert.Contains("None of the 1 steps has a label in column 'Label' and a prediction", Message(1, [1], []));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Ml.Regression.EvaluatePerStep(Data([1], [1]), labelsPerStep: 0));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Ml.Regression.EvaluatePerStep(Data([1], [1]), "PredictedLabel"));

        static string Message(int size, float[] label, float[] score) => Assert.ThrowsExactly<InvalidOperationException>(
            () => Ml.Regression.EvaluatePerStep(Data(label, score), labelsPerStep: size)).Message;

        static IDataView Data(float[] label, float[] score)
            => Ml.Data.LoadFromEnumerable(new[] { new Row { Label = label, Score = score } });
    }

    [TestMethod]
    public void DimensionsOfColumnsAgreeOnTheValuesOfAStep()
    {
        // Where labels are flat, as of a file, they follow the scores, and an argument counts more than the labels' dimensions.
        Assert.HasCount(2, Ml.Regression.EvaluatePerStep(Data(label: null, score: 2)).PerOutput);
        Assert.HasCount(3, Ml.Regression.EvaluatePerStep(Data(label: 3, score: null)).PerOutput);
        Assert.HasCount(3, Ml.Regression.EvaluatePerStep(Data(label: 2, score: 3), labelsPerStep: 3).PerOutput);
        Assert.HasCount(2, Ml.BinaryClassification.EvaluatePerStep(Data(label: null, score: null, predicted: 2)).PerOutput);
        StringAssert.StartsWith(Message(() => Ml.Regression.EvaluatePerStep(Data(label: 2, score: 3))),
            "Schema mismatch for score column 'Score': expected 2 values a step, as column 'Label' says, and not 3, got ");
        StringAssert.StartsWith(Message(() => Ml.Regression.EvaluatePerStep(Data(label: 2, score: 2), labelsPerStep: 3)),
            "Schema mismatch for score column 'Score': expected 3 values a step, as labelsPerStep says, and not 2, got ");
        StringAssert.StartsWith(Message(() => Ml.BinaryClassification.EvaluatePerStep(Data(label: null, score: 2, predicted: 3))),
            "Schema mismatch for predicted label column 'PredictedLabel': expected 2 values a step, as column 'Score' says, and not 3, ");

        static string Message(Action evaluate) => Assert.ThrowsExactly<ArgumentOutOfRangeException>(evaluate).Message;

        static IDataView Data(int? label, int? score, int? predicted = null)
        {
            var schema = SchemaDefinition.Create(typeof(Row));
            Set(nameof(Row.Label), label, NumberDataViewType.Single);
            Set(nameof(Row.Score), score, NumberDataViewType.Single);
            Set(nameof(Row.PredictedLabel), predicted, BooleanDataViewType.Instance);
            return Ml.Data.LoadFromEnumerable(
                [new Row { Label = [1, 0, 1, 0, 1, 1], Score = [1, 2, 3, 4, 5, 6], PredictedLabel = new bool[6] }], schema);

            void Set(string column, int? size, PrimitiveDataViewType item)
            {
                if (size is { } ofStep)
                    schema[column].ColumnType = new VectorDataViewType(item, 0, ofStep);
            }
        }
    }

    [TestMethod]
    [DataRow(0.3f, "0.3")]
    [DataRow(-1f, "-1")]
    [DataRow(2f, "2")]
    [DataRow(float.PositiveInfinity, "Infinity")]
    public void NumbersThatAreNoTruthsAreNamed(float label, string shown)
    {
        IDataView data = Ml.Data.LoadFromEnumerable(new[]
        {
            new Row { Label = [1, float.NaN], Score = [2, 1], PredictedLabel = [true, true] },
            new Row { Label = [0, label], Score = [2, 1], PredictedLabel = [true, true] },
        });
        Assert.AreEqual($"Row 1 (counted from 0) has the label {shown} in column 'Label', which is none of 0, 1 and NaN.",
            Assert.ThrowsExactly<InvalidOperationException>(() => Ml.BinaryClassification.EvaluatePerStep(data)).Message);
    }

    private sealed class Row
    {
        public float[] Label = [];
        public float[] Score = [];
        public bool[] PredictedLabel = [];
    }
}

using Microsoft.ML.Data;

namespace Microsoft.ML.Lstm.Tests.Sequences.Regression.Evaluation;

/// <summary>Figures of predicted vectors.</summary>
[TestClass]
public sealed class MultiOutputEvaluationTests
{
    private readonly MLContext _ml = new(seed: 1);

    [TestMethod]
    public void FiguresOfEachOutputAreThoseOfMLNetsOwnEvaluator()
    {
        IDataView data = _ml.Data.LoadFromEnumerable(Example.Make(60), Example.Schema(Example.Vector(5, 2)));
        IDataView scored = _ml.Regression.Trainers.Lstm(SmallOptions.Create(options => options.LabelColumnName = "Labels")).Fit(
            data).Transform(data);
        MultiOutputRegressionMetrics metrics = _ml.Regression.EvaluateMultiOutput(scored, "Labels");

        Assert.HasCount(3, metrics.PerOutput);
        float[][] labels = EstimatorHarness.Values(scored, "Labels"), scores = EstimatorHarness.Values(scored, "Score");
        for (int i = 0; i < 3; i++)
        {
            IDataView single = _ml.Data.LoadFromEnumerable(
                labels.Zip(scores, (label, score) => new Single { Label = label[i], Score = score[i] }).ToArray());
            RegressionMetrics expected = _ml.Regression.Evaluate(single);
            OutputRegressionMetrics actual = metrics.PerOutput[i];
            Assert.AreEqual($"{i}", actual.Name);
            Assert.AreEqual(60, actual.NumberOfRows);
            Assert.AreEqual(expected.MeanAbsoluteError, actual.MeanAbsoluteError, 1e-6 * expected.MeanAbsoluteError);
            Assert.AreEqual(expected.MeanSquaredError, actual.MeanSquaredError, 1e-6 * expected.MeanSquaredError);
            Assert.AreEqual(expected.RootMeanSquaredError, actual.RootMeanSquaredError, 1e-6 * expected.RootMeanSquaredError);
            Assert.AreEqual(expected.RSquared, actual.RSquared, 1e-4);
        }
        Assert.AreEqual(metrics.PerOutput.Average(output => output.MeanAbsoluteError), metrics.MeanAbsoluteError);
        Assert.AreEqual(metrics.PerOutput.Average(output => output.MeanSquaredError), metrics.MeanSquaredError);
        Assert.AreEqual(metrics.PerOutput.Average(output => output.RootMeanSquaredError), metrics.RootMeanSquaredError);
        Assert.AreEqual(metrics.PerOutput.Average(output => output.RSquared), metrics.RSquared);
    }

    [TestMethod]
    public void FiguresAreThoseComputedByHand()
    {
        MultiOutputRegressionMetrics metrics = Evaluate(([1, 10], [2, 10]), ([3, 20], [3, 22]), ([5, 30], [4, 27]));
        OutputRegressionMetrics first = metrics.PerOutput[0], second = metrics.PerOutput[1];
        Assert.AreEqual(2 / 3.0, first.MeanAbsoluteError, 1e-12);
        Assert.AreEqual(2 / 3.0, first.MeanSquaredError, 1e-12);
        Assert.AreEqual(1 - 2 / 8.0, first.RSquared, 1e-12);
        Assert.AreEqual(5 / 3.0, second.MeanAbsoluteError, 1e-12);
        Assert.AreEqual(13 / 3.0, second.MeanSquaredError, 1e-12);
        Assert.AreEqual(1 - 13 / 200.0, second.RSquared, 1e-12);
        string expected = """
            3 rows

            Output       Rows         MAE        RMSE        R²
            0               3     0.66667      0.8165    0.7500
            1               3      1.6667      2.0817    0.9350
            average                1.1667      1.4491    0.8425
            """;
        Assert.AreEqual(expected.ReplaceLineEndings(), metrics.ToString());
    }

    [TestMethod]
    public void MissingPredictionsAreCountedAndSaid()
    {
        var warnings = new List<string>();
        _ml.Log += (_, entry) =>
        {
            if (entry.Kind == Runtime.ChannelMessageKind.Warning)
                warnings.Add(entry.RawMessage);
        };
        MultiOutputRegressionMetrics metrics = Evaluate(
            ([1, 10], [2, 10]), ([3, 20], [float.NaN, float.NaN]), ([float.NaN, 30], [4, 27]), ([float.NaN, 40], [float.NaN, float.NaN]));
        Assert.AreEqual(2, metrics.NumberOfRowsWithMissingScores);
        Assert.AreEqual((1L, 2L, 1L), Counts(metrics.PerOutput[0]));
        Assert.AreEqual((2L, 0L, 2L), Counts(metrics.PerOutput[1]));
        Assert.AreEqual(1.5, metrics.PerOutput[1].MeanAbsoluteError, 1e-12);
        StringAssert.StartsWith(metrics.ToString(), "4 rows; left out: predictions that are missing in 2 of them");
        CollectionAssert.AreEqual((string[])["Left out the predictions that are missing in 2 of the 4 rows in column 'Score'."], warnings);

        static (long Rows, long MissingLabels, long MissingScores) Counts(OutputRegressionMetrics output)
            => (output.NumberOfRows, output.NumberOfMissingLabels, output.NumberOfMissingScores);
    }

    [TestMethod]
    public void OutputsHaveTheNamesOfTheLabelsSlots()
    {
        IDataView rows = _ml.Data.LoadFromEnumerable(Enumerable.Range(0, 30).Select(i => new Reading { Heat = i % 5, Flow = i % 3 }));
        var pipeline = _ml.Transforms.Concatenate("Both", "Heat", "Flow")
            .Append(_ml.Transforms.SlidingWindow("Window", 4, ["Both"], labelColumnName: "Next"))
            .Append(_ml.Regression.Trainers.Lstm(labelColumnName: "Next", featureColumnName: "Window", hiddenSize: 4, numberOfEpochs: 2));
        MultiOutputRegressionMetrics metrics = _ml.Regression.EvaluateMultiOutput(pipeline.Fit(rows).Transform(rows), "Next");
        CollectionAssert.AreEqual((string[])["Heat", "Flow"], metrics.PerOutput.Select(output => output.Name).ToArray());
        Assert.AreEqual((26L, 1L), (metrics.PerOutput[0].NumberOfRows, metrics.PerOutput[0].NumberOfMissingLabels));
        Assert.AreEqual(0, metrics.NumberOfRowsWithMissingScores);
    }

    [TestMethod]
    public void ASingleLabelIsOneOutput()
    {
        IDataView single = _ml.Data.LoadFromEnumerable([new Single { Label = 1, Score = 2 }, new Single { Label = 3, Score = 3 }]);
        MultiOutputRegressionMetrics metrics = _ml.Regression.EvaluateMultiOutput(single);
        Assert.HasCount(1, metrics.PerOutput);
        Assert.AreEqual(0.5, metrics.MeanAbsoluteError);
    }

    [TestMethod]
    public void ColumnsThatCannotBeComparedAreRefused()
    {
        IDataView data = _ml.Data.LoadFromEnumerable([new Single(), new Single { Score = float.NaN }]);
        IDataView pair = _ml.Transforms.Concatenate("Pair", "Label", "Score").Fit(data).Transform(data);
        StringAssert.StartsWith(
            Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _ml.Regression.EvaluateMultiOutput(pair, "Label", "Pair")).Message,
            "Schema mismatch for score column 'Pair': expected 1 values, as the label has them, got Vector<Single, 2>");
        StringAssert.StartsWith(
            Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _ml.Regression.EvaluateMultiOutput(pair, "Nowhere")).Message,
            "Could not find label column 'Nowhere'");
        IDataView unscored = _ml.Data.LoadFromEnumerable([new Single { Score = float.NaN }]);
        Assert.AreEqual("None of the 1 rows has a label in column 'Label' and a prediction in column 'Score', 1 of them for want of a "
            + "prediction.",
            Assert.ThrowsExactly<InvalidOperationException>(() => _ml.Regression.EvaluateMultiOutput(unscored)).Message);
    }

    private MultiOutputRegressionMetrics Evaluate(params (float[] Label, float[] Score)[] rows)
        => _ml.Regression.EvaluateMultiOutput(
            _ml.Data.LoadFromEnumerable(rows.Select(row => new Pair { Label = row.Label, Score = row.Score })));

    private sealed class Single
    {
        public float Label { get; set; }

        public float Score { get; set; }
    }

    private sealed class Pair
    {
        [VectorType(2)]
        public float[] Label { get; set; } = [];

        [VectorType(2)]
        public float[] Score { get; set; } = [];
    }

    private sealed class Reading
    {
        public float Heat { get; set; }

        public float Flow { get; set; }
    }
}

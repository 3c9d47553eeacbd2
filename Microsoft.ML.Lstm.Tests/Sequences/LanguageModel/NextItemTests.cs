using Microsoft.ML.Data;

namespace Microsoft.ML.Lstm.Tests.Sequences.LanguageModel;

/// <summary>The next item of a sequence: predictions without what it has already, and their evaluation.</summary>
[TestClass]
public sealed class NextItemTests
{
    private readonly MLContext _ml = new(seed: 1);

    [TestMethod]
    public void HitsAndReciprocalRanksAreCounted()
    {
        Ranked[] rows =
        [
            new() { Next = "a", Predicted = ["a", "b", "c"] },
            new() { Next = "b", Predicted = ["a", "b", "c"] },
            new() { Next = "c", Predicted = ["a", "b", "c"] },
            new() { Next = "d", Predicted = ["a", "b", "c"] },
            new() { Next = "unknown", Predicted = ["a", "b", "c"] },
            new() { Next = "", Predicted = ["a", "b", "c"] },
            new() { Next = "a", Predicted = ["", "", ""] },
        ];
        IDataView data = _ml.Data.LoadFromEnumerable(rows);
        // "d" is a key that none of the predictions is.
        IDataView keys = _ml.Data.LoadFromEnumerable(new[] { "a", "b", "c", "d" }.Select(name => new Named { Name = name }));
        data = _ml.Transforms.Conversion.MapValueToKey("PredictedLabel", "Predicted", keyData: keys).Fit(data).Transform(data);
        AssertMetrics(_ml.MulticlassClassification.EvaluateNextItem(data, "Next"));
        // The same with keys of another order, where the unknown item is one of them.
        IDataView keyed = _ml.Transforms.Conversion.MapValueToKey("Label", "Next").Fit(data).Transform(data);
        AssertMetrics(_ml.MulticlassClassification.EvaluateNextItem(keyed));

        static void AssertMetrics(NextItemMetrics metrics)
        {
            Assert.AreEqual((5, 1, 1), (metrics.NumberOfRows, metrics.NumberOfRowsWithoutItem, metrics.NumberOfUnscoredRows));
            AssertNear([0.2, 0.4, 0.6], metrics.HitRates);
            AssertNear([0.2, 0.3, 0.2 * (1 + 0.5 + 1 / 3.0)], metrics.MeanReciprocalRanks);
            Assert.AreEqual((metrics.HitRates[2], metrics.MeanReciprocalRanks[2]), (metrics.HitRate, metrics.MeanReciprocalRank));
        }

        static void AssertNear(double[] expected, IReadOnlyList<double> found)
        {
            Assert.HasCount(expected.Length, found);
            for (int i = 0; i < expected.Length; i++)
                Assert.AreEqual(expected[i], found[i], 1e-12);
        }
    }

    [TestMethod]
    public void ColumnsOfOtherTypesAreRefused()
    {
        IDataView data = _ml.Data.LoadFromEnumerable([new Ranked { Next = "a", Predicted = ["a", "a", "a"] }]);
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(
            () => _ml.MulticlassClassification.EvaluateNextItem(data, "Next", "Predicted"));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _ml.MulticlassClassification.EvaluateNextItem(data, "None", "Predicted"));
        IDataView keyed = _ml.Transforms.Conversion.MapValueToKey("PredictedLabel", "Predicted").Fit(data).Transform(data);
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _ml.MulticlassClassification.EvaluateNextItem(keyed, "Number"));
        IDataView none = _ml.Data.FilterRowsByColumn(keyed, "Number", lowerBound: 5);
        Assert.ThrowsExactly<InvalidOperationException>(() => _ml.MulticlassClassification.EvaluateNextItem(none, "Next"));
    }

    [TestMethod]
    public void ItemsOfTheHistoryAreLeftOutIfAskedFor()
    {
        // Visits go round: a b c d a b c d ...
        string[] round = ["a", "b", "c", "d"];
        Visit[] visits = [.. Enumerable.Range(0, 40).Select(i => new Visit
        {
            Items = [.. Enumerable.Range(i % 4, 9).Select(at => round[at % 4])],
        })];
        IDataView data = _ml.Data.LoadFromEnumerable(visits);
        foreach (bool isExcluded in new[] { false, true })
        {
            var model = _ml.Transforms.Conversion.MapValueToKey("Tokens", "Items")
                .Append(_ml.MulticlassClassification.Trainers.LstmLanguageModel(new()
                {
                    FeatureColumnName = "Tokens",
                    HiddenSize = 12,
                    NumberOfEpochs = 40,
                    BatchSize = 8,
                    LearningRate = 0.01f,
                    NumberOfPredictions = 4,
                    ExcludeHistory = isExcluded,
                })).Fit(data);
            IDataView answers = model.Transform(_ml.Data.LoadFromEnumerable(
                [new Visit { Items = ["a", "b"] }, new Visit { Items = ["a", "b", "c", "d"] }]));
            using var stream = new MemoryStream();
            _ml.Model.Save(model, data.Schema, stream);
            stream.Position = 0;
            ITransformer loaded = _ml.Model.Load(stream, out _);
            foreach (IDataView scored in new[] { answers, loaded.Transform(_ml.Data.LoadFromEnumerable(
                [new Visit { Items = ["a", "b"] }, new Visit { Items = ["a", "b", "c", "d"] }])) })
            {
                uint[][] keys = [.. scored.GetColumn<uint[]>("PredictedLabel")];
                float[][] scores = [.. scored.GetColumn<float[]>("Score")];
                if (!isExcluded)
                {
                    CollectionAssert.AreEquivalent(new uint[] { 1, 2, 3, 4 }, keys[0]);
                    Assert.AreEqual((3u, 1u), (keys[0][0], keys[1][0]));
                    continue;
                }
                Assert.AreEqual(3u, keys[0][0]);
                CollectionAssert.AreEquivalent(new uint[] { 3, 4 }, keys[0][..2]);
                CollectionAssert.AreEqual(new uint[] { 0, 0 }, keys[0][2..]);
                CollectionAssert.AreEqual(new float[] { 0, 0 }, scores[0][2..]);
                CollectionAssert.AreEqual(new uint[4], keys[1]);
                Assert.IsInRange(0.5f, 1f, scores[0][0]);
            }
        }
    }

    private sealed class Ranked
    {
        public string Next { get; set; } = "";

        [VectorType(3)]
        public string[] Predicted { get; set; } = [];

        public float Number { get; set; } = 1;
    }

    private sealed class Named
    {
        public string Name { get; set; } = "";
    }

    private sealed class Visit
    {
        public string[] Items { get; set; } = [];
    }
}

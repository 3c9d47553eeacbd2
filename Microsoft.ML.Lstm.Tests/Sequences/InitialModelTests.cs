using Microsoft.ML.Data;

namespace Microsoft.ML.Lstm.Tests.Sequences;

/// <summary>Training that goes on from a model whose data was of another kind: learned, or said, or refused.</summary>
[TestClass]
public sealed class InitialModelTests
{
    private readonly MLContext _ml = new(seed: 1);
    private readonly List<string> _warnings = [];

    public InitialModelTests() => _ml.Log += (_, entry) =>
    {
        if (entry.Kind == Runtime.ChannelMessageKind.Warning)
            _warnings.Add(entry.RawMessage);
    };

    [TestMethod]
    public void WhatNeverVariedBeforeIsLearnedWhenItDoes()
    {
        Row[] rows = Rows(300);
        LstmRegressionTransformer constantLabel = Trainer().Fit(Load(rows.Select(row => row with { Label = 5 })));
        LstmRegressionTransformer constantFeature = Trainer()
            .Fit(Load(rows.Select(row => row with { Features = [.. row.Features[..5], 0.5f] })));
        foreach (LstmRegressionTransformer first in (LstmRegressionTransformer[])[constantLabel, constantFeature])
        {
            _warnings.Clear();
            LstmRegressionTransformer second = Trainer().Fit(Load(rows), null, first.Model);
            Assert.IsGreaterThan(0.9, _ml.Regression.Evaluate(second.Transform(Load(rows))).RSquared);
            Assert.IsEmpty(_warnings);
        }
    }

    [TestMethod]
    public void ValuesOfAnotherSizeThanTheInitialModelsAreNamed()
    {
        Row[] rows = Rows(100);
        LstmRegressionTransformer first = Trainer().Fit(Load(rows));
        Trainer().Fit(Load(rows), null, first.Model);
        Assert.IsEmpty(_warnings);
        Trainer().Fit(Load(rows.Select(row => row with
        {
            Label = 1000 * row.Label,
            Features = [.. row.Features.Select((value, index) => index % 2 == 0 ? value : value + 100)],
        })), null, first.Model);
        CollectionAssert.AreEqual(
            (string[])["The initial model keeps its scaling, but was trained on values of another size than the training data has: "
                + "feature 2 of 2 of column 'Features', column 'Label'. If a unit has changed, change it back or train anew."],
            _warnings);
    }

    private static Row[] Rows(int count)
    {
        var random = new Random(1);
        return [.. Enumerable.Range(0, count).Select(_ =>
        {
            float[] features = [.. Enumerable.Range(0, 6).Select(_ => random.NextSingle())];
            return new Row { Features = features, Label = features[4] + features[5], };
        })];
    }

    private IDataView Load(IEnumerable<Row> rows) => _ml.Data.LoadFromEnumerable(rows.ToArray());

    private LstmRegressionTrainer Trainer()
        => _ml.Regression.Trainers.Lstm(new() { HiddenSize = 6, NumberOfEpochs = 30, LearningRate = 0.02f, Seed = 1 });

    private sealed record Row
    {
        [VectorType(3, 2)]
        public float[] Features { get; set; } = [];

        public float Label { get; set; }
    }
}

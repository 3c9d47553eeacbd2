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

    [TestMethod]
    public void KeysOfOtherClassesThanTheInitialModelsAreRefusedAfterLoadingToo()
    {
        Row[] rows = Rows(60);
        IDataView first = Classes(rows, "low", "high"), second = Classes(rows, "high", "low");
        LstmMulticlassTransformer model = MulticlassTrainer().Fit(first);
        using var stream = new MemoryStream();
        _ml.Model.Save(model, first.Schema, stream);
        var loaded = (LstmMulticlassTransformer)_ml.Model.Load(stream, out _);
        foreach (SequenceModelParameters initial in (SequenceModelParameters[])[model.Model, loaded.Model])
        {
            MulticlassTrainer().Fit(first, null, initial);
            var error = Assert.ThrowsExactly<ArgumentException>(() => MulticlassTrainer().Fit(second, null, initial));
            Assert.AreEqual("The keys of label column 'Class' stand for other values than those of the initial model, or for the same in "
                + "another order: key 1 is 'high' and was 'low'. Map the labels of both by the same fitted MapValueToKey, or by one with "
                + "the same keyData. (Parameter 'initialModel')", error.Message);
        }
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

    private IDataView Classes(Row[] rows, params string[] order)
    {
        IDataView data = Load(rows.Select(row => row with { Name = row.Label > 1 ? "high" : "low" }));
        IDataView keys = _ml.Data.LoadFromEnumerable(order.Select(name => new ClassName { Name = name }));
        return _ml.Transforms.Conversion.MapValueToKey("Class", nameof(Row.Name), keyData: keys).Fit(data).Transform(data);
    }

    private LstmRegressionTrainer Trainer()
        => _ml.Regression.Trainers.Lstm(new() { HiddenSize = 6, NumberOfEpochs = 30, LearningRate = 0.02f, Seed = 1 });

    private LstmMulticlassTrainer MulticlassTrainer()
        => _ml.MulticlassClassification.Trainers.Lstm(new() { LabelColumnName = "Class", HiddenSize = 4, NumberOfEpochs = 1, Seed = 1 });

    private sealed record Row
    {
        [VectorType(3, 2)]
        public float[] Features { get; set; } = [];

        public float Label { get; set; }

        public string Name { get; set; } = "";
    }

    private sealed class ClassName
    {
        public string Name { get; set; } = "";
    }
}

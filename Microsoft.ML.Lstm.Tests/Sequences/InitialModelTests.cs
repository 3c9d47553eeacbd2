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
    public void NumbersAreScaledWhereTheInitialModelKnowsTruths()
    {
        Row[] rows = [.. Rows(300).Select(row => row with { IsHigh = row.Label > 1, Label = 20_000 + 300 * row.Label })];
        LstmBinaryTransformer first = _ml.BinaryClassification.Trainers
            .Lstm(new() { LabelColumnName = nameof(Row.IsHigh), HiddenSize = 6, NumberOfEpochs = 2, Seed = 1 }).Fit(Load(rows));
        LstmRegressionTransformer second = Trainer().Fit(Load(rows), null, first.Model);
        Assert.IsGreaterThan(0.9, _ml.Regression.Evaluate(second.Transform(Load(rows))).RSquared);
    }

    /// <summary>However the initial model was kept in the meantime.</summary>
    [TestMethod]
    [DataRow(AnyTrainer.Binary, AnyTrainer.Regression)]
    [DataRow(AnyTrainer.Multiclass, AnyTrainer.Regression)]
    [DataRow(AnyTrainer.Labeling, AnyTrainer.StepTruths)]
    public void AsManyOutputsForLabelsOfAnotherKindAreNotTheSameTask(string first, string second)
    {
        Example[] rows = Example.Make(40);
        foreach (Example row in rows)
            row.StepTruths = [.. row.StepClasses.SelectMany(part => new[] { part == 1, part == 2, part == 3 })];
        IDataView data = AnyTrainer.Data(_ml, rows);
        SequencePredictionTransformer model = AnyTrainer.Fit(first, rows, options =>
        {
            if (options is LstmSequenceLabelingTrainer.Options labeling)
                labeling.UseConditionalRandomField = false;
        }).Model;
        using var stream = new MemoryStream();
        model.Model.Save(stream);
        stream.Position = 0;
        LstmScoringTransformer scoring = _ml.Transforms
            .ApplyLstmModel(new() { Model = model.Model, InputColumnNames = ["Features"] }).Fit(data);
        SequenceModelParameters[] kept =
        [
            model.Model, model.WithWeightFormat(WeightFormat.BFloat16).Model, SequenceModelParameters.Load(stream),
            Reload(model, data).Model, Reload(scoring, data).Model,
        ];
        var log = new List<string>();
        _ml.Log += (_, entry) => log.Add(entry.RawMessage);
        foreach (SequenceModelParameters initial in kept)
        {
            log.Clear();
            Fit(initial);
            Assert.IsTrue(log.Exists(line => line.StartsWith("The output layer is new, since the initial model has learned another task",
                StringComparison.Ordinal)));
        }
        // A file of 0.1.0 does not say what was learned.
        log.Clear();
        Fit(new SequenceModelParameters(model.Model.Network));
        Assert.IsFalse(log.Exists(line => line.StartsWith("The output layer is new", StringComparison.Ordinal)));

        void Fit(SequenceModelParameters initial)
        {
            IEstimator<SequencePredictionTransformer> trainer = AnyTrainer.Create(_ml, second, options =>
            {
                // As the initial model's, or as many outputs.
                (options.HiddenSize, options.Pooling, options.Convolution) = (null, null, null);
                if (options is PerStepTrainerOptions perStep)
                    perStep.LabelsPerStep = 3;
                else if (first == AnyTrainer.Multiclass)
                    options.LabelColumnName = nameof(Example.Labels);
            });
            if (trainer is LstmRegressionTrainer regression)
                regression.Fit(data, null, initial);
            else
                ((LstmPerStepBinaryTrainer)trainer).Fit(data, null, initial);
        }
    }

    private SequencePredictionTransformer Reload(SequencePredictionTransformer model, IDataView data)
    {
        using var stream = new MemoryStream();
        _ml.Model.Save(model, data.Schema, stream);
        stream.Position = 0;
        return (SequencePredictionTransformer)_ml.Model.Load(stream, out _);
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

        public bool IsHigh { get; set; }
    }
}

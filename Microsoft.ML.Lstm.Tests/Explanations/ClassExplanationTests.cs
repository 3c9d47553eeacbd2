using Microsoft.ML.Data;

namespace Microsoft.ML.Lstm.Tests.Explanations;

/// <summary>What explains a class: the numbers that decide it, as far as a classifier with nothing set has learned that.</summary>
[TestClass]
public sealed class ClassExplanationTests
{
    private const int First = 1, Second = 3;

    private readonly MLContext _ml = new(seed: 1);

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void NineTenthsOfTheAttributionAreWhereTheClassComesFrom(bool isBinary)
    {
        IDataView training = Rows(2000, seed: 1), test = Rows(500, seed: 2);
        SequencePredictionTransformer model;
        double accuracy;
        if (isBinary)
        {
            LstmBinaryTransformer binary = _ml.BinaryClassification.Trainers.Lstm(new LstmBinaryTrainer.Options { Seed = 1 }).Fit(training);
            (model, accuracy) = (binary, _ml.BinaryClassification.Evaluate(binary.Transform(test)).Accuracy);
        }
        else
        {
            ITransformer keys = _ml.Transforms.Conversion.MapValueToKey("Label").Fit(training);
            LstmMulticlassTransformer classes = _ml.MulticlassClassification.Trainers.Lstm(new LstmMulticlassTrainer.Options { Seed = 1 })
                .Fit(keys.Transform(training));
            (model, accuracy) = (classes, _ml.MulticlassClassification.Evaluate(classes.Transform(keys.Transform(test))).MicroAccuracy);
        }
        Assert.IsGreaterThan(0.95, accuracy);

        float[][] attributions = [.. model.Explain(_ml, _ml.Data.TakeRows(test, 50)).GetColumn<float[]>("Attribution")];
        double there = attributions.Sum(row => (double)Math.Abs(row[First]) + Math.Abs(row[Second]));
        Assert.IsGreaterThan(0.9, there / attributions.Sum(row => row.Sum(value => (double)Math.Abs(value))));
    }

    /// <summary>Six steps of noise, of which two decide by their sum.</summary>
    private IDataView Rows(int count, int seed)
    {
        var random = new Random(seed);
        return _ml.Data.LoadFromEnumerable(Enumerable.Range(0, count).Select(_ =>
        {
            float[] steps = [.. Enumerable.Range(0, 6).Select(_ => 2 * random.NextSingle() - 1)];
            return new Decided { Features = steps, Label = steps[First] + steps[Second] > 0 };
        }).ToArray());
    }

    private sealed class Decided
    {
        [VectorType(6, 1)]
        public float[] Features { get; set; } = [];

        public bool Label { get; set; }
    }
}

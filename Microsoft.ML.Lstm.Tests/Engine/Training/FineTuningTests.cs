using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Training.Optimizers;

namespace Microsoft.ML.Lstm.Tests.Engine.Training;

/// <summary>Layers that learn at rates of their own, and begin to learn one after the other.</summary>
[TestClass]
public sealed class FineTuningTests
{
    private const float LearningRate = 0.5f;

    // Adam's first step is as large as the learning rate, whatever the gradient.
    private const float Tolerance = 1e-5f;

    [TestMethod]
    [DataRow(0)]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(3)]
    [DataRow(9)]
    public void ALayerMovesByItsRateOnceItIsItsTurn(int epochs)
    {
        (ParameterSet weights, float[] moved) = Step(new FineTuning(RateDecay: 0.25f, UnfreezingEpochs: 1), epochs, maxNorm: 0);
        foreach (Parameter parameter in weights.Parameters)
        {
            int depth = parameter.Name switch
            {
                "embeddings.0.weight" => 3,
                var name when name.EndsWith("_l0", StringComparison.Ordinal) || name.EndsWith("_l0_reverse", StringComparison.Ordinal) => 2,
                var name when name.EndsWith("_l1", StringComparison.Ordinal) || name.EndsWith("_l1_reverse", StringComparison.Ordinal) => 1,
                _ => 0,
            };
            float expected = epochs < depth ? 0 : LearningRate * MathF.Pow(0.25f, depth);
            float[] steps = moved.AsSpan(parameter.Offset, parameter.Length).ToArray();
            // The first row of the table is one that occurred, the others are not.
            foreach (float step in depth == 3 ? steps[..parameter.Columns] : steps)
                Assert.AreEqual(-expected, step, Tolerance, parameter.Name);
            if (depth == 3)
                Assert.IsTrue(steps[parameter.Columns..].All(step => step == 0));
        }
    }

    [TestMethod]
    public void WithoutFineTuningEachStepIsTheSameToTheLastBit()
    {
        (_, float[] alike) = Step(new FineTuning(RateDecay: 1, UnfreezingEpochs: 0), epochs: 0, maxNorm: 1);
        (_, float[] none) = Step(null, epochs: 0, maxNorm: 1);
        CollectionAssert.AreEqual(none, alike);
        Assert.IsTrue(none[0] < 0);
    }

    [TestMethod]
    public void TheGradientOfAFrozenLayerCountsForNothing()
    {
        NetworkShape shape = Shape();
        var weights = new ParameterSet(shape);
        var gradient = new Gradient(shape);
        var optimizer = Optimizer.Create(new(OptimizerType.Sgd, 0, 0), weights, gradient, new WorkerTeam(1));
        gradient.Parameters["weight_hh_l0"].Fill(1000);
        gradient.Parameters["head.bias"][0] = 3;
        optimizer.Tune(new FineTuning(0.5f, 1), epochs: 0, stepsPerEpoch: 1);
        Assert.IsTrue(optimizer.TryStep(1, maxNorm: 4));
        Assert.AreEqual(-3, weights["head.bias"][0]);
        Assert.IsTrue(weights["weight_hh_l0"].ToArray().All(weight => weight == 0));
        // Nor does it come back when the layer's turn has come.
        optimizer.Tune(new FineTuning(0.5f, 1), epochs: 2, stepsPerEpoch: 1);
        Assert.IsTrue(optimizer.TryStep(1, maxNorm: 4));
        Assert.IsTrue(weights["weight_hh_l0"].ToArray().All(weight => weight == 0));
    }

    [TestMethod]
    [DataRow("weight_hh_l1_reverse", "weight_hh_l1_reverse", 1)]
    [DataRow("l1", "_l1", 6)]
    [DataRow("l1_reverse", "_l1_reverse", 3)]
    [DataRow("rnn", "_l", 12)]
    [DataRow("head", "head.", 2)]
    [DataRow("embeddings", "embeddings.0.weight", 1)]
    [DataRow("embeddings.0", "embeddings.0.weight", 1)]
    [DataRow("bias*", "bias_l", 4)]
    [DataRow("*_ih_*", "weight_ih_l", 4)]
    public void LayersFrozenByNameKeepTheirBits(string name, string part, int count)
    {
        foreach (float rate in new[] { 0, 0.25f })
        {
            var tuning = new FineTuning(RateDecay: 1, UnfreezingEpochs: 0) { Rates = [new LayerRate(name, rate)] };
            (ParameterSet weights, float[] moved) = Step(tuning, epochs: 0, maxNorm: 0);
            Assert.AreEqual(count, weights.Parameters.Count(parameter => parameter.Name.Contains(part, StringComparison.Ordinal)));
            foreach (Parameter parameter in weights.Parameters)
            {
                float expected = LearningRate * (parameter.Name.Contains(part, StringComparison.Ordinal) ? rate : 1);
                // The first row of the table is one that occurred, the others are not.
                foreach (float step in moved.AsSpan(parameter.Offset, parameter.Columns))
                    Assert.AreEqual(-expected, step, rate == 0 && expected == 0 ? 0 : Tolerance, parameter.Name);
            }
        }
    }

    [TestMethod]
    public void ARateOfALayerTakesThePlaceOfItsTurnAndTheLongestNameCounts()
    {
        var tuning = new FineTuning(RateDecay: 0.25f, UnfreezingEpochs: 9)
        {
            Rates = [new LayerRate("rnn", 0.5f), new LayerRate("weight_hh_l0", 0.75f)],
        };
        (ParameterSet weights, float[] moved) = Step(tuning, epochs: 0, maxNorm: 0);
        Assert.AreEqual(-0.75f * LearningRate, moved[weights.Find("weight_hh_l0").Offset], Tolerance);
        Assert.AreEqual(-0.5f * LearningRate, moved[weights.Find("weight_ih_l0").Offset], Tolerance);
        Assert.AreEqual(-LearningRate, moved[weights.Find("head.bias").Offset], Tolerance);
        Assert.AreEqual(0, moved[weights.Find("embeddings.0.weight").Offset]);
    }

    [TestMethod]
    public void ALayerThatIsNotThereIsRefusedWithTheNearestName()
    {
        var weights = new ParameterSet(Shape());
        foreach ((string name, string nearest) in new[] { ("haed", "head"), ("weight_hh_l2", "weight_hh_l0"), ("embedings", "embeddings") })
        {
            var error = Assert.ThrowsExactly<ArgumentException>(
                () => new FineTuning(1, 0) { Rates = [new LayerRate(name, 0.5f)] }.Check(weights));
            StringAssert.Contains(error.Message, $"The network has no layer or parameter '{name}'");
            StringAssert.Contains(error.Message, $"the nearest name is '{nearest}'");
        }
        StringAssert.StartsWith(Assert.ThrowsExactly<ArgumentException>(
            () => new FineTuning(1, 0) { Rates = [new LayerRate("*", 0)] }.Check(weights)).Message, "All layers are frozen");
        new FineTuning(1, 0) { Rates = [new LayerRate("*l*", 0)] }.Check(weights);
    }

    /// <summary>The first step of Adam is the learning rate, whatever the gradient.</summary>
    [TestMethod]
    public void AdamCountsTheStepsOfALayerFromItsOwnFirstOne()
    {
        NetworkShape shape = Shape();
        var weights = new ParameterSet(shape);
        var gradient = new Gradient(shape);
        var optimizer = Optimizer.Create(new(OptimizerType.Adam, 0, 0), weights, gradient, new WorkerTeam(1));
        for (int step = 0; step < 11; step++)
        {
            optimizer.Tune(new FineTuning(1, 1), epochs: step / 10, stepsPerEpoch: 10);
            gradient.Parameters["weight_hh_l1"].Fill(3);
            Assert.IsTrue(optimizer.TryStep(LearningRate, maxNorm: 0));
            Assert.AreEqual(step < 10 ? 0 : -LearningRate, weights["weight_hh_l1"][0], 1e-5f * LearningRate);
        }
    }

    [TestMethod]
    public void ASlantedTriangleRisesFastAndFallsSlowly()
    {
        LearningRateSchedule schedule = LearningRateSchedule.SlantedTriangular(cutFraction: 0.2, ratio: 11);
        double[] factors = [.. new[] { 0.0, 1, 2, 6, 10 }.Select(epoch => schedule.GetFactor(epoch, 10))];
        double[] expected = [1 / 11.0, 6 / 11.0, 1, 6 / 11.0, 1 / 11.0];
        for (int i = 0; i < factors.Length; i++)
            Assert.AreEqual(expected[i], factors[i], 1e-12);
        foreach (double cut in new[] { 0, 1, double.NaN })
            Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => LearningRateSchedule.SlantedTriangular(cut));
        foreach (double ratio in new[] { 0.9, double.NaN, double.PositiveInfinity })
            Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => LearningRateSchedule.SlantedTriangular(0.1, ratio));
    }

    private static NetworkShape Shape() => new()
    {
        Cell = CellType.Lstm,
        InputSize = 3,
        Embeddings = new ValueList<EmbeddingShape>(new EmbeddingShape(4, 3)),
        HiddenSize = 17,
        Layers = 2,
        Bidirectional = true,
        OutputSize = 2,
    };

    private static (ParameterSet Weights, float[] Moved) Step(FineTuning? tuning, int epochs, float maxNorm)
    {
        NetworkShape shape = Shape();
        var weights = new ParameterSet(shape);
        var gradient = new Gradient(shape);
        gradient.Parameters.Values.AsSpan(0, weights.DenseLength).Fill(1);
        gradient.Row(0, 0).Fill(1);
        var optimizer = Optimizer.Create(new(OptimizerType.Adam, 0, 0), weights, gradient, new WorkerTeam(2));
        optimizer.Tune(tuning, epochs, stepsPerEpoch: 1);
        Assert.IsTrue(optimizer.TryStep(LearningRate, maxNorm));
        return (weights, weights.Values);
    }
}

using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Training;
using Microsoft.ML.Lstm.Engine.Training.Objectives;

namespace Microsoft.ML.Lstm.Tests.Engine.Training;

/// <summary>How much of what a network adds to a ridge regression is kept.</summary>
[TestClass]
public sealed class NetworkShareTests
{
    [TestMethod]
    public void AShareIsShrunkByItsUncertainty()
    {
        // Of blocks that agree nothing is taken away; the least squared error is where products are squares.
        Assert.AreEqual(0.5, Statistics.ShrunkShare([1, 2, 3], [2, 4, 6]), 1e-12);
        Assert.AreEqual(1, Statistics.ShrunkShare([3, 6], [2, 4]), 1e-12);
        Assert.AreEqual(0, Statistics.ShrunkShare([-1, -2], [2, 4]));
        Assert.AreEqual(0, Statistics.ShrunkShare([5, -4.9], [1, 1]));
        Assert.AreEqual(1, Statistics.ShrunkShare([0, 0], [0, 0]));
        // s = 1/2, off by 1/2 and -1/2 in two blocks of the same size: d² = 2·(1/4)².
        Assert.AreEqual(0.5 * (1 - 0.125 / 0.25), Statistics.ShrunkShare([1, 0], [1, 1]), 1e-12);
    }

    [TestMethod]
    public void WhatANetworkAddsIsLeftOutWhereTheRuleIsLinear()
    {
        TrainedNetwork trained = Train(step => 2 * step, noise: 1, trainsAgain: false);
        Assert.IsLessThan(0.5, trained.Share);
        Assert.IsLessThan(1.01 * trained.Course.LinearError!.Value, trained.HeldOutMetrics!.RootMeanSquaredError!.Value);
        NetworkShape shape = trained.Model.Shape;
        float[] head = trained.Model.Parameters[ParameterSet.HeadWeight].ToArray();
        if (trained.Share == 0)
            CollectionAssert.AreEqual(new float[shape.EncodingSize], head[..shape.EncodingSize]);
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void WhatANetworkAddsCountsWhereTheRuleIsNotLinear(bool trainsAgain)
    {
        TrainedNetwork trained = Train(step => step * step, noise: 0.1, trainsAgain);
        Assert.IsGreaterThan(0.9, trained.Share);
        Assert.IsLessThan(0.7 * trained.Course.LinearError!.Value, trained.HeldOutMetrics!.RootMeanSquaredError!.Value);
    }

    [TestMethod]
    public void ANetworkWithAShareIsBetweenItAndTheRidgeRegression()
    {
        TrainedNetwork trained = Train(step => step * step, noise: 0.1, trainsAgain: false);
        float[] linear = trained.Course.LinearBiases;
        SequenceModel half = NetworkShare.Apply(trained.Model, linear, 0.5), none = NetworkShare.Apply(trained.Model, linear, 0);
        Assert.AreSame(trained.Model, NetworkShare.Apply(trained.Model, linear, 1));
        int encoding = trained.Model.Shape.EncodingSize;
        float[] whole = trained.Model.Parameters[ParameterSet.HeadWeight].ToArray();
        float[] halves = half.Parameters[ParameterSet.HeadWeight].ToArray();
        for (int i = 0; i < whole.Length; i++)
            Assert.AreEqual(i < encoding ? whole[i] / 2 : whole[i], halves[i]);
        Assert.AreEqual(linear[0], none.Parameters[ParameterSet.HeadBias][0]);
        CollectionAssert.AreEqual(new float[encoding], none.Parameters[ParameterSet.HeadWeight][..encoding].ToArray());
    }

    [TestMethod]
    public void AllCountsWhereFewRowsAreHeldOut()
    {
        TrainedNetwork trained = Train(step => 2 * step, noise: 1, trainsAgain: false, rows: 300);
        Assert.AreEqual(1, trained.Share);
    }

    private static TrainedNetwork Train(Func<float, float> rule, double noise, bool trainsAgain, int rows = 600)
    {
        var random = new Random(4);
        var data = new SequenceSet(1, 0, 1);
        for (int i = 0; i < rows; i++)
        {
            float[] steps = [.. Enumerable.Range(0, 4).Select(_ => random.NextSingle() * 4 - 2)];
            data.Add(steps, [], [(float)(rule(steps[^1]) - steps[^2] + noise * (2 * random.NextDouble() - 1))]);
        }
        TrainingSettings settings = LoopOptions.SettingsOf(new LoopOptions { HiddenSize = 8, LearningRate = 0.01f }) with
        {
            Epochs = EpochRule.Exactly(20),
            SkipSteps = 2,
            ValidationFraction = 0.3f,
        };
        var job = new TrainingJob(data, null, settings, new RegressionTask(RegressionLoss.SquaredError, normalizeTargets: true), 1,
            new SilentMonitor());
        return HeldOutTraining.Run(trainsAgain ? job with { All = data.Copy() } : job);
    }
}

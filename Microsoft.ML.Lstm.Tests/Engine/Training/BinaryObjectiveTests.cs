using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Training;
using Microsoft.ML.Lstm.Engine.Training.Objectives;
using Microsoft.ML.Lstm.Tests.Engine.Reference;

namespace Microsoft.ML.Lstm.Tests.Engine.Training;

/// <summary>Logistic loss against its definition in double, and its gradient against central differences of the definition.</summary>
[TestClass]
public sealed class BinaryObjectiveTests
{
    private const double MeanWeight = 1.25;

    [TestMethod]
    [DataRow(false, 0f)]
    [DataRow(false, 0.125f)]
    [DataRow(true, 0f)]
    [DataRow(true, 0.125f)]
    public void LossAndGradientAreThoseOfTheDefinition(bool weighted, float smoothing)
    {
        float[]? classWeights = weighted ? [0.5f, 3f] : null;
        ObjectiveRun run = Run([0, 1, 1, -1, 0, 1, 0], weighted);
        var objective = new BinaryObjective(new ClassWeights(classWeights), smoothing, MeanWeight);
        double[][] outputs = run.DrawOutputs(1, scale: 4);

        double[][] gradients = run.Differentiate(objective, outputs);

        (double weight, double loss, _) = Sum();
        Assert.AreEqual(loss / weight, objective.Metrics.Loss, 1e-12);
        Assert.IsLessThan(1e-6, Difference.OfNorm(Difference.Flatten(gradients), CentralDifferences.Of(outputs, BatchLoss)));

        double BatchLoss()
        {
            (_, double sum, int labelled) = Sum();
            return sum / (MeanWeight * labelled);
        }

        (double Weight, double Loss, int Labelled) Sum()
            => run.Sum((sequence, label) => sequence.Weight * (classWeights?[label] ?? 1),
                (z, label) => LogLoss(z[0], label * (1 - smoothing) + smoothing / 2), outputs);
    }

    [TestMethod]
    [DataRow(1e30f, 1, 0.0, 0f)]
    [DataRow(1e30f, 0, 1e30, 1f)]
    [DataRow(-1e30f, 1, 1e30, -1f)]
    [DataRow(-200f, 0, 0.0, 0f)]
    [DataRow(-200f, 1, 200.0, -1f)]
    [DataRow(0f, 1, 0.69314718, -0.5f)]
    public void OutputsOfAnySizeAreSafe(float output, int label, double loss, float gradient)
    {
        var objective = new BinaryObjective(new ClassWeights(null), 0, meanWeight: 1);
        double[][] gradients = Run([label], weighted: false).Differentiate(objective, [[output]]);
        Assert.AreEqual(loss, objective.Metrics.Loss, 1e-7 * Math.Max(1, loss));
        Assert.AreEqual(gradient, gradients[0][0], 1e-7);
        Assert.IsTrue(objective.IsFinite);
    }

    [TestMethod]
    [DataRow(float.NaN)]
    [DataRow(float.PositiveInfinity)]
    [DataRow(float.NegativeInfinity)]
    public void WhatIsNoNumberShowsInTheLoss(float output)
    {
        var objective = new BinaryObjective(new ClassWeights(null), 0.1f, meanWeight: 1);
        Run([1, 0], weighted: false).Differentiate(objective, [[output], [1]]);
        Assert.IsFalse(objective.IsFinite);
    }

    [TestMethod]
    public void AccuracyAndAreaAreWeighted()
    {
        ObjectiveRun run = Run([0, 1, 0, 1, -1], weighted: false);
        var objective = new BinaryObjective(new ClassWeights([1f, 3f]), 0, meanWeight: 1);

        run.Differentiate(objective, [[-1], [0.5], [0.5], [-2], [100]]);

        // Of rows with weights 1, 3, 1 and 3 the first two are right.
        Assert.AreEqual(4 / 8.0, objective.Metrics.Accuracy!.Value, 1e-12);
        // Of the four pairs of one of each class, one is in order and one a tie.
        Assert.AreEqual(1.5 / 4, objective.Metrics.AreaUnderRocCurve!.Value, 1e-12);
        objective.Reset();
        run.Differentiate(objective, [[-1], [0.5], [0.25], [2], [100]]);
        Assert.AreEqual(1, objective.Metrics.AreaUnderRocCurve!.Value);
    }

    [TestMethod]
    public void TheTaskHasOneOutputAndWeighsByClassSoThatTheMeanIsOne()
    {
        var data = new SequenceSet(featureSize: 1, staticSize: 0, targetSize: 0);
        foreach (int label in new[] { 1, 0, 0 })
            data.Add(new TrainingSequence { Features = new float[] { 1 }, Labels = [label] });
        var task = new BinaryTask(classWeights: [1f, 4f], labelSmoothing: 0);
        NetworkShape shape = task.WithOutputs(new NetworkShape { Cell = CellType.Lstm, InputSize = 1, HiddenSize = 1, OutputSize = 9 },
            data);
        Assert.AreEqual(1, shape.OutputSize);
        var model = new SequenceModel(new ParameterSet(shape), AffineScaler.Identity(1), AffineScaler.Identity(0),
            AffineScaler.Identity(1));

        double[][] gradients = new ObjectiveRun([.. data.Sequences], [1, 1, 1], stepOutputs: false)
            .Differentiate(task.CreateObjective(model, data), [[0], [0], [0]]);

        // Weights 4, 1 and 1 of a mean of 2, over three rows, and ±1/2 is σ(0) − label.
        Assert.IsLessThan(1e-7, Difference.Absolute(Difference.Flatten(gradients), [-1 / 3.0, 1 / 12.0, 1 / 12.0]));
    }

    private static ObjectiveRun Run(int[] labels, bool weighted)
        => new([.. labels.Select((label, i) => new TrainingSequence { Labels = [label], Weight = weighted ? (1 + i) / 2f : 1 })],
            [.. labels.Select(_ => 1)], stepOutputs: false);

    private static double LogLoss(double z, double target)
        => -target * Math.Log(1 / (1 + Math.Exp(-z))) - (1 - target) * Math.Log(1 / (1 + Math.Exp(z)));
}

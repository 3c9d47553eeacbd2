using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Training;
using Microsoft.ML.Lstm.Engine.Training.Objectives;

namespace Microsoft.ML.Lstm.Tests.Engine.Training;

/// <summary>Every loss of regression against its formula in double.</summary>
[TestClass]
public sealed class RegressionObjectiveTests
{
    private static readonly float[] Weights = [1, 2, 0.5f, 1.5f];

    public static IEnumerable<object[]> Losses => Enum.GetValues<RegressionLoss>().Select(loss => new object[] { loss });

    [TestMethod]
    [DynamicData(nameof(Losses))]
    public void TheLossOfABatchIsTheMeanOfItsFormula(RegressionLoss loss)
    {
        (RegressionObjective objective, ObjectiveRun run, double[][] outputs) = Sample(loss);
        run.Differentiate(objective, outputs);
        Assert.AreEqual(BatchLoss(loss, run, outputs) * Weights.Length / Weights.Sum(), objective.Metrics.Loss, 1e-6);
    }

    [TestMethod]
    [DynamicData(nameof(Losses))]
    public void GradientsAreCentralDifferencesOfTheFormula(RegressionLoss loss)
    {
        const double step = 1e-5;
        (RegressionObjective objective, ObjectiveRun run, double[][] outputs) = Sample(loss);
        double[][] gradients = run.Differentiate(objective, outputs);
        foreach ((int row, double[] gradient) in gradients.Index())
        {
            for (int i = 0; i < gradient.Length; i++)
                Assert.AreEqual((LossAt(i, step) - LossAt(i, -step)) / (2 * step), gradient[i], 1e-6, $"row {row}, target {i}");

            double LossAt(int target, double offset)
                => BatchLoss(loss, run, [.. outputs.Select((values, r) => r != row ? values
                    : [.. values.Select((value, t) => t == target ? value + offset : value)])]);
        }
    }

    /// <summary>The loss of an error e by its definition.</summary>
    private static double Formula(RegressionLoss loss, double e) => loss switch
    {
        RegressionLoss.SquaredError => e * e,
        RegressionLoss.Huber => Math.Abs(e) <= 1 ? e * e / 2 : Math.Abs(e) - 0.5,
        _ => throw new NotSupportedException($"The formula of {loss} is not here."),
    };

    /// <summary>The mean over rows and targets; the mean weight of the data is 1.</summary>
    private static double BatchLoss(RegressionLoss loss, ObjectiveRun run, double[][] outputs)
        => run.Rows.Select((row, i) => row.Sequence.Weight * outputs[i].Zip(row.Sequence.Targets, (z, y) => Formula(loss, z - y)).Average())
            .Average();

    /// <summary>Rows of two targets with errors on either side of 0 and of 1.</summary>
    private static (RegressionObjective Objective, ObjectiveRun Run, double[][] Outputs) Sample(RegressionLoss loss)
    {
        float[][] targets = [[0, 1], [-2, 0.5f], [3, -0.25f], [0.125f, 4]];
        var run = new ObjectiveRun(
            [.. targets.Zip(Weights, (target, weight) => new TrainingSequence { Targets = target, Weight = weight })],
            [1, 1, 1, 1], stepOutputs: false);
        var known = new KnownTargets(new SequenceSet(1, 0, targetSize: 2));
        return (new RegressionObjective(loss, AffineScaler.Identity(2), known, meanWeight: 1), run, run.DrawOutputs(size: 2, scale: 3));
    }
}

using Microsoft.ML.Lstm.Network;
using Microsoft.ML.Lstm.Tests.Reference;
using Microsoft.ML.Lstm.Training;

namespace Microsoft.ML.Lstm.Tests.Training;

/// <summary>Losses and gradients of given outputs against their definitions in double, and the figures beside them.</summary>
[TestClass]
public sealed class ObjectiveTests
{
    [TestMethod]
    [DataRow(0f)]
    [DataRow(0.1f)]
    [DataRow(0.9f)]
    public void LogisticLossIsThatOfItsDefinition(float smoothing)
    {
        float[] outputs = [0, 1e-3f, -0.5f, 2, -7, 30, -30, 80, -80];
        foreach (int label in new[] { 0, 1 })
        {
            double q = label * (1 - smoothing) + smoothing / 2.0;
            foreach (float z in outputs)
            {
                double p = 1 / (1 + Math.Exp(-(double)z)), other = 1 / (1 + Math.Exp(z));
                // ln σ(z) = −ln(1 + e^−z), which has its digits where σ is near 1 too.
                double expected = q * Math.Log(1 + Math.Exp(-(double)z)) + (1 - q) * Math.Log(1 + Math.Exp(z));
                (double loss, float[] gradient) = Differentiate(new BinaryTask(null, smoothing), label, [z]);
                Assert.AreEqual(expected, loss, 1e-6 * Math.Max(1, Math.Abs(expected)));
                Assert.AreEqual(q == 1 ? -other : p - q, gradient[0], 1e-6);
            }
        }
    }

    [TestMethod]
    [DataRow(0f)]
    [DataRow(0.1f)]
    [DataRow(0.9f)]
    public void CrossEntropyIsThatOfItsDefinition(float smoothing)
    {
        var random = new Random(1);
        foreach (int classes in new[] { 1, 2, 3, 17, 200 })
        {
            foreach (float scale in new[] { 0, 1, 20, 1e4f })
            {
                float[] outputs = [.. Enumerable.Range(0, classes).Select(_ => scale * (2 * random.NextSingle() - 1))];
                int label = random.Next(classes);
                double largest = outputs.Max();
                double logSum = largest + Math.Log(outputs.Sum(z => Math.Exp(z - largest)));
                double[] q = [.. Enumerable.Range(0, classes).Select(k => (k == label ? 1.0 - smoothing : 0) + (double)smoothing / classes)];
                double expected = outputs.Select((z, k) => q[k] * (logSum - z)).Sum();
                (double loss, float[] gradient) = Differentiate(new ClassificationTask(classes, stepOutputs: false, null, smoothing), label, outputs);
                Assert.AreEqual(expected, loss, 2e-6 * Math.Max(1, scale));
                Assert.IsLessThan(1e-5, Difference.Absolute([.. gradient.Select(g => (double)g)], [.. outputs.Select((z, k) => Math.Exp(z - logSum) - q[k])]));
            }
        }
    }

    [TestMethod]
    public void FiguresAreWeightedMeans()
    {
        // Yes at 2, right, weight 1; no at 1, wrong, weight 3; no at −1, right, weight 2.
        Objective objective = new BinaryTask(null, 0).CreateObjective(null!, Data((1, 1f), (0, 3f), (0, 2f)));
        Run(objective, [(1, 1f, [2f]), (0, 3f, [1f]), (0, 2f, [-1f])]);
        Assert.AreEqual(3 / 6.0, objective.Metrics.Accuracy!.Value, 1e-12);
        Assert.AreEqual(1, objective.Metrics.AreaUnderRocCurve!.Value, 1e-12);
        Assert.AreEqual((Loss(-2) + 3 * Loss(1) + 2 * Loss(-1)) / 6, objective.Metrics.Loss, 1e-6);
        Assert.IsNull(objective.Metrics.RootMeanSquaredError);

        objective.Reset();
        Run(objective, [(1, 1f, [-5f])]);
        Assert.AreEqual(0, objective.Metrics.Accuracy);
        Assert.IsNull(objective.Metrics.AreaUnderRocCurve);

        static double Loss(double z) => Math.Log(1 + Math.Exp(z));
    }

    [TestMethod]
    public void RowsCountByTheirClasses()
    {
        Objective objective = new ClassificationTask(3, stepOutputs: false, [1, 10, 4], 0).CreateObjective(null!, Data((0, 1f), (1, 2f)));
        Run(objective, [(0, 1f, [1f, 0, 0]), (1, 2f, [1f, 0, 0])]);
        Assert.AreEqual(1 / 21.0, objective.Metrics.Accuracy!.Value, 1e-12);
        double logSum = Math.Log(Math.E + 2);
        Assert.AreEqual((1 * (logSum - 1) + 20 * logSum) / 21, objective.Metrics.Loss, 1e-6);
    }

    [TestMethod]
    public void NumbersThatAreNotFiniteShow()
    {
        foreach (float bad in new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity })
        {
            foreach ((TrainingTask task, float[] outputs) in new (TrainingTask, float[])[]
            {
                (new BinaryTask(null, 0), [bad]),
                (new ClassificationTask(2, stepOutputs: false, null, 0), [bad, 1]),
            })
            {
                Objective objective = task.CreateObjective(null!, Data((0, 1f), (1, 1f)));
                Run(objective, [(0, 1f, [.. outputs]), (1, 1f, [.. outputs])]);
                Assert.IsFalse(objective.IsFinite, $"{task} {bad}");
            }
        }
    }

    private static (double Loss, float[] Gradient) Differentiate(TrainingTask task, int label, float[] outputs)
    {
        Objective objective = task.CreateObjective(null!, Data((label, 1f)));
        float[] gradient = [.. outputs];
        Run(objective, [(label, 1f, gradient)]);
        return (objective.Metrics.Loss, gradient);
    }

    private static SequenceSet Data(params (int Label, float Weight)[] rows)
    {
        var data = new SequenceSet(1, 0, 0);
        foreach ((int label, float weight) in rows)
            data.Add(Sequence(label, weight));
        return data;
    }

    private static TrainingSequence Sequence(int label, float weight) => new() { Features = [1], Labels = [label], Weight = weight };

    /// <summary>A batch of sequences of one step with the given labels, weights and outputs, which become gradients.</summary>
    private static void Run(Objective objective, (int Label, float Weight, float[] Outputs)[] rows)
    {
        var batch = new SequenceBatch(new NetworkShape { Cell = CellType.Rnn, InputSize = 1, HiddenSize = 1, OutputSize = 1 });
        foreach (var _ in rows)
            batch.Add(1);
        batch.Pack();
        objective.Begin(batch, [.. rows.Select(row => Sequence(row.Label, row.Weight))]);
        for (int row = 0; row < rows.Length; row++)
            objective.Differentiate(row, rows[row].Outputs);
        objective.End();
    }
}

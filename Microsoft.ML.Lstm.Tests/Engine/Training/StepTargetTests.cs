using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Training;
using Microsoft.ML.Lstm.Engine.Training.Objectives;

namespace Microsoft.ML.Lstm.Tests.Engine.Training;

/// <summary>The losses of several numbers or truths at each step, some of which are not known, against their formulas in double.</summary>
[TestClass]
public sealed class StepTargetTests
{
    private const int Size = 2;
    private static readonly float[] PositiveWeights = [3, 0.5f];
    private static readonly int[] Lengths = [3, 1, 4];
    private static readonly float[] Weights = [1, 2, 0.5f];

    [TestMethod]
    [DataRow("squares")]
    [DataRow("truths")]
    [DataRow("weighted truths")]
    public void TheLossIsTheMeanOfTheFormulaOverWhatIsKnown(string task)
    {
        (Objective objective, ObjectiveRun run, double[][] outputs) = Sample(task);
        run.Differentiate(objective, outputs);
        double weights = Known(run).Sum(row => row.Sequence.Weight);
        Assert.AreEqual(Known(run).Sum(row => row.Sequence.Weight * Loss(task, outputs[row.Row], row.Targets)) / weights,
            objective.Metrics.Loss, 1e-6);
    }

    [TestMethod]
    [DataRow("squares")]
    [DataRow("truths")]
    [DataRow("weighted truths")]
    public void GradientsAreCentralDifferencesAndZeroWhereNothingIsKnown(string task)
    {
        const double step = 1e-5;
        (Objective objective, ObjectiveRun run, double[][] outputs) = Sample(task);
        double[][] gradients = run.Differentiate(objective, outputs, backwards: true);
        int known = Known(run).Count();
        for (int row = 0; row < gradients.Length; row++)
        {
            float[] targets = TargetsOf(run, row);
            for (int i = 0; i < Size; i++)
            {
                double At(double offset) => run.Rows[row].Sequence.Weight / known
                    * Loss(task, [.. outputs[row].Select((z, at) => at == i ? z + offset : z)], targets);
                double expected = targets.All(float.IsNaN) ? 0 : (At(step) - At(-step)) / (2 * step);
                Assert.AreEqual(expected, gradients[row][i], 1e-6, $"row {row}, output {i}");
            }
        }
        Assert.IsLessThan(gradients.Length, known);
    }

    [TestMethod]
    public void MetricsLeaveOutWhatIsNotKnown()
    {
        var set = new SequenceSet(1, 0, targetSize: 2) { HasStepTargets = true };
        set.Add(new TrainingSequence { Features = new float[] { 0, 0 }, Targets = [1, float.NaN, 0, 1] });
        var run = new ObjectiveRun([set[0]], [2], stepOutputs: true);
        var truths = new StepTruthsTask(null).CreateObjective(Model(), set);
        run.Differentiate(truths, [[2, 5], [3, 4]]);
        // The first step is right in all that is known, the second in one of two.
        Assert.AreEqual(0.75, truths.Metrics.Accuracy!.Value, 1e-12);

        var numbers = new RegressionTask(RegressionLoss.SquaredError, normalizeTargets: false, stepOutputs: true)
            .CreateObjective(Model(), set);
        run.Differentiate(numbers, [[2, 5], [3, 4]]);
        Assert.AreEqual(Math.Sqrt((1 + (9 + 9) / 2.0) / 2), numbers.Metrics.RootMeanSquaredError!.Value, 1e-6);
        Assert.AreEqual((1 + 3) / 2.0, numbers.Metrics.MeanAbsoluteError!.Value, 1e-6);
    }

    [TestMethod]
    public void UnitsAreThoseOfTheKnownTargets()
    {
        var task = new RegressionTask(RegressionLoss.SquaredError, normalizeTargets: true, stepOutputs: true);
        var set = new SequenceSet(1, 0, targetSize: 2) { HasStepTargets = true };
        set.Add(new TrainingSequence { Features = new float[] { 0, 0, 0 }, Targets = [float.NaN, 5, 2, 5, 4, float.NaN] });
        AffineScaler scaler = task.ScaleTargets(2, set);
        CollectionAssert.AreEqual(new[] { 3f, 5f }, scaler.Offset);
        CollectionAssert.AreEqual(new[] { 1f, 0f }, scaler.Scale);
    }

    private static double Loss(string task, double[] outputs, float[] targets)
        => outputs.Zip(targets, (z, y) => (Output: z, Target: (double)y)).Select((pair, i) => (pair.Output, pair.Target, Index: i))
            .Where(one => !double.IsNaN(one.Target))
            .Average(one => task == "squares"
                ? (one.Output - one.Target) * (one.Output - one.Target)
                : -(task == "truths" ? 1 : one.Target == 1 ? PositiveWeights[one.Index] : 1)
                    * Math.Log(one.Target == 1 ? Sigmoid(one.Output) : 1 - Sigmoid(one.Output)));

    private static double Sigmoid(double z) => 1 / (1 + Math.Exp(-z));

    private static float[] TargetsOf(ObjectiveRun run, int row)
        => run.Rows[row].Sequence.Targets.AsSpan(run.Rows[row].Step * Size, Size).ToArray();

    private static IEnumerable<(int Row, TrainingSequence Sequence, float[] Targets)> Known(ObjectiveRun run)
        => run.Rows.Select((row, i) => (i, row.Sequence, TargetsOf(run, i))).Where(row => !row.Item3.All(float.IsNaN));

    private static SequenceModel Model() => new(new ParameterSet(new NetworkShape
    {
        Cell = CellType.Lstm,
        InputSize = 1,
        HiddenSize = 1,
        OutputSize = Size,
        Head = Head.EveryStep,
    }), AffineScaler.Identity(1), AffineScaler.Identity(0), AffineScaler.Identity(Size));

    private static (Objective Objective, ObjectiveRun Run, double[][] Outputs) Sample(string task)
    {
        var random = new Random(3);
        var set = new SequenceSet(1, 0, Size) { HasStepTargets = true };
        for (int i = 0; i < Lengths.Length; i++)
        {
            float[] targets = [.. Enumerable.Range(0, Lengths[i] * Size)
                .Select(at => at % 3 == 0 || (i == 2 && at < Size) ? float.NaN : random.Next(2))];
            set.Add(new TrainingSequence { Features = new float[Lengths[i]], Targets = targets, Weight = Weights[i] });
        }
        var run = new ObjectiveRun([.. set.Sequences], Lengths, stepOutputs: true);
        var known = new KnownTargets(set);
        Objective objective = task == "squares"
            ? new RegressionObjective(RegressionLoss.SquaredError, AffineScaler.Identity(Size), known, meanWeight: 1)
            : new StepTruthsObjective(task == "truths" ? null : PositiveWeights, known, meanWeight: 1);
        return (objective, run, run.DrawOutputs(Size, scale: 3));
    }
}

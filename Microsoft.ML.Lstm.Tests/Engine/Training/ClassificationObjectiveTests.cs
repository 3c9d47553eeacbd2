using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Training;
using Microsoft.ML.Lstm.Engine.Training.Objectives;
using Microsoft.ML.Lstm.Tests.Engine.Reference;

namespace Microsoft.ML.Lstm.Tests.Engine.Training;

/// <summary>Cross-entropy against its definition in double, and its gradient against central differences of the definition.</summary>
[TestClass]
public sealed class ClassificationObjectiveTests
{
    private const double MeanWeight = 1.25;

    private static readonly int[] Lengths = [3, 1, 5, 3, 2, 4];

    public static IEnumerable<object[]> Cases =>
        from classes in new[] { 1, 2, 7, 16, 37, 130 }
        from stepOutputs in new[] { false, true }
        from weighted in new[] { false, true }
        from smoothing in new[] { 0f, 0.125f }
        select new object[] { classes, stepOutputs, weighted, smoothing };

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void LossAndGradientAreThoseOfTheDefinition(int classes, bool stepOutputs, bool weighted, float smoothing)
    {
        ObjectiveRun run = Run(classes, stepOutputs, weighted);
        float[]? classWeights = weighted ? [.. Enumerable.Range(0, classes).Select(c => c == 1 ? 0f : (1 + c % 3) / 2f)] : null;
        var objective = new ClassificationObjective(stepOutputs, new ClassWeights(classWeights), smoothing, MeanWeight);
        double[][] outputs = run.DrawOutputs(classes, scale: 4);

        double[][] gradients = run.Differentiate(objective, outputs);

        (double weight, double loss, _) = Sum();
        Assert.AreEqual(loss / weight, objective.Metrics.Loss, 1e-6 * (1 + loss / weight));
        double[] expected = CentralDifferences.Of(outputs, BatchLoss);
        Assert.IsLessThan(1e-6, Difference.OfNorm(Difference.Flatten(gradients), expected));
        Assert.IsTrue(objective.IsFinite);

        (double Weight, double Loss, int Labelled) Sum() => run.Sum(WeightOf, (z, label) => CrossEntropy(z, label, smoothing), outputs);

        double BatchLoss()
        {
            (_, double sum, int labelled) = Sum();
            return sum / (MeanWeight * labelled);
        }

        double WeightOf(TrainingSequence sequence, int label) => sequence.Weight * (classWeights?[label] ?? 1);
    }

    [TestMethod]
    public void TheEndAndStepsWithoutALabelMayHaveClassesOfTheirOwn()
    {
        const int end = 3, unknown = 4;
        int[] lengths = [3, 1, 4];
        var given = new ObjectiveRun([With(1, -1), With(), With(-1, -1, 0)], lengths, stepOutputs: true);
        var spelledOut = new ObjectiveRun([With(1, unknown, end), With(end), With(unknown, unknown, 0, end)], lengths, stepOutputs: true);
        double[][] outputs = given.DrawOutputs(5, scale: 2);
        var objective = new ClassificationObjective(true, new ClassWeights(null), 0.1f, MeanWeight, end, unknown);
        var expected = new ClassificationObjective(true, new ClassWeights(null), 0.1f, MeanWeight);
        CollectionAssert.AreEqual(Difference.Flatten(spelledOut.Differentiate(expected, outputs)),
            Difference.Flatten(given.Differentiate(objective, outputs)));
        Assert.AreEqual(expected.Metrics.Loss, objective.Metrics.Loss);
        Assert.AreEqual(expected.Metrics.Accuracy, objective.Metrics.Accuracy);

        var without = new ClassificationObjective(true, new ClassWeights(null), 0.1f, MeanWeight, end);
        double[][] gradients = given.Differentiate(without, outputs);
        for (int row = 0; row < gradients.Length; row++)
        {
            bool counts = given.Rows[row] is var (sequence, step) && (step == sequence.Labels.Length || sequence.Labels[step] >= 0);
            Assert.AreEqual(counts, gradients[row].Any(gradient => gradient != 0));
        }

        static TrainingSequence With(params int[] labels) => new() { Labels = labels };
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void AccuracyIsTheWeightedShareOfLabelsThatAreTheLargestOutput(bool stepOutputs)
    {
        ObjectiveRun run = Run(classes: 3, stepOutputs, weighted: true);
        var objective = new ClassificationObjective(stepOutputs, new ClassWeights([2f, 1f, 0.5f]), 0.125f, MeanWeight);
        double[][] outputs = run.DrawOutputs(3, scale: 1);

        run.Differentiate(objective, outputs);

        (double weight, double right, _) = run.Sum((sequence, label) => sequence.Weight * (label == 0 ? 2 : label == 1 ? 1 : 0.5),
            (z, label) => Array.IndexOf(z, z.Max()) == label ? 1 : 0, outputs);
        Assert.AreEqual(right / weight, objective.Metrics.Accuracy!.Value, 1e-12);
        Assert.IsTrue(right > 0 && right < weight);
    }

    [TestMethod]
    public void AVocabularyOfTenThousandKeepsItsDigits()
    {
        ObjectiveRun run = Run(classes: 10_000, stepOutputs: true, weighted: false);
        var objective = new ClassificationObjective(stepOutputs: true, new ClassWeights(null), 0, meanWeight: 1);
        double[][] outputs = run.DrawOutputs(10_000, scale: 8);

        double[][] gradients = run.Differentiate(objective, outputs);

        (double weight, double loss, int labelled) = run.Sum((_, _) => 1, (z, label) => CrossEntropy(z, label, 0), outputs);
        Assert.AreEqual(loss / weight, objective.Metrics.Loss, 1e-6);
        for (int row = 0; row < gradients.Length; row++)
        {
            (TrainingSequence sequence, int step) = run.Rows[row];
            int label = sequence.Labels[step];
            double scale = Math.Exp(LogSumExp(outputs[row])) * labelled;
            double[] expected = label < 0 ? new double[10_000] : [.. outputs[row].Select((z, c) =>
                Math.Exp(z) / scale - (c == label ? 1.0 / labelled : 0))];
            Assert.IsLessThan(3e-6, Difference.OfElements(gradients[row], expected, floor: 1e-30), $"row {row}");
        }
    }

    [TestMethod]
    [DataRow(new[] { 1e30f, -1e30f, 0f }, 0, 0.0, new[] { 0f, 0f, 0f })]
    [DataRow(new[] { 1e30f, -1e30f, 0f }, 2, 1e30, new[] { 1f, 0f, -1f })]
    [DataRow(new[] { 1000f, 1000f, 900f }, 1, 0.69314718, new[] { 0.5f, -0.5f, 0f })]
    [DataRow(new[] { -1000f, -1000f, -1100f }, 2, 100.69314718, new[] { 0.5f, 0.5f, -1f })]
    [DataRow(new[] { float.NegativeInfinity, 3f, 3f }, 2, 0.69314718, new[] { 0f, 0.5f, -0.5f })]
    [DataRow(new[] { float.NegativeInfinity, 0f, float.NegativeInfinity }, 0, double.PositiveInfinity, new[] { -1f, 1f, 0f })]
    [DataRow(new[] { float.MaxValue, float.MinValue, float.MinValue }, 0, 0.0, new[] { 0f, 0f, 0f })]
    public void OutputsOfAnySizeAreSafe(float[] outputs, int label, double loss, float[] gradient)
    {
        (Objective objective, float[] actual) = OneRow(outputs, label);
        Assert.AreEqual(loss, objective.Metrics.Loss, 1e-6 * Math.Max(1, double.IsFinite(loss) ? loss : 1));
        for (int c = 0; c < gradient.Length; c++)
            Assert.AreEqual(gradient[c], actual[c], 1e-6f);
        Assert.AreEqual(double.IsFinite(loss), objective.IsFinite);
    }

    [TestMethod]
    [DataRow(float.NaN)]
    [DataRow(float.PositiveInfinity)]
    public void WhatIsNoNumberShowsInLossAndGradient(float value)
    {
        for (int at = 0; at < 37; at++)
        {
            float[] outputs = new float[37];
            outputs[at] = value;
            (Objective objective, float[] gradient) = OneRow(outputs, label: 5);
            Assert.IsFalse(objective.IsFinite, $"output {at}");
            Assert.IsTrue(gradient.Any(float.IsNaN), $"output {at}");
        }
    }

    [TestMethod]
    public void RowsWithoutALabelChangeNothing()
    {
        var labelled = new TrainingSequence { Labels = [2, 0] };
        var unlabelled = new TrainingSequence { Labels = [-1, -1, -1] };
        double[][] two = [[1, 2, 0.5], [0, -1, 3]];
        var alone = new ObjectiveRun([labelled], [2], stepOutputs: true);
        var among = new ObjectiveRun([unlabelled, labelled], [3, 2], stepOutputs: true);
        // Packed: step 0 of both, step 1 of both, step 2 of the longer one.
        double[][] five = [[9, 9, 9], two[0], [-9, 9, double.NaN], two[1], [double.PositiveInfinity, 0, 0]];
        var expected = new ClassificationObjective(stepOutputs: true, new ClassWeights(null), 0.1f, meanWeight: 1);
        var actual = new ClassificationObjective(stepOutputs: true, new ClassWeights(null), 0.1f, meanWeight: 1);

        double[][] expectedGradients = alone.Differentiate(expected, two), gradients = among.Differentiate(actual, five);

        Assert.AreEqual(expected.Metrics, actual.Metrics);
        CollectionAssert.AreEqual(expectedGradients[0], gradients[1]);
        CollectionAssert.AreEqual(expectedGradients[1], gradients[3]);
        foreach (int row in new[] { 0, 2, 4 })
            CollectionAssert.AreEqual(new double[3], gradients[row]);
    }

    [TestMethod]
    public void TheOrderInWhichRowsComeChangesNoBit()
    {
        ObjectiveRun run = Run(classes: 7, stepOutputs: true, weighted: true);
        double[][] outputs = run.DrawOutputs(7, scale: 3);
        ClassificationObjective one = New(), other = New();

        CollectionAssert.AreEqual(Difference.Flatten(run.Differentiate(one, outputs)),
            Difference.Flatten(run.Differentiate(other, outputs, backwards: true)));
        Assert.AreEqual(one.Metrics, other.Metrics);

        static ClassificationObjective New() => new(stepOutputs: true, new ClassWeights(null), 0.1f, MeanWeight);
    }

    [TestMethod]
    public void FiguresAreThoseOfAllBatchesSinceTheLastReset()
    {
        ObjectiveRun run = Run(classes: 7, stepOutputs: true, weighted: true);
        double[][] outputs = run.DrawOutputs(7, scale: 3), others = run.DrawOutputs(7, scale: 3, seed: 2);
        var objective = new ClassificationObjective(stepOutputs: true, new ClassWeights(null), 0, MeanWeight);
        run.Differentiate(objective, outputs);
        EpochMetrics first = objective.Metrics;
        run.Differentiate(objective, others);
        EpochMetrics both = objective.Metrics;
        objective.Reset();
        run.Differentiate(objective, others);
        EpochMetrics second = objective.Metrics;

        Assert.AreEqual((first.Loss + second.Loss) / 2, both.Loss, 1e-12);
        Assert.AreEqual((first.Accuracy!.Value + second.Accuracy!.Value) / 2, both.Accuracy!.Value, 1e-12);
        Assert.AreNotEqual(first.Loss, second.Loss);
    }

    [TestMethod]
    public void TheTaskWeighsByClassAndSequenceSoThatTheMeanIsOne()
    {
        var data = new SequenceSet(featureSize: 1, staticSize: 0, targetSize: 0);
        data.Add(new TrainingSequence { Features = new float[] { 1, 2, 3 }, Labels = [0, -1, 1], Weight = 2 });
        data.Add(new TrainingSequence { Features = new float[] { 1, 2 }, Labels = [1, 2], Weight = 3 });
        var task = new ClassificationTask(classes: 3, stepOutputs: true, classWeights: [1f, 2f, 0f], labelSmoothing: 0);
        NetworkShape shape = task.WithOutputs(new NetworkShape { Cell = CellType.Lstm, InputSize = 1, HiddenSize = 1, OutputSize = 1 },
            data);
        Assert.AreEqual(3, shape.OutputSize);
        Assert.AreEqual(Head.EveryStep, shape.Head);

        var model = new SequenceModel(new ParameterSet(shape), AffineScaler.Identity(1), AffineScaler.Identity(0),
            AffineScaler.Identity(3));
        Objective objective = task.CreateObjective(model, data);
        var run = new ObjectiveRun([.. data.Sequences], [3, 2], stepOutputs: true);
        double[][] gradients = run.Differentiate(objective, [.. run.Rows.Select(_ => new double[3])]);

        // Weights 2, 4 and 6 of three labels that count: of a mean of 4 they are 1/2, 1 and 3/2, and a gradient at the label is −2/3 of
        // that, over 3 rows.
        double[] atLabels = [.. run.Rows.Select((row, i) =>
            row.Sequence.Labels[row.Step] is var label && label >= 0 ? gradients[i][label] : 0)];
        Assert.IsLessThan(1e-6, Difference.Absolute(atLabels, [-1 / 9.0, -3 / 9.0, 0, 0, -2 / 9.0]));
    }

    private static (Objective Objective, float[] Gradient) OneRow(float[] outputs, int label)
    {
        var objective = new ClassificationObjective(stepOutputs: false, new ClassWeights(null), 0, meanWeight: 1);
        double[][] gradients = new ObjectiveRun([new TrainingSequence { Labels = [label] }], [1], stepOutputs: false)
            .Differentiate(objective, [[.. outputs.Select(z => (double)z)]]);
        return (objective, [.. gradients[0].Select(g => (float)g)]);
    }

    /// <summary>Sequences of different weights with labels of all classes, every fourth label missing.</summary>
    private static ObjectiveRun Run(int classes, bool stepOutputs, bool weighted)
    {
        int labels = 0;
        TrainingSequence[] sequences = [.. Lengths.Select((length, i) => new TrainingSequence
        {
            Labels = [.. Enumerable.Range(0, stepOutputs ? length : 1).Select(_ => ++labels % 4 == 0 ? -1 : labels * 5 % classes)],
            Weight = weighted ? (1 + i) / 2f : 1,
        })];
        return new ObjectiveRun(sequences, Lengths, stepOutputs);
    }

    private static double CrossEntropy(double[] z, int label, double smoothing)
        => LogSumExp(z) - z.Select((output, c) => output * ((c == label ? 1 - smoothing : 0) + smoothing / z.Length)).Sum();

    private static double LogSumExp(double[] z) => z.Max() + Math.Log(z.Sum(output => Math.Exp(output - z.Max())));
}

using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Training;
using Microsoft.ML.Lstm.Engine.Training.Objectives;

namespace Microsoft.ML.Lstm.Tests.Engine.Training;

/// <summary>The linear classifier beside a network, against regressions that leave out one row after the other.</summary>
[TestClass]
public sealed class RidgeClassifierTests
{
    private static readonly double[] Ridges = [1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1, 10];

    [TestMethod]
    [DataRow(14, 3, 3, DisplayName = "more rows than inputs")]
    [DataRow(9, 12, 2, DisplayName = "more inputs than rows")]
    [DataRow(6, 5, 4, DisplayName = "a class of one row")]
    public void TheRidgeAndTheFactorAreTheBestOfRowsLeftOut(int rows, int inputs, int classes)
    {
        SequenceSet data = Curves(rows, inputs, classes, noise: 1);
        (double[][] weights, double[] biases) = PartOf(data, classes);
        (double least, double[][] solution, double[][] leftOut) = Reference(data, inputs, classes);

        // All weights are the same multiple of the regression's.
        double factor = weights[0][0] / solution[0][0];
        for (int k = 0; k < classes; k++)
        {
            for (int i = 0; i < inputs; i++)
                Assert.AreEqual(factor * solution[k][i], weights[k][i], 1e-5);
            double mean = Enumerable.Range(0, inputs).Sum(i => weights[k][i] * data.Sequences.Average(row => (double)row.Features.Span[i]));
            Assert.AreEqual(factor * data.Sequences.Count(row => row.Labels[0] == k) / rows, biases[k] + mean, 1e-5);
        }
        Assert.AreEqual(least, LossOf(data, leftOut, factor, classes), 1e-4);
    }

    [TestMethod]
    public void ABinaryClassifierHasTheDifferenceOfTwoClasses()
    {
        SequenceSet data = Curves(20, 4, 2, noise: 0.5);
        (double[][] two, double[] biases) = PartOf(data, 2);
        (double[][] one, double[] bias) = PartOf(data, 1);
        for (int i = 0; i < 4; i++)
            Assert.AreEqual(two[1][i] - two[0][i], one[0][i], 1e-5);
        Assert.AreEqual(biases[1] - biases[0], bias[0], 1e-5);
    }

    [TestMethod]
    public void NoiseIsGivenNoWeight()
    {
        // Random labels: rows left out are told no better than by chance.
        var random = new Random(3);
        var data = new SequenceSet(1, 0, 0);
        for (int i = 0; i < 200; i++)
        {
            float[] features = [.. Enumerable.Range(0, 50).Select(_ => random.NextSingle())];
            data.Add(new TrainingSequence { Features = features, Labels = [i % 2] });
        }
        Assert.IsLessThan(0.02, PartOf(data, 2).Weights.Max(row => row.Max(Math.Abs)));
    }

    [TestMethod]
    public void AClassOfMoreWeightIsPreferred()
    {
        SequenceSet data = Curves(30, 4, 2, noise: 3);
        double unweighted = MeanLogit(null), weighted = MeanLogit([1, 10]);
        Assert.IsGreaterThan(unweighted + 0.5, weighted);

        double MeanLogit(float[]? classWeights)
        {
            (double[][] weights, double[] biases) = PartOf(data, 1, classWeights);
            return data.Sequences.Average(row => biases[0] + row.Features.ToArray().Zip(weights[0], (x, w) => x * w).Sum());
        }
    }

    [TestMethod]
    public void OddRowsLeaveAllFinite()
    {
        NetworkShape shape = Shape(3, 2);
        Assert.IsNull(RidgeClassifier.Fit(shape, Curves(2, 3, 2, noise: 1), default));
        var flat = new SequenceSet(1, 0, 0);
        for (int i = 0; i < 5; i++)
            flat.Add(new TrainingSequence { Features = new float[] { 1, 1, 1 }, Labels = [i % 2] });
        Assert.IsNull(RidgeClassifier.Fit(shape, flat, default));

        // Rows without a label don't count, and of shorter ones the first numbers are 0.
        SequenceSet data = Curves(12, 3, 2, noise: 1), more = Curves(12, 3, 2, noise: 1);
        data.Add(new TrainingSequence { Features = new float[] { float.MaxValue, 0, 0 }, Labels = [-1] });
        data.Add(new TrainingSequence { Features = new float[] { 2 }, Labels = [1] });
        more.Add(new TrainingSequence { Features = new float[] { 0, 0, 2 }, Labels = [1] });
        foreach ((double[] ofShort, double[] padded) in PartOf(data, 2).Weights.Zip(PartOf(more, 2).Weights))
            CollectionAssert.AreEqual(padded, ofShort);
    }

    [TestMethod]
    public void TrainingLeavesItAsItIsAndMeasuresWithIt()
    {
        SequenceSet data = Curves(24, 6, 3, noise: 0.2);
        var monitor = new SilentMonitor();
        TrainingSettings settings = LoopOptions.SettingsOf(new LoopOptions { HiddenSize = 4, NumberOfEpochs = 3 }) with
        {
            SkipSteps = 6,
            ValidationFraction = 0.25f,
        };
        TrainedNetwork trained = TrainingLoop.Run(
            new(data, null, settings, new ClassificationTask(3, stepOutputs: false, null, 0), 1, monitor));
        ParameterSet parameters = trained.Model.Parameters;
        // The rows that are left have been scaled in place.
        var linear = new ParameterSet(parameters.Shape);
        RidgeClassifier.Fit(parameters.Shape, data, default)!.Add(linear);
        for (int i = 0; i < linear[ParameterSet.HeadWeight].Length; i++)
        {
            bool isSkipped = i % parameters.Shape.HeadInputSize >= parameters.Shape.EncodingSize;
            Assert.AreEqual(isSkipped, linear[ParameterSet.HeadWeight][i] == parameters[ParameterSet.HeadWeight][i]);
        }
        Assert.AreEqual(1, trained.HeldOutMetrics!.Accuracy!.Value, "of rows that a linear rule tells apart, after three epochs");
    }

    private static NetworkShape Shape(int inputs, int outputs) => new()
    {
        Cell = CellType.Lstm,
        InputSize = 1,
        HiddenSize = 2,
        OutputSize = outputs,
        SkipSteps = inputs,
    };

    private static (double[][] Weights, double[] Biases) PartOf(SequenceSet data, int outputs, float[]? classWeights = null)
    {
        var parameters = new ParameterSet(Shape(data[0].Features.Length, outputs));
        RidgeClassifier.Fit(parameters.Shape, data, new ClassWeights(classWeights))!.Add(parameters);
        NetworkShape shape = parameters.Shape;
        float[] weights = parameters[ParameterSet.HeadWeight].ToArray(), biases = parameters[ParameterSet.HeadBias].ToArray();
        return ([.. weights.Chunk(shape.HeadInputSize).Select(row => row.Skip(shape.EncodingSize).Select(w => (double)w).ToArray())],
            [.. biases.Select(bias => (double)bias)]);
    }

    /// <summary>Noise, and of class k a hill at the steps k, k + classes, ...</summary>
    private static SequenceSet Curves(int rows, int inputs, int classes, double noise)
    {
        var random = new Random(rows);
        var data = new SequenceSet(1, 0, 0);
        for (int i = 0; i < rows; i++)
        {
            int label = i == rows - 1 ? classes - 1 : i % Math.Max(classes - 1, 2) % classes;
            data.Add(new TrainingSequence
            {
                Features = Enumerable.Range(0, inputs)
                    .Select(t => (float)((t % classes == label ? 1 : 0) + noise * random.NextDouble())).ToArray(),
                Labels = [label],
            });
        }
        return data;
    }

    private static (double Loss, double[][] Weights, double[][] LeftOut) Reference(SequenceSet data, int inputs, int classes)
    {
        int rows = data.Count;
        double[][] x = [.. data.Sequences.Select(row => row.Features.ToArray().Select(value => (double)value).ToArray())];
        double[] mean = [.. Enumerable.Range(0, inputs).Select(j => x.Average(row => row[j]))];
        double unit = x.Average(row => row.Zip(mean, (value, m) => (value - m) * (value - m)).Sum());
        (double Loss, double[][] Weights, double[][] LeftOut) best = (double.PositiveInfinity, [], []);
        foreach (double ridge in Ridges)
        {
            double[][] leftOut = [.. Enumerable.Range(0, rows).Select(i =>
            {
                double[][] fit = Regress(Enumerable.Range(0, rows).Where(row => row != i).ToArray());
                return fit.Select(w => w[inputs] + w.Take(inputs).Zip(x[i], (a, b) => a * b).Sum()).ToArray();
            })];
            double loss = Enumerable.Range(0, 3201).Min(step => LossOf(data, leftOut, step / 100.0, classes));
            if (loss < best.Loss)
                best = (loss, Regress([.. Enumerable.Range(0, rows)]), leftOut);

            // The weights of each class and, last, its intercept, which is not punished.
            double[][] Regress(int[] chosen) => [.. Enumerable.Range(0, classes).Select(k =>
            {
                double[,] system = new double[inputs + 1, inputs + 2];
                foreach (int row in chosen)
                {
                    double[] extended = [.. x[row], 1];
                    for (int a = 0; a <= inputs; a++)
                    {
                        for (int b = 0; b <= inputs; b++)
                            system[a, b] += extended[a] * extended[b];
                        system[a, inputs + 1] += data[row].Labels[0] == k ? extended[a] : 0;
                    }
                }
                for (int a = 0; a < inputs; a++)
                    system[a, a] += ridge * unit;
                return Eliminate(system);
            })];
        }
        return best;
    }

    private static double[] Eliminate(double[,] system)
    {
        int size = system.GetLength(0);
        for (int pivot = 0; pivot < size; pivot++)
        {
            int largest = Enumerable.Range(pivot, size - pivot).MaxBy(row => Math.Abs(system[row, pivot]));
            for (int column = 0; column <= size; column++)
                (system[pivot, column], system[largest, column]) = (system[largest, column], system[pivot, column]);
            for (int row = 0; row < size; row++)
            {
                double share = row == pivot ? 0 : system[row, pivot] / system[pivot, pivot];
                for (int column = pivot; column <= size && share != 0; column++)
                    system[row, column] -= share * system[pivot, column];
            }
        }
        return [.. Enumerable.Range(0, size).Select(row => system[row, size] / system[row, row])];
    }

    // The cross-entropy against labels that are as sure as the rows of a class justify.
    private static double LossOf(SequenceSet data, double[][] outputs, double factor, int classes)
        => data.Sequences.Select((row, i) =>
        {
            int count = data.Sequences.Count(other => other.Labels[0] == row.Labels[0]);
            double sum = outputs[i].Sum(output => Math.Exp(factor * output));
            return -Enumerable.Range(0, classes).Sum(k =>
                (k == row.Labels[0] ? count + 1.0 : 1.0) / (count + classes) * (factor * outputs[i][k] - Math.Log(sum)));
        }).Sum();
}

using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Training.Optimizers;
using Microsoft.ML.Lstm.Tests.Engine.Golden;
using Microsoft.ML.Lstm.Tests.Engine.Reference;

namespace Microsoft.ML.Lstm.Tests.Engine.Training;

/// <summary>Updates of embedding tables of which a batch has only some rows.</summary>
[TestClass]
public sealed class EmbeddingOptimizerTests
{
    private const string Table = "embeddings.0.weight";

    public static IEnumerable<object[]> Cases => GoldenEmbeddingCase.All.Select(golden => new object[] { golden.Name });

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void TablesAfterEachStepArePyTorchs(string name)
    {
        GoldenEmbeddingCase golden = GoldenEmbeddingCase.All.Single(golden => golden.Name == name);
        var weights = new ParameterSet(Shape(golden.Rows, golden.Columns));
        golden.Initial.Select(w => (float)w).ToArray().CopyTo(weights[Table]);
        var gradient = new Gradient(weights.Shape);
        var settings = new OptimizerSettings(golden.Optimizer, Momentum: 0, WeightDecay: 0);
        var optimizer = Optimizer.Create(settings, weights, gradient, new WorkerTeam(1));
        foreach (GoldenEmbeddingStep step in golden.Steps)
        {
            for (int i = 0; i < step.Rows.Length; i++)
            {
                foreach ((int column, double g) in step.Gradient[(i * golden.Columns)..((i + 1) * golden.Columns)].Index())
                    gradient.Row(0, step.Rows[i])[column] = (float)g;
            }
            Assert.IsTrue(optimizer.TryStep((float)golden.LearningRate, maxNorm: 0));
            Assert.IsLessThan(1e-6, Difference.Absolute([.. weights[Table].ToArray().Select(w => (double)w)], step.Table));
        }
    }

    [TestMethod]
    [DataRow(OptimizerType.Adam)]
    [DataRow(OptimizerType.AdamW)]
    [DataRow(OptimizerType.Sgd)]
    [DataRow(OptimizerType.RmsProp)]
    public void RowsWithoutAGradientStayAsTheyAreAndSoDoesWhatIsKeptOfThem(OptimizerType type)
    {
        // Row 1 has a gradient at first, so that there is momentum that could move it; then row 2 alone.
        var settings = new OptimizerSettings(type, Momentum: 0.9f, WeightDecay: 0.1f);
        (float[] weights, _) = Run(settings, threads: 1, [[1], [2], [2]]);
        (float[] once, _) = Run(settings, threads: 1, [[1]]);
        CollectionAssert.AreEqual(once[3..6], weights[3..6], "row 1");
        CollectionAssert.AreNotEqual(once[6..9], weights[6..9], "row 2");

        // Its next step continues its own momentum. Only Adam's bias correction counts the steps between.
        (float[] later, _) = Run(settings, threads: 1, [[1], [2], [2], [1]]);
        (float[] next, _) = Run(settings, threads: 1, [[1], [1]]);
        if (type is OptimizerType.Sgd or OptimizerType.RmsProp)
            CollectionAssert.AreEqual(next[3..6], later[3..6], "row 1 after two steps of its own");
        else
            CollectionAssert.AreNotEqual(once[3..6], later[3..6], "row 1 after two steps of its own");
    }

    [TestMethod]
    [DataRow(OptimizerType.Adam)]
    [DataRow(OptimizerType.AdamW)]
    [DataRow(OptimizerType.Sgd)]
    [DataRow(OptimizerType.RmsProp)]
    public void TheNumberOfThreadsDoesNotChangeABit(OptimizerType type)
    {
        // So many rows that the threads share them, in another order at each step.
        var random = new Random(1);
        int[][] steps = [.. Enumerable.Range(0, 3).Select(_ => Enumerable.Range(0, 2000).Where(_ => random.Next(2) == 0).ToArray())];
        foreach (int[] step in steps)
            random.Shuffle(step);
        var settings = new OptimizerSettings(type, Momentum: 0.9f, WeightDecay: 0.01f);
        (float[] expected, double expectedNorm) = Run(settings, threads: 1, steps, rows: 2000);
        foreach (int threads in new[] { 2, 3, 5 })
        {
            (float[] weights, double norm) = Run(settings, threads, steps, rows: 2000);
            CollectionAssert.AreEqual(expected, weights, $"{threads} threads");
            Assert.AreEqual(expectedNorm, norm);
        }
    }

    [TestMethod]
    public void TheNormIsThatOfDenseGradientsAndRowsTogether()
    {
        var weights = new ParameterSet(Shape(rows: 6, columns: 3));
        var gradient = new Gradient(weights.Shape);
        var optimizer = Optimizer.Create(new(OptimizerType.Sgd, 0, 0), weights, gradient, new WorkerTeam(1));
        gradient.Parameters["head.bias"][0] = 2;
        gradient.Row(0, 5)[2] = 3;
        gradient.Row(0, 0)[0] = 6;
        Assert.AreEqual(7, optimizer.GradientNorm(), 1e-6);

        Assert.IsTrue(optimizer.TryStep(learningRate: 1, maxNorm: 3.5f));

        Assert.AreEqual(-1f, weights["head.bias"][0], 1e-6f);
        Assert.AreEqual(-1.5f, weights[Table][^1], 1e-6f);
        Assert.AreEqual(-3f, weights[Table][0], 1e-6f);
        Assert.IsTrue(gradient.Parameters.Values.All(g => g == 0));
        Assert.AreEqual(0, optimizer.GradientNorm());
    }

    [TestMethod]
    [DataRow(float.NaN)]
    [DataRow(float.PositiveInfinity)]
    public void ARowThatIsNotFiniteStopsTheStep(float bad)
    {
        var weights = new ParameterSet(Shape(rows: 6, columns: 3));
        var gradient = new Gradient(weights.Shape);
        var optimizer = Optimizer.Create(new(OptimizerType.Adam, 0, 0), weights, gradient, new WorkerTeam(1));
        gradient.Row(0, 5)[2] = bad;
        Assert.IsFalse(optimizer.TryStep(learningRate: 1, maxNorm: 1));
        Assert.IsTrue(weights.Values.All(w => w == 0));
    }

    [TestMethod]
    [DataRow(3, 0)]
    [DataRow(3, 2)]
    [DataRow(64, 0)]
    [DataRow(67, 63)]
    [DataRow(67, 66)]
    public void AWeightThatIsFiniteNoMoreIsNoticed(int columns, int column)
    {
        var weights = new ParameterSet(Shape(rows: 6, columns));
        var gradient = new Gradient(weights.Shape);
        var optimizer = Optimizer.Create(new(OptimizerType.Sgd, 0, 0), weights, gradient, new WorkerTeam(1));
        gradient.Row(0, 5)[column] = 2;
        Assert.IsTrue(optimizer.TryStep(learningRate: 1e30f, maxNorm: 0));
        gradient.Row(0, 5)[column] = 2;
        Assert.IsFalse(optimizer.TryStep(learningRate: float.MaxValue, maxNorm: 0));
        Assert.IsTrue(gradient.Parameters.Values.All(g => g == 0));
    }

    /// <summary>The table and the last gradient's norm after steps whose rows have gradients.</summary>
    private static (float[] Table, double Norm) Run(OptimizerSettings settings, int threads, int[][] steps, int rows = 6)
    {
        var weights = new ParameterSet(Shape(rows, columns: 3));
        for (int i = 0; i < weights.Values.Length; i++)
            weights.Values[i] = MathF.Sin(i + 1);
        var gradient = new Gradient(weights.Shape);
        var optimizer = Optimizer.Create(settings, weights, gradient, new WorkerTeam(threads));
        double norm = 0;
        foreach (int[] step in steps)
        {
            foreach (int row in step)
                new[] { 0.25f, -0.5f, 0.125f * (1 + row % 5) }.CopyTo(gradient.Row(0, row));
            norm = optimizer.GradientNorm();
            Assert.IsTrue(optimizer.TryStep(learningRate: 0.01f, maxNorm: 10));
        }
        return (weights[Table].ToArray(), norm);
    }

    private static NetworkShape Shape(int rows, int columns) => new()
    {
        Cell = CellType.Lstm,
        InputSize = columns,
        Embeddings = new ValueList<EmbeddingShape>(new EmbeddingShape(rows - 1, columns)),
        HiddenSize = 2,
        OutputSize = 1,
    };
}

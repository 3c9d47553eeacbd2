using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Tests.Engine.Network;
using Microsoft.ML.Lstm.Tests.Engine.Reference;

namespace Microsoft.ML.Lstm.Tests.Engine.Layers;

/// <summary>Heads for the next token, with weights of their own and with the embeddings as weights.</summary>
[TestClass]
public sealed class TiedHeadTests
{
    private static readonly int[] Lengths = [4, 9, 1, 4, 7, 2];

    public TestContext TestContext { get; set; } = null!;

    public static IEnumerable<object[]> Shapes =>
        from kernels in CpuKernels.Available
        from cell in Enum.GetValues<CellType>()
        from tied in new[] { false, true }
        from boundary in new[] { false, true }
        select new object[] { kernels.Name, cell, tied, boundary };

    public static IEnumerable<object[]> Kernels => CpuKernels.Available.Select(kernels => new object[] { kernels.Name });

    [TestMethod]
    [DynamicData(nameof(Shapes))]
    public void ResultsAndGradientsAreTheReferences(string kernels, CellType cell, bool tied, bool boundary)
        => Agreement.Check(new NetworkSample(Shape(cell, 37, 19, tied, boundary), Lengths), Find(kernels), TestContext);

    [TestMethod]
    [DynamicData(nameof(Kernels))]
    public void GradientsOfAWideTiedHeadAreTheReferences(string kernels)
        => Agreement.CheckSquares(new NetworkSample(Shape(CellType.Lstm, 8003, 26, tied: true, boundary: true), [3, 1]), Find(kernels),
            TestContext);

    [TestMethod]
    public void GradientsAreTheCentralDifferencesOfTheReferenceInDouble()
    {
        var sample = new NetworkSample(Shape(CellType.Lstm, 7, 5, tied: true, boundary: true), [3, 2]);
        var reference = new ReferenceNetwork(sample.Shape, sample.Parameters);
        reference.Forward(sample);
        Dictionary<string, double[]> gradients = reference.Backward(sample.DOutputs).Parameters;
        foreach ((string name, double[] values) in sample.Parameters)
        {
            double[] differences = CentralDifferences.Of(values, () => reference.Forward(sample).Outputs
                .Zip(sample.DOutputs, (outputs, weights) => outputs.Zip(weights, (p, q) => p * q).Sum()).Sum());
            Assert.IsLessThan(1e-8, Difference.Absolute(gradients[name], differences), name);
        }
    }

    [TestMethod]
    [DynamicData(nameof(Kernels))]
    public void TheNumberOfThreadsDoesNotChangeABit(string kernels)
    {
        var sample = new NetworkSample(Shape(CellType.Lstm, 211, 37, tied: true, boundary: false),
            [.. Enumerable.Range(0, 23).Select(b => 1 + b * 29 % 67)]);
        double[] expected = new EngineRun(sample.Shape, sample.Parameters, Find(kernels)).Everything(sample);
        foreach (int threads in new[] { 2, 3, 5 })
            CollectionAssert.AreEqual(expected, new EngineRun(sample.Shape, sample.Parameters, Find(kernels), threads).Everything(sample),
                $"{threads} threads");
    }

    [TestMethod]
    public void AllRowsOfATiedTableHaveAGradientOnce()
    {
        NetworkShape shape = Shape(CellType.Gru, 5, 4, tied: true, boundary: true);
        var gradient = new Gradient(shape);
        int pieces = gradient.Pieces;
        gradient.Row(0, 3)[0] = 1;
        Assert.AreEqual(pieces, gradient.Pieces);
        Assert.AreEqual(shape.ParameterCount, Enumerable.Range(0, pieces).Sum(piece => (long)gradient.Piece(piece).Length));
        CollectionAssert.AreEqual(new[] { false, true, true, true, true, true, true },
            Enumerable.Range(0, 7).Select(row => gradient.WasTouched(0, row)).ToArray(), "the unknown token is no output");
        gradient.Row(0, 0)[0] = 1;
        Assert.IsTrue(gradient.WasTouched(0, 0));
    }

    private static NetworkShape Shape(CellType cell, int vocabulary, int hiddenSize, bool tied, bool boundary)
    {
        var table = new EmbeddingShape(vocabulary, tied ? hiddenSize : 6) { HasBoundary = boundary };
        return new NetworkShape
        {
            Cell = cell,
            InputSize = table.Size,
            Embeddings = new([table]),
            HiddenSize = hiddenSize,
            Layers = 2,
            Head = Head.NextToken,
            TiesHead = tied,
            OutputSize = table.Rows - 1,
        };
    }

    private static CpuKernels Find(string name) => CpuKernels.Available.Single(kernels => kernels.Name == name);
}

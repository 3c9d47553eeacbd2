using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Tests.Engine.Network;
using Microsoft.ML.Lstm.Tests.Engine.Reference;

namespace Microsoft.ML.Lstm.Tests.Engine.Layers;

/// <summary>Tokens and their embedding tables, with and without numeric features.</summary>
[TestClass]
public sealed class EmbeddingTests
{
    private static readonly int[] Lengths = [4, 9, 1, 4, 7, 2, 9, 1, 3, 5, 6, 4, 8];

    public TestContext TestContext { get; set; } = null!;

    public static IEnumerable<object[]> Kernels => CpuKernels.Available.Select(kernels => new object[] { kernels.Name });

    public static IEnumerable<object[]> Shapes =>
        from kernels in CpuKernels.Available
        from cell in Enum.GetValues<CellType>()
        from numericSize in new[] { 0, 3 }
        from tables in new[] { 1, 3 }
        from bidirectional in new[] { false, true }
        select new object[] { kernels.Name, cell, numericSize, tables, bidirectional };

    [TestMethod]
    [DynamicData(nameof(Shapes))]
    public void ResultsAndGradientsAreTheReferences(string kernels, CellType cell, int numericSize, int tables, bool bidirectional)
    {
        var sample = new NetworkSample(Shape(cell, numericSize, tables, bidirectional), Lengths);
        for (int table = 0; table < tables; table++)
        {
            int[] tokens = [.. sample.Tokens.SelectMany(sequence => sequence.Where((_, i) => i % tables == table))];
            Assert.Contains(0, tokens);
            Assert.IsLessThan(tokens.Length, tokens.Distinct().Count(), "some token occurs again");
        }
        Agreement.Check(sample, Find(kernels), TestContext);
    }

    [TestMethod]
    [DynamicData(nameof(Kernels))]
    public void TheNumberOfThreadsDoesNotChangeABit(string kernels)
    {
        // Enough work to be shared, in parts of unequal size.
        NetworkShape shape = Shape(CellType.Lstm, numericSize: 2, tables: 3, bidirectional: true) with { HiddenSize = 37 };
        var sample = new NetworkSample(shape, [.. Enumerable.Range(0, 23).Select(b => 1 + b * 29 % 67)]);
        double[] expected = new EngineRun(shape, sample.Parameters, Find(kernels)).Everything(sample);
        foreach (int threads in new[] { 2, 3, 5 })
            CollectionAssert.AreEqual(expected, new EngineRun(shape, sample.Parameters, Find(kernels), threads).Everything(sample),
                $"{threads} threads");
    }

    [TestMethod]
    [DynamicData(nameof(Kernels))]
    public void ThreadsThatShareTheUnitsOfASequenceLookUpItsTokensToo(string kernels)
    {
        NetworkShape shape = Shape(CellType.Lstm, numericSize: 2, tables: 1, bidirectional: false) with { HiddenSize = 261 };
        var sample = new NetworkSample(shape, [12]);
        double[] expected = new EngineRun(shape, sample.Parameters, Find(kernels)).Everything(sample);
        CollectionAssert.AreEqual(expected, new EngineRun(shape, sample.Parameters, Find(kernels), threads: 2).Everything(sample));
    }

    [TestMethod]
    [DynamicData(nameof(Kernels))]
    public void ASequenceScoresTheSameAloneAndInAnyBatch(string kernels)
    {
        NetworkShape shape = Shape(CellType.Gru, numericSize: 2, tables: 3, bidirectional: true);
        var sample = new NetworkSample(shape, Lengths);
        var engine = new EngineRun(shape, sample.Parameters, Find(kernels));
        double[][] together = engine.Forward(sample, keep: false).Outputs;
        for (int b = 0; b < Lengths.Length; b++)
            CollectionAssert.AreEqual(together[b],
                engine.Forward([sample.Sequences[b]], [sample.Statics[b]], keep: false, tokens: [sample.Tokens[b]]).Outputs[0]);
    }

    [TestMethod]
    public void OnlyTheRowsOfTokensThatOccurredHaveAGradient()
    {
        NetworkShape shape = Shape(CellType.Lstm, numericSize: 1, tables: 1, bidirectional: false);
        var gradient = new Gradient(shape);
        int dense = gradient.Pieces;
        foreach (int row in new[] { 4, 0, 4, 2 })
            gradient.Row(0, row)[1] += 1;

        Assert.AreEqual(dense + 3, gradient.Pieces);
        Assert.IsLessThanOrEqualTo(gradient.MaxPieces, gradient.Pieces);
        Parameter table = gradient.Parameters.Find("embeddings.0.weight");
        int[] starts = [.. Enumerable.Range(dense, 3).Select(piece => gradient.Piece(piece).Start)];
        CollectionAssert.AreEqual(new[] { 4, 0, 2 }.Select(row => table.Offset + row * table.Columns).ToArray(), starts);
        Assert.AreEqual(2f, gradient.Parameters.Values[starts[0] + 1]);

        gradient.Clear();
        Assert.AreEqual(dense, gradient.Pieces);
        Assert.IsTrue(gradient.Parameters.Values.All(value => value == 0));
        gradient.Row(0, 4)[0] = 1;
        Assert.AreEqual(dense + 1, gradient.Pieces);
    }

    [TestMethod]
    public void ThePiecesOfAGradientAreAllOfItOnce()
    {
        NetworkShape shape = Shape(CellType.Lstm, numericSize: 1, tables: 3, bidirectional: true);
        var gradient = new Gradient(shape);
        for (int table = 0; table < 3; table++)
        {
            for (int row = 0; row < shape.Embeddings[table].Rows; row++)
                gradient.Row(table, row);
        }
        Assert.AreEqual(gradient.MaxPieces, gradient.Pieces);
        int end = 0;
        foreach ((int start, int length) in Enumerable.Range(0, gradient.Pieces).Select(gradient.Piece).OrderBy(piece => piece.Start))
        {
            Assert.AreEqual(end, start);
            Assert.IsGreaterThan(0, length);
            end = start + length;
        }
        Assert.AreEqual(gradient.Parameters.Values.Length, end);
    }

    [TestMethod]
    public void ShapesAreEqualWhenAllTablesAre()
    {
        NetworkShape one = Shape(CellType.Lstm, 1, 3, false), same = Shape(CellType.Lstm, 1, 3, false),
            fewer = Shape(CellType.Lstm, 1, 1, false);
        Assert.AreEqual(one, same);
        Assert.AreEqual(one.GetHashCode(), same.GetHashCode());
        Assert.AreNotEqual(one, fewer);
        Assert.AreNotEqual(one,
            one with { Embeddings = new([new EmbeddingShape(5, 4), new EmbeddingShape(2, 8), new EmbeddingShape(1, 2)]) });
        Assert.AreEqual(default, new ValueList<EmbeddingShape>());
        Assert.AreEqual(0, default(ValueList<EmbeddingShape>).Count);
        Assert.AreEqual(one.ParameterCount, new ParameterSet(one).Values.Length);
        Assert.AreEqual(6 * 4 + 3 * 7 + 2 * 1, one.ParameterCount - (one with { Embeddings = default }).ParameterCount);
    }

    private static NetworkShape Shape(CellType cell, int numericSize, int tables, bool bidirectional)
    {
        EmbeddingShape[] all = [new(5, 4), new(2, 7), new(1, 1)];
        return new NetworkShape
        {
            Cell = cell,
            InputSize = numericSize + all.Take(tables).Sum(table => table.Size),
            Embeddings = new ValueList<EmbeddingShape>(all[..tables]),
            HiddenSize = 19,
            Layers = 2,
            Bidirectional = bidirectional,
            Pooling = Pooling.Mean,
            StaticSize = 2,
            OutputSize = 3,
        };
    }

    private static CpuKernels Find(string name) => CpuKernels.Available.Single(kernels => kernels.Name == name);
}

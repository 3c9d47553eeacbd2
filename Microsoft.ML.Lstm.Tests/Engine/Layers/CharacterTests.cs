using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Layers;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Tests.Engine.Network;
using Microsoft.ML.Lstm.Tests.Engine.Reference;

namespace Microsoft.ML.Lstm.Tests.Engine.Layers;

/// <summary>The convolution over the characters of words.</summary>
[TestClass]
public sealed class CharacterTests
{
    private static readonly int[] Lengths = [4, 9, 1, 4, 7, 2, 9, 1, 3, 5, 6, 4, 8];

    public TestContext TestContext { get; set; } = null!;

    public static IEnumerable<object[]> Kernels => CpuKernels.Available.Select(kernels => new object[] { kernels.Name });

    public static IEnumerable<object[]> Shapes =>
        from kernels in CpuKernels.Available
        from kernelSize in new[] { 1, 2, 3, 6 }
        from filters in new[] { 1, 16, 35 }
        from tables in new[] { 0, 2 }
        select new object[] { kernels.Name, kernelSize, filters, tables };

    [TestMethod]
    [DynamicData(nameof(Shapes))]
    public void ResultsAndGradientsAreTheReferences(string kernels, int kernelSize, int filters, int tables)
    {
        var sample = new NetworkSample(Shape(kernelSize, filters, tables), Lengths);
        int[] words = [.. sample.Tokens.SelectMany(sequence => sequence.Where((_, i) => i % (tables + 1) == tables))];
        Assert.Contains(0, words, "some word has no characters");
        Assert.IsLessThan(words.Length, words.Distinct().Count(), "some word occurs again");
        Agreement.Check(sample, Find(kernels), TestContext);
    }

    [TestMethod]
    [DynamicData(nameof(Kernels))]
    public void TheNumberOfThreadsDoesNotChangeABit(string kernels)
    {
        NetworkShape shape = Shape(kernelSize: 3, filters: 19, tables: 2) with { HiddenSize = 37 };
        var sample = new NetworkSample(shape, [.. Enumerable.Range(0, 23).Select(b => 1 + b * 29 % 67)]);
        double[] expected = new EngineRun(shape, sample.Parameters, Find(kernels)).Everything(sample);
        foreach (int threads in new[] { 2, 3, 5 })
            CollectionAssert.AreEqual(expected, new EngineRun(shape, sample.Parameters, Find(kernels), threads).Everything(sample),
                $"{threads} threads");
    }

    [TestMethod]
    [DynamicData(nameof(Kernels))]
    public void ThreadsThatShareTheUnitsOfASequenceReadItsCharactersToo(string kernels)
    {
        NetworkShape shape = Shape(kernelSize: 3, filters: 19, tables: 0) with { HiddenSize = 261 };
        var sample = new NetworkSample(shape, [12]);
        double[] expected = new EngineRun(shape, sample.Parameters, Find(kernels)).Everything(sample);
        CollectionAssert.AreEqual(expected, new EngineRun(shape, sample.Parameters, Find(kernels), threads: 2).Everything(sample));
    }

    [TestMethod]
    [DynamicData(nameof(Kernels))]
    public void ASequenceScoresTheSameAloneAndInAnyBatch(string kernels)
    {
        var sample = new NetworkSample(Shape(kernelSize: 3, filters: 19, tables: 2), Lengths);
        var engine = new EngineRun(sample.Shape, sample.Parameters, Find(kernels));
        double[][] together = engine.Forward(sample, keep: false).Outputs;
        for (int b = 0; b < Lengths.Length; b++)
            CollectionAssert.AreEqual(together[b], engine.Forward([sample.Sequences[b]], [sample.Statics[b]], keep: false,
                tokens: [sample.Tokens[b]], words: sample.Words).Outputs[0]);
    }

    [TestMethod]
    [DynamicData(nameof(Kernels))]
    public void ARunnerForgetsTheBatchesBefore(string kernels)
    {
        NetworkShape shape = Shape(kernelSize: 3, filters: 19, tables: 1);
        NetworkSample sample = new(shape, [2, 5, 1]), larger = new(shape, Lengths, seed: 2);
        double[] fresh = new EngineRun(shape, sample.Parameters, Find(kernels)).Everything(sample);
        var used = new EngineRun(shape, sample.Parameters, Find(kernels));
        used.Everything(larger);
        CollectionAssert.AreEqual(fresh, used.Everything(sample));
    }

    [TestMethod]
    [DynamicData(nameof(Kernels))]
    public void DroppedCharactersAreReadAsTheUnknownOne(string kernels)
    {
        var sample = new NetworkSample(Shape(kernelSize: 3, filters: 19, tables: 1), Lengths);
        int[][] unknown = [.. sample.Words.Select(word => new int[word.Length])];
        double[][] expected = new ReferenceNetwork(sample.Shape, sample.Parameters)
            .Forward(sample.Sequences, sample.Statics, sample.Tokens, unknown).Outputs;
        var engine = new EngineRun(sample.Shape, sample.Parameters, Find(kernels));
        double[][] all = Run(new Dropout(7) { Characters = 0.9999999f }), half = Run(new Dropout(7) { Characters = 0.5f });
        double[][] none = Run(new Dropout(7) { Outputs = 1e-9f });
        Assert.IsLessThan(1e-5, Difference.OfNorm(Difference.Flatten(all), Difference.Flatten(expected)));
        CollectionAssert.AreEqual(Difference.Flatten(half), Difference.Flatten(Run(new Dropout(7) { Characters = 0.5f })));
        Assert.IsGreaterThan(1e-3, Difference.OfNorm(Difference.Flatten(half), Difference.Flatten(all)));
        Assert.IsGreaterThan(1e-3, Difference.OfNorm(Difference.Flatten(half), Difference.Flatten(none)));

        double[][] Run(Dropout dropout)
            => engine.Forward(sample.Sequences, sample.Statics, keep: true, dropout, sample.Tokens, sample.Words).Outputs;
    }

    [TestMethod]
    public void UnknownKeysAreReadAsTheUnknownCharacter()
    {
        CharacterShape all = new(new EmbeddingShape(9, 4), Filters: 5, KernelSize: 3);
        CharacterShape some = all with { Table = new EmbeddingShape(3, 4) { Keys = KeySubset.Of(9, [2, 5, 9]) } };
        var weights = new CharacterWeights(new ParameterSet(Shape(3, 5, 0) with { Characters = some }), CpuKernels.Best, backward: false);
        CollectionAssert.AreEqual(new[] { 0, 0, 1, 0, 0, 2, 0, 0, 0, 3 }, Enumerable.Range(0, 10).Select(weights.RowOf).ToArray());
        Assert.AreEqual(3, weights.Boundary);
    }

    [TestMethod]
    public void SpellingsNumberDistinctWordsInTheirOrder()
    {
        var spellings = new Spellings(keyCount: 1000);
        int[][] words = [.. Enumerable.Range(1, 500).Select(word => (int[])[word, word * 7 % 11, .. Enumerable.Repeat(3, word % 4)])];
        for (int pass = 0; pass < 2; pass++)
        {
            Assert.AreEqual(0, spellings.Add([]));
            for (int round = 0; round < 2; round++)
            {
                for (int word = 0; word < words.Length; word++)
                    Assert.AreEqual(word + 1, spellings.Add(words[word]));
            }
            Assert.AreEqual(501, spellings.Count);
            for (int word = 0; word < words.Length; word++)
                CollectionAssert.AreEqual(words[word], spellings[word + 1].ToArray());
            Assert.AreEqual(0, spellings[0].Length);
            spellings.Clear();
            Assert.AreEqual(1, spellings.Count);
        }
    }

    [TestMethod]
    public void ShapesWithOtherCharactersAreNotEqual()
    {
        NetworkShape shape = Shape(kernelSize: 3, filters: 16, tables: 1);
        Assert.AreEqual(shape, Shape(kernelSize: 3, filters: 16, tables: 1));
        Assert.AreNotEqual(shape, Shape(kernelSize: 2, filters: 16, tables: 1));
        Assert.AreEqual(shape.ParameterCount, new ParameterSet(shape).Values.Length);
        Assert.AreEqual(shape.TensorCount, new ParameterSet(shape).Parameters.Count);
        Assert.AreEqual(2, shape.NumericSize);
    }

    private static NetworkShape Shape(int kernelSize, int filters, int tables)
    {
        EmbeddingShape[] all = [new(5, 4), new(2, 7)];
        return new NetworkShape
        {
            Cell = CellType.Lstm,
            InputSize = 2 + all.Take(tables).Sum(table => table.Size) + filters,
            Embeddings = new ValueList<EmbeddingShape>(all[..tables]),
            Characters = new CharacterShape(new EmbeddingShape(11, 6), filters, kernelSize),
            HiddenSize = 19,
            Bidirectional = true,
            Head = Head.EveryStep,
            StaticSize = 2,
            OutputSize = 3,
        };
    }

    private static CpuKernels Find(string name) => CpuKernels.Available.Single(kernels => kernels.Name == name);
}

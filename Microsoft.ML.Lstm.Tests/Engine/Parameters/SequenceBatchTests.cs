using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Tests.Engine.Parameters;

[TestClass]
public sealed unsafe class SequenceBatchTests
{
    [TestMethod]
    public void SequencesArePackedLongestFirstAndTimeMajor()
    {
        var batch = new SequenceBatch(Shape(inputSize: 2, staticSize: 1));
        int[] lengths = [2, 4, 1, 4];
        for (int i = 0; i < lengths.Length; i++)
        {
            Span<float> steps = batch.Add(lengths[i]);
            for (int j = 0; j < steps.Length; j++)
                steps[j] = 100 * i + j;
            batch.Statics(i)[0] = i;
        }

        batch.Pack();

        Assert.AreEqual(4, batch.MaxLength);
        Assert.AreEqual(11, batch.TotalSteps);
        CollectionAssert.AreEqual(new[] { 1, 3, 0, 2 }, Enumerable.Range(0, 4).Select(batch.SequenceAt).ToArray());
        CollectionAssert.AreEqual(new[] { 4, 3, 2, 2 }, Enumerable.Range(0, 4).Select(batch.ActiveRows).ToArray());
        float[] expected = [100, 101, 300, 301, 0, 1, 200, 201, 102, 103, 302, 303, 2, 3, 104, 105, 304, 305, 106, 107, 306, 307];
        CollectionAssert.AreEqual(expected, new Span<float>(batch.X, 22).ToArray());
    }

    [TestMethod]
    public void TokensArePackedWithTheirSteps()
    {
        var shape = new NetworkShape
        {
            Cell = CellType.Lstm,
            InputSize = 1 + 2 + 3,
            Embeddings = new ValueList<EmbeddingShape>(new EmbeddingShape(9, 2), new EmbeddingShape(9, 3)),
            HiddenSize = 1,
            OutputSize = 1,
        };
        var batch = new SequenceBatch(shape);
        for (int round = 0; round < 2; round++)
        {
            batch.Clear();
            foreach ((int[] tokens, float first) in new (int[], float)[] { ([1, 2], 10), ([3, 4, 5, 6, 7, 8], 20), ([], 30) })
            {
                // The tokens of the last sequence are not filled in: they are 0, the unknown token, even where the buffer held others.
                int steps = Math.Max(1, tokens.Length / 2);
                Span<float> numbers = batch.Add(steps);
                Assert.AreEqual(steps, numbers.Length);
                for (int t = 0; t < steps; t++)
                    numbers[t] = first + t;
                if (round == 0 || tokens.Length > 0)
                    (tokens.Length > 0 ? tokens : [9, 9]).CopyTo(batch.Tokens(batch.Count - 1));
            }
            batch.Pack();

            int[] last = round == 0 ? [9, 9] : [0, 0];
            int[][] expected = [[3, 4], [1, 2], last, [5, 6], [7, 8]];
            CollectionAssert.AreEqual(expected.SelectMany(row => row).ToArray(),
                Enumerable.Range(0, 5).SelectMany(row => batch.PackedTokens(row).ToArray()).ToArray());
            CollectionAssert.AreEqual(new[] { 20f, 10, 30, 21, 22 },
                Enumerable.Range(0, 5).Select(row => batch.Features(row)[0]).ToArray());
        }
    }

    [TestMethod]
    public void ABatchOfTokensAloneHasSteps()
    {
        var shape = new NetworkShape
        {
            Cell = CellType.Lstm,
            InputSize = 2,
            Embeddings = new ValueList<EmbeddingShape>(new EmbeddingShape(3, 2)),
            HiddenSize = 1,
            OutputSize = 1
        };
        var batch = new SequenceBatch(shape);
        Assert.AreEqual(0, batch.Add(2).Length);
        Assert.AreEqual(0, batch.Add(3).Length);
        batch.Tokens(0).Fill(1);
        batch.Tokens(1).Fill(2);
        batch.Pack();
        Assert.AreEqual(3, batch.MaxLength);
        CollectionAssert.AreEqual(new[] { 2, 1, 2, 1, 2 }, Enumerable.Range(0, 5).Select(row => batch.PackedTokens(row)[0]).ToArray());
    }

    [TestMethod]
    public void ABatchIsReusedForLongerAndShorterOnes()
    {
        var batch = new SequenceBatch(Shape(inputSize: 1));
        foreach (int count in new[] { 3, 40, 1, 17 })
        {
            batch.Clear();
            for (int i = 0; i < count; i++)
                batch.Add(i + 1).Fill(i);
            batch.Pack();

            Assert.AreEqual(count * (count + 1) / 2, batch.TotalSteps);
            for (int t = 0; t < count; t++)
            {
                Assert.AreEqual(count - t, batch.ActiveRows(t));
                for (int row = 0; row < batch.ActiveRows(t); row++)
                    Assert.AreEqual(count - 1 - row, batch.X[batch.FirstRow(t) + row]);
            }
        }
    }

    [TestMethod]
    public void AnEmptySequenceIsRefused()
        => Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new SequenceBatch(Shape(inputSize: 1)).Add(0));

    private static NetworkShape Shape(int inputSize, int staticSize = 0)
        => new() { Cell = CellType.Lstm, InputSize = inputSize, HiddenSize = 1, StaticSize = staticSize, OutputSize = 1 };
}

using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Decoding;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Sequences;
using Microsoft.ML.Lstm.Sequences.Ctc;
using Microsoft.ML.Lstm.Sequences.LanguageModel;

namespace Microsoft.ML.Lstm.Tests.Sequences;

/// <summary>What several columns compute of a row is computed once a row.</summary>
[TestClass]
public sealed class SharedResultTests
{
    [TestMethod]
    [DataRow(1)]
    [DataRow(3)]
    [DataRow(40)]
    [DataRow(200)]
    public void TheMostProbableTokensAreThoseOfASortedList(int predictions)
    {
        const int tokens = 150;
        var random = new Random(1);
        var row = new TestRow { Values = [.. Enumerable.Range(0, tokens + 1).Select(_ => random.Next(30) / 5f)], History = [3, 0, 7] };
        var ranking = new NextTokenRanking(row, Vocabulary(tokens), new LanguageColumns(predictions) { ExcludeHistory = true });
        for (row.At = 0; row.At < 3; row.At++)
        {
            // Also with the probabilities in ascending and in descending order.
            if (row.At > 0)
                Array.Sort(row.Values, 0, tokens);
            if (row.At > 1)
                Array.Reverse(row.Values, 0, tokens);
            float[] probabilities = new float[tokens + 1];
            Softmax.Probabilities(row.Values, probabilities);
            int[] expected = [.. Enumerable.Range(0, tokens).Except([2, 6]).OrderByDescending(token => probabilities[token])
                .Take(predictions)];
            CollectionAssert.AreEqual(expected, ranking.Get().ToArray().Select(token => token.Output).ToArray());
            CollectionAssert.AreEqual(expected.Select(token => probabilities[token]).ToArray(),
                ranking.Get().ToArray().Select(token => token.Probability).ToArray());
        }
    }

    [TestMethod]
    public void TokensAreRankedOnceARow()
    {
        var row = new TestRow { Values = [0, 2, 1, 0], At = 5 };
        OutputColumn[] columns = LanguageModelOutputs.Create(Vocabulary(3), new LanguageColumns(2));
        var labels = (ValueGetter<VBuffer<uint>>)columns[0].CreateGetter(row);
        var scores = (ValueGetter<VBuffer<float>>)columns[1].CreateGetter(row);
        CollectionAssert.AreEqual(new uint[] { 2, 3 }, Get(labels));
        float[] first = Get(scores);
        // What nobody says is another row is not looked at again, by any column.
        row.Values = [2, 0, 1, 0];
        CollectionAssert.AreEqual(new uint[] { 2, 3 }, Get(labels));
        CollectionAssert.AreEqual(first, Get(scores));
        row.At++;
        CollectionAssert.AreEqual(new uint[] { 1, 3 }, Get(labels));
        // Rows that can't be told apart are looked at each time.
        row.At = null;
        CollectionAssert.AreEqual(new uint[] { 1, 3 }, Get(labels));
        row.Values = [0, 2, 1, 0];
        CollectionAssert.AreEqual(new uint[] { 2, 3 }, Get(labels));
        row.Values = [];
        CollectionAssert.AreEqual(new uint[] { 0, 0 }, Get(labels));
        Assert.IsTrue(Get(scores).All(float.IsNaN));
    }

    [TestMethod]
    public void ABeamIsSearchedOnceARow()
    {
        NetworkShape shape = Shape(3) with { Head = Head.Ctc, Embeddings = default, OutputSize = 3 };
        var row = new TestRow { Values = [0, 5, 0, 0, 0, 5], At = 5 };
        OutputColumn[] columns = CtcOutputs.Create(new ScoredClasses(shape), beamSize: 4, language: null, labelValues: null);
        var labels = (ValueGetter<VBuffer<uint>>)columns[0].CreateGetter(row);
        var logs = (ValueGetter<float>)columns[2].CreateGetter(row);
        float log = 0;
        CollectionAssert.AreEqual(new uint[] { 1, 2 }, Get(labels));
        row.Values = [0, 0, 5, 0, 5, 0];
        // Of the label before, by the frames of now.
        logs(ref log);
        Assert.AreEqual((float)-new CtcLattice(3).Loss(row.Values, [0, 1]), log);
        row.At++;
        logs(ref log);
        Assert.AreEqual((float)-new CtcLattice(3).Loss(row.Values, [1, 0]), log);
        CollectionAssert.AreEqual(new uint[] { 2, 1 }, Get(labels));
        (row.Values, row.At) = ([], 7);
        Assert.IsEmpty(Get(labels));
        logs(ref log);
        Assert.IsTrue(float.IsNaN(log));
    }

    private static T[] Get<T>(ValueGetter<VBuffer<T>> getter)
    {
        VBuffer<T> value = default;
        getter(ref value);
        return [.. value.DenseValues()];
    }

    private static LanguageVocabulary Vocabulary(int tokens) => new(Shape(tokens), values: null);

    private static NetworkShape Shape(int tokens) => new()
    {
        Cell = CellType.Lstm,
        InputSize = 2,
        Embeddings = new([new EmbeddingShape(tokens, 2) { HasBoundary = true }]),
        HiddenSize = 2,
        Head = Head.NextToken,
        OutputSize = tokens + 1,
    };

    private sealed class TestRow : ScoredRow
    {
        public float[] Values { get; set; } = [];

        public int[] History { get; set; } = [];

        public long? At { get; set; } = 0;

        public override ReadOnlySpan<float> Output => Values;

        public override ReadOnlySpan<int> Tokens => History;

        public override long? Number => At;
    }
}

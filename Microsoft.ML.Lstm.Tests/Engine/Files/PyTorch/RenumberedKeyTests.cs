using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Tests.Engine.Files.PyTorch;

/// <summary>Rows and outputs that are written for PyTorch are ML.NET's keys, those that the training data lacked too.</summary>
[TestClass]
public sealed class RenumberedKeyTests
{
    // Of seven keys three are known, and of five classes two.
    private const int KeyCount = 7, ClassCount = 5;
    private static readonly KeySubset Keys = KeySubset.Of(KeyCount, [2, 3, 6])!;
    private static readonly KeySubset Classes = KeySubset.Of(ClassCount, [1, 4])!;

    [TestMethod]
    public void KeysAndClassesAreWrittenUnderTheirOwnNumbers()
    {
        SequenceModel model = Make(new NetworkShape
        {
            Cell = CellType.Lstm,
            InputSize = 3,
            Embeddings = new ValueList<EmbeddingShape>(new EmbeddingShape(Keys.Count, 3) { Keys = Keys }),
            HiddenSize = 4,
            OutputSize = Classes.Count,
            Classes = Classes,
        });
        SequenceModel back = WriteAndRead(model);
        Assert.AreEqual(new EmbeddingShape(KeyCount, 3), back.Shape.Embeddings[0]);
        for (int key = 0; key <= KeyCount; key++)
        {
            float[] expected = Score(model, key), found = Score(back, key);
            for (int i = 1; i <= ClassCount; i++)
            {
                if (Classes.NumberOf(i) is > 0 and var number)
                    Assert.AreEqual(expected[number - 1], found[i - 1], 1e-6f);
                else
                    Assert.AreEqual(0f, MathF.Exp(found[i - 1] - found[0]));
            }
        }
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void TokensOfALanguageModelAreClassesToo(bool hasBoundary)
    {
        SequenceModel model = Make(new NetworkShape
        {
            Cell = CellType.Gru,
            InputSize = 3,
            Embeddings = new ValueList<EmbeddingShape>(new EmbeddingShape(Keys.Count, 3) { Keys = Keys, HasBoundary = hasBoundary }),
            HiddenSize = 4,
            Head = Head.NextToken,
            OutputSize = Keys.Count + (hasBoundary ? 1 : 0),
        });
        SequenceModel back = WriteAndRead(model, new() { StepOutputs = true });
        Assert.AreEqual(KeyCount + (hasBoundary ? 1 : 0), back.Shape.OutputSize);
        Parameter vectors = model.Parameters.Embeddings[0], head = model.Parameters.Find(ParameterSet.HeadWeight);
        Parameter writtenVectors = back.Parameters.Embeddings[0], writtenHead = back.Parameters.Find(ParameterSet.HeadWeight);
        for (int key = 0; key < back.Shape.Embeddings[0].Rows; key++)
        {
            int number = key > KeyCount ? Keys.Count + 1 : Keys.NumberOf(key);
            AssertSame(model.Parameters.Row(vectors, number), back.Parameters.Row(writtenVectors, key));
            if (number > 0)
                AssertSame(model.Parameters.Row(head, number - 1), back.Parameters.Row(writtenHead, key - 1));
            if (key > 0)
                Assert.AreEqual(number > 0 ? model.Parameters[ParameterSet.HeadBias][number - 1] : -1e9f,
                    back.Parameters[ParameterSet.HeadBias][key - 1]);
        }

        static void AssertSame(Span<float> expected, Span<float> found) => CollectionAssert.AreEqual(expected.ToArray(), found.ToArray());
    }

    [TestMethod]
    public void MoreThanCanBeWrittenIsRefused()
    {
        KeySubset seldom = KeySubset.Of(KeySubset.MostKeys, [5])!;
        SequenceModel model = Make(new NetworkShape
        {
            Cell = CellType.Rnn,
            InputSize = 64,
            Embeddings = new ValueList<EmbeddingShape>(new EmbeddingShape(1, 64) { Keys = seldom }),
            HiddenSize = 1,
            OutputSize = 1,
        });
        StringAssert.Contains(Assert.ThrowsExactly<NotSupportedException>(() => WriteAndRead(model)).Message, "with all keys");
    }

    private static SequenceModel Make(NetworkShape shape)
    {
        var random = new Random(1);
        var parameters = new ParameterSet(shape);
        foreach (ref float value in parameters.Values.AsSpan())
            value = random.NextSingle() - 0.5f;
        return new SequenceModel(parameters, AffineScaler.Identity(0), AffineScaler.Identity(0), AffineScaler.Identity(shape.OutputSize));
    }

    private static SequenceModel WriteAndRead(SequenceModel model, PyTorchImportOptions? options = null)
    {
        var stream = new MemoryStream();
        new SequenceModelParameters(model).SavePyTorch(stream);
        stream.Position = 0;
        options ??= new();
        (options.KeysAreTokens, options.EmbeddingModules, options.LinearModules) = (true, ["embeddings.0"], ["head"]);
        return SequenceModelParameters.LoadPyTorch(stream, options).Network;
    }

    private static float[] Score(SequenceModel model, int key)
    {
        var scorer = new SequenceScorer(new ScoringNetwork(model));
        scorer.AddSequence(1);
        scorer.Tokens(0)[0] = key;
        scorer.Score();
        return scorer.Output(0).ToArray();
    }
}

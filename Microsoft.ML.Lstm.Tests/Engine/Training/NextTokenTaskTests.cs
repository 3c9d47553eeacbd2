using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Training;
using Microsoft.ML.Lstm.Engine.Training.Objectives;

namespace Microsoft.ML.Lstm.Tests.Engine.Training;

/// <summary>What a language model learns from texts: where they begin, what follows what, and where they end.</summary>
[TestClass]
public sealed class NextTokenTaskTests
{
    private const int Boundary = 4;

    [TestMethod]
    public void ATextThatWasCutHasNoEnd()
    {
        var texts = new SequenceSet(0, 0, 0, 3);
        texts.Add(new TrainingSequence { Tokens = [1, 2, 3] });
        texts.Add(new TrainingSequence { Tokens = [2, 3, 1], IsCut = true });
        texts.Add(new TrainingSequence { Tokens = [1], IsCut = true });
        AssertPieces(new NextTokenTask(hasBoundary: true, tiesHead: false).Prepare(texts, longest: 2),
            ([Boundary, 1], [1, 2]), ([2, 3], [3, Boundary]), ([Boundary, 2], [2, 3]), ([3], [1]), ([Boundary], [1]));
        AssertPieces(new NextTokenTask(hasBoundary: false, tiesHead: false).Prepare(texts, longest: 5), ([1, 2], [2, 3]), ([2, 3], [3, 1]));
    }

    [TestMethod]
    public void TheBeginningOfATextWhoseEndValidatesHasNoEnd()
    {
        foreach (bool isCut in (bool[])[false, true])
        {
            var text = new SequenceSet(0, 0, 0, 3);
            text.Add(new TrainingSequence { Tokens = [1, 2, 3, 1], IsCut = isCut });
            SequenceSet end = text.SplitEnd(0.5);
            var task = new NextTokenTask(hasBoundary: true, tiesHead: false);
            AssertPieces(task.Prepare(text, longest: 9), ([Boundary, 1], [1, 2]));
            AssertPieces(task.Prepare(end, longest: 9), isCut ? ([Boundary, 3], [3, 1]) : ([Boundary, 3, 1], [3, 1, Boundary]));
        }
    }

    [TestMethod]
    public void EndsOfTextsAreAsFrequentAtFirstAsInTheData()
    {
        var texts = new SequenceSet(0, 0, 0, 3);
        texts.Add(new TrainingSequence { Tokens = [1, 2, 3] });
        texts.Add(new TrainingSequence { Tokens = [1, 2, 3], IsCut = true });
        texts.Add(new TrainingSequence { Tokens = [1, 2, 3], IsCut = true });
        var task = new NextTokenTask(hasBoundary: true, tiesHead: false);
        var parameters = new ParameterSet(task.WithOutputs(new NetworkShape
        {
            Cell = CellType.Lstm,
            InputSize = 2,
            Embeddings = new([new EmbeddingShape(3, 2)]),
            HiddenSize = 2,
            OutputSize = 1,
        }, texts));
        task.Initialize(parameters, texts);
        Assert.AreEqual(Math.Log(1 / 10.0), parameters[ParameterSet.HeadBias][Boundary - 1], 1e-6);
    }

    private static void AssertPieces(SequenceSet pieces, params (int[] Read, int[] Predicted)[] expected)
    {
        Assert.AreEqual(expected.Length, pieces.Count);
        for (int i = 0; i < expected.Length; i++)
        {
            CollectionAssert.AreEqual(expected[i].Read, pieces[i].Tokens);
            CollectionAssert.AreEqual(Array.ConvertAll(expected[i].Predicted, token => token - 1), pieces[i].Labels);
        }
    }
}

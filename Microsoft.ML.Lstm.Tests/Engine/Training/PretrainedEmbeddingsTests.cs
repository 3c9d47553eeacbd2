using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Training;
using Microsoft.ML.Lstm.Engine.Training.Objectives;

namespace Microsoft.ML.Lstm.Tests.Engine.Training;

/// <summary>Training that begins with pretrained embeddings.</summary>
[TestClass]
public sealed class PretrainedEmbeddingsTests
{
    private static readonly float[] First = [1, 2, 3, 4, 5], Second = [-5, -4, -3, -2, -1];

    [TestMethod]
    public void TablesBeginWithThePretrainedVectorsAndTheirSize()
    {
        LoopOptions options = Options();
        options.LearningRate = 1e-12f;
        SequenceModel without = TrainingLoop.Train(Job(options)),
            with = TrainingLoop.Train(Job(options) with { Embeddings = [Pretrained(), null] });

        Assert.AreEqual(new EmbeddingShape(3, 5), with.Shape.Embeddings[0]);
        Assert.AreEqual(new EmbeddingShape(2, options.EmbeddingSize), with.Shape.Embeddings[1]);
        AssertNear(First, Row(with, table: 0, token: 1));
        AssertNear(Second, Row(with, table: 0, token: 3));
        foreach (int token in new[] { 0, 2 })
            Assert.IsTrue(Row(with, table: 0, token).All(value => value != 0 && Math.Abs(value) < 1), "the others begin at random");
        Assert.AreEqual(options.EmbeddingSize, without.Shape.Embeddings[0].Size);
    }

    [TestMethod]
    public void FrozenOnesStayAndTheOthersAreLearned()
    {
        LoopOptions frozen = Options(), free = Options(), shortest = Options();
        frozen.FreezeEmbeddings = true;
        frozen.WeightDecay = free.WeightDecay = 0.1f;
        shortest.LearningRate = 1e-12f;
        SequenceModel initial = TrainingLoop.Train(Job(shortest) with { Embeddings = [Pretrained(), null] });
        SequenceModel stayed = TrainingLoop.Train(Job(frozen) with { Embeddings = [Pretrained(), null] });
        SequenceModel learned = TrainingLoop.Train(Job(free) with { Embeddings = [Pretrained(), null] });

        CollectionAssert.AreEqual(First, Row(stayed, table: 0, token: 1));
        CollectionAssert.AreEqual(Second, Row(stayed, table: 0, token: 3));
        AssertMoved(stayed, table: 0, token: 2);
        AssertMoved(stayed, table: 1, token: 1);
        AssertMoved(learned, table: 0, token: 1);

        void AssertMoved(SequenceModel model, int table, int token)
            => Assert.IsGreaterThan(1e-3f, Row(model, table, token).Zip(Row(initial, table, token), (a, b) => Math.Abs(a - b)).Max());
    }

    [TestMethod]
    public void FrozenOnesStayInAWarmStartToo()
    {
        LoopOptions options = Options();
        SequenceModel initial = TrainingLoop.Train(Job(options) with { Embeddings = [Pretrained(), null] });
        options.FreezeEmbeddings = true;
        SequenceModel model = TrainingLoop.Train(Job(options) with { Embeddings = [Pretrained(), null], Initial = initial });

        CollectionAssert.AreEqual(Row(initial, table: 0, token: 1), Row(model, table: 0, token: 1));
        CollectionAssert.AreNotEqual(Row(initial, table: 0, token: 2), Row(model, table: 0, token: 2));
    }

    [TestMethod]
    public void FreezingWithoutGivenOnesChangesNothing()
    {
        LoopOptions options = Options();
        float[] expected = TrainingLoop.Train(Job(options)).Parameters.Values;
        options.FreezeEmbeddings = true;
        CollectionAssert.AreEqual(expected, TrainingLoop.Train(Job(options)).Parameters.Values);
    }

    [TestMethod]
    public void ThoseOfOtherColumnsAreRefused()
    {
        var columns = Assert.ThrowsExactly<ArgumentException>(
            () => TrainingLoop.Train(Job(Options()) with { Embeddings = [Pretrained()] }));
        StringAssert.Contains(columns.Message, "given for 1 token columns, but there are 2");
        var tokens = Assert.ThrowsExactly<ArgumentException>(() =>
            TrainingLoop.Train(Job(Options()) with { Embeddings = [null, Pretrained()] }));
        StringAssert.Contains(tokens.Message, "given for 3 tokens, but token column 1 has 2");
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Pretrained()[1] = [1]);
    }

    private static PretrainedEmbeddings Pretrained() => new(vocabulary: 3, size: 5) { [1] = First, [3] = Second };

    private static LoopOptions Options() => new() { HiddenSize = 4, EmbeddingSize = 2, NumberOfEpochs = 2, LearningRate = 0.01f };

    private static float[] Row(SequenceModel model, int table, int token)
    {
        int size = model.Shape.Embeddings[table].Size;
        return model.Parameters[ParameterSet.EmbeddingName(table)].Slice(token * size, size).ToArray();
    }

    private static void AssertNear(float[] expected, float[] actual)
    {
        for (int i = 0; i < expected.Length; i++)
            Assert.AreEqual(expected[i], actual[i], 1e-6f);
    }

    private static TrainingJob Job(LoopOptions options)
    {
        var data = new SequenceSet(featureSize: 0, staticSize: 0, targetSize: 1, 3, 2);
        for (int i = 0; i < 40; i++)
            data.Add(new TrainingSequence { Tokens = [i % 4, 1 + i % 2, 1, 2, 2, 1, 3, 1], Targets = [i % 4] });
        return new TrainingJob(data, null, options, new RegressionTask(RegressionLoss.SquaredError, normalizeTargets: true), Seed: 1,
            new SilentMonitor());
    }
}

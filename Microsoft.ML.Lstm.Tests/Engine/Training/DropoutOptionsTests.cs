using Microsoft.ML.Lstm.Engine.Training;
using Microsoft.ML.Lstm.Engine.Training.Objectives;

namespace Microsoft.ML.Lstm.Tests.Engine.Training;

/// <summary>The options of dropout reach the network while it trains.</summary>
[TestClass]
public sealed class DropoutOptionsTests
{
    private const int Vocabulary = 6;
    private const int EmbeddingSize = 3;

    public static IEnumerable<object[]> Rates =>
    [
        [nameof(TrainingOptions.Dropout)],
        [nameof(TrainingOptions.InputDropout)],
        [nameof(TrainingOptions.RecurrentDropout)],
        [nameof(TrainingOptions.OutputDropout)],
        [nameof(LoopOptions.TokenDropout)],
        [nameof(LoopOptions.RareTokenDropout)],
    ];

    [TestMethod]
    [DynamicData(nameof(Rates))]
    public void EachRateChangesWhatIsLearned(string option)
    {
        LoopOptions with = Options(), without = Options();
        typeof(LoopOptions).GetField(option)!.SetValue(with, 0.25f);

        CollectionAssert.AreNotEqual(Train(without), Train(with));
        CollectionAssert.AreEqual(Train(with), Train(with));
    }

    [TestMethod]
    [DataRow(CellType.Lstm)]
    [DataRow(CellType.Gru)]
    [DataRow(CellType.Rnn)]
    public void TheNumberOfThreadsDoesNotChangeABit(CellType cell)
    {
        float[] expected = Weights(1);
        foreach (int threads in new[] { 2, 3, 5 })
            CollectionAssert.AreEqual(expected, Weights(threads), $"{threads} threads");

        // Large enough to be shared among threads, with sizes that do not divide evenly.
        float[] Weights(int threads)
        {
            LoopOptions options = Options();
            (options.CellType, options.HiddenSize, options.Bidirectional, options.Pooling, options.BatchSize,
                options.NumberOfThreads) = (cell, 45, true, Pooling.Attention, 101, threads);
            (options.Dropout, options.InputDropout, options.RecurrentDropout, options.OutputDropout, options.TokenDropout,
                options.RareTokenDropout) = (0.1f, 0.2f, 0.3f, 0.4f, 0.15f, 5);
            return Train(options);
        }
    }

    [TestMethod]
    public void TheUnknownTokenIsLearnedFromDroppedOnes()
    {
        LoopOptions with = Options(), without = Options();
        with.TokenDropout = 0.1f;

        // No sequence has token 0, so without dropout its embedding is not learned: it is the mean of the others.
        float[][] vectors = Vectors(Train(without));
        CollectionAssert.AreEqual(Mean(vectors), vectors[0]);
        vectors = Vectors(Train(with));
        CollectionAssert.AreNotEqual(Mean(vectors), vectors[0]);

        static float[][] Vectors(float[] weights) => [.. weights[^((Vocabulary + 1) * EmbeddingSize)..].Chunk(EmbeddingSize)];

        static float[] Mean(float[][] vectors)
            => [.. Enumerable.Range(0, EmbeddingSize).Select(i => (float)(vectors.Skip(1).Sum(vector => (double)vector[i]) / Vocabulary))];
    }

    private static LoopOptions Options() => new() { HiddenSize = 8, NumberOfLayers = 2, EmbeddingSize = EmbeddingSize, NumberOfEpochs = 2 };

    private static float[] Train(LoopOptions options)
    {
        var random = new Random(5);
        var data = new SequenceSet(featureSize: 2, staticSize: 0, targetSize: 1, Vocabulary);
        for (int i = 0; i < 200; i++)
        {
            int steps = 1 + random.Next(25);
            int[] tokens = [.. Enumerable.Range(0, steps).Select(_ => 1 + random.Next(Vocabulary))];
            data.Add(new TrainingSequence
            {
                Features = Enumerable.Range(0, 2 * steps).Select(_ => random.NextSingle()).ToArray(),
                Tokens = tokens,
                Targets = [tokens.Count(token => token == 1)],
            });
        }
        var task = new RegressionTask(RegressionLoss.SquaredError, normalizeTargets: true);
        return TrainingLoop.Train(new TrainingJob(data, null, options, task, Seed: 1, new SilentMonitor())).Parameters.Values;
    }
}

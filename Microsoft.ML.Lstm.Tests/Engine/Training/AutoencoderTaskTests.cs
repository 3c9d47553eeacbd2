using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Training;
using Microsoft.ML.Lstm.Engine.Training.Objectives;

namespace Microsoft.ML.Lstm.Tests.Engine.Training;

/// <summary>Reconstruction of sequences, and the threshold of anomalies.</summary>
[TestClass]
public sealed class AutoencoderTaskTests
{
    private const int FeatureSize = 2;

    [TestMethod]
    public void LossIsTheMeanSquaredErrorOfReversedStepsByWeight()
    {
        SequenceSet data = Waves(3);
        double mean = data.Sequences.Average(sequence => (double)sequence.Weight);
        var objective = new ReconstructionObjective(AffineScaler.Identity(FeatureSize), mean);
        var run = new ObjectiveRun([.. data.Sequences], [.. data.Sequences.Select(sequence => sequence.Features.Length / FeatureSize)],
            stepOutputs: true);
        double[][] outputs = run.DrawOutputs(FeatureSize, scale: 2);
        double[][] forwards = run.Differentiate(objective, outputs);

        double loss = 0, weights = 0;
        var scores = new Dictionary<TrainingSequence, double>();
        for (int row = 0; row < run.Rows.Count; row++)
        {
            (TrainingSequence sequence, int step) = run.Rows[row];
            int steps = sequence.Features.Length / FeatureSize;
            double[] errors = [.. Enumerable.Range(0, FeatureSize)
                .Select(i => outputs[row][i] - sequence.Features.Span[(steps - 1 - step) * FeatureSize + i])];
            double error = errors.Average(e => e * e);
            loss += sequence.Weight * error;
            weights += sequence.Weight;
            scores[sequence] = scores.GetValueOrDefault(sequence) + error / steps;
            for (int i = 0; i < FeatureSize; i++)
                Assert.AreEqual(sequence.Weight / mean * 2 * errors[i] / FeatureSize / run.Rows.Count, forwards[row][i], 1e-6);
        }
        Assert.AreEqual(loss / weights, objective.Metrics.Loss, 1e-9);
        CollectionAssert.AreEquivalent(data.Sequences.Select(sequence => sequence.Weight).ToArray(),
            objective.Scores.Select(score => score.Weight).ToArray());
        foreach ((TrainingSequence sequence, double score) in scores)
            Assert.IsTrue(objective.Scores.Any(found => found.Weight == sequence.Weight && Math.Abs(found.Score - score) < 1e-5));

        // The rows may come in any order.
        (double lossBefore, var scoresBefore) = (objective.Metrics.Loss, objective.Scores.ToArray());
        objective.Reset();
        double[][] backwards = run.Differentiate(objective, outputs, backwards: true);
        Assert.AreEqual(lossBefore, objective.Metrics.Loss);
        CollectionAssert.AreEqual(scoresBefore, objective.Scores.ToArray());
        for (int row = 0; row < forwards.Length; row++)
            CollectionAssert.AreEqual(forwards[row], backwards[row]);
    }

    [TestMethod]
    // One in 20, of 19 scores and a new one, may be above it: that is the greatest score.
    [DataRow(19, 0.05, 19f)]
    [DataRow(20, 0.05, 20f)]
    [DataRow(39, 0.05, 38f)]
    [DataRow(38, 0.05, 38f)]
    [DataRow(99, 0.25, 75f)]
    [DataRow(99, (double)0.01f, 99f)]
    [DataRow(199, (double)0.01f, 198f)]
    [DataRow(5, 0.0, 5f)]
    [DataRow(1, 0.4, 1f)]
    [DataRow(1, 0.5, 1f)]
    public void ThresholdIsExceededByTheShareOfNewScoresThatMay(int count, double rate, float expected)
    {
        var random = new Random(1);
        (float, float)[] scores = [.. Enumerable.Range(1, count).Select(score => ((float)score, 1f))];
        random.Shuffle(scores);
        Assert.AreEqual(expected, AutoencoderTask.ThresholdOf(scores, rate));
    }

    [TestMethod]
    public void AScoreThatCountsThreefoldIsThreeScores()
    {
        (float, float)[] once = [.. Enumerable.Range(1, 30).Select(score => ((float)score, 1f))];
        (float, float)[] weighted = [.. once.Select((entry, i) => i == 29 ? (entry.Item1, 3f) : entry)];
        Assert.AreEqual(28f, AutoencoderTask.ThresholdOf(once, 0.1));
        Assert.AreEqual(30f, AutoencoderTask.ThresholdOf(weighted, 0.1));
        Assert.AreEqual(29f, AutoencoderTask.ThresholdOf(weighted, 0.13));
    }

    [TestMethod]
    // Two scores are above the median, 3, by 1.5 on average, and with a new score above it 3 of 6 are: 3 + 1.5 ln(0.5 / 0.01).
    [DataRow(5, 0.01, 8.868034)]
    [DataRow(4, 0.1, 4.687639)]
    [DataRow(2, 0.2, 2.203973)]
    [DataRow(18, 0.05, 20.769392)]
    [DataRow(1, 0.01, 1)]
    [DataRow(5, 0.0, 5)]
    public void FromTooFewScoresTheThresholdIsThatOfAnExponentialTail(int count, double rate, double expected)
        => Assert.AreEqual(expected, AutoencoderTask.ThresholdOf([.. Enumerable.Range(1, count).Select(score => ((float)score, 1f))], rate),
            1e-5);

    [TestMethod]
    public void FromTooFewScoresTheThresholdIsNoLessThanTheGreatest()
        => Assert.AreEqual(1000f,
            AutoencoderTask.ThresholdOf([.. Enumerable.Range(1, 60).Select(score => (score == 60 ? 1000f : 1f, 1f))], 0.01));

    [TestMethod]
    [DataRow(5)]
    [DataRow(20)]
    [DataRow(60)]
    public void FromTooFewScoresTheRateIsMissedByLittleWhereTailsAreExponential(int count)
    {
        var random = new Random(3);
        double share = 0;
        for (int round = 0; round < 2000; round++)
            share += Math.Exp(-AutoencoderTask.ThresholdOf([.. Enumerable.Range(0, count)
                .Select(_ => (-MathF.Log(1 - random.NextSingle()), 1f))], 0.01)) / 2000;
        Console.WriteLine($"{count} scores: {share:P2}; the greatest of them would give {1.0 / (count + 1):P2}.");
        Assert.IsLessThan(count == 5 ? 0.06 : 0.018, share);
    }

    [TestMethod]
    [DataRow(40, 0.2, false)]
    [DataRow(40, 0.1, false)]
    [DataRow(32, 0.1, true)]
    [DataRow(32, 0.0, false)]
    public void TooFewScoresForTheRateAreSaid(int count, double rate, bool expected)
    {
        var monitor = new SilentMonitor();
        var options = new LoopOptions { HiddenSize = 3, NumberOfEpochs = 1, ValidationFraction = 0.25f };
        TrainingLoop.Train(new TrainingJob(Waves(count), null, options, new AutoencoderTask(2, rate), Seed: 5, monitor));
        CollectionAssert.AreEqual(
            expected ? ["A rate of 10 percent of usual sequences beyond the threshold needs the scores of 9 of them; there are 8, so it "
                + "is estimated and may be missed."] : Array.Empty<string>(),
            monitor.Warnings);
    }

    [TestMethod]
    public void OfSplitsOfOneDataTheShareBeyondTheThresholdIsTheRateInTheMean()
    {
        // 200 times 60 scores and 400 new scores from the same distribution: 0.1 is allowed, and 60 scores can guarantee 6 / 61.
        var random = new Random(3);
        double share = 0;
        for (int round = 0; round < 200; round++)
        {
            float threshold = AutoencoderTask.ThresholdOf([.. Draw(60).Select(score => (score, 1f))], 0.1);
            share += Draw(400).Count(score => score > threshold) / 400.0 / 200;
        }
        Assert.AreEqual(6.0 / 61, share, 0.01);

        IEnumerable<float> Draw(int count) => Enumerable.Range(0, count).Select(_ => -MathF.Log(1 - random.NextSingle())).ToArray();
    }

    [TestMethod]
    [DataRow(0.25f)]
    [DataRow(0f)]
    public void ThresholdComesFromTheModelThatWasKeptAndTheDataHeldOut(float validationFraction)
    {
        var task = new AutoencoderTask(encodingSize: 3, falsePositiveRate: 0.2);
        var options = new LoopOptions
        {
            HiddenSize = 8,
            NumberOfEpochs = 6,
            BatchSize = 8,
            LearningRate = 0.05f,
            LearningRateSchedule = LearningRateSchedule.Constant,
            ValidationFraction = validationFraction
        };
        SequenceSet data = Waves(40);
        TrainingSequence[] all = [.. data.Sequences];
        float[][] features = [.. all.Select(sequence => sequence.Features.ToArray())];
        SequenceModel model = TrainingLoop.Train(new TrainingJob(data, null, options, task, Seed: 5, new SilentMonitor()));

        HashSet<TrainingSequence> trainedOn = [.. data.Sequences];
        int[] measured = [.. Enumerable.Range(0, all.Length).Where(i => validationFraction == 0 || !trainedOn.Contains(all[i]))];
        Assert.HasCount(validationFraction == 0 ? 40 : 10, measured);
        var scorer = new SequenceScorer(new ScoringNetwork(model));
        foreach (int i in measured)
            features[i].CopyTo(scorer.AddSequence(features[i].Length / FeatureSize));
        scorer.Score();
        (float, float)[] scores = [.. measured.Select((i, at) => (Reconstruction.ScoreOf(scorer.Output(at)), all[i].Weight))];
        Assert.AreEqual(AutoencoderTask.ThresholdOf(scores, 0.2), task.Threshold);
        Assert.IsGreaterThan(0, task.Threshold);
    }

    [TestMethod]
    public void TheNumberOfThreadsDoesNotChangeABit()
    {
        (float[] expected, float expectedThreshold) = Train(1);
        foreach (int threads in new[] { 2, 3, 5 })
        {
            (float[] actual, float threshold) = Train(threads);
            CollectionAssert.AreEqual(expected, actual, $"{threads} threads");
            Assert.AreEqual(expectedThreshold, threshold);
        }

        (float[] Weights, float Threshold) Train(int threads)
        {
            var task = new AutoencoderTask(encodingSize: 5, falsePositiveRate: 0.1);
            var options = new LoopOptions
            {
                HiddenSize = 45,
                NumberOfLayers = 2,
                Bidirectional = true,
                Dropout = 0.2f,
                InputDropout = 0.1f,
                RecurrentDropout = 0.1f,
                NumberOfEpochs = 1,
                BatchSize = 83,
                NumberOfThreads = threads,
                ValidationFraction = 0.2f
            };
            SequenceModel model = TrainingLoop.Train(new TrainingJob(Waves(200), null, options, task, Seed: 3, new SilentMonitor()));
            return (model.Parameters.Values, task.Threshold);
        }
    }

    /// <summary>Waves of two features and 1 to 23 steps, with weights that tell the first few apart.</summary>
    internal static SequenceSet Waves(int count)
    {
        var random = new Random(1);
        var data = new SequenceSet(FeatureSize, staticSize: 0, targetSize: 0);
        for (int i = 0; i < count; i++)
        {
            double phase = 2 * Math.PI * random.NextDouble();
            data.Add(new TrainingSequence
            {
                Features = Enumerable.Range(0, 1 + i * 7 % 23)
                    .SelectMany(t => new[] { (float)Math.Sin(phase + t / 3.0), (float)(3 + Math.Cos(phase + t / 3.0)) }).ToArray(),
                Weight = 0.5f + i % 3,
            });
        }
        return data;
    }
}

using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Training;
using Microsoft.ML.Lstm.Engine.Training.Objectives;

namespace Microsoft.ML.Lstm.Tests.Engine.Training;

/// <summary>How long a training goes on that finds that out by rows held out, and what it begins and ends with.</summary>
[TestClass]
public sealed class TrainingLengthTests
{
    [TestMethod]
    [DataRow(1)]
    [DataRow(7)]
    [DataRow(100)]
    [DataRow(251)]
    public void NoTrainingTakesMoreThanThreeTimesItsBestEpoch(int batches)
    {
        var rule = new EarlyStoppingRule(EarlyStoppingMetric.Loss, Patience: 10, MinimumDelta: 0) { Decays = true };
        int stage = rule.StageOf(batches);
        Assert.IsGreaterThanOrEqualTo(250, stage * batches);
        for (int best = stage; best < 100 * stage; best += stage)
        {
            int stall = best + rule.PatienceAfter(batches, best);
            Assert.IsLessThanOrEqualTo(3 * best, EarlyStoppingRule.EndAfterStall(stall), $"best {best}, stage {stage}");
        }
    }

    [TestMethod]
    public void ATrainingThatDecaysWaitsForItsFewestUpdates()
    {
        var rule = new EarlyStoppingRule(EarlyStoppingMetric.Loss, Patience: 10, MinimumDelta: 0.01)
        {
            Decays = true,
            FewestUpdates = 1000,
        };
        Assert.AreEqual(10, rule.PatienceAfter(batches: 100, keptEpoch: 3));
        Assert.AreEqual(15, rule.PatienceAfter(batches: 100, keptEpoch: 30));
        Assert.AreEqual(1, rule.PatienceAfter(batches: 5000, keptEpoch: 1));
        // A gain that is too small to go on for is kept all the same while the rate falls.
        Assert.AreEqual(0.01, rule.RequiredGain(isEnding: false));
        Assert.AreEqual(0, rule.RequiredGain(isEnding: true));
    }

    [TestMethod]
    [DataRow(0.5, 2)]
    [DataRow(0, 50)]
    public void ALossThatHasNowhereToFallToEndsTheTraining(double smallestGain, int epochs)
    {
        // The first epochs leave a loss below the gain that they would have to make.
        SequenceSet data = Linear(500, 0), others = Linear(100, 0);
        TrainingSettings settings = LoopOptions.SettingsOf(new LoopOptions { HiddenSize = 8, LearningRate = 0.01f }) with
        {
            Epochs = EpochRule.Exactly(50),
            LearningRateSchedule = LearningRateSchedule.StableThenDecay(),
            EarlyStopping = new EarlyStoppingRule(EarlyStoppingMetric.Loss, Patience: 10, smallestGain)
            {
                Decays = true,
                FewestUpdates = 100_000,
            },
            BatchSize = 2,
        };
        TrainedNetwork trained = TrainingLoop.Run(Job(data, settings, new SilentMonitor()) with { Validation = others });
        Assert.AreEqual(epochs, trained.Course.Epochs);
        Assert.AreEqual(epochs, trained.KeptEpoch, 10);
    }

    [TestMethod]
    [DataRow(true, 3)]
    [DataRow(false, 8)]
    public void PatienceEndsAtThreeTimesTheBestEpochWhereThatIsSaid(bool endsAtThreefold, int epochs)
    {
        var rule = new EarlyStoppingRule(EarlyStoppingMetric.Loss, Patience: 7, MinimumDelta: 0) { EndsAtThreefold = endsAtThreefold };
        for (int best = 1; best < 20; best++)
            Assert.AreEqual(endsAtThreefold ? Math.Min(7, 2 * best) : 7, rule.PatienceAfter(batches: 1, best));

        // What the training rows tell is wrong for the others, so that the first epoch is the best.
        SequenceSet data = Linear(200, 0), others = data.NewLike();
        foreach (TrainingSequence sequence in data.Sequences)
            others.Add(sequence.Features.Span, [], [-sequence.Targets[0]]);
        TrainingSettings settings = LoopOptions.SettingsOf(new LoopOptions { HiddenSize = 8, LearningRate = 0.01f }) with
        {
            Epochs = EpochRule.Exactly(50),
            EarlyStopping = rule,
        };
        TrainedNetwork trained = TrainingLoop.Run(Job(data, settings, new SilentMonitor()) with { Validation = others });
        Assert.AreEqual(1, trained.KeptEpoch);
        Assert.AreEqual(epochs, trained.Course.Epochs);
        StringAssert.Contains(trained.Ended, $"did not improve for {epochs - 1} epochs");
    }

    [TestMethod]
    public void TheRateFallsToZeroOverTheLastPart()
    {
        LearningRateSchedule schedule = LearningRateSchedule.StableThenDecay();
        Assert.AreEqual(1, schedule.GetFactor(0, 12));
        Assert.AreEqual(1, schedule.GetFactor(9, 12));
        Assert.AreEqual(0.5, schedule.GetFactor(10.5, 12), 1e-12);
        Assert.AreEqual(0, schedule.GetFactor(12, 12));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => LearningRateSchedule.StableThenDecay(0));
    }

    [TestMethod]
    public void TrainingEndsWhereItStalls()
    {
        // Labels of noise: nothing is learned after the first epochs.
        var random = new Random(3);
        var data = new SequenceSet(1, 0, 1);
        for (int i = 0; i < 1200; i++)
            data.Add([.. Enumerable.Range(0, 5).Select(_ => random.NextSingle())], [], [random.NextSingle()]);
        var monitor = new SilentMonitor();
        TrainingSettings settings = LoopOptions.SettingsOf(new LoopOptions { HiddenSize = 8, LearningRate = 0.01f }) with
        {
            Epochs = new EpochRule(20_000, 8, 1000),
            ValidationFraction = 0.2f,
            LearningRateSchedule = LearningRateSchedule.StableThenDecay(),
            EarlyStopping = new EarlyStoppingRule(EarlyStoppingMetric.Loss, 10, 0) { Decays = true },
        };
        TrainedNetwork trained = TrainingLoop.Run(Job(data, settings, monitor));
        Assert.IsLessThanOrEqualTo(3 * trained.KeptEpoch, trained.Course.Epochs);
        Assert.AreEqual(trained.NumberOfEpochs, trained.Course.Epochs);
        Assert.IsLessThan(0.3 * settings.LearningRate, monitor.Epochs[^1].LearningRate);
        StringAssert.Contains(trained.Ended, "stalled");
        Assert.AreEqual(240, trained.HeldOut!.Count);
        Assert.IsNotNull(trained.HeldOutMetrics);
    }

    [TestMethod]
    public void TheLastRowsAreHeldOutBehindAGap()
    {
        SequenceSet data = Linear(20, 0);
        TrainingSequence[] rows = [.. data.Sequences];
        SequenceSet last = data.SplitLast(5, gap: 3);
        CollectionAssert.AreEqual(rows[15..], last.Sequences.ToArray());
        CollectionAssert.AreEqual(rows[..12], data.Sequences.ToArray());
    }

    [TestMethod]
    [DataRow(12, "8 2 1 1", DisplayName = "the same share of each class")]
    [DataRow(2, "1 1", DisplayName = "one of each class that has two")]
    [DataRow(1, "1", DisplayName = "the largest class first")]
    [DataRow(105, "79 19 5 2", DisplayName = "one of each class is left")]
    [DataRow(109, "80 20 6 3", DisplayName = "a class of one row last")]
    public void EachClassIsHeldOutByItsShare(int count, string expected)
    {
        int[] rows = [80, 20, 6, 3, 1];
        foreach (int seed in (int[])[1, 2, 3])
        {
            var data = new SequenceSet(1, 0, 0);
            foreach (int label in rows.SelectMany((number, label) => Enumerable.Repeat(label, number)))
                data.Add(new TrainingSequence { Features = new float[] { data.Count }, Labels = [label] });
            SequenceSet held = data.Split(count, new Random(seed));
            Assert.AreEqual(count, held.Count);
            Assert.AreEqual(110, held.Sequences.Concat(data.Sequences).Distinct().Count());
            CollectionAssert.AreEqual(data.Sequences.OrderBy(row => row.Features.Span[0]).ToArray(), data.Sequences.ToArray());
            Assert.AreEqual(expected, string.Join(' ', held.Sequences.CountBy(row => row.Labels[0]).Select(one => one.Value)));
        }
    }

    [TestMethod]
    public void ALinearRuleIsThereFromTheStart()
    {
        var monitor = new SilentMonitor();
        TrainingSettings settings = LoopOptions.SettingsOf(new LoopOptions { HiddenSize = 4, NumberOfEpochs = 1 }) with
        {
            SkipSteps = 3,
            ValidationFraction = 0.2f,
        };
        TrainedNetwork trained = TrainingLoop.Run(Job(Linear(200, noise: 0), settings, monitor));
        Assert.IsLessThan(1e-3, trained.Course.LinearError!.Value);
        Assert.IsLessThan(0.02, trained.HeldOutMetrics!.RootMeanSquaredError!.Value);
        NetworkShape shape = trained.Model.Shape;
        // The rule, 2·x(T) − x(T − 1), in units of the scaled numbers.
        ReadOnlySpan<float> weights = trained.Model.Parameters[ParameterSet.HeadWeight][shape.EncodingSize..];
        Assert.AreEqual(0, weights[0] / weights[2], 1e-3);
        Assert.AreEqual(-0.5, weights[1] / weights[2], 1e-3);
    }

    [TestMethod]
    public void TheRidgeIsLargerWhereThereIsMoreNoise()
    {
        // As many inputs as half of the rows: least squares would fit the noise.
        var random = new Random(8);
        var data = new SequenceSet(1, 0, 1);
        for (int i = 0; i < 60; i++)
            data.Add([.. Enumerable.Range(0, 30).Select(_ => random.NextSingle() * 2 - 1)], [], [random.NextSingle() * 2 - 1]);
        SequenceModel model = ModelOf(skipSteps: 30);
        double chosen = RidgeStart.Fit(model, data).Single();
        Assert.IsGreaterThan(0.01, chosen);
        float[] weights = model.Parameters[ParameterSet.HeadWeight].ToArray();
        CollectionAssert.AreEqual(new float[] { 0, 0 }, weights[..2]);
        Assert.IsLessThan(0.3, weights.Max(Math.Abs));
    }

    [TestMethod]
    public void ARidgeOfWindowsFollowsTheLastValueToLevelsThatTrainingNeverSaw()
    {
        var random = new Random(9);
        SequenceSet training = Windows(0), later = Windows(50);
        SequenceModel model = ModelOf(skipSteps: 4);
        double[] ridges = RidgeStart.Fit(model, training, later, lastValue: 0);
        float[] weights = model.Parameters[ParameterSet.HeadWeight].ToArray();
        Assert.AreEqual(1, weights[2..].Sum(), 1e-5);
        Assert.AreEqual(0.5, weights[^1], 0.1);
        Assert.AreEqual(0.5, weights[^2], 0.1);

        // The ridge that was chosen is taken as it is, when all rows are trained on.
        SequenceModel again = ModelOf(skipSteps: 4);
        CollectionAssert.AreEqual(ridges, RidgeStart.Fit(again, training, validation: null, lastValue: 0, ridges));
        CollectionAssert.AreEqual(weights, again.Parameters[ParameterSet.HeadWeight].ToArray());

        SequenceSet Windows(float level)
        {
            var set = new SequenceSet(1, 0, 1);
            for (int i = 0; i < 300; i++)
            {
                float[] steps = [.. Enumerable.Range(0, 4).Select(_ => level + random.NextSingle() * 4 - 2)];
                set.Add(steps, [], [(steps[^1] + steps[^2]) / 2 + 0.1f * random.NextSingle()]);
            }
            return set;
        }
    }

    private static SequenceModel ModelOf(int skipSteps) => new(new ParameterSet(new NetworkShape
    {
        Cell = CellType.Lstm,
        InputSize = 1,
        HiddenSize = 2,
        OutputSize = 1,
        SkipSteps = skipSteps,
    }), AffineScaler.Identity(1), AffineScaler.Identity(0), AffineScaler.Identity(1));

    private static SequenceSet Linear(int rows, double noise)
    {
        var random = new Random(4);
        var data = new SequenceSet(1, 0, 1);
        for (int i = 0; i < rows; i++)
        {
            float[] steps = [.. Enumerable.Range(0, 6).Select(_ => random.NextSingle() * 4 - 1)];
            data.Add(steps, [], [(float)(2 * steps[^1] - steps[^2] + noise * random.NextDouble())]);
        }
        return data;
    }

    private static TrainingJob Job(SequenceSet data, TrainingSettings settings, SilentMonitor monitor)
        => new(data, null, settings, new RegressionTask(RegressionLoss.SquaredError, normalizeTargets: true), 1, monitor);
}

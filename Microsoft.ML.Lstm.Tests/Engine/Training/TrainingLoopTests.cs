using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Training;
using Microsoft.ML.Lstm.Engine.Training.Objectives;

namespace Microsoft.ML.Lstm.Tests.Engine.Training;

[TestClass]
public sealed class TrainingLoopTests
{
    [TestMethod]
    [DataRow(OptimizerType.Adam)]
    [DataRow(OptimizerType.AdamW)]
    [DataRow(OptimizerType.Sgd)]
    [DataRow(OptimizerType.RmsProp)]
    public void EveryOptimizerLearnsAMean(OptimizerType optimizer)
    {
        var monitor = new SilentMonitor();

        TrainingLoop.Train(Job(new LoopOptions { Optimizer = optimizer, HiddenSize = 8, NumberOfEpochs = 40, LearningRate = 0.01f },
            monitor));

        // A constant would have a loss of 1, since targets are scaled to unit variance.
        Assert.IsLessThan(0.05, monitor.Epochs[^1].Training.Loss);
        Assert.AreEqual(40 * 10, monitor.Batches);
    }

    [TestMethod]
    public void AttentionLearnsWhereToLook()
    {
        // The value of the one step that is marked, among steps of noise.
        var random = new Random(3);
        var data = new SequenceSet(2, 0, 1);
        var marks = new List<int>();
        for (int i = 0; i < 400; i++)
        {
            float[] steps = new float[2 * (10 + random.Next(20))];
            for (int t = 0; t < steps.Length; t += 2)
                steps[t] = random.NextSingle() * 2 - 1;
            marks.Add(random.Next(steps.Length / 2));
            steps[2 * marks[i] + 1] = 1;
            data.Add(steps, [], [steps[2 * marks[i]]]);
        }
        float[][] sequences = [.. data.Sequences.Select(sequence => sequence.Features.ToArray())];
        var options = new LoopOptions
        {
            HiddenSize = 8,
            Pooling = Pooling.Attention,
            NumberOfEpochs = 60,
            LearningRate = 0.02f,
            NormalizeFeatures = false
        };
        var monitor = new SilentMonitor();

        SequenceModel model = TrainingLoop.Train(new TrainingJob(data, null, options,
            new RegressionTask(RegressionLoss.SquaredError, normalizeTargets: true), 1, monitor));

        Assert.IsLessThan(0.02, monitor.Epochs[^1].Training.Loss);
        var scorer = new SequenceScorer(new ScoringNetwork(model));
        foreach (float[] sequence in sequences)
            sequence.CopyTo(scorer.AddSequence(sequence.Length / 2));
        scorer.Score();
        // Steps before the mark say nothing; evenly spread attention would waste half of its weight on them.
        double wasted = Enumerable.Range(0, sequences.Length).Average(i => (double)scorer.AttentionWeights(i)[..marks[i]].ToArray().Sum());
        Assert.IsLessThan(0.1, wasted);
    }

    [TestMethod]
    [DataRow(CellType.Lstm)]
    [DataRow(CellType.Gru)]
    [DataRow(CellType.Rnn)]
    public void TheBitsDependOnTheSeedAndNotOnTheThreads(CellType cell)
    {
        float[] Weights(int seed, int threads)
        {
            // Large enough to be shared among threads, with sizes that do not divide evenly.
            var options = new LoopOptions
            {
                CellType = cell,
                HiddenSize = 45,
                NumberOfLayers = 2,
                Bidirectional = true,
                Dropout = 0.3f,
                NumberOfEpochs = 2,
                BatchSize = 101,
                NumberOfThreads = threads,
                ValidationFraction = 0.1f,
            };
            return TrainingLoop.Train(Job(options, new SilentMonitor(), seed)).Parameters.Values;
        }

        float[] expected = Weights(7, 1);
        foreach (int threads in new[] { 1, 2, 3, 5 })
            CollectionAssert.AreEqual(expected, Weights(7, threads), $"{threads} threads");
        CollectionAssert.AreNotEqual(expected, Weights(8, 1));
    }

    [TestMethod]
    public void WithoutValidationTheLastEpochsModelIsReturned()
    {
        var few = new LoopOptions { NumberOfEpochs = 3, LearningRateSchedule = LearningRateSchedule.Constant };
        var more = new LoopOptions { NumberOfEpochs = 4, LearningRateSchedule = LearningRateSchedule.Constant };
        var checkpoints = new List<float[]>();

        TrainingLoop.Train(Job(more,
            new SilentMonitor()) with
        { SaveCheckpoint = (model, _) => checkpoints.Add([.. model.Parameters.Values]) });
        SequenceModel afterThree = TrainingLoop.Train(Job(few, new SilentMonitor()));

        Assert.HasCount(4, checkpoints);
        CollectionAssert.AreEqual(checkpoints[2], afterThree.Parameters.Values);
        CollectionAssert.AreNotEqual(checkpoints[3], afterThree.Parameters.Values);
    }

    [TestMethod]
    public void ValidationRestoresTheBestEpoch()
    {
        var options = new LoopOptions
        {
            NumberOfEpochs = 12,
            LearningRate = 0.01f,
            LearningRateSchedule = new Jump(atEpoch: 6, factor: 1e6),
            ValidationFraction = 0.3f
        };
        var monitor = new SilentMonitor();
        float[] checkpoint = [];

        SequenceModel model = TrainingLoop.Train(Job(options,
            monitor) with
        { SaveCheckpoint = (best, _) => checkpoint = [.. best.Parameters.Values] });

        double best = monitor.Epochs.Min(epoch => epoch.Validation!.Loss);
        Assert.AreEqual(best, monitor.Epochs.Last(epoch => epoch.IsBest).Validation!.Loss);
        Assert.IsFalse(monitor.Epochs[^1].IsBest);
        CollectionAssert.AreEqual(checkpoint, model.Parameters.Values);
    }

    [TestMethod]
    public void EarlyStoppingWithoutValidationMeasuresTheModelThatItKeeps()
    {
        // One batch an epoch, so that the loss of an epoch is that of the weights before it.
        var options = new LoopOptions
        {
            NumberOfEpochs = 20,
            BatchSize = int.MaxValue,
            LearningRate = 0.01f,
            LearningRateSchedule = new Jump(atEpoch: 4, factor: 1e6),
            EarlyStopping = new EarlyStoppingOptions { Patience = 5 },
        };
        var monitor = new SilentMonitor();

        SequenceModel model = TrainingLoop.Train(Job(options, monitor));

        // The loss at the end of the kept epoch is the loss at the beginning of the next.
        EpochCompletedEventArgs kept = monitor.Epochs.Last(epoch => epoch.IsBest);
        Assert.AreEqual(4, kept.Epoch);
        double loss = monitor.Epochs[kept.Epoch].Training.Loss;
        Assert.AreEqual(monitor.Epochs.Skip(1).Min(epoch => epoch.Training.Loss), loss);
        var again = new SilentMonitor();
        TrainingLoop.Train(Job(new LoopOptions { NumberOfEpochs = 1, BatchSize = int.MaxValue }, again) with { Initial = model });
        Assert.AreEqual(loss, again.Epochs[0].Training.Loss, 1e-9);
    }

    [TestMethod]
    [DataRow(0.0001f, 1)]
    [DataRow(0.25f, 80)]
    [DataRow(0.9999f, 319)]
    public void AValidationFractionLeavesSomethingOnEitherSide(float fraction, int held)
    {
        var monitor = new SilentMonitor();
        SequenceSet? data = null;
        TrainingJob job = Job(new LoopOptions { ValidationFraction = fraction, NumberOfEpochs = 1 }, monitor);
        data = (SequenceSet)job.Training;

        TrainingLoop.Train(job);

        Assert.AreEqual(320 - held, data.Count);
        Assert.IsNotNull(monitor.Epochs[0].Validation);
    }

    [TestMethod]
    public void OneRowCannotBeSplit()
    {
        var monitor = new SilentMonitor();
        var data = new SequenceSet(1, 0, 1);
        data.Add([1, 2], [], [3]);

        TrainingLoop.Train(new TrainingJob(data, null, new LoopOptions { ValidationFraction = 0.5f, NumberOfEpochs = 2 },
            new RegressionTask(RegressionLoss.SquaredError, normalizeTargets: true), 1, monitor));

        StringAssert.Contains(monitor.Warnings.Single(), "only one usable row");
        Assert.IsNull(monitor.Epochs[0].Validation);
    }

    [TestMethod]
    public void EarlyStoppingCountsEpochsWithoutEnoughImprovement()
    {
        var options = new LoopOptions
        {
            NumberOfEpochs = 50,
            EarlyStopping = new EarlyStoppingOptions { Patience = 3, MinimumDelta = 1000 }
        };
        var monitor = new SilentMonitor();

        TrainingLoop.Train(Job(options, monitor));

        // The first epoch counts as an improvement; no later one improves by as much as 1000.
        Assert.HasCount(4, monitor.Epochs);
    }

    [TestMethod]
    public void DivergenceWithoutAGoodEpochNamesTheEpochAndBatch()
    {
        var options = new LoopOptions { Optimizer = OptimizerType.Sgd, LearningRate = 1e30f, GradientClipNorm = 0 };

        var thrown = Assert.ThrowsExactly<InvalidOperationException>(() => TrainingLoop.Train(Job(options, new SilentMonitor())));

        StringAssert.Contains(thrown.Message, "epoch 1, batch ");
    }

    [TestMethod]
    public void DivergenceAfterAGoodEpochReturnsItWithAWarning()
    {
        var options = new LoopOptions
        {
            Optimizer = OptimizerType.Sgd,
            NumberOfEpochs = 5,
            GradientClipNorm = 0,
            LearningRate = 0.01f,
            LearningRateSchedule = new Jump(atEpoch: 2, factor: 1e32)
        };
        var monitor = new SilentMonitor();
        float[] checkpoint = [];

        SequenceModel model = TrainingLoop.Train(Job(options,
            monitor) with
        { SaveCheckpoint = (best, _) => checkpoint = [.. best.Parameters.Values] });

        CollectionAssert.AreEqual(checkpoint, model.Parameters.Values);
        Assert.HasCount(2, monitor.Epochs);
        StringAssert.Contains(monitor.Warnings.Single(), "epoch 3, batch ");
        Assert.IsTrue(model.Parameters.Values.All(float.IsFinite));
    }

    [TestMethod]
    public void AModelOnItsWayToInfinityIsNotReturned()
    {
        // The one update of the first epoch makes weights of 1e20: finite, but useless.
        var options = new LoopOptions
        {
            NumberOfEpochs = 5,
            BatchSize = int.MaxValue,
            LearningRate = 1e20f,
            LearningRateSchedule = LearningRateSchedule.Constant
        };

        Assert.ThrowsExactly<InvalidOperationException>(() => TrainingLoop.Train(Job(options, new SilentMonitor())));
    }

    [TestMethod]
    public void ATrainingThatExplodesButStaysFiniteSaysSo()
    {
        var options = new LoopOptions
        {
            Optimizer = OptimizerType.Sgd,
            NumberOfEpochs = 3,
            LearningRate = 1000,
            LearningRateSchedule = LearningRateSchedule.Constant
        };
        var monitor = new SilentMonitor();

        TrainingLoop.Train(Job(options, monitor));

        StringAssert.StartsWith(monitor.Warnings.Single(), "Training has exploded: the training loss is ");
    }

    [TestMethod]
    public void OneLineAtTheEndSaysWhichEpochWasKept()
    {
        var monitor = new SilentMonitor();
        TrainingLoop.Train(Job(new LoopOptions
        {
            NumberOfEpochs = 50,
            EarlyStopping = new EarlyStoppingOptions { Patience = 3, MinimumDelta = 1000 }
        }, monitor));
        TrainingLoop.Train(Job(new LoopOptions { NumberOfEpochs = 3 }, monitor));

        Assert.HasCount(2, monitor.Lines);
        StringAssert.StartsWith(monitor.Lines[0],
            "Training ended after epoch 4 of 50, since Loss did not improve for 3 epochs. The model of epoch 1 is kept, with a training "
            + "loss of ");
        StringAssert.StartsWith(monitor.Lines[1],
            "Training ended after epoch 3 of 3. The model of epoch 3 is kept, with a training loss of ");
        Assert.IsEmpty(monitor.Warnings);
    }

    [TestMethod]
    public void AWarmStartThatDivergesAtOnceGivesTheInitialModelBack()
    {
        SequenceModel initial = TrainingLoop.Train(Job(new LoopOptions { NumberOfEpochs = 1 }, new SilentMonitor()));
        var options = new LoopOptions { Optimizer = OptimizerType.Sgd, LearningRate = 1e30f, GradientClipNorm = 0 };
        var monitor = new SilentMonitor();

        SequenceModel model = TrainingLoop.Train(Job(options, monitor) with { Initial = initial });

        CollectionAssert.AreEqual(initial.Parameters.Values, model.Parameters.Values);
        Assert.HasCount(1, monitor.Warnings);
    }

    [TestMethod]
    public void AScheduleMustGiveUsableFactors()
    {
        foreach (double factor in new[] { -1, double.NaN, double.PositiveInfinity })
        {
            var options = new LoopOptions { LearningRateSchedule = new Always(factor) };
            var thrown = Assert.ThrowsExactly<InvalidOperationException>(() => TrainingLoop.Train(Job(options, new SilentMonitor())));
            StringAssert.Contains(thrown.Message, "LearningRateSchedule");
        }
    }

    [TestMethod]
    public void CancellingBeforeTheFirstBatchThrows()
    {
        var options = new LoopOptions { CancellationToken = new CancellationToken(canceled: true) };

        Assert.ThrowsExactly<OperationCanceledException>(() => TrainingLoop.Train(Job(options, new SilentMonitor())));
    }

    [TestMethod]
    public void TheLargestFeaturesScoreAsNumbers()
    {
        foreach (int hidden in new[] { 32, 33 })
        {
            SequenceModel model = TrainingLoop.Train(Job(new LoopOptions { HiddenSize = hidden, NumberOfEpochs = 1 }, new SilentMonitor()));
            var scorer = new SequenceScorer(new ScoringNetwork(model));
            new float[] { float.MaxValue, 0, float.MinValue }.CopyTo(scorer.AddSequence(3));
            scorer.Score();
            Assert.IsTrue(float.IsFinite(scorer.Output(0)[0]));
        }
    }

    [TestMethod]
    public void ACancelledTokenStopsBeforeTheNextBatch()
    {
        using var source = new CancellationTokenSource();
        var monitor = new SilentMonitor();
        var options = new LoopOptions
        {
            CancellationToken = source.Token,
            EpochCompleted = epoch => { if (epoch.Epoch == 2) source.Cancel(); }
        };

        TrainingLoop.Train(Job(options, monitor));

        Assert.AreEqual(2 * 10, monitor.Batches);
    }

    [TestMethod]
    public void FeaturesAndTargetsOfAnyScaleTrainAlike()
    {
        double Error(float scale, float shift)
        {
            var monitor = new SilentMonitor();
            TrainingLoop.Train(Job(new LoopOptions { HiddenSize = 8, NumberOfEpochs = 30 }, monitor, scale: scale, shift: shift));
            return monitor.Epochs[^1].Training.RootMeanSquaredError!.Value / scale;
        }

        double plain = Error(1, 0);
        Assert.AreEqual(plain, Error(1e4f, 3e5f), 0.1 * plain);
        Assert.AreEqual(plain, Error(1e-4f, 0), 0.1 * plain);
    }

    [TestMethod]
    public void ConstantFeaturesAndTargetsAreNoDivisionByZero()
    {
        var data = new SequenceSet(2, 1, 1);
        for (int i = 0; i < 20; i++)
            data.Add([3, i, 3, i + 1], [5], [7]);

        SequenceModel model = TrainingLoop.Train(new TrainingJob(data, null, new LoopOptions { NumberOfEpochs = 30 },
            new RegressionTask(RegressionLoss.SquaredError, normalizeTargets: true), 1, new SilentMonitor()));

        var scorer = new SequenceScorer(new ScoringNetwork(model));
        new float[] { 3, 4, 3, 5 }.CopyTo(scorer.AddSequence(2));
        scorer.Statics(0)[0] = 5;
        scorer.Score();
        Assert.AreEqual(7, scorer.Output(0)[0], 0.2);
    }

    [TestMethod]
    public void HubersLossIsLessMovedByOutliers()
    {
        double MeanOutput(RegressionLoss loss)
        {
            var data = new SequenceSet(1, 0, 1);
            for (int i = 0; i < 100; i++)
                data.Add([1], [], [i % 10 == 0 ? 50 : 0]);
            SequenceModel model = TrainingLoop.Train(new TrainingJob(data, null, new LoopOptions { NumberOfEpochs = 100 },
                new RegressionTask(loss, normalizeTargets: true), 1, new SilentMonitor()));
            var scorer = new SequenceScorer(new ScoringNetwork(model));
            scorer.AddSequence(1)[0] = 1;
            scorer.Score();
            return scorer.Output(0)[0];
        }

        Assert.AreEqual(5, MeanOutput(RegressionLoss.SquaredError), 0.5);
        // The threshold is one standard deviation, 15: of 90 errors e and 10 clipped ones, 90·e = 10·15.
        Assert.AreEqual(15 / 9.0, MeanOutput(RegressionLoss.Huber), 0.3);
    }

    [TestMethod]
    public void SchedulesGiveTheirFactors()
    {
        Assert.AreEqual(1, LearningRateSchedule.Constant.GetFactor(3.5, 10));
        Assert.AreEqual(0.25, LearningRateSchedule.StepDecay(2, 0.5).GetFactor(4.5, 10));
        Assert.AreEqual(0.729, LearningRateSchedule.ExponentialDecay(0.9).GetFactor(3, 10), 1e-12);
        LearningRateSchedule cosine = LearningRateSchedule.Cosine(warmupEpochs: 2, minimumFactor: 0.2);
        Assert.AreEqual(0.505, cosine.GetFactor(1, 10), 1e-12);
        Assert.AreEqual(1, cosine.GetFactor(2, 10), 1e-12);
        Assert.AreEqual(0.6, cosine.GetFactor(6, 10), 1e-12);
        Assert.AreEqual(0.2, cosine.GetFactor(10, 10), 1e-12);
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => LearningRateSchedule.StepDecay(0));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => LearningRateSchedule.ExponentialDecay(double.NaN));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => LearningRateSchedule.Cosine(-1));
    }

    /// <summary>A learning rate that becomes far too large.</summary>
    private sealed class Jump(int atEpoch, double factor) : LearningRateSchedule
    {
        public override double GetFactor(double epoch, int numberOfEpochs) => epoch < atEpoch ? 1 : factor;
    }

    private sealed class Always(double factor) : LearningRateSchedule
    {
        public override double GetFactor(double epoch, int numberOfEpochs) => factor;
    }

    /// <summary>320 sequences of 3 to 12 numbers, whose mean is to be learned.</summary>
    private static TrainingJob Job(LoopOptions options, SilentMonitor monitor, int seed = 1, float scale = 1, float shift = 0)
    {
        var random = new Random(5);
        var data = new SequenceSet(1, 0, 1);
        for (int i = 0; i < 320; i++)
        {
            float[] steps = new float[3 + random.Next(10)];
            foreach (ref float value in steps.AsSpan())
                value = (float)random.NextDouble() * scale + shift;
            data.Add(steps, [], [steps.Average()]);
        }
        return new TrainingJob(data, null, options, new RegressionTask(RegressionLoss.SquaredError, normalizeTargets: true), seed, monitor);
    }
}

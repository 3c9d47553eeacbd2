using System.Diagnostics;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Tests.Forecasting;
using Microsoft.ML.Lstm.Tests.Series;

namespace Microsoft.ML.Lstm.Tests.Sequences;

/// <summary>Trainings that are stopped and go on from their checkpoints, and the files they leave.</summary>
[TestClass]
public sealed class ResumeTests
{
    private string _folder = "";

    public static IEnumerable<object[]> AllTrainers
        => from trainer in (string[])[.. AnyTrainer.Names, AnyTrainer.Autoencoder, AnyTrainer.LanguageModel]
           select new object[] { trainer };

    private string Checkpoint => Path.Combine(_folder, "checkpoint.safetensors");

    [TestInitialize]
    public void CreateFolder() => _folder = Directory.CreateTempSubdirectory("lstm-tests-").FullName;

    [TestCleanup]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    [TestMethod]
    [DynamicData(nameof(AllTrainers))]
    public void AResumedTrainingHasTheBitsOfOneThatWasNeverInterrupted(string trainer)
    {
        foreach (int stop in new[] { 1, 5, 9, 10 })
        {
            SequencePredictionTransformer expected = Fit(options => { });
            int epochs = 0;
            Fit(options => (options.CheckpointPath, options.EpochCompleted) = (Checkpoint, epoch => epoch.Cancel = epoch.Epoch == stop));
            SequencePredictionTransformer resumed = Fit(options =>
                (options.CheckpointPath, options.ResumeFromCheckpoint, options.EpochCompleted) = (Checkpoint, true, _ => epochs++));
            AnyTrainer.AssertSameWeights(expected, resumed);
            if (expected is LstmAutoencoderTransformer detector)
                Assert.AreEqual(detector.Threshold, ((LstmAutoencoderTransformer)resumed).Threshold);
            Assert.AreEqual(10 - stop, epochs);
        }

        SequencePredictionTransformer Fit(Action<SequenceInputOptions> change)
        {
            var ml = new MLContext(1);
            return AnyTrainer.CreateAny(ml, trainer, options =>
            {
                (options.NumberOfEpochs, options.OutputDropout, options.RecurrentDropout, options.ValidationFraction) = (10, 0.2f, 0.1f,
                    0.2f);
                change(options);
            }).Fit(AnyTrainer.Data(ml, Example.Make(40, variable: true)));
        }
    }

    [TestMethod]
    [DataRow(1, 2)]
    [DataRow(2, 3)]
    [DataRow(2, 4)]
    [DataRow(3, 1)]
    [DataRow(5, 4)]
    public void ATrainingOfSeveralNetworksGoesOnInTheOneThatItWasIn(int member, int stop)
    {
        SequencePredictionTransformer expected = FitBest(options => { });
        FitBest(options => (options.CheckpointPath, options.EpochCompleted) =
            (Checkpoint, epoch => epoch.Cancel = epoch.Member == member && epoch.Epoch == stop));
        Assert.AreEqual(member, SequenceModelParameters.Load(Checkpoint).Members.Count);
        var epochs = new List<(int Member, int Epoch)>();
        SequencePredictionTransformer resumed = FitBest(options =>
            (options.CheckpointPath, options.ResumeFromCheckpoint, options.EpochCompleted) =
            (Checkpoint, true, epoch => epochs.Add((epoch.Member, epoch.Epoch))));

        AnyTrainer.AssertSameWeights(expected, resumed);
        Assert.AreEqual(stop < 4 ? (member, stop + 1) : member < 5 ? (member + 1, 1) : default, epochs.FirstOrDefault());
        CollectionAssert.AreEqual(expected.TrainingReport!.Members.Select(report => report.Epochs[^1].TrainingLoss).ToArray(),
            resumed.TrainingReport!.Members.Select(report => report.Epochs[^1].TrainingLoss).ToArray());

        SequencePredictionTransformer FitBest(Action<SequenceTrainerOptions> change)
        {
            var ml = new MLContext(1);
            return AnyTrainer.Create(ml, AnyTrainer.Multiclass, options =>
            {
                (options.NumberOfEpochs, options.OutputDropout, options.ValidationFraction) = (4, 0.2f, 0.2f);
                options.Effort = TrainingEffort.Best;
                change(options);
            }).Fit(AnyTrainer.Data(ml, Example.Make(40, variable: true)));
        }
    }

    /// <summary>Also where rows are held out to find out how long to train, and all rows are trained on then.</summary>
    [TestMethod]
    public void ATrainingWhoseLengthTheDataDecidesGoesOnWhereItWas()
    {
        int epochs = 0;
        LstmRegressionTransformer expected = FitOpen(options => options.EpochCompleted = _ => epochs++);
        int first = expected.TrainingReport!.Epochs.Count;
        Assert.IsGreaterThan(first, epochs);
        foreach (int stop in new[] { 1, first - 1, first, epochs - 1 })
        {
            int seen = 0;
            FitOpen(options => (options.CheckpointPath, options.EpochCompleted) = (Checkpoint, epoch => epoch.Cancel = ++seen == stop));
            AnyTrainer.AssertSameWeights(expected,
                FitOpen(options => (options.CheckpointPath, options.ResumeFromCheckpoint) = (Checkpoint, true)));
        }

        static LstmRegressionTransformer FitOpen(Action<LstmRegressionTrainer.Options> change)
        {
            var ml = new MLContext(1);
            return ml.Regression.Trainers.Lstm(SmallOptions.Create(options =>
            {
                options.NumberOfEpochs = null;
                change(options);
            })).Fit(AnyTrainer.Data(ml, Example.Make(300)));
        }
    }

    [TestMethod]
    [DataRow(OptimizerType.Adam)]
    [DataRow(OptimizerType.AdamW)]
    [DataRow(OptimizerType.Sgd)]
    [DataRow(OptimizerType.RmsProp)]
    public void EveryOptimizerGoesOnWhereItWas(OptimizerType optimizer)
    {
        LstmRegressionTransformer expected = Fit(options => options.Optimizer = optimizer);
        Fit(options =>
            (options.Optimizer, options.CheckpointPath, options.EpochCompleted) = (optimizer, Checkpoint,
            epoch => epoch.Cancel = epoch.Epoch == 5));
        AnyTrainer.AssertSameWeights(expected,
            Fit(options => (options.Optimizer, options.CheckpointPath, options.ResumeFromCheckpoint) = (optimizer, Checkpoint, true)));
    }

    /// <summary>The data is compared, not what its columns are called.</summary>
    [TestMethod]
    public void RenamedColumnsGoOnToo()
    {
        var ml = new MLContext(1);
        IDataView data = ml.Data.LoadFromEnumerable(Example.Make(40), Example.Schema(Example.Vector(10)));
        LstmRegressionTransformer expected = FitOn(data, options => { });
        FitOn(data, options => (options.CheckpointPath, options.EpochCompleted) = (Checkpoint, epoch => epoch.Cancel = epoch.Epoch == 5));

        IDataView renamed = ml.Transforms.CopyColumns("Renamed", "Features").Fit(data).Transform(data);
        LstmRegressionTransformer resumed = FitOn(renamed, options =>
            (options.FeatureColumnName, options.CheckpointPath, options.ResumeFromCheckpoint) = ("Renamed", Checkpoint, true));
        AnyTrainer.AssertSameWeights(expected, resumed);

        LstmRegressionTransformer FitOn(IDataView data, Action<LstmRegressionTrainer.Options> change)
            => ml.Regression.Trainers.Lstm(SmallOptions.CreateForResuming(change)).Fit(data);
    }

    [TestMethod]
    public void StreamedDataAndEarlyStoppingGoOnToo()
    {
        Action<LstmRegressionTrainer.Options> change = options =>
            (options.StreamingBufferMegabytes, options.ValidationFraction, options.NumberOfEpochs, options.EarlyStopping,
            options.LearningRate) = (1, 0, 40, new() { Patience = 2 }, 0.2f);
        var epochs = new List<int>();
        LstmRegressionTransformer expected = Fit(options =>
        {
            change(options);
            options.EpochCompleted = epoch => epochs.Add(epoch.Epoch);
        });
        int stop = epochs.Count - 1;
        Assert.IsLessThan(40, epochs.Count);
        Fit(options =>
        {
            change(options);
            (options.CheckpointPath, options.EpochCompleted) = (Checkpoint, epoch => epoch.Cancel = epoch.Epoch == stop);
        });
        epochs.Clear();
        AnyTrainer.AssertSameWeights(expected, Fit(options =>
        {
            change(options);
            (options.CheckpointPath, options.ResumeFromCheckpoint, options.EpochCompleted) = (Checkpoint, true,
                epoch => epochs.Add(epoch.Epoch));
        }));
        CollectionAssert.AreEqual((int[])[stop + 1], epochs);
    }

    [TestMethod]
    public void ATrainingThatWasCancelledInTheMiddleOfAnEpochGoesOn()
    {
        using var source = new CancellationTokenSource();
        LstmRegressionTransformer expected = Fit(options => options.ValidationFraction = 0);
        // The schedule is asked before each batch.
        Fit(options =>
            (options.ValidationFraction, options.CheckpointPath, options.CancellationToken, options.LearningRateSchedule) = (0, Checkpoint,
            source.Token, new CancellingSchedule(source)));
        Assert.IsTrue(source.IsCancellationRequested);
        AnyTrainer.AssertSameWeights(expected,
            Fit(options => (options.ValidationFraction, options.CheckpointPath, options.ResumeFromCheckpoint) = (0, Checkpoint, true)));
    }

    [TestMethod]
    public void AProcessThatWasKilledIsGoneOnFrom()
    {
        LstmRegressionTransformer expected = Fit(_ => { });
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardInput = true };
        foreach (string argument in (string[])["exec", Path.Combine(AppContext.BaseDirectory, "TrainProbe.dll"), Checkpoint, "5"])
            start.ArgumentList.Add(argument);
        using (Process process = Process.Start(start)!)
        {
            while (process.StandardOutput.ReadLine() is { } line && line != "5")
            {
            }
            process.Kill();
            process.WaitForExit();
        }
        var epochs = new List<int>();
        LstmRegressionTransformer resumed = Fit(options =>
            (options.CheckpointPath, options.ResumeFromCheckpoint, options.EpochCompleted) = (Checkpoint, true,
            epoch => epochs.Add(epoch.Epoch)));
        AnyTrainer.AssertSameWeights(expected, resumed);
        CollectionAssert.AreEqual((int[])[6, 7, 8, 9, 10], epochs);
        CollectionAssert.AreEqual(new[] { Checkpoint }, Directory.GetFileSystemEntries(_folder));
    }

    [TestMethod]
    [DataRow(false, 2)]
    [DataRow(true, 2)]
    [DataRow(true, 6)]
    public void AForecasterGoesOnWithItsIntervalsAndStates(bool refit, int stop)
    {
        Reading[] rows = Reading.Wave(200);
        (byte[] expected, _) = Fit(_ => { });
        Assert.Throws<InvalidDataException>(() =>
            Fit(options => (options.CheckpointPath, options.EpochCompleted) = (Checkpoint, Interrupt(stop))));
        (byte[] resumed, int epochs) = Fit(options => (options.CheckpointPath, options.ResumeFromCheckpoint) = (Checkpoint, true));
        CollectionAssert.AreEqual(expected, resumed);
        Assert.IsLessThan(refit ? 9 : 5, epochs);

        (byte[] Forecasts, int Epochs) Fit(Action<LstmForecastingEstimator.Options> change)
        {
            var ml = new MLContext(1);
            int epochs = 0;
            LstmForecastingTransformer model = ForecastRun.Fit(ml, rows, options =>
            {
                (options.NumberOfEpochs, options.RefitOnAllData, options.EpochCompleted) = (5, refit, _ => epochs++);
                change(options);
            });
            IEnumerable<float> numbers = ForecastRun.Transform(ml, model, rows)
                .SelectMany(row => (float[])[.. row.Forecast, .. row.Lower, .. row.Upper]);
            return ([.. numbers.SelectMany(BitConverter.GetBytes)], epochs);
        }
    }

    [TestMethod]
    public void ADetectorGoesOn()
    {
        (double[] expected, _) = Fit(_ => { });
        Assert.Throws<InvalidDataException>(() =>
            Fit(options => (options.CheckpointPath, options.EpochCompleted) = (Checkpoint, Interrupt(2))));
        (double[] resumed, int epochs) = Fit(options => (options.CheckpointPath, options.ResumeFromCheckpoint) = (Checkpoint, true));
        CollectionAssert.AreEqual(expected, resumed);
        Assert.AreEqual(2, epochs);

        (double[] Scores, int Epochs) Fit(Action<LstmAnomalyEstimator.Options> change)
        {
            var ml = new MLContext(1);
            int epochs = 0;
            var options = new LstmAnomalyEstimator.Options
            {
                InputColumnName = "Value",
                HiddenSize = 8,
                WindowSize = 24,
                NumberOfEpochs = 4,
                Seed = 3,
                EpochCompleted = _ => epochs++
            };
            change(options);
            IDataView data = ml.Data.LoadFromEnumerable(Reading.Wave(300));
            IDataView scored = ml.Transforms.DetectAnomalyByLstm(options).Fit(data).Transform(data);
            return ([.. ML.Data.ColumnCursorExtensions.GetColumn<double[]>(scored, "Anomaly").SelectMany(row => row)], epochs);
        }
    }

    [TestMethod]
    public void WithoutACheckpointItBeginsAnewAndWithoutASeedItTakesTheCheckpoints()
    {
        Fit(options =>
            (options.Seed, options.CheckpointPath, options.ResumeFromCheckpoint, options.EpochCompleted) = (null, Checkpoint, true,
            epoch => epoch.Cancel = epoch.Epoch == 5));
        File.Copy(Checkpoint, Checkpoint + "2");
        LstmRegressionTransformer one = Fit(options =>
            (options.Seed, options.CheckpointPath, options.ResumeFromCheckpoint) = (null, Checkpoint, true));
        LstmRegressionTransformer other = Fit(options =>
            (options.Seed, options.CheckpointPath, options.ResumeFromCheckpoint) = (null, Checkpoint + "2", true));
        AnyTrainer.AssertSameWeights(one, other);
    }

    [TestMethod]
    public void AnotherTrainingIsNotGoneOnWith()
    {
        Fit(options => (options.CheckpointPath, options.EpochCompleted) = (Checkpoint, epoch => epoch.Cancel = epoch.Epoch == 5));
        AssertRefused("NumberOfEpochs was 10 and is 11.", options => options.NumberOfEpochs = 11);
        AssertRefused("EarlyStopping was Loss, 8, 0 and is Loss, 7, 0.", options => options.EarlyStopping!.Patience = 7);
        AssertRefused("LearningRateSchedule was 1, ", options => options.LearningRateSchedule = LearningRateSchedule.Constant);
        AssertRefused("Seed was 7 and is 8.", options => options.Seed = 8);
        AssertRefused("the data, or the initial model, are not those that it was made with.", _ => { }, Example.Make(60, seed: 2));
        AssertRefused("the data, or the initial model, are not those that it was made with.", _ => { }, Example.Make(61));
        File.Copy(Path.Combine(AppContext.BaseDirectory, "Files", "FirstVersion", "Checkpoint.safetensors"), Checkpoint, overwrite: true);
        AssertRefused("it holds a network, but no state of a training", _ => { });
        File.WriteAllText(Checkpoint, "Not a model.");
        Assert.ThrowsExactly<InvalidDataException>(() =>
            Fit(options => (options.CheckpointPath, options.ResumeFromCheckpoint) = (Checkpoint, true)));

        void AssertRefused(string why, Action<LstmRegressionTrainer.Options> change, Example[]? rows = null)
        {
            var error = Assert.ThrowsExactly<InvalidOperationException>(() => Fit(options =>
            {
                (options.CheckpointPath, options.ResumeFromCheckpoint) = (Checkpoint, true);
                change(options);
            }, rows));
            StringAssert.Contains(error.Message, why);
        }
    }

    [TestMethod]
    public void TwoTrainingsOnOnePathAreRefused()
    {
        InvalidOperationException? error = null;
        Fit(options => (options.CheckpointPath, options.EpochCompleted) = (Checkpoint, epoch =>
        {
            if (epoch.Epoch == 2)
                error = Assert.ThrowsExactly<InvalidOperationException>(() =>
                    Fit(options => options.CheckpointPath = Path.Combine(_folder, ".", "checkpoint.safetensors")));
        }
        ));
        StringAssert.EndsWith(error!.Message, "can't be used: another training is writing it");
        Fit(options => options.CheckpointPath = Checkpoint);
        CollectionAssert.AreEqual(new[] { Checkpoint }, Directory.GetFileSystemEntries(_folder));
    }

    [TestMethod]
    public void ACheckpointThatCannotBeWrittenIsWarnedOfAndTrainingGoesOn()
    {
        var ml = new MLContext(1);
        var warnings = new List<string>();
        ml.Log += (_, entry) =>
        {
            if (entry.Kind == Runtime.ChannelMessageKind.Warning)
                warnings.Add(entry.RawMessage);
        };
        byte[] before = [];
        int epochs = 0;
        IDataView data = ml.Data.LoadFromEnumerable(Example.Make(60), Example.Schema(Example.Vector(10)));
        LstmRegressionTrainer trainer = ml.Regression.Trainers.Lstm(SmallOptions.CreateForResuming(options =>
            (options.CheckpointPath, options.EpochCompleted) = (Checkpoint, epoch =>
        {
            epochs++;
            if (epoch.Epoch != 2)
                return;
            // A folder where the new checkpoint would be written makes writing it fail, as a full disk would.
            before = File.ReadAllBytes(Checkpoint);
            Directory.CreateDirectory(Checkpoint + AtomicFile.PartialSuffix);
        }
        )));
        trainer.Fit(data);
        Assert.AreEqual(10, epochs);
        StringAssert.StartsWith(warnings.Single(warning => warning.Contains("checkpoint", StringComparison.Ordinal)),
            $"The checkpoint of epoch 3 could not be written to '{Checkpoint}', and training goes on: ");
        CollectionAssert.AreEqual(before, File.ReadAllBytes(Checkpoint));

        // When it is known before the first epoch, it is an error.
        StringAssert.StartsWith(Assert.ThrowsExactly<InvalidOperationException>(() => trainer.Fit(data)).Message,
            $"CheckpointPath '{Checkpoint}' can't be used: ");
        Assert.AreEqual(10, epochs);
    }

    [TestMethod]
    public void AFolderThatIsGoneIsRefusedBeforeTheFirstEpoch()
    {
        string folder = Path.Combine(_folder, "gone");
        Directory.CreateDirectory(folder);
        int epochs = 0;
        var ml = new MLContext(1);
        LstmRegressionTrainer trainer = ml.Regression.Trainers.Lstm(SmallOptions.CreateForResuming(options =>
            (options.CheckpointPath, options.EpochCompleted) = (Path.Combine(folder, "x"), _ => epochs++)));
        Directory.Delete(folder);
        Assert.ThrowsExactly<InvalidOperationException>(() =>
            trainer.Fit(ml.Data.LoadFromEnumerable(Example.Make(60), Example.Schema(Example.Vector(10)))));
        Assert.AreEqual(0, epochs);
    }

    private static LstmRegressionTransformer Fit(Action<LstmRegressionTrainer.Options> change, Example[]? rows = null)
    {
        var ml = new MLContext();
        return ml.Regression.Trainers.Lstm(SmallOptions.CreateForResuming(change))
            .Fit(ml.Data.LoadFromEnumerable(rows ?? Example.Make(60), Example.Schema(Example.Vector(10))));
    }

    /// <summary>Ends a training as a crash would, after so many epochs.</summary>
    private static Action<EpochCompletedEventArgs> Interrupt(int after)
    {
        int epochs = 0;
        return _ =>
        {
            if (++epochs == after)
                throw new InvalidDataException("interrupted");
        };
    }

    /// <summary>The default's learning rates, and the end in the middle of the seventh epoch.</summary>
    private sealed class CancellingSchedule(CancellationTokenSource source) : LearningRateSchedule
    {
        public override double GetFactor(double epoch, int numberOfEpochs)
        {
            // The checkpoint evaluates the schedule at whole tenths only.
            if (epoch is > 6.1 and < 6.9)
                source.Cancel();
            return Cosine().GetFactor(epoch, numberOfEpochs);
        }
    }
}

using System.Reflection;
using Microsoft.ML.Data;

namespace Microsoft.ML.Lstm.Tests.Sequences;

/// <summary>What Fit does with its data and options.</summary>
[TestClass]
public sealed class TrainingTests
{
    [TestMethod]
    public void NetworkLearns()
    {
        var ml = new MLContext(seed: 1);
        LstmRegressionTransformer model = Trainer(ml,
            options => (options.StaticFeatureColumnName, options.NumberOfEpochs) = ("Statics", 60)).Fit(Data(ml, Example.Make(200)));
        RegressionMetrics metrics = ml.Regression.Evaluate(model.Transform(Data(ml, Example.Make(100, seed: 2))));
        Assert.IsGreaterThan(0.9, metrics.RSquared);
    }

    [TestMethod]
    public void RowsCountByTheirWeights()
    {
        // The same sequence with two labels: the squared error is least at their weighted mean, 0.9 · 1 + 0.1 · 11 = 2.
        Example[] rows = Example.Make(40);
        foreach (Example row in rows)
            (row.Features, row.Label, row.Weight) = (rows[0].Features, row.Id % 2 == 0 ? 1 : 11, row.Id % 2 == 0 ? 0.9f : 0.1f);
        Assert.AreEqual(2, Predict("Weight"), 0.3);
        Assert.AreEqual(6, Predict(null), 0.3);

        float Predict(string? weights)
        {
            var ml = new MLContext(seed: 1);
            LstmRegressionTransformer model = Trainer(ml,
                options => (options.ExampleWeightColumnName, options.NumberOfEpochs) = (weights, 60)).Fit(Data(ml, rows));
            return EstimatorHarness.Values(model.Transform(Data(ml, rows)), "Score")[0][0];
        }
    }

    [TestMethod]
    public void StaticFeaturesAreLearnedFrom()
    {
        Assert.IsLessThan(0.5 * Error(null), Error("Statics"));

        static double Error(string? statics)
        {
            var ml = new MLContext(seed: 1);
            Example[] rows = Example.Make(200);
            foreach (Example row in rows)
                row.Label = 10 * row.Statics[0];
            LstmRegressionTransformer model = Trainer(ml,
                options => (options.StaticFeatureColumnName, options.NumberOfEpochs) = (statics, 20)).Fit(Data(ml, rows));
            return ml.Regression.Evaluate(model.Transform(Data(ml, rows))).RootMeanSquaredError;
        }
    }

    [TestMethod]
    public void SeveralValuesAreLearnedAtOnce()
    {
        var ml = new MLContext(seed: 1);
        Example[] rows = Example.Make(200);
        LstmRegressionTransformer model = Trainer(ml, options => (options.LabelColumnName, options.NumberOfEpochs) = ("Labels", 60))
            .Fit(Data(ml, rows));
        IDataView scored = model.Transform(Data(ml, rows));
        Assert.AreEqual(Example.Vector(3), scored.Schema["Score"].Type);
        float[][] scores = EstimatorHarness.Values(scored, "Score");
        for (int output = 0; output < 3; output++)
        {
            double mean = rows.Average(row => row.Labels[output]);
            double variance = rows.Sum(row => Math.Pow(row.Labels[output] - mean, 2));
            double error = rows.Sum(row => Math.Pow(row.Labels[output] - scores[row.Id][output], 2));
            Assert.IsGreaterThan(0.8, 1 - error / variance, $"R² of output {output}");
        }
    }

    [TestMethod]
    public void EncodingServesAsFeaturesOfAnotherTrainer()
    {
        var ml = new MLContext(seed: 1);
        IDataView data = Data(ml, Example.Make(200));
        var pipeline = Trainer(ml, options => (options.EncodingColumnName, options.NumberOfEpochs) = ("Encoding", 60))
            .Append(ml.Regression.Trainers.Lstm(new()
            {
                FeatureColumnName = "Encoding",
                FeaturesPerStep = 5,
                HiddenSize = 8,
                NumberOfEpochs = 60,
                Seed = 2
            }));
        IDataView scored = pipeline.Fit(data).Transform(data);
        Assert.AreEqual(Example.Vector(5), scored.Schema["Encoding"].Type);
        Assert.IsGreaterThan(0.8, ml.Regression.Evaluate(scored).RSquared);
        Assert.AreEqual(2u, ScoreSet(scored.Schema["Score"]));

        static uint ScoreSet(DataViewSchema.Column column)
        {
            uint set = 0;
            column.Annotations.GetValue("ScoreColumnSetId", ref set);
            return set;
        }
    }

    [TestMethod]
    public void WarmStartGoesOnFromTheEarlierLoss()
    {
        var ml = new MLContext(seed: 1);
        IDataView data = Data(ml, Example.Make(200));
        var losses = new List<double>();
        LstmRegressionTrainer trainer = Trainer(ml,
            options => (options.NumberOfEpochs, options.SkipSteps, options.LearningRateSchedule, options.EpochCompleted) =
            (20, 0, LearningRateSchedule.Constant, epoch => losses.Add(epoch.Training.Loss)));
        LstmRegressionTransformer first = trainer.Fit(data);
        trainer.Fit(data, null, first.Model);
        Assert.HasCount(40, losses);
        Assert.IsLessThan(0.2 * losses[0], losses[20]);
        Assert.AreEqual(losses[19], losses[20], 0.5 * losses[19]);

        float[][] before = EstimatorHarness.Values(first.Transform(data), "Score");
        trainer.Fit(data, null, first.Model);
        EstimatorHarness.AssertSame(before, EstimatorHarness.Values(first.Transform(data), "Score"));
    }

    [TestMethod]
    public void WarmStartWithAnotherShapeIsRefused()
    {
        var ml = new MLContext(seed: 1);
        IDataView data = Data(ml, Example.Make(10));
        SequenceModelParameters model = Trainer(ml).Fit(data).Model;
        var changes = new Dictionary<string, Action<LstmRegressionTrainer.Options>>
        {
            ["CellType is Lstm, expected Gru"] = options => options.CellType = CellType.Gru,
            ["FeaturesPerStep is 2, expected 5"] = options => options.FeaturesPerStep = 5,
            ["HiddenSize is 5, expected 6"] = options => options.HiddenSize = 6,
            ["NumberOfLayers is 1, expected 2"] = options => options.NumberOfLayers = 2,
            ["Bidirectional is False, expected True"] = options => options.Bidirectional = true,
            ["Pooling is Last, expected Max"] = options => options.Pooling = Pooling.Max,
            ["number of static features is 0, expected 2"] = options => options.StaticFeatureColumnName = "Statics",
        };
        foreach ((string difference, Action<LstmRegressionTrainer.Options> change) in changes)
        {
            var error = Assert.ThrowsExactly<ArgumentException>(() => Trainer(ml, change).Fit(data, null, model));
            StringAssert.StartsWith(error.Message, $"The initial model has another shape than the one to be trained: {difference}.");
        }
    }

    [TestMethod]
    public void CallbackIsToldOfEveryEpochAndCanStop()
    {
        var ml = new MLContext(seed: 1);
        var epochs = new List<EpochCompletedEventArgs>();
        LstmRegressionTransformer model = Trainer(ml, options =>
        {
            options.NumberOfEpochs = 50;
            options.EpochCompleted = epoch =>
            {
                epochs.Add(epoch);
                epoch.Cancel = epoch.Epoch == 3;
            };
        }).Fit(Data(ml, Example.Make(20)));
        CollectionAssert.AreEqual((int[])[1, 2, 3], epochs.ConvertAll(epoch => epoch.Epoch));
        Assert.AreEqual(50, epochs[0].NumberOfEpochs);
        Assert.IsNull(epochs[0].Validation);
        AssertFinite(model);
    }

    [TestMethod]
    public void CancellationTokenStopsAndKeepsTheBestModel()
    {
        using var source = new CancellationTokenSource();
        var ml = new MLContext(seed: 1);
        int epochs = 0;
        LstmRegressionTransformer model = Trainer(ml, options =>
        {
            options.NumberOfEpochs = 1000;
            options.CancellationToken = source.Token;
            options.EpochCompleted = _ =>
            {
                if (++epochs == 2)
                    source.Cancel();
            };
        }).Fit(Data(ml, Example.Make(20)));
        Assert.AreEqual(2, epochs);
        AssertFinite(model);
    }

    [TestMethod]
    public void CancellationBeforeThereIsAModelIsAnException()
    {
        var ml = new MLContext(seed: 1);
        LstmRegressionTrainer trainer = Trainer(ml, options => options.CancellationToken = new CancellationToken(canceled: true));
        IDataView data = Data(ml, Example.Make(20));
        Assert.ThrowsExactly<OperationCanceledException>(() => trainer.Fit(data));
    }

    [TestMethod]
    public void CancelledMLContextAbandonsTheTraining()
    {
        MethodInfo? cancel = typeof(MLContext)
            .GetMethod("CancelExecution", BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public);
        Assert.IsNotNull(cancel);
        var ml = new MLContext(seed: 1);
        LstmRegressionTrainer trainer = Trainer(ml, options =>
        {
            options.NumberOfEpochs = 1000;
            options.EpochCompleted = epoch =>
            {
                if (epoch.Epoch == 2)
                    cancel.Invoke(ml, null);
                Assert.IsLessThan(3, epoch.Epoch);
            };
        });
        IDataView data = Data(ml, Example.Make(20));
        Assert.ThrowsExactly<OperationCanceledException>(() => trainer.Fit(data));
    }

    [TestMethod]
    public void EarlyStoppingRestoresTheBestEpoch()
    {
        var ml = new MLContext(seed: 1);
        IDataView validation = Data(ml, Example.Make(30, seed: 2));
        var errors = new List<double>();
        LstmRegressionTransformer model = Trainer(ml, options =>
        {
            options.NumberOfEpochs = 200;
            options.LearningRate = 0.1f;
            options.LearningRateSchedule = LearningRateSchedule.Constant;
            options.EarlyStopping = new() { Metric = EarlyStoppingMetric.RootMeanSquaredError, Patience = 4 };
            options.EpochCompleted = epoch => errors.Add(epoch.Validation!.RootMeanSquaredError!.Value);
        }).Fit(Data(ml, Example.Make(30)), validation);
        Assert.IsLessThan(200, errors.Count);
        Assert.AreEqual(errors.Count - 5, errors.IndexOf(errors.Min()));
        Assert.AreEqual(errors.Min(), ml.Regression.Evaluate(model.Transform(validation)).RootMeanSquaredError, 1e-4);
    }

    [TestMethod]
    public void ValidationFractionHoldsRowsOut()
    {
        var ml = new MLContext(seed: 1);
        EpochMetrics? validation = null;
        Trainer(ml, options => (options.ValidationFraction, options.EpochCompleted) = (0.25f, epoch => validation = epoch.Validation))
            .Fit(Data(ml, Example.Make(40)));
        Assert.IsNotNull(validation);
        Assert.IsTrue(double.IsFinite(validation.RootMeanSquaredError!.Value));
    }

    [TestMethod]
    public void SeedDecidesTheBitsAndThreadsDoNot()
    {
        LstmRegressionTransformer expected = Fit(seed: 3, threads: 1);
        AnyTrainer.AssertSameWeights(expected, Fit(seed: 3, threads: 1));
        AnyTrainer.AssertSameWeights(expected, Fit(seed: 3, threads: 2));
        AnyTrainer.AssertSameWeights(expected, Fit(seed: 3, threads: 5));
        Assert.IsFalse(expected.Model.Weights["head.weight"].Span.SequenceEqual(Fit(seed: 4,
            threads: 1).Model.Weights["head.weight"].Span));

        static LstmRegressionTransformer Fit(int seed, int threads)
        {
            var ml = new MLContext();
            return Trainer(ml, options =>
                (options.Seed, options.NumberOfThreads, options.BatchSize, options.HiddenSize) = (seed, threads, 32, 20))
                .Fit(Data(ml, Example.Make(100)));
        }
    }

    [TestMethod]
    public void WithoutASeedTheMLContextsDecides()
    {
        AnyTrainer.AssertSameWeights(Fit(1), Fit(1));
        Assert.IsFalse(Fit(1).Model.Weights["head.weight"].Span.SequenceEqual(Fit(2).Model.Weights["head.weight"].Span));

        static LstmRegressionTransformer Fit(int seed)
        {
            var ml = new MLContext(seed);
            return Trainer(ml, options => options.Seed = null).Fit(Data(ml, Example.Make(20)));
        }
    }

    [TestMethod]
    public void WithoutASeedASecondFitGivesAnotherModelAndTheSameProgramTheSameModels()
    {
        LstmRegressionTransformer[] models = FitThrice(), again = FitThrice();
        foreach ((LstmRegressionTransformer model, LstmRegressionTransformer same) in models.Zip(again))
            AnyTrainer.AssertSameWeights(model, same);
        Assert.AreEqual(3, models.DistinctBy(model => model.Model.Weights["head.weight"].Span[0]).Count());

        // The same trainer twice, and another one of the same context.
        static LstmRegressionTransformer[] FitThrice()
        {
            var ml = new MLContext(seed: 1);
            LstmRegressionTrainer trainer = Trainer(ml, options => options.Seed = null),
                other = Trainer(ml, options => options.Seed = null);
            IDataView data = Data(ml, Example.Make(20));
            return [trainer.Fit(data), trainer.Fit(data), other.Fit(data)];
        }
    }

    [TestMethod]
    public void LaterChangesToTheOptionsHaveNoEffect()
    {
        var ml = new MLContext(seed: 1);
        int epochs = 0;
        LstmRegressionTrainer.Options options = SmallOptions.Create(options =>
        {
            options.NumberOfEpochs = 6;
            options.EarlyStopping = new() { Patience = 100 };
            options.EpochCompleted = _ => epochs++;
        });
        LstmRegressionTrainer trainer = ml.Regression.Trainers.Lstm(options);
        options.NumberOfEpochs = 1;
        options.FeatureColumnName = "Nowhere";
        options.EarlyStopping!.Patience = 1;
        options.EarlyStopping.MinimumDelta = 1000;
        trainer.Fit(Data(ml, Example.Make(20)));
        Assert.AreEqual(6, epochs);
    }

    [TestMethod]
    public void LogHasALineAnEpoch()
    {
        var ml = new MLContext(seed: 1);
        var lines = new List<string>();
        ml.Log += (_, entry) =>
        {
            if (entry.Kind == Runtime.ChannelMessageKind.Info && entry.RawMessage.StartsWith("Epoch ", StringComparison.Ordinal))
                lines.Add(entry.Source + " " + entry.RawMessage);
        };
        LstmRegressionTrainer trainer = Trainer(ml);
        trainer.Fit(Data(ml, Example.Make(20)));
        trainer.Fit(Data(ml, Example.Make(20)), Data(ml, Example.Make(10, seed: 2)));
        Assert.HasCount(4, lines);
        StringAssert.Matches(lines[1], new(@"^LstmRegression; Training Epoch 2/2: training loss [\d.E-]+, RMSE [\d.E-]+; \d+\.\d\d s$"));
        StringAssert.Matches(lines[3],
            new(@"^LstmRegression; Training Epoch 2/2: training loss [\d.E-]+, RMSE [\d.E-]+; "
                + @"validation loss [\d.E-]+, RMSE [\d.E-]+; \d+\.\d\d s$"));
    }

    [TestMethod]
    public void CheckpointHoldsTheBestModelAndCanBeGoneOnFrom()
    {
        string folder = Directory.CreateTempSubdirectory("lstm-tests-").FullName;
        try
        {
            string path = Path.Combine(folder, "checkpoint.safetensors");
            var ml = new MLContext(seed: 1);
            IDataView data = Data(ml, Example.Make(40));
            LstmRegressionTrainer trainer = Trainer(ml,
                options => (options.CheckpointPath, options.NumberOfEpochs, options.EarlyStopping) = (path, 8, new() { Patience = 100 }));
            LstmRegressionTransformer model = trainer.Fit(data);
            SequenceModelParameters checkpoint = SequenceModelParameters.Load(path);
            foreach ((string name, ReadOnlyMemory<float> weights) in model.Model.Weights)
                Assert.IsTrue(weights.Span.SequenceEqual(checkpoint.Weights[name].Span), name);
            AssertFinite(Trainer(ml).Fit(data, null, checkpoint));

        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static LstmRegressionTrainer Trainer(MLContext ml, Action<LstmRegressionTrainer.Options>? change = null)
        => ml.Regression.Trainers.Lstm(SmallOptions.Create(change));

    private static IDataView Data(MLContext ml, Example[] rows) => ml.Data.LoadFromEnumerable(rows, Example.Schema(Example.Vector(10)));

    private static void AssertFinite(LstmRegressionTransformer model)
    {
        foreach ((string name, ReadOnlyMemory<float> weights) in model.Model.Weights)
            Assert.IsTrue(weights.ToArray().All(float.IsFinite), name);
    }
}

using Microsoft.ML.Data;

namespace Microsoft.ML.Lstm.Tests.Sequences;

/// <summary>What Fit does with the options of classification, and with earlier models.</summary>
[TestClass]
public sealed class ClassifierTrainingTests
{
    public static IEnumerable<object[]> Classifiers => from trainer in AnyTrainer.Names[1..] select new object[] { trainer };

    [TestMethod]
    public void ClassWeightsAreAsManyAsTheClasses()
    {
        foreach (int count in new[] { 2, 4 })
        {
            var error = Assert.ThrowsExactly<InvalidOperationException>(() =>
                Fit(AnyTrainer.Multiclass, Example.Make(20), options => options.ClassWeights = [.. Enumerable.Repeat(1f, count)]));
            Assert.AreEqual($"There are {count} ClassWeights, but column 'Class' has 3 classes.", error.Message);
        }
    }

    [TestMethod]
    [DataRow(AnyTrainer.Binary)]
    [DataRow(AnyTrainer.Multiclass)]
    public void BalancedClassesHaveTheWeightsThatMakeThemEqual(string trainer)
    {
        Example[] rows = Example.Make(40);
        float[] counts = trainer == AnyTrainer.Binary
            ? [rows.Count(row => !row.IsHigh), rows.Count(row => row.IsHigh)]
            : [.. Enumerable.Range(0, 3).Select(key => (float)rows.Count(row => row.Class == key))];
        AnyTrainer.AssertSameWeights(
            Fit(trainer, rows, options => options.ClassWeights = [.. counts.Select(count => (float)(40.0 / counts.Length / count))]),
            Fit(trainer, rows, options => options.BalanceClasses = true));
        // Only the ratio of the class weights counts.
        AnyTrainer.AssertSameWeights(Fit(trainer, rows), Fit(trainer, rows, options => options.ClassWeights = [.. counts.Select(_ => 4f)]));
        Assert.IsFalse(Fit(trainer,
            rows).Model.Weights["head.bias"].Span.SequenceEqual(Fit(trainer, rows,
            options => options.BalanceClasses = true).Model.Weights["head.bias"].Span));
    }

    [TestMethod]
    public void ClassesWithoutARowDoNotDisturbTheBalance()
    {
        Example[] rows = [.. Example.Make(60).Where(row => row.Class != 1)];
        int low = rows.Count(row => row.Class == 0), high = rows.Length - low;
        AnyTrainer.AssertSameWeights(
            Fit(AnyTrainer.Multiclass, rows,
                options => options.ClassWeights = [(float)(rows.Length / 2.0 / low), 1, (float)(rows.Length / 2.0 / high)]),
            Fit(AnyTrainer.Multiclass, rows, options => options.BalanceClasses = true));
    }

    // By two of 24 numbers that have nothing to do with each other: where they stand decides, and there are no shapes to find.
    [TestMethod]
    public void AFewNumbersAtTheirPlacesAreFoundUntouchedAndExplained()
    {
        var ml = new MLContext(seed: 1);
        SchemaDefinition schema = Example.Schema(Example.Vector(24));
        IDataView rows = Load(300, seed: 1), others = Load(300, seed: 2);
        LstmBinaryTransformer model = ml.BinaryClassification.Trainers.Lstm(new LstmBinaryTrainer.Options
        {
            LabelColumnName = nameof(Example.IsHigh),
            FeaturesPerStep = 1,
            Seed = 1,
        }).Fit(rows);
        Assert.IsGreaterThan(0.9, ml.BinaryClassification.Evaluate(model.Transform(others), nameof(Example.IsHigh)).Accuracy);
        double[] attributions = new double[24];
        foreach (float[] row in model.Explain(ml, ml.Data.TakeRows(others, 50)).GetColumn<float[]>("Attribution"))
        {
            for (int t = 0; t < row.Length; t++)
                attributions[t] += Math.Abs(row[t]);
        }
        Assert.IsGreaterThan(0.55 * attributions.Sum(), attributions[5] + attributions[17]);

        IDataView Load(int count, int seed)
        {
            var random = new Random(seed);
            return ml.Data.LoadFromEnumerable(Enumerable.Range(0, count).Select(_ =>
            {
                float[] numbers = [.. Enumerable.Range(0, 24).Select(_ => 2 * random.NextSingle() - 1)];
                return new Example { Features = numbers, IsHigh = numbers[5] + numbers[17] > 0 };
            }).ToArray(), schema);
        }
    }

    [TestMethod]
    public void ProbabilitiesFollowTheWeightsOfTheClasses()
    {
        // The same sequence is yes in a third of the rows: the odds of yes are 1 to 2, and 4 times that if a yes counts 4 times.
        Example[] rows = Example.Make(60);
        foreach (Example row in rows)
            (row.Features, row.IsHigh, row.Class) = (rows[0].Features, row.Id % 3 == 0, row.Id % 3 == 0 ? 2u : 0u);
        Assert.AreEqual(1 / 3.0, Probability(AnyTrainer.Binary, null), 0.02);
        Assert.AreEqual(2 / 3.0, Probability(AnyTrainer.Binary, [1, 4]), 0.02);
        Assert.AreEqual(1 / 3.0, Probability(AnyTrainer.Multiclass, null), 0.02);
        Assert.AreEqual(2 / 3.0, Probability(AnyTrainer.Multiclass, [1, 1, 4]), 0.02);
        // A smoothed label gives 0.1 to either class.
        Assert.AreEqual(1 / 3.0 * 0.9 + 2 / 3.0 * 0.1, Probability(AnyTrainer.Binary, null, smoothing: 0.2f), 0.02);

        double Probability(string trainer, float[]? weights, float smoothing = 0)
        {
            SequencePredictionTransformer model = Fit(trainer, rows, options =>
                (options.ClassWeights, options.LabelSmoothing, options.NumberOfEpochs, options.BatchSize) = (weights, smoothing, 150, 60));
            return EstimatorHarness.Values(model.Transform(AnyTrainer.Data(new MLContext(), rows)),
                trainer == AnyTrainer.Binary ? "Probability" : "Score")[0][^1];
        }
    }

    [TestMethod]
    public void ThresholdDecidesTheLabelAndNothingElse()
    {
        Example[] rows = Example.Make(60);
        string[][] scores = [];
        foreach (float threshold in new[] { 0, 0.3f, 0.5f, 0.8f, 1 })
        {
            var ml = new MLContext(seed: 1);
            IDataView scored = ml.BinaryClassification.Trainers.Lstm(SmallOptions.Create<LstmBinaryTrainer.Options>(options =>
                (options.ProbabilityThreshold, options.NumberOfEpochs) = (threshold, 10)))
                .Fit(AnyTrainer.Data(ml, rows)).Transform(AnyTrainer.Data(ml, rows));
            float[] probabilities = [.. EstimatorHarness.Values(scored, "Probability").Select(row => row[0])];
            CollectionAssert.AreEqual(probabilities.Select(probability => $"{probability > threshold}").ToArray(),
                ColumnReader.Read(scored, "PredictedLabel").Select(row => row[0]).ToArray());
            foreach ((float score, float probability) in EstimatorHarness.Values(scored, "Score").Select(row => row[0]).Zip(probabilities))
                Assert.AreEqual(1 / (1 + Math.Exp(-score)), probability, 1e-6);
            string[][] found = ColumnReader.Read(scored, "Score");
            if (scores.Length > 0)
                EstimatorHarness.AssertSame(scores, found);
            scores = found;
        }
    }

    [TestMethod]
    public void ProbabilitiesOfClassesAddUpToOne()
    {
        foreach (string trainer in new[] { AnyTrainer.Multiclass, AnyTrainer.Labeling })
        {
            Example[] rows = Example.Make(30, variable: true);
            SequencePredictionTransformer model = AnyTrainer.Fit(trainer, rows).Model;
            IDataView scored = model.Transform(AnyTrainer.Data(new MLContext(), rows));
            float[][] scores = EstimatorHarness.Values(scored, "Score"), labels = EstimatorHarness.Values(scored, "PredictedLabel");
            for (int row = 0; row < rows.Length; row++)
            {
                Assert.HasCount(3 * labels[row].Length, scores[row]);
                for (int t = 0; t < labels[row].Length; t++)
                {
                    Assert.AreEqual(1, scores[row][(3 * t)..(3 * t + 3)].Sum(), 1e-5);
                    if (trainer == AnyTrainer.Multiclass)
                        Assert.AreEqual(scores[row].Max(), scores[row][(int)labels[row][t] - 1]);
                }
            }
        }
    }

    [TestMethod]
    [DataRow(EarlyStoppingMetric.Accuracy)]
    [DataRow(EarlyStoppingMetric.AreaUnderRocCurve)]
    public void EarlyStoppingKeepsTheEpochWithTheHighestFigure(EarlyStoppingMetric metric)
    {
        var ml = new MLContext(seed: 1);
        IDataView validation = AnyTrainer.Data(ml, Example.Make(101, seed: 2));
        var figures = new List<double>();
        LstmBinaryTransformer model = ml.BinaryClassification.Trainers.Lstm(SmallOptions.Create<LstmBinaryTrainer.Options>(options =>
        {
            (options.NumberOfEpochs, options.LearningRate, options.LearningRateSchedule) = (200, 0.1f, LearningRateSchedule.Constant);
            options.EarlyStopping = new() { Metric = metric, Patience = 4 };
            options.EpochCompleted = epoch => figures.Add(epoch.Validation![metric]!.Value);
        })).Fit(AnyTrainer.Data(ml, Example.Make(30)), validation);
        Assert.IsLessThan(200, figures.Count);
        Assert.AreEqual(figures.Count - 5, figures.IndexOf(figures.Max()));
        CalibratedBinaryClassificationMetrics metrics = ml.BinaryClassification.Evaluate(model.Transform(validation), "IsHigh");
        Assert.AreEqual(figures.Max(), metric == EarlyStoppingMetric.Accuracy ? metrics.Accuracy : metrics.AreaUnderRocCurve, 1e-6);
    }

    [TestMethod]
    public void ValidationDataOfOneClassHaveNoCurve()
    {
        var ml = new MLContext(seed: 1);
        IDataView validation = AnyTrainer.Data(ml, [.. Example.Make(20).Where(row => row.IsHigh)]);
        var error = Assert.ThrowsExactly<InvalidOperationException>(() => ml.BinaryClassification.Trainers
            .Lstm(SmallOptions.Create<LstmBinaryTrainer.Options>(options =>
                options.EarlyStopping = new() { Metric = EarlyStoppingMetric.AreaUnderRocCurve }))
            .Fit(AnyTrainer.Data(ml, Example.Make(20)), validation));
        Assert.AreEqual("All labels of the validation data are the same, so there is no AreaUnderRocCurve to stop early by.",
            error.Message);
    }

    [TestMethod]
    [DynamicData(nameof(Classifiers))]
    public void LogTellsTheFiguresOfTheTask(string trainer)
    {
        var ml = new MLContext(seed: 1);
        var lines = new List<string>();
        ml.Log += (_, entry) =>
        {
            if (entry.Kind == Runtime.ChannelMessageKind.Info && entry.RawMessage.StartsWith("Epoch ", StringComparison.Ordinal))
                lines.Add(entry.RawMessage);
        };
        AnyTrainer.Create(ml, trainer, options => options.ValidationFraction = 0.3f).Fit(AnyTrainer.Data(ml, Example.Make(40)));
        string figures = trainer == AnyTrainer.Binary
            ? @"loss [\d.E-]+, accuracy [\d.E-]+, AUC [\d.E-]+"
            : @"loss [\d.E-]+, accuracy [\d.E-]+";
        Assert.HasCount(2, lines);
        StringAssert.Matches(lines[1], new($@"^Epoch 2/2: training {figures}; validation {figures}; \d+\.\d\d s$"));
    }

    [TestMethod]
    [DynamicData(nameof(Classifiers))]
    public void CheckpointOfAModelWithTokensCanBeGoneOnFrom(string trainer)
    {
        string folder = Directory.CreateTempSubdirectory("lstm-tests-").FullName;
        try
        {
            string path = Path.Combine(folder, "checkpoint.safetensors");
            Example[] rows = Example.Make(60, variable: true);
            var losses = new List<double>();
            Action<SequenceTrainerOptions> change = options =>
            {
                (options.FeatureColumnNames, options.CheckpointPath, options.NumberOfEpochs) = (["Tokens", "Features", "Shapes"], path, 20);
                (options.LearningRateSchedule, options.EpochCompleted) = (LearningRateSchedule.Constant,
                    epoch => losses.Add(epoch.Training.Loss));
            };
            SequencePredictionTransformer model = AnyTrainer.Fit(trainer, rows, change).Model;
            SequenceModelParameters checkpoint = SequenceModelParameters.Load(path);
            CollectionAssert.AreEqual((int[])[Example.Vocabulary, 4], checkpoint.VocabularySizes.ToArray());
            foreach ((string name, ReadOnlyMemory<float> weights) in model.Model.Weights)
                Assert.IsTrue(weights.Span.SequenceEqual(checkpoint.Weights[name].Span), name);

            FitOn(trainer, rows, checkpoint, change);
            Assert.HasCount(40, losses);
            Assert.IsLessThan(0.5 * losses[0], losses[20]);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [TestMethod]
    public void WarmStartWithAnotherShapeIsRefused()
    {
        Example[] rows = Example.Make(10);
        Action<SequenceTrainerOptions> tokens = options => options.FeatureColumnName = "Tokens";
        AssertRefused(AnyTrainer.Binary, AnyTrainer.Binary, tokens, options => options.FeatureColumnName = "Features",
            "FeaturesPerStep is 0, expected 2");
        AssertRefused(AnyTrainer.Binary, AnyTrainer.Binary, tokens, options => options.FeatureColumnNames = ["Tokens", "Shapes"],
            "number of token columns is 1, expected 2");
        AssertRefused(AnyTrainer.Binary, AnyTrainer.Binary, tokens, options => options.FeatureColumnName = "Shapes",
            "vocabulary is 8, expected 4");
        AssertRefused(AnyTrainer.Binary, AnyTrainer.Binary, tokens,
            options => (options.FeatureColumnName, options.EmbeddingSize) = ("Tokens", 9), "EmbeddingSize is 3, expected 9");
        AssertRefused(AnyTrainer.Labeling, AnyTrainer.Labeling, null,
            options => ((LstmSequenceLabelingTrainer.Options)options).UseConditionalRandomField = false,
            "conditional random field is True, expected False");

        // Pooling has no effect on sequence labelling.
        FitOn(AnyTrainer.Labeling, rows, AnyTrainer.Fit(AnyTrainer.Labeling, rows, options => options.Pooling = Pooling.Max).Model.Model,
            null);

        void AssertRefused(string trainer, string next, Action<SequenceTrainerOptions>? change, Action<SequenceTrainerOptions>? nextChange,
            string difference)
        {
            SequenceModelParameters model = AnyTrainer.Fit(trainer, rows, change).Model.Model;
            var error = Assert.ThrowsExactly<ArgumentException>(() => FitOn(next, rows, model, nextChange));
            StringAssert.StartsWith(error.Message, $"The initial model has another shape than the one to be trained: {difference}.");
        }
    }

    [TestMethod]
    [DynamicData(nameof(Classifiers))]
    public void StreamedDataAreTrainedOnAndTheirBadRowsReportedOnce(string trainer)
    {
        Example[] rows = Example.Make(300, variable: true);
        rows[7].Features = [];
        string[] warnings = AnyTrainer.Fit(trainer, rows, Change(streaming: true)).Warnings;
        CollectionAssert.AreEqual((string[])["Skipped 1 of the 300 rows of the training data: 1 with an empty sequence.",
            $"Cut {rows.Count(row => row.Features.Length > 10)} of the 299 sequences of the training data after 5 steps "
            + "(MaximumSequenceLength)."], warnings);
        // The order of rows is another one, and the result as good.
        double streamed = Accuracy(streaming: true), inMemory = Accuracy(streaming: false);
        Assert.IsGreaterThan(0.8, streamed);
        Assert.AreEqual(inMemory, streamed, 0.1);

        double Accuracy(bool streaming)
        {
            double accuracy = 0;
            AnyTrainer.Fit(trainer, rows, options =>
            {
                Change(streaming)(options);
                (options.NumberOfEpochs, options.EpochCompleted) = (20, epoch => accuracy = epoch.Training.Accuracy!.Value);
            });
            return accuracy;
        }

        static Action<SequenceTrainerOptions> Change(bool streaming)
            => options => (options.StreamingBufferMegabytes, options.MaximumSequenceLength) = (streaming ? 1 : null, 5);
    }

    private static SequencePredictionTransformer Fit(string trainer, Example[] rows, Action<ClassificationTrainerOptions>? change = null)
        => AnyTrainer.Fit(trainer, rows, options => change?.Invoke((ClassificationTrainerOptions)options)).Model;

    private static SequencePredictionTransformer FitOn(string trainer, Example[] rows, SequenceModelParameters model,
        Action<SequenceTrainerOptions>? change)
    {
        var ml = new MLContext(seed: 1);
        IDataView data = AnyTrainer.Data(ml, rows);
        return AnyTrainer.Create(ml, trainer, change) switch
        {
            LstmBinaryTrainer binary => binary.Fit(data, null, model),
            LstmMulticlassTrainer multiclass => multiclass.Fit(data, null, model),
            var labeling => ((LstmSequenceLabelingTrainer)labeling).Fit(data, null, model),
        };
    }
}

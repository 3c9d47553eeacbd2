using Microsoft.ML.Data;

namespace Microsoft.ML.Lstm.Tests.Sequences.Autoencoder;

/// <summary>What is the autoencoder's own: its options, the threshold, and that there is no label.</summary>
[TestClass]
public sealed class AutoencoderTrainerTests
{
    private readonly MLContext _ml = new(seed: 1);

    [TestMethod]
    public void EveryOptionOutOfRangeIsNamedAtConstruction()
    {
        (string Option, Action<LstmAutoencoderTrainer.Options> Change)[] changes =
        [
            (nameof(LstmAutoencoderTrainer.Options.EncodingSize), options => options.EncodingSize = 0),
            (nameof(LstmAutoencoderTrainer.Options.EncodingSize), options => options.EncodingSize = 65537),
            (nameof(LstmAutoencoderTrainer.Options.FalsePositiveRate), options => options.FalsePositiveRate = -0.1f),
            (nameof(LstmAutoencoderTrainer.Options.FalsePositiveRate), options => options.FalsePositiveRate = 1),
            (nameof(LstmAutoencoderTrainer.Options.FalsePositiveRate), options => options.FalsePositiveRate = float.NaN),
            (nameof(LstmAutoencoderTrainer.Options.StepErrorColumnName), options => options.StepErrorColumnName = ""),
            (nameof(LstmAutoencoderTrainer.Options.StepErrorColumnName), options => options.StepErrorColumnName = "Score"),
            (nameof(LstmAutoencoderTrainer.Options.StepErrorColumnName),
                options => (options.StepErrorColumnName, options.EncodingColumnName) = ("E", "E")),
            (nameof(SequenceInputOptions.EncodingColumnName), options => options.EncodingColumnName = "PredictedLabel"),
            (nameof(SequenceInputOptions.FeatureColumnName), options => options.FeatureColumnName = ""),
            (nameof(SequenceInputOptions.FeaturesPerStep), options => options.FeaturesPerStep = 0),
            (nameof(TrainingOptions.HiddenSize), options => options.HiddenSize = 0),
            (nameof(TrainingOptions.ValidationFraction), options => options.StreamingBufferMegabytes = 1),
            ("EarlyStopping.Metric", options => options.EarlyStopping = new() { Metric = EarlyStoppingMetric.Accuracy }),
            ("EarlyStopping.Metric", options => options.EarlyStopping = new() { Metric = EarlyStoppingMetric.RootMeanSquaredError }),
        ];
        foreach ((string option, Action<LstmAutoencoderTrainer.Options> change) in changes)
        {
            var error = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Trainer(change), option);
            Assert.AreEqual(option, error.ParamName);
            StringAssert.StartsWith(error.Message, option + " must ");
        }
        Assert.ThrowsExactly<ArgumentNullException>(() => _ml.AnomalyDetection.Trainers.LstmAutoencoder(options: null!));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _ml.AnomalyDetection.Trainers.LstmAutoencoder(encodingSize: 0));
    }

    [TestMethod]
    [DataRow(nameof(SequenceTrainerOptions.LabelColumnName))]
    [DataRow(nameof(SequenceTrainerOptions.EmbeddingSize))]
    [DataRow(nameof(SequenceTrainerOptions.FreezeEmbeddings))]
    [DataRow(nameof(SequenceTrainerOptions.TokenDropout))]
    [DataRow(nameof(SequenceTrainerOptions.WordVectorFiles))]
    [DataRow(nameof(SequenceTrainerOptions.Pooling))]
    [DataRow(nameof(SequenceTrainerOptions.AttentionColumnName))]
    public void WhatWouldHaveNoEffectIsNoOption(string option)
    {
        Assert.IsNotNull(typeof(LstmRegressionTrainer.Options).GetField(option));
        Assert.IsNull(typeof(LstmAutoencoderTrainer.Options).GetField(option));
    }

    [TestMethod]
    public void SimpleArgumentsAndOptionsGiveTheSameModel()
    {
        var options = new LstmAutoencoderTrainer.Options
        {
            ExampleWeightColumnName = "Weight",
            FeaturesPerStep = 2,
            EncodingSize = 3,
            FalsePositiveRate = 0.3f,
            HiddenSize = 4,
            NumberOfLayers = 2,
            LearningRate = 0.01f,
            NumberOfEpochs = 2,
        };
        IDataView data = AnyTrainer.Data(_ml, Example.Make(20));
        LstmAutoencoderTransformer expected = new MLContext(seed: 1).AnomalyDetection.Trainers.LstmAutoencoder(options).Fit(data);
        LstmAutoencoderTransformer actual = new MLContext(seed: 1).AnomalyDetection.Trainers.LstmAutoencoder("Features", "Weight", 2, 3,
            0.3f, 4, 2, 0.01f, 2).Fit(data);
        AnyTrainer.AssertSameWeights(expected, actual);
        Assert.AreEqual(expected.Threshold, actual.Threshold);
    }

    [TestMethod]
    [DataRow("Nowhere", "Could not find feature column 'Nowhere'")]
    [DataRow(nameof(OddRow.Keys), "Schema mismatch for feature column 'Keys': expected a vector of Single, got VarVector<Key<UInt32>>")]
    [DataRow(nameof(OddRow.Number), "Schema mismatch for feature column 'Number': expected a vector of Single, got Single")]
    [DataRow(nameof(OddRow.Text), "Schema mismatch for feature column 'Text': expected a vector of Single, got String")]
    public void ColumnsThatAreNoSequencesOfNumbersAreRefused(string column, string message)
        => OddRow.AssertRefused(ml =>
            ml.AnomalyDetection.Trainers.LstmAutoencoder(SmallOptions.CreateAutoencoder(options => options.FeatureColumnName = column)),
            message);

    [TestMethod]
    public void BadRowsAreSkippedInTrainingAndGetNoScore()
    {
        Example[] good = Example.Make(20, variable: true), bad = Example.Make(5);
        bad[0].Features = [];
        bad[1].Features = [1, 2, 3];
        bad[2].Features[3] = float.NaN;
        bad[3].Weight = float.NaN;
        bad[4].Weight = 0;
        var warnings = new List<string>();
        _ml.Log += (_, entry) =>
        {
            if (entry.Kind == Runtime.ChannelMessageKind.Warning)
                warnings.Add(entry.RawMessage);
        };
        void Weigh(LstmAutoencoderTrainer.Options options) =>
            (options.ExampleWeightColumnName, options.StepErrorColumnName, options.FalsePositiveRate) = ("Weight", "Errors", 0.4f);
        LstmAutoencoderTransformer expected = Fit(good, Weigh), model = Fit([bad[0], .. good, .. bad[1..]], Weigh);
        AnyTrainer.AssertSameWeights(expected, model);
        Assert.AreEqual(expected.Threshold, model.Threshold);
        CollectionAssert.AreEqual(
            (string[])["Skipped 4 of the 25 rows of the training data: 1 with an empty sequence; 1 with a vector length that is no "
            + "multiple of 2 (FeaturesPerStep); 1 with NaN or infinity in the features; 1 with a weight that is negative, NaN or "
            + "infinite."], warnings);
        Assert.ThrowsExactly<InvalidOperationException>(() => Fit([.. good, bad[0]], options => options.BadRows = BadRowHandling.Throw));
        Assert.ThrowsExactly<InvalidOperationException>(() => Fit([], null));

        IDataView scored = model.Transform(AnyTrainer.Data(_ml, [good[0], bad[0], bad[1], bad[2], good[1]]));
        string[][] alone = ColumnReader.Read(model.Transform(AnyTrainer.Data(_ml, good)), "Errors");
        CollectionAssert.AreEqual((string[])["NaN", "NaN", "NaN"],
            ColumnReader.Read(scored, "Score")[1..4].SelectMany(row => row).ToArray());
        CollectionAssert.AreEqual((string[])["False", "False", "False"],
            ColumnReader.Read(scored, "PredictedLabel")[1..4].SelectMany(row => row).ToArray());
        EstimatorHarness.AssertSame([alone[0], [], [], [], alone[1]], ColumnReader.Read(scored, "Errors"));
    }

    [TestMethod]
    public void HugeFeaturesGetAFiniteScore()
    {
        LstmAutoencoderTransformer model = Fit(Example.Make(20), null);
        Example huge = Example.Make(1)[0];
        huge.Features[2] = float.MaxValue;
        float score = EstimatorHarness.Values(model.Transform(AnyTrainer.Data(_ml, [huge])), "Score")[0][0];
        Assert.IsTrue(float.IsFinite(score) && score > 1e30f, $"{score}");
    }

    [TestMethod]
    public void ErrorsOfStepsHaveTheScoreForTheirMeanAndTheCodeItsSize()
    {
        Example[] rows = Example.Make(20, variable: true);
        IDataView scored = Fit(rows, options => (options.StepErrorColumnName, options.EncodingColumnName) = ("Errors", "Code"))
            .Transform(AnyTrainer.Data(_ml, rows));
        float[][] scores = EstimatorHarness.Values(scored, "Score"), errors = EstimatorHarness.Values(scored, "Errors"),
            codes = EstimatorHarness.Values(scored, "Code");
        for (int i = 0; i < rows.Length; i++)
        {
            Assert.HasCount(rows[i].Features.Length / 2, errors[i]);
            Assert.AreEqual(errors[i].Average(), scores[i][0], 1e-5f);
            Assert.HasCount(3, codes[i]);
        }
        Assert.AreEqual(3, ((VectorDataViewType)scored.Schema["Code"].Type).Size);
    }

    [TestMethod]
    public void ErrorsAreThoseOfTheStepsThatTheyStandAt()
    {
        LstmAutoencoderTransformer model = Fit(Example.Make(50),
            options => (options.StepErrorColumnName, options.HiddenSize, options.NumberOfEpochs) = ("Errors", 16, 20));
        for (int step = 0; step < 5; step++)
        {
            Example row = Example.Make(1)[0];
            row.Features[2 * step + 1] = 40;
            float[] errors = EstimatorHarness.Values(model.Transform(AnyTrainer.Data(_ml, [row])), "Errors")[0];
            Assert.AreEqual(step, Array.IndexOf(errors, errors.Max()));
        }
    }

    [TestMethod]
    public void AboveTheThresholdIsAnAnomalyAndTheThresholdCanBeChanged()
    {
        IDataView data = AnyTrainer.Data(_ml, Example.Make(30));
        LstmAutoencoderTransformer model = Fit(Example.Make(30), null);
        float[] scores = [.. EstimatorHarness.Values(model.Transform(data), "Score").Select(row => row[0])];
        AssertLabels(model);
        float[] sorted = [.. scores.Order()];
        LstmAutoencoderTransformer other = model.WithThreshold(sorted[10]);
        AssertLabels(other);
        Assert.AreEqual(19, Labels(other).Count(isAnomaly => isAnomaly));
        Assert.AreNotEqual(model.Threshold, other.Threshold);

        var stream = new MemoryStream();
        _ml.Model.Save(other, data.Schema, stream);
        stream.Position = 0;
        var loaded = (LstmAutoencoderTransformer)_ml.Model.Load(stream, out _);
        Assert.AreEqual(sorted[10], loaded.Threshold);
        AssertLabels(loaded);
        foreach (float threshold in new[] { -1, float.NaN, float.PositiveInfinity })
            Assert.AreEqual("threshold", Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => model.WithThreshold(threshold)).ParamName);

        void AssertLabels(LstmAutoencoderTransformer transformer)
            => CollectionAssert.AreEqual(scores.Select(score => score > transformer.Threshold).ToArray(), Labels(transformer));

        bool[] Labels(LstmAutoencoderTransformer transformer) =>
            [.. ColumnReader.Read(transformer.Transform(data), "PredictedLabel").Select(row => bool.Parse(row[0]))];
    }

    [TestMethod]
    public void ColumnsSayOfThemselvesWhatThoseOfMLNetsOwnDetectorsSay()
    {
        DataViewSchema schema = Fit(Example.Make(10), null).GetOutputSchema(AnyTrainer.Data(_ml, []).Schema);
        foreach (string column in new[] { "PredictedLabel", "Score" })
        {
            CollectionAssert.AreEquivalent((string[])["ScoreColumnSetId", "ScoreColumnKind", "ScoreValueKind"],
                schema[column].Annotations.Schema.Select(annotation => annotation.Name).ToArray());
            Assert.AreEqual("BinaryClassification", Text("ScoreColumnKind"));
            Assert.AreEqual(column, Text("ScoreValueKind"));

            string Text(string annotation)
            {
                ReadOnlyMemory<char> text = default;
                schema[column].Annotations.GetValue(annotation, ref text);
                return text.ToString();
            }
        }
    }

    [TestMethod]
    public void ThresholdComesFromTheValidationDataWhenThereAreSome()
    {
        IDataView training = AnyTrainer.Data(_ml, Example.Make(30)), validation = AnyTrainer.Data(_ml, Example.Make(49, seed: 2));
        LstmAutoencoderTransformer model = Trainer().Fit(training, validation);
        float[] scores = [.. EstimatorHarness.Values(model.Transform(validation), "Score").Select(row => row[0]).OrderDescending()];
        // A fifth of 49 and a new one are 10.
        Assert.AreEqual(scores[9], model.Threshold);
    }

    [TestMethod]
    public void DataThatIsReadAnewEachEpochGivesAThresholdToo()
    {
        IDataView data = AnyTrainer.Data(_ml, Example.Make(49));
        LstmAutoencoderTransformer model = Trainer(options => (options.StreamingBufferMegabytes, options.ValidationFraction) = (1, 0))
            .Fit(data);
        float[] scores = [.. EstimatorHarness.Values(model.Transform(data), "Score").Select(row => row[0]).OrderDescending()];
        Assert.AreEqual(scores[9], model.Threshold);
    }

    [TestMethod]
    public void TrainingGoesOnFromAnEarlierModelOfTheSameShape()
    {
        IDataView data = AnyTrainer.Data(_ml, Example.Make(100));
        var losses = new List<double>();
        void Change(LstmAutoencoderTrainer.Options options) =>
            (options.NumberOfEpochs, options.LearningRateSchedule, options.EpochCompleted) = (10, LearningRateSchedule.Constant,
            epoch => losses.Add(epoch.Training.Loss));
        LstmAutoencoderTransformer first = Trainer(Change).Fit(data);
        Trainer(Change).Fit(data, null, first.Model);
        Assert.HasCount(20, losses);
        Assert.IsLessThan(losses[4], losses[10]);

        AssertRefused("number of outputs is 3, expected 4",
            () => Trainer(options => options.EncodingSize = 4).Fit(data, null, first.Model));
        AssertRefused("HiddenSize is 5, expected 6", () => Trainer(options => options.HiddenSize = 6).Fit(data, null, first.Model));

        static void AssertRefused(string difference, Action fit)
            => StringAssert.StartsWith(Assert.ThrowsExactly<ArgumentException>(fit).Message,
                $"The initial model has another shape than the one to be trained: {difference}.");
    }

    [TestMethod]
    public void CheckpointIsTheModelThatWasKept()
    {
        string path = Path.GetTempFileName();
        try
        {
            LstmAutoencoderTransformer model = Fit(Example.Make(30), options => options.CheckpointPath = path);
            SequenceModelParameters checkpoint = SequenceModelParameters.Load(path);
            Assert.IsTrue(checkpoint.Weights.ContainsKey("decoder.weight_hh_l0"));
            foreach ((string name, ReadOnlyMemory<float> weights) in model.Model.Weights)
                Assert.IsTrue(weights.Span.SequenceEqual(checkpoint.Weights[name].Span), name);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [TestMethod]
    public void CancelledBetweenEpochsItStillHasAThreshold()
    {
        LstmAutoencoderTransformer model = Fit(Example.Make(30),
            options => (options.NumberOfEpochs, options.EpochCompleted) = (1000, epoch => epoch.Cancel = epoch.Epoch == 2));
        Assert.IsGreaterThan(0, model.Threshold);
    }

    private LstmAutoencoderTrainer Trainer(Action<LstmAutoencoderTrainer.Options>? change = null) =>
        _ml.AnomalyDetection.Trainers.LstmAutoencoder(SmallOptions.CreateAutoencoder(change));

    private LstmAutoencoderTransformer Fit(Example[] rows, Action<LstmAutoencoderTrainer.Options>? change)
        => Trainer(change).Fit(AnyTrainer.Data(_ml, rows));
}

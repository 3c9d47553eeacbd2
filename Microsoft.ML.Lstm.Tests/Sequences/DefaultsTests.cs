using Microsoft.ML.Lstm.Engine.Training;

namespace Microsoft.ML.Lstm.Tests.Sequences;

/// <summary>What the trainers on sequences choose from the data (docs/defaults.md), and that they leave alone what is given.</summary>
[TestClass]
public sealed class DefaultsTests
{
    [TestMethod]
    [DataRow(36, 8)]
    [DataRow(270, 16)]
    [DataRow(1024, 32)]
    [DataRow(100_000, 32)]
    public void SmallDataHasSmallBatches(int rows, int batch)
        => Assert.AreEqual(batch, Settle(new LstmMulticlassTrainer.Options(), rows).BatchSize);

    [TestMethod]
    [DataRow(96, 8)]
    [DataRow(11_000, 64)]
    [DataRow(500_000, 256)]
    public void RegressionHasLargerBatchesOfMuchData(int rows, int batch)
        => Assert.AreEqual(batch, Settle(new LstmRegressionTrainer.Options(), rows).BatchSize);

    [TestMethod]
    public void RegressionHoldsRowsOutWhereThereAreEnough()
    {
        TrainingOptions many = Settle(new LstmRegressionTrainer.Options(), 250), few = Settle(new LstmRegressionTrainer.Options(), 249);
        Assert.AreEqual(0.15f, many.ValidationFraction);
        Assert.IsTrue(((SequenceInputOptions)many).TrainsOnHeldOutRows);
        Assert.IsTrue(many.ToSettings().EarlyStopping!.Decays);
        Assert.AreEqual(0, few.ValidationFraction);
        Assert.IsNull(few.ToSettings().EarlyStopping);
        Assert.AreEqual(38, few.ToSettings().Epochs.EpochsFor(32));
    }

    [TestMethod]
    [DataRow(499, 0)]
    [DataRow(500, 0.1)]
    [DataRow(100_000, 0.02)]
    public void SequenceToSequenceHoldsRowsOutWhereThereAreEnough(int rows, double share)
    {
        TrainingOptions settled = Settle(new LstmSequenceToSequenceTrainer.Options(), rows);
        Assert.AreEqual((float)share, settled.ValidationFraction);
        Assert.IsFalse(((SequenceInputOptions)settled).TrainsOnHeldOutRows);
        EarlyStoppingRule? stopping = settled.ToSettings().EarlyStopping;
        Assert.AreEqual(share > 0, stopping is { Decays: true, MinimumDelta: 0.002, FewestUpdates: 1500 });
        Assert.AreEqual(share > 0, stopping is not null);
    }

    [TestMethod]
    public void QuickTrainsAThirdWhereTheEpochsAreOpen()
    {
        var quick = new LstmMulticlassTrainer.Options { Effort = TrainingEffort.Quick };
        int usual = Settle(new LstmMulticlassTrainer.Options(), 3200).ToSettings().Epochs.EpochsFor(100);
        Assert.AreEqual(25, usual);
        Assert.AreEqual(9, Settle(quick, 3200).ToSettings().Epochs.EpochsFor(100));
        quick.NumberOfEpochs = 50;
        Assert.AreEqual(50, Settle(quick, 3200).ToSettings().Epochs.EpochsFor(100));
    }

    [TestMethod]
    public void WhatIsGivenDecides()
    {
        foreach (Action<TrainingOptions> give in new Action<TrainingOptions>[]
        {
            options => options.NumberOfEpochs = 50,
            options => options.LearningRateSchedule = LearningRateSchedule.Constant,
            options => options.EarlyStopping = EarlyStoppingOptions.Off(),
        })
        {
            var options = new LstmRegressionTrainer.Options();
            give(options);
            TrainingOptions settled = Settle(options, 5000);
            Assert.AreEqual(0, settled.ValidationFraction);
            Assert.IsNull(settled.ToSettings().EarlyStopping);
        }
        var fraction = Settle(new LstmRegressionTrainer.Options { ValidationFraction = 0.3f }, 5000);
        Assert.AreEqual(0.3f, fraction.ValidationFraction);
        Assert.IsFalse(((SequenceInputOptions)fraction).TrainsOnHeldOutRows);
        Assert.AreEqual(0, ((LstmRegressionTrainer.Options)Settle(new LstmRegressionTrainer.Options { SkipSteps = 0 }, 5000)).SkipSteps);
    }

    [TestMethod]
    [DataRow(5000, 24)]
    [DataRow(40, 5)]
    [DataRow(3, 0)]
    public void TheLastStepsAreReadWhereThereAreRowsEnough(int rows, int steps)
    {
        var settled = (LstmRegressionTrainer.Options)Settle(new LstmRegressionTrainer.Options(), rows);
        Assert.AreEqual(steps, settled.SkipSteps);
        Assert.AreEqual(steps == 0 ? 0.005f : 0.0005f, settled.LearningRate);
    }

    [TestMethod]
    public void FewCurvesAreReadWithConvolutions()
    {
        var few = (LstmMulticlassTrainer.Options)Settle(new LstmMulticlassTrainer.Options(), 999);
        CollectionAssert.AreEqual(new[] { 32, 64, 32 }, few.Convolution!.Filters);
        Assert.AreEqual(8, few.HiddenSize);
        Assert.AreEqual(1, few.StepsPerFrame);
        Assert.AreEqual(0, few.SkipSteps);
        Assert.AreEqual(3, Chosen(new LstmBinaryTrainer.Options(), new DataFacts([1030, 40]) { Features = 1 }).StepsPerFrame);
        AssertHasNone(new LstmMulticlassTrainer.Options(), 1000);
        foreach (Action<LstmMulticlassTrainer.Options> say in new Action<LstmMulticlassTrainer.Options>[]
        {
            options => options.HiddenSize = 16,
            options => options.NumberOfLayers = 2,
            options => options.Bidirectional = true,
            options => options.Pooling = Pooling.Mean,
            options => options.EncodingColumnName = "Encoding",
            options => options.Convolution = ConvolutionOptions.Off(),
        })
        {
            var options = new LstmMulticlassTrainer.Options();
            say(options);
            AssertHasNone(options, 100);
        }

        static void AssertHasNone(LstmMulticlassTrainer.Options options, int rows)
        {
            var settled = (LstmMulticlassTrainer.Options)Settle(options, rows);
            Assert.IsEmpty(settled.Convolution!.Filters);
            Assert.AreEqual(options.HiddenSize ?? 64, settled.HiddenSize);
            Assert.AreEqual(0, settled.SkipSteps);
        }
    }

    [TestMethod]
    [DataRow(1999, 1, 0.19, 24)]
    [DataRow(20, 3, 0.01, 24)]
    [DataRow(300, 1, 0.2, 0, DisplayName = "a curve")]
    [DataRow(2000, 1, 0, 24, DisplayName = "many rows")]
    [DataRow(600, 22, 0, 0, DisplayName = "many numbers")]
    public void NumbersThatAreNoCurvesAreReadAtTheirPlaces(int rows, int features, double correlation, int expected)
    {
        var facts = new DataFacts(Enumerable.Repeat(24, rows)) { Features = features, Classes = 2, CorrelationOfSteps = correlation };
        foreach (TrainingEffort effort in Enum.GetValues<TrainingEffort>())
        {
            ClassificationTrainerOptions chosen = Chosen(new LstmMulticlassTrainer.Options { Effort = effort }, facts);
            Assert.AreEqual(expected, chosen.SkipSteps);
            Assert.AreEqual(rows < 2000 ? 8 : 64, chosen.HiddenSize);
            Assert.AreEqual(expected == 0 && (effort == TrainingEffort.Best || rows < 1000), chosen.Convolution!.Filters.Length > 0);
        }
        // Whoever asks for 16 units gets them, and the linear classifier too.
        ClassificationTrainerOptions asked = Chosen(new LstmBinaryTrainer.Options { HiddenSize = 16 }, facts);
        Assert.AreEqual((expected, 16), (asked.SkipSteps!.Value, asked.HiddenSize!.Value));
        Assert.AreEqual(0, Chosen(new LstmBinaryTrainer.Options { EncodingColumnName = "Encoding" }, facts).SkipSteps);
        var given = new LstmBinaryTrainer.Options { Convolution = new ConvolutionOptions { Filters = [4], KernelSizes = [3] } };
        Assert.AreEqual(0, Chosen(given, facts).SkipSteps);
        // The linear classifier reads no words.
        Assert.AreEqual(0, Chosen(new LstmBinaryTrainer.Options(), facts with { HasCharacters = true }).SkipSteps);
        // The small network is for what the linear classifier leaves.
        foreach (int? steps in new int?[] { 0, 23, 24 })
        {
            ClassificationTrainerOptions chosen = Chosen(new LstmBinaryTrainer.Options { SkipSteps = steps }, facts);
            Assert.AreEqual(steps, chosen.SkipSteps);
            Assert.AreEqual(rows < 1000 && !(expected > 0 && steps == 24), chosen.Convolution!.Filters.Length > 0);
            Assert.AreEqual(rows < 1000 || (rows < 2000 && steps == 24) ? 8 : 64, chosen.HiddenSize);
        }
    }

    [TestMethod]
    [DataRow(100, 6, 1, 0.6, 24)]
    [DataRow(38, 2, 1, 0.6, 24)]
    [DataRow(100, 6, 1, 0.5, 0, DisplayName = "shapes of their own")]
    [DataRow(100, 5, 1, 0.9, 0, DisplayName = "many rows of each class")]
    [DataRow(40, 2, 1, 0.9, 0, DisplayName = "many rows of two classes")]
    [DataRow(100, 6, 200, 0.9, 0, DisplayName = "too many numbers")]
    [DataRow(600, 40, 30, 0.9, 0, DisplayName = "too many rows and numbers")]
    [DataRow(600, 40, 20, 0.9, 24)]
    public void CurvesThatShareTheirCourseAreReadStepByStepToo(int rows, int classes, int features, double share, int expected)
    {
        var facts = new DataFacts(Enumerable.Repeat(24, rows)) { Features = features, Classes = classes, ShareOfMeanCurve = share };
        Assert.AreEqual(expected, Chosen(new LstmMulticlassTrainer.Options(), facts).SkipSteps);
        Assert.AreEqual(expected, Chosen(new LstmBinaryTrainer.Options { Effort = TrainingEffort.Best }, facts).SkipSteps);
        Assert.AreEqual(3, Chosen(new LstmBinaryTrainer.Options { SkipSteps = 3 }, facts).SkipSteps);
        Assert.AreEqual(0, Chosen(new LstmMulticlassTrainer.Options { HiddenSize = 8 }, facts).SkipSteps);
    }

    [TestMethod]
    public void TheMeanCurvesShareIsThatOfTheVariance()
    {
        var random = new Random(1);
        // The first feature is a hill, of variance 1, and noise of variance 1/4; the second one is noise alone.
        var data = new SequenceSet(2, 0, 0);
        for (int i = 0; i < 4000; i++)
        {
            data.Add(new TrainingSequence
            {
                Features = Enumerable.Range(0, 8).SelectMany(t => (float[])[100 + (t < 4 ? 1 : -1) + Noise(), 5 + Noise()]).ToArray(),
                Labels = [i % 2],
            });
        }
        Assert.AreEqual(0.4, DataFacts.Of(data).ShareOfMeanCurve, 0.01);
        // Beside what all rows share, neighbours have nothing in common.
        Assert.AreEqual(0, DataFacts.Of(data).CorrelationOfSteps, 0.02);
        data.Add(new TrainingSequence { Features = new float[] { 1, 2 }, Labels = [0] });
        Assert.AreEqual(0, DataFacts.Of(data).ShareOfMeanCurve);
        Assert.AreEqual(1, DataFacts.Of(data).CorrelationOfSteps);
        var flat = new SequenceSet(1, 0, 0);
        flat.Add(new TrainingSequence { Features = new float[] { 3, 3 }, Labels = [0] });
        Assert.AreEqual(0, DataFacts.Of(flat).ShareOfMeanCurve);
        Assert.AreEqual(1, DataFacts.Of(flat).CorrelationOfSteps);

        float Noise() => random.Next(2) - 0.5f;
    }

    // An oscillation has shapes to find, however few steps it takes, and wherever it begins.
    [TestMethod]
    [DataRow(2.2)]
    [DataRow(3)]
    [DataRow(4)]
    [DataRow(5.3)]
    [DataRow(9)]
    public void AnOscillationIsACurve(double period)
    {
        var random = new Random(1);
        var data = new SequenceSet(1, 0, 0);
        for (int i = 0; i < 200; i++)
        {
            double phase = random.NextDouble();
            data.Add(new TrainingSequence
            {
                Features = Array.ConvertAll([.. Enumerable.Range(0, 24)], t => (float)Math.Sin(Math.Tau * (phase + t / period))),
                Labels = [i % 2],
            });
        }
        Assert.IsGreaterThan(0.7, DataFacts.Of(data).CorrelationOfSteps);
    }

    // Of sums of 9.81 and its squares a rounding would be left, and correlated with others at random.
    [TestMethod]
    [DataRow(7f)]
    [DataRow(9.81f)]
    [DataRow(0.1f)]
    public void NeighboursThatShareHalfOfTheirNoiseHaveACorrelationOfAHalf(float constant)
    {
        var random = new Random(1);
        // The second feature, which never varies, tells nothing.
        var data = new SequenceSet(2, 0, 0);
        for (int i = 0; i < 4000; i++)
        {
            float[] noise = [.. Enumerable.Range(0, 9).Select(_ => random.NextSingle())];
            data.Add(new TrainingSequence
            {
                Features = Enumerable.Range(0, 8).SelectMany(t => (float[])[50 + noise[t] + noise[t + 1], constant]).ToArray(),
                Labels = [i % 2],
            });
        }
        Assert.AreEqual(0.5, DataFacts.Of(data).CorrelationOfSteps, 0.01);
    }

    [TestMethod]
    public void MarksAreNoNumbersThatDependOnTheirPlaces()
    {
        var random = new Random(1);
        var data = new SequenceSet(1, 0, 0);
        for (int i = 0; i < 200; i++)
        {
            data.Add(new TrainingSequence
            {
                Features = Enumerable.Range(0, 8).Select(_ => (float)random.Next(2)).ToArray(),
                Labels = [i % 2],
            });
        }
        Assert.AreEqual(1, DataFacts.Of(data).CorrelationOfSteps);
        data[0].Features.Span[3] = 0.5f;
        Assert.IsLessThan(0.2, DataFacts.Of(data).CorrelationOfSteps);
    }

    [TestMethod]
    [DataRow(400, 0.5f)]
    [DataRow(200, 0.3f)]
    public void TextsOfSeldomWordsAreKeptFromBeingLearnedByHeart(int words, float dropout)
    {
        // 600 rows of 10 words: each word 15 or 30 times.
        var facts = new DataFacts(Enumerable.Repeat(10, 600)) { Vocabularies = [50, words] };
        ClassificationTrainerOptions texts = Chosen(new LstmMulticlassTrainer.Options(), facts);
        Assert.AreEqual(dropout, texts.OutputDropout);
        Assert.AreEqual(dropout > 0.4f ? 0.25f : 0, texts.RareTokenDropout);
        Assert.AreEqual(dropout > 0.4f ? 32 : 64, texts.HiddenSize);
        Assert.AreEqual(dropout > 0.4f ? 96 : 64, texts.EmbeddingSize);
        Assert.AreEqual(dropout > 0.4f ? "96 of 3 steps, the largest output of each" : "none", texts.Convolution!.ToString());
        Assert.AreEqual(64, Chosen(new LstmBinaryTrainer.Options { Convolution = ConvolutionOptions.Off() }, facts).HiddenSize);
        var fromFile = new LstmBinaryTrainer.Options { WordVectorFiles = new() { ["Words"] = "vectors.txt" } };
        Assert.AreEqual(64, Chosen(fromFile, facts).EmbeddingSize);
        Assert.IsEmpty(Chosen(new LstmBinaryTrainer.Options { Pooling = Pooling.Mean }, facts).Convolution!.Filters);
        Assert.IsEmpty(Chosen(new LstmBinaryTrainer.Options { NumberOfLayers = 2 }, facts).Convolution!.Filters);
        Assert.AreEqual(dropout > 0.4f ? 0.1f : 0, texts.LabelSmoothing);
        Assert.AreEqual(dropout > 0.4f ? 0.002f : 0.003f, texts.LearningRate);
        Assert.AreEqual(0.01f, Chosen(new LstmBinaryTrainer.Options { LearningRate = 0.01f }, facts).LearningRate);
    }

    [TestMethod]
    public void ATrainingThatGoesOnKeepsItsConvolutions()
    {
        var ml = new MLContext(1);
        IDataView data = AnyTrainer.Data(ml, Example.Make(40));
        SequencePredictionTransformer first = Fit(null);
        CollectionAssert.AreEqual(first.Model.Weights.Keys.ToArray(), Fit(first.Model).Model.Weights.Keys.ToArray());
        Assert.AreEqual(8, first.Model.HiddenSize);

        SequencePredictionTransformer Fit(SequenceModelParameters? initial)
            => ml.MulticlassClassification.Trainers.Lstm(new LstmMulticlassTrainer.Options
            {
                LabelColumnName = nameof(Example.Class),
                FeatureColumnName = nameof(Example.Features),
                FeaturesPerStep = 1,
                NumberOfEpochs = 2,
                Seed = 1,
            }).Fit(data, null, initial);
    }

    [TestMethod]
    public void WindowsOfASeriesAreHeldOutAtTheEndAndComparedWithTheLastValue()
    {
        var ml = new MLContext(1);
        var random = new Random(2);
        var rows = new List<Row>();
        float level = 0;
        for (int i = 0; i < 400; i++)
            rows.Add(new Row { Value = level = 0.8f * level + random.NextSingle() - 0.5f });
        IDataView data = ml.Data.LoadFromEnumerable(rows);
        var lines = new List<string>();
        ml.Log += (_, entry) => lines.Add(entry.RawMessage);
        LstmRegressionTransformer model = ml.Transforms.SlidingWindow("Features", 6, ["Value"], labelColumnName: "Label")
            .Append(ml.Regression.Trainers.Lstm(new LstmRegressionTrainer.Options { HiddenSize = 4, Seed = 1 }))
            .Fit(data).LastTransformer;
        TrainingReport report = model.TrainingReport!;
        StringAssert.Contains(report.Choices.Single(choice => choice.Option == "ValidationFraction").Reason, "the last");
        Assert.AreEqual("6", report.Choices.Single(choice => choice.Option == "SkipSteps").Value);
        Assert.AreEqual("StableThenDecay", report.Choices.Single(choice => choice.Option == "LearningRateSchedule").Value);
        CollectionAssert.AreEqual((string[])["ridge regression", "last value"], report.Baselines.Select(one => one.Name).ToArray());
        Assert.IsLessThan(report.Baselines[1].Error, report.Error!.Value);
        Assert.IsLessThanOrEqualTo(3 * report.KeptEpoch, report.Epochs.Count);
        Assert.ContainsSingle(line => line.StartsWith("Chosen from the data: ", StringComparison.Ordinal), lines);
        Assert.ContainsSingle(line => line.StartsWith("RMSE on the rows held out: network ", StringComparison.Ordinal), lines);
    }

    [TestMethod]
    public void CurvesAreComparedWithMajorityAndNearestNeighbour()
    {
        var ml = new MLContext(1);
        TrainingReport small = Fit(0).TrainingReport!, held = Fit(0.3f).TrainingReport!;
        CollectionAssert.AreEqual((string[])["majority", "nearest neighbour"], small.Baselines.Select(one => one.Name).ToArray());
        Assert.IsNull(small.Error);
        Assert.IsNull(small.Winner);
        Assert.AreEqual("error rate", held.Metric);
        Assert.IsTrue(held.Error is >= 0 and <= 1);
        Assert.IsNotNull(held.Winner);

        SequencePredictionTransformer Fit(float share) => AnyTrainer.Create(ml, AnyTrainer.Multiclass,
            options => (options.FeatureColumnName, options.ValidationFraction) = ("Features", share))
            .Fit(AnyTrainer.Data(ml, Example.Make(40)));
    }

    private static TrainingOptions Settle(TrainingOptions options, int rows)
        => options.Settle(new DataFacts(Enumerable.Repeat(24, rows)) { Features = rows == 40 ? 2 : 1 }, new OptionChoices());

    private static ClassificationTrainerOptions Chosen(ClassificationTrainerOptions options, DataFacts facts)
        => (ClassificationTrainerOptions)options.Settle(facts, new OptionChoices());

    private sealed class Row
    {
        public float Value { get; set; }
    }
}

namespace Microsoft.ML.Lstm.Tests.Sequences.LanguageModel;

/// <summary>How language models are trained: options, columns, threads, initial models, and what is refused.</summary>
[TestClass]
public sealed class LanguageModelTrainerTests
{
    private readonly MLContext _ml = new(seed: 1);

    [TestMethod]
    public void EveryOptionOutOfRangeIsNamedAtConstruction()
    {
        (string Option, Action<LstmLanguageModelTrainer.Options> Change)[] changes =
        [
            (nameof(LstmLanguageModelTrainer.Options.BackpropagationLength), options => options.BackpropagationLength = 0),
            (nameof(LstmLanguageModelTrainer.Options.EmbeddingSize), options => options.EmbeddingSize = 65537),
            (nameof(LstmLanguageModelTrainer.Options.EmbeddingSize), options => (options.TieEmbeddings, options.EmbeddingSize) = (true, 4)),
            (nameof(LstmLanguageModelTrainer.Options.TokenDropout), options => options.TokenDropout = 1),
            (nameof(LstmLanguageModelTrainer.Options.WeightDropout), options => options.WeightDropout = -0.1f),
            (nameof(LstmLanguageModelTrainer.Options.NumberOfPredictions), options => options.NumberOfPredictions = 0),
            (nameof(LstmLanguageModelTrainer.Options.LogLikelihoodColumnName), options => options.LogLikelihoodColumnName = "Score"),
            (nameof(LstmLanguageModelTrainer.Options.NumberOfTokensColumnName),
                options => options.NumberOfTokensColumnName = options.LogLikelihoodColumnName),
            (nameof(LstmLanguageModelTrainer.Options.TokenLogLikelihoodColumnName), options => options.TokenLogLikelihoodColumnName = ""),
            (nameof(TrainingOptions.Bidirectional), options => options.Bidirectional = true),
            (nameof(SequenceInputOptions.StaticFeatureColumnName), options => options.StaticFeatureColumnName = "Statics"),
            (nameof(SequenceInputOptions.EncodingColumnName), options => options.EncodingColumnName = "Encoding"),
            (nameof(SequenceInputOptions.FeaturesPerStep), options => options.FeaturesPerStep = 1),
            (nameof(SequenceInputOptions.StreamingBufferMegabytes), options => options.StreamingBufferMegabytes = 1),
            (nameof(SequenceInputOptions.FeatureColumnNames), options => options.FeatureColumnNames = ["Tokens", "Shapes"]),
            ("EarlyStopping.Metric", options => (options.SoftmaxCutoffs, options.EarlyStopping)
                = ([2], new() { Metric = EarlyStoppingMetric.Accuracy })),
        ];
        foreach ((string option, Action<LstmLanguageModelTrainer.Options> change) in changes)
        {
            var error = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Trainer(change), option);
            Assert.AreEqual(option, error.ParamName);
        }
    }

    [TestMethod]
    [DataRow("Features")]
    [DataRow("Class")]
    [DataRow("Words")]
    [DataRow("Missing")]
    public void AColumnThatHasNoVectorsOfKeysIsRefused(string column)
    {
        IDataView data = AnyTrainer.Data(_ml, Example.Make(10));
        LstmLanguageModelTrainer trainer = Trainer(options => options.FeatureColumnName = column);
        foreach (Action use in (Action[])[() => trainer.Fit(data), () => trainer.GetOutputSchema(data.Schema.ToShape())])
        {
            var error = Assert.ThrowsExactly<ArgumentOutOfRangeException>(use);
            StringAssert.Contains(error.Message, $"'{column}'");
        }
    }

    [TestMethod]
    public void EmptyTextsAreLeftOutAndWithoutAnyPredictionThereIsNothingToLearn()
    {
        var warnings = new List<string>();
        _ml.Log += (_, entry) => warnings.AddRange(entry.Kind == Runtime.ChannelMessageKind.Warning ? [entry.RawMessage] : []);
        LstmLanguageModelTransformer model = Trainer().Fit(Texts([1, 2, 3], [], [2, 3]));
        StringAssert.Contains(warnings.Single(), "1 of the 3 rows");
        string[][] scored = ColumnReader.Read(model.Transform(Texts([1], [])), "LogLikelihood");
        CollectionAssert.AreEqual(new[] { "NaN" }, scored[1]);
        LanguageModelMetrics metrics = _ml.MulticlassClassification.EvaluateLanguageModel(model.Transform(Texts([1], [], [2, 3])));
        Assert.AreEqual((1, 5), ((int)metrics.NumberOfUnscoredRows, (int)metrics.NumberOfTokens));

        Assert.ThrowsExactly<InvalidOperationException>(() => Trainer().Fit(Texts([], [])));
        var error = Assert.ThrowsExactly<InvalidOperationException>(() => Trainer(options => options.HasBoundaries = false)
            .Fit(Texts([1], [2])));
        StringAssert.Contains(error.Message, "one token");
        Assert.ThrowsExactly<InvalidOperationException>(()
            => _ml.MulticlassClassification.EvaluateLanguageModel(model.Transform(Texts([], []))));
    }

    [TestMethod]
    public void TextsThatAreCutDoNotEndThere()
    {
        uint[][] texts = [.. Enumerable.Range(0, 60).Select(i => Enumerable.Range(0, 20).Select(t => 1 + (uint)(i + t) % 3).ToArray())];
        LstmLanguageModelTransformer model = Trainer(options =>
            (options.MaximumSequenceLength, options.HiddenSize, options.NumberOfEpochs) = (5, 16, 20)).Fit(Texts(texts));
        uint[] written = [.. model.Generate([1, 2], new() { Temperature = 0, MaximumLength = 50 })];
        CollectionAssert.AreEqual(Enumerable.Range(0, 50).Select(t => 1 + (uint)(t + 2) % 3).ToArray(), written);
    }

    [TestMethod]
    public void TheNumberOfThreadsDoesNotChangeABit()
    {
        uint[] text = RandomText(3000);
        SequencePredictionTransformer[] models = [.. new[] { 1, 2, 3 }.Select(threads => Trainer(options =>
        {
            (options.NumberOfThreads, options.HiddenSize, options.TieEmbeddings, options.EmbeddingSize) = (threads, 37, true, null);
            (options.WeightDropout, options.RecurrentDropout, options.TokenDropout, options.OutputDropout) = (0.2f, 0.1f, 0.1f, 0.2f);
            (options.BackpropagationLength, options.NumberOfLayers, options.Dropout) = (30, 2, 0.1f);
        }).Fit(Texts(text)))];
        AnyTrainer.AssertSameWeights(models[0], models[1]);
        AnyTrainer.AssertSameWeights(models[0], models[2]);
    }

    [TestMethod]
    public void TheEndOfASingleTextCanBeHeldOut()
    {
        var losses = new List<double>();
        LstmLanguageModelTransformer model = Trainer(options =>
        {
            options.ValidationFraction = 0.25f;
            options.EpochCompleted = epoch => losses.Add(epoch.Validation!.Loss);
        }).Fit(Texts([.. Enumerable.Range(0, 400).Select(i => i < 300 ? (uint)(1 + i % 4) : 5 + (uint)(i % 4))]));
        // The tokens of the end are not those of the beginning, so nothing is learned of them.
        Assert.HasCount(2, losses);
        Assert.IsGreaterThan(Math.Log(8), losses[1]);
        Assert.AreEqual(Math.Exp(losses.Min()), model.TrainingReport!.Error!.Value, 0.01);
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void TrainingGoesOnWithTokensThatAreNewToTheModel(bool tied)
    {
        void Change(LstmLanguageModelTrainer.Options options) => (options.TieEmbeddings, options.EmbeddingSize, options.NumberOfEpochs,
            options.HiddenSize) = (tied, tied ? null : 6, 20, 12);
        uint[][] few = [.. Enumerable.Range(0, 40).Select(i => (uint[])[2, 4, 2, 6])];
        uint[][] more = [.. few, .. few[..8].Select(_ => (uint[])[2, 5, 2, 6]), [3, 4]];
        LstmLanguageModelTransformer first = Trainer(Change).Fit(Texts(few));
        double before = LogLikelihood(first, [2, 4, 2, 6]);
        LstmLanguageModelTransformer same = Trainer(options =>
        {
            Change(options);
            (options.NumberOfEpochs, options.LearningRate) = (1, 1e-6f);
        }).Fit(Texts(more), null, first.Model);
        CollectionAssert.AreEqual(new[] { 3 }, first.Model.VocabularySizes.ToArray());
        CollectionAssert.AreEqual(new[] { 5 }, same.Model.VocabularySizes.ToArray());
        Assert.AreEqual(before, LogLikelihood(same, [2, 4, 2, 6]), 0.1, "what is new is seldom");
        LstmLanguageModelTransformer second = Trainer(Change).Fit(Texts(more), null, first.Model);
        Assert.IsGreaterThan(LogLikelihood(same, [2, 5, 2, 6]) + 1, LogLikelihood(second, [2, 5, 2, 6]));

        var error = Assert.ThrowsExactly<ArgumentException>(() => Trainer(options =>
        {
            Change(options);
            options.HasBoundaries = false;
        }).Fit(Texts(more), null, first.Model));
        StringAssert.Contains(error.Message, "HasBoundaries");
    }

    [TestMethod]
    public void OfSeveralNetworksLogitsAreAveraged()
    {
        uint[][] texts = [.. Enumerable.Range(0, 30).Select(i => RandomText(5 + i % 7, seed: i))];
        LstmLanguageModelTransformer model = Trainer(options => options.Effort = TrainingEffort.Best).Fit(Texts(texts));
        Assert.HasCount(3, model.Model.Members);
        double[] likelihoods = [.. EstimatorHarness.Values(model.Transform(Texts(texts)), "LogLikelihood").Select(row => (double)row[0])];
        Assert.IsTrue(likelihoods.All(double.IsFinite));
        using var stream = new MemoryStream();
        _ml.Model.Save(model, Texts(texts).Schema, stream);
        stream.Position = 0;
        ITransformer loaded = new MLContext().Model.Load(stream, out _);
        CollectionAssert.AreEqual(likelihoods,
            EstimatorHarness.Values(loaded.Transform(Texts(texts)), "LogLikelihood").Select(row => (double)row[0]).ToArray());
    }

    [TestMethod]
    public void AnExplanationAndScoringWithoutTheTaskAreRefusedInWords()
    {
        LstmLanguageModelTransformer model = Trainer().Fit(Texts([1, 2, 3], [2, 3]));
        var error = Assert.ThrowsExactly<NotSupportedException>(() => model.Explain(_ml, Texts([1, 2])));
        StringAssert.Contains(error.Message, "language model");
        Assert.ThrowsExactly<ArgumentException>(() => _ml.Transforms.ApplyLstmModel(new() { Model = model.Model }));
    }

    [TestMethod]
    public void TiedEmbeddingsOfAGivenSizeMakeTheLayersAsWide()
    {
        LstmLanguageModelTransformer model = Trainer(options =>
            (options.TieEmbeddings, options.EmbeddingSize, options.HiddenSize) = (true, 9, null)).Fit(Texts([1, 2, 3], [2, 3]));
        Assert.AreEqual(9, model.Model.HiddenSize);
        using var stream = new MemoryStream();
        _ml.Model.Save(model, Texts([1]).Schema, stream);
        stream.Position = 0;
        var loaded = (LstmLanguageModelTransformer)new MLContext().Model.Load(stream, out _);
        Assert.AreEqual(LogLikelihood(model, [1, 2, 3]), LogLikelihood(loaded, [1, 2, 3]));
    }

    private LstmLanguageModelTrainer Trainer(Action<LstmLanguageModelTrainer.Options>? change = null)
        => _ml.MulticlassClassification.Trainers.LstmLanguageModel(SmallOptions.CreateLanguageModel(change));

    private double LogLikelihood(LstmLanguageModelTransformer model, uint[] text)
        => EstimatorHarness.Values(model.Transform(Texts(text)), "LogLikelihood")[0][0];

    private static uint[] RandomText(int length, int seed = 1)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, length).Select(_ => (uint)random.Next(1, 1 + Example.Vocabulary))];
    }

    private IDataView Texts(params uint[][] texts) => AnyTrainer.Data(_ml, [.. texts.Select(text => new Example { Tokens = text })]);
}

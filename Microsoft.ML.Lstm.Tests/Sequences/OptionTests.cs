namespace Microsoft.ML.Lstm.Tests.Sequences;

/// <summary>What options may be, for every trainer: those out of range are named at construction.</summary>
[TestClass]
public sealed class OptionTests
{
    public static IEnumerable<object[]> Trainers => from trainer in AnyTrainer.Names select new object[] { trainer };

    public static IEnumerable<object[]> Figures =>
        from trainer in AnyTrainer.Names
        from metric in Enum.GetValues<EarlyStoppingMetric>()
        select new object[] { trainer, metric };

    [TestMethod]
    [DynamicData(nameof(Trainers))]
    public void EveryOptionOutOfRangeIsNamedAtConstruction(string trainer)
    {
        (string Option, Action<SequenceTrainerOptions> Change)[] changes =
        [
            (nameof(TrainingOptions.HiddenSize), options => options.HiddenSize = 0),
            (nameof(SequenceTrainerOptions.EmbeddingSize), options => options.EmbeddingSize = 0),
            (nameof(SequenceTrainerOptions.EmbeddingSize), options => options.EmbeddingSize = 65537),
            (nameof(SequenceTrainerOptions.CharacterColumnName), options => options.CharacterColumnName = ""),
            (nameof(SequenceTrainerOptions.CharacterEmbeddingSize), options => options.CharacterEmbeddingSize = 0),
            (nameof(SequenceTrainerOptions.NumberOfCharacterFilters), options => options.NumberOfCharacterFilters = 65537),
            (nameof(SequenceTrainerOptions.CharacterKernelSize), options => options.CharacterKernelSize = 65),
            (nameof(SequenceTrainerOptions.CharacterDropout), options => options.CharacterDropout = 1),
            (nameof(TrainingOptions.LearningRate), options => options.LearningRate = float.NaN),
            (nameof(TrainingOptions.NumberOfThreads), options => options.NumberOfThreads = 0),
            (nameof(TrainingOptions.NumberOfThreads), options => options.NumberOfThreads = -1),
            (nameof(TrainingOptions.NumberOfThreads), options => options.NumberOfThreads = 10_000),
            (nameof(TrainingOptions.LearningRate), options => options.LearningRate = 0),
            (nameof(TrainingOptions.LearningRate), options => options.LearningRate = float.PositiveInfinity),
            (nameof(TrainingOptions.GradientClipNorm), options => options.GradientClipNorm = -1),
            (nameof(TrainingOptions.NumberOfEpochs), options => options.NumberOfEpochs = -5),
            (nameof(TrainingOptions.BatchSize), options => options.BatchSize = -1),
            (nameof(TrainingOptions.ValidationFraction), options => options.ValidationFraction = float.NaN),
            (nameof(TrainingOptions.WeightDecay), options => options.WeightDecay = -1),
            (nameof(TrainingOptions.Momentum), options => options.Momentum = float.NaN),
            (nameof(TrainingOptions.InitialForgetBias), options => options.InitialForgetBias = float.NegativeInfinity),
            (nameof(TrainingOptions.HiddenSize), options => options.HiddenSize = 65537),
            (nameof(TrainingOptions.NumberOfLayers), options => options.NumberOfLayers = 65),
            (nameof(TrainingOptions.NumberOfNetworks), options => options.NumberOfNetworks = 0),
            (nameof(TrainingOptions.NumberOfNetworks), options => options.NumberOfNetworks = 101),
            (nameof(TrainingOptions.CellType), options => options.CellType = (CellType)99),
            (nameof(SequenceTrainerOptions.Pooling), options => options.Pooling = (Pooling)(-1)),
            (nameof(SequenceTrainerOptions.StepsPerFrame), options => options.StepsPerFrame = 0),
            (nameof(SequenceTrainerOptions.StepsPerFrame), options => options.StepsPerFrame = 1025),
            ("Convolution.Filters", options => options.Convolution = new ConvolutionOptions { Filters = [0, 1, 1] }),
            ("Convolution.Filters", options => options.Convolution = new ConvolutionOptions { Filters = new int[65] }),
            ("Convolution.KernelSizes", options => options.Convolution = new ConvolutionOptions { KernelSizes = [8, 5] }),
            ("Convolution.KernelSizes", options => options.Convolution = new ConvolutionOptions { KernelSizes = [8, 5, 1025] }),
            ("InputConvolution.Filters", options => options.InputConvolution = new InputConvolutionOptions { Filters = [0] }),
            ("InputConvolution.Filters", options => options.InputConvolution = new InputConvolutionOptions { Filters = new int[9] }),
            ("InputConvolution.KernelSizes", options => options.InputConvolution = new InputConvolutionOptions { KernelSizes = [] }),
            ("InputConvolution.KernelSizes", options => options.InputConvolution = new InputConvolutionOptions { KernelSizes = [1025] }),
            ("InputConvolution.Strides", options => options.InputConvolution = new InputConvolutionOptions { Strides = [0] }),
            ("InputConvolution.Strides", options => options.InputConvolution = new InputConvolutionOptions
            {
                Filters = [2, 2],
                KernelSizes = [3, 3],
                Strides = [40, 40],
            }),
            (nameof(SequenceTrainerOptions.StepsPerFrame),
                options => (options.StepsPerFrame, options.InputConvolution) = (2, new InputConvolutionOptions())),
            (nameof(TrainingOptions.Optimizer), options => options.Optimizer = (OptimizerType)4),
            (nameof(TrainingOptions.Dropout), options => options.Dropout = 1),
            (nameof(TrainingOptions.InputDropout), options => options.InputDropout = -0.1f),
            (nameof(TrainingOptions.RecurrentDropout), options => options.RecurrentDropout = 1),
            (nameof(TrainingOptions.OutputDropout), options => options.OutputDropout = float.NaN),
            (nameof(SequenceTrainerOptions.TokenDropout), options => options.TokenDropout = 1.5f),
            (nameof(SequenceTrainerOptions.RareTokenDropout), options => options.RareTokenDropout = -1),
            (nameof(TrainingOptions.InitialForgetBias), options => options.InitialForgetBias = float.NaN),
            (nameof(TrainingOptions.Momentum), options => options.Momentum = -0.1f),
            (nameof(TrainingOptions.WeightDecay), options => options.WeightDecay = float.PositiveInfinity),
            (nameof(TrainingOptions.GradientClipNorm), options => options.GradientClipNorm = float.NaN),
            (nameof(TrainingOptions.NumberOfEpochs), options => options.NumberOfEpochs = 0),
            (nameof(TrainingOptions.BatchSize), options => options.BatchSize = 0),
            (nameof(TrainingOptions.ValidationFraction), options => options.ValidationFraction = 1),
            (nameof(TrainingOptions.ValidationFraction),
                options => (options.ValidationFraction, options.StreamingBufferMegabytes) = (0.1f, 1)),
            (nameof(TrainingOptions.CheckpointPath), options => options.CheckpointPath = Path.Combine("no", "such", "folder", "model")),
            (nameof(TrainingOptions.CheckpointPath), options => options.CheckpointPath = ""),
            (nameof(TrainingOptions.CheckpointPath), options => options.CheckpointPath = " "),
            (nameof(TrainingOptions.CheckpointPath), options => options.CheckpointPath = "a\0b"),
            (nameof(TrainingOptions.CheckpointPath), options => options.CheckpointPath = Path.GetTempPath()),
            (nameof(TrainingOptions.CheckpointPath),
                options => options.CheckpointPath = AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar)),
            ("EarlyStopping.Metric", options => options.EarlyStopping = new() { Metric = (EarlyStoppingMetric)9 }),
            ("EarlyStopping.Patience", options => options.EarlyStopping = new() { Patience = 0 }),
            ("EarlyStopping.MinimumDelta", options => options.EarlyStopping = new() { MinimumDelta = double.NaN }),
            ("EarlyStopping.MinimumDelta", options => options.EarlyStopping = new() { MinimumDelta = double.PositiveInfinity }),
            (nameof(SequenceTrainerOptions.LabelColumnName), options => options.LabelColumnName = ""),
            (nameof(SequenceTrainerOptions.FeatureColumnName), options => options.FeatureColumnName = null!),
            (nameof(SequenceTrainerOptions.FeatureColumnNames), options => options.FeatureColumnNames = []),
            (nameof(SequenceTrainerOptions.FeatureColumnNames), options => options.FeatureColumnNames = ["A", "B", "A"]),
            (nameof(SequenceTrainerOptions.FeatureColumnNames), options => options.FeatureColumnNames = ["A", ""]),
            (nameof(SequenceTrainerOptions.ExampleWeightColumnName), options => options.ExampleWeightColumnName = ""),
            (nameof(SequenceTrainerOptions.StaticFeatureColumnName), options => options.StaticFeatureColumnName = ""),
            (nameof(SequenceTrainerOptions.EncodingColumnName), options => options.EncodingColumnName = ""),
            (nameof(SequenceTrainerOptions.EncodingColumnName), options => options.EncodingColumnName = "Score"),
            (nameof(SequenceTrainerOptions.EncodingColumnName), options => options.EncodingColumnName = "Probability"),
            (nameof(SequenceTrainerOptions.EncodingColumnName), options => options.EncodingColumnName = "PredictedLabel"),
            (nameof(SequenceTrainerOptions.AttentionColumnName),
                options => (options.AttentionColumnName, options.Pooling) = ("", Pooling.Attention)),
            (nameof(SequenceTrainerOptions.AttentionColumnName),
                options => (options.AttentionColumnName, options.Pooling) = ("Attention", Pooling.Mean)),
            (nameof(SequenceTrainerOptions.AttentionColumnName),
                options => (options.AttentionColumnName, options.Pooling) = ("Score", Pooling.Attention)),
            (nameof(SequenceTrainerOptions.FeaturesPerStep), options => options.FeaturesPerStep = 0),
            (nameof(SequenceTrainerOptions.MaximumSequenceLength), options => options.MaximumSequenceLength = 0),
            (nameof(SequenceTrainerOptions.StreamingBufferMegabytes), options => options.StreamingBufferMegabytes = 0),
            (nameof(SequenceTrainerOptions.BadRows), options => options.BadRows = (BadRowHandling)2),
        ];
        foreach ((string option, Action<SequenceTrainerOptions> change) in changes)
            AssertNamed(option, AnyTrainer.Options(trainer, change));
    }

    [TestMethod]
    public void ListsThatAreRefusedAreShown()
    {
        AssertShown("[A, B, A]", new LstmRegressionTrainer.Options { FeatureColumnNames = ["A", "B", "A"] });
        AssertShown("[]", new LstmRegressionTrainer.Options { FeatureColumnNames = [] });
        AssertShown("[1, -2]", new LstmBinaryTrainer.Options { ClassWeights = [1, -2] });

        static void AssertShown(string list, TrainingOptions options)
        {
            var error = Assert.ThrowsExactly<ArgumentOutOfRangeException>(options.Validate);
            Assert.AreEqual(list, error.ActualValue);
            StringAssert.EndsWith(error.Message, $"Actual value was {list}.");
        }
    }

    [TestMethod]
    public void OptionsOfOneTaskAreNamedToo()
    {
        AssertNamed("LossFunction", new LstmRegressionTrainer.Options { LossFunction = (RegressionLoss)99 });
        foreach (float threshold in new[] { -0.1f, 1.1f, float.NaN })
            AssertNamed("ProbabilityThreshold", new LstmBinaryTrainer.Options { ProbabilityThreshold = threshold });
        AssertNamed("ClassWeights", new LstmBinaryTrainer.Options { ClassWeights = [1, 2, 3] });
        AssertNamed("EncodingColumnName", new LstmSequenceLabelingTrainer.Options { EncodingColumnName = "Encoding" });
        foreach (Func<ClassificationTrainerOptions> create in new Func<ClassificationTrainerOptions>[] { () =>
            new LstmBinaryTrainer.Options(), () => new LstmMulticlassTrainer.Options() })
        {
            foreach (float weight in new[] { 0, -1, float.NaN, float.PositiveInfinity })
                AssertNamed("ClassWeights", Change(options => options.ClassWeights = [1, weight]));
            AssertNamed("BalanceClasses", Change(options => (options.ClassWeights, options.BalanceClasses) = ([1, 2], true)));
            foreach (float smoothing in new[] { -0.1f, 1, float.NaN })
                AssertNamed("LabelSmoothing", Change(options => options.LabelSmoothing = smoothing));

            ClassificationTrainerOptions Change(Action<ClassificationTrainerOptions> change)
            {
                ClassificationTrainerOptions options = create();
                change(options);
                return options;
            }
        }
    }

    [TestMethod]
    [DynamicData(nameof(Figures))]
    public void EarlyStoppingWatchesOnlyFiguresThatTheTaskHas(string trainer, EarlyStoppingMetric metric)
    {
        bool has = metric switch
        {
            EarlyStoppingMetric.RootMeanSquaredError or EarlyStoppingMetric.MeanAbsoluteError => trainer == AnyTrainer.Regression,
            EarlyStoppingMetric.Accuracy => trainer != AnyTrainer.Regression,
            EarlyStoppingMetric.AreaUnderRocCurve => trainer == AnyTrainer.Binary,
            _ => true,
        };
        EpochMetrics? metrics = null;
        SequenceTrainerOptions options = AnyTrainer.Options(trainer, options =>
        {
            options.EarlyStopping = new() { Metric = metric };
            options.EpochCompleted = epoch => metrics = epoch.Training;
        });
        if (!has)
        {
            AssertNamed("EarlyStopping.Metric", options);
            return;
        }
        var ml = new MLContext(seed: 1);
        AnyTrainer.Create(ml, options).Fit(AnyTrainer.Data(ml, Example.Make(20)));
        Assert.IsNotNull(metrics?[metric]);
    }

    [TestMethod]
    public void MissingOptionsAreRefused()
    {
        var ml = new MLContext();
        Assert.ThrowsExactly<ArgumentNullException>(() => ml.BinaryClassification.Trainers.Lstm(options: null!));
        Assert.ThrowsExactly<ArgumentNullException>(() => ml.MulticlassClassification.Trainers.Lstm(options: null!));
        Assert.ThrowsExactly<ArgumentNullException>(() => ml.MulticlassClassification.Trainers.LstmSequenceLabeling(options: null!));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => ml.BinaryClassification.Trainers.Lstm(numberOfEpochs: 0));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => ml.MulticlassClassification.Trainers.Lstm(hiddenSize: 0));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => ml.MulticlassClassification.Trainers.LstmSequenceLabeling(learningRate: 0));
    }

    [TestMethod]
    [DynamicData(nameof(Trainers))]
    public void SimpleArgumentsAndOptionsGiveTheSameModel(string trainer)
    {
        SequenceTrainerOptions options = trainer switch
        {
            AnyTrainer.Regression => new LstmRegressionTrainer.Options(),
            AnyTrainer.Binary => new LstmBinaryTrainer.Options(),
            AnyTrainer.Multiclass => new LstmMulticlassTrainer.Options(),
            _ => new LstmSequenceLabelingTrainer.Options(),
        };
        string label = AnyTrainer.Options(trainer).LabelColumnName;
        (options.LabelColumnName, options.ExampleWeightColumnName, options.FeaturesPerStep, options.HiddenSize) = (label, "Weight", 2, 3);
        (options.NumberOfLayers, options.LearningRate, options.NumberOfEpochs) = (2, 0.01f, 2);
        AnyTrainer.AssertSameWeights(Fit(ml => AnyTrainer.Create(ml, options)),
            Fit(IEstimator<SequencePredictionTransformer> (ml) => trainer switch
        {
            AnyTrainer.Regression => ml.Regression.Trainers.Lstm(label, "Features", "Weight", 2, 3, 2, 0.01f, 2),
            AnyTrainer.Binary => ml.BinaryClassification.Trainers.Lstm(label, "Features", "Weight", 2, 3, 2, 0.01f, 2),
            AnyTrainer.Multiclass => ml.MulticlassClassification.Trainers.Lstm(label, "Features", "Weight", 2, 3, 2, 0.01f, 2),
            _ => ml.MulticlassClassification.Trainers.LstmSequenceLabeling(label, "Features", "Weight", 2, 3, 2, 0.01f, 2),
        }));

        static SequencePredictionTransformer Fit(Func<MLContext, IEstimator<SequencePredictionTransformer>> create)
        {
            var ml = new MLContext(seed: 1);
            return create(ml).Fit(AnyTrainer.Data(ml, Example.Make(20)));
        }
    }

    [TestMethod]
    public void LaterChangesToArraysInTheOptionsHaveNoEffect()
    {
        var ml = new MLContext(seed: 1);
        LstmMulticlassTrainer.Options options = SmallOptions.Create<LstmMulticlassTrainer.Options>(options =>
            (options.ClassWeights, options.FeatureColumnNames) = ([1, 2, 3], ["Features", "Tokens"]));
        LstmMulticlassTrainer trainer = ml.MulticlassClassification.Trainers.Lstm(options),
            expected = ml.MulticlassClassification.Trainers.Lstm(options);
        LstmMulticlassTransformer model = expected.Fit(AnyTrainer.Data(ml, Example.Make(20)));
        options.ClassWeights![0] = 100;
        options.FeatureColumnNames![1] = "Nowhere";
        AnyTrainer.AssertSameWeights(model, trainer.Fit(AnyTrainer.Data(ml, Example.Make(20))));
    }

    private static void AssertNamed(string option, SequenceTrainerOptions options)
    {
        var error = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => AnyTrainer.Create(new MLContext(), options), option);
        Assert.AreEqual(option, error.ParamName);
        StringAssert.StartsWith(error.Message, option + " must ");
    }
}

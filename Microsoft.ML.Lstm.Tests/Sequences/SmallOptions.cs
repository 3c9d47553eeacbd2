namespace Microsoft.ML.Lstm.Tests.Sequences;

/// <summary>Options for networks that train in milliseconds on <see cref="Example"/>s.</summary>
internal static class SmallOptions
{
    public static LstmRegressionTrainer.Options Create(Action<LstmRegressionTrainer.Options>? change = null) =>
        Create<LstmRegressionTrainer.Options>(change);

    /// <summary>
    /// Options of a training of ten epochs with dropout and a validation split, whose resumption has much to restore.
    /// </summary>
    public static LstmRegressionTrainer.Options CreateForResuming(Action<LstmRegressionTrainer.Options>? change = null) => Create(options =>
    {
        (options.NumberOfEpochs, options.NumberOfLayers, options.ValidationFraction) = (10, 2, 0.2f);
        (options.Dropout, options.RecurrentDropout, options.EarlyStopping) = (0.2f, 0.1f,
            new Microsoft.ML.Lstm.EarlyStoppingOptions { Patience = 8 });
        change?.Invoke(options);
    });

    /// <summary>Those of any trainer, with the label column that is its own.</summary>
    public static TOptions Create<TOptions>(Action<TOptions>? change = null)
        where TOptions : SequenceTrainerOptions, new()
    {
        var options = new TOptions
        {
            FeaturesPerStep = 2,
            HiddenSize = 5,
            EmbeddingSize = 3,
            NumberOfEpochs = 2,
            BatchSize = 8,
            LearningRate = 0.02f,
            Seed = 7
        };
        options.LabelColumnName = options switch
        {
            LstmBinaryTrainer.Options => nameof(Example.IsHigh),
            LstmPerStepRegressionTrainer.Options => nameof(Example.StepValues),
            LstmPerStepBinaryTrainer.Options => nameof(Example.StepTruths),
            LstmMulticlassTrainer.Options => nameof(Example.Class),
            LstmCtcTrainer.Options => nameof(Example.Items),
            LstmSequenceLabelingTrainer.Options or LstmSequenceToSequenceTrainer.Options => nameof(Example.StepClasses),
            _ => nameof(Example.Label),
        };
        if (options is PerStepTrainerOptions perStep)
            perStep.LabelsPerStep = 2;
        change?.Invoke(options);
        return options;
    }

    /// <summary>Those of the trainer that learns the next tokens.</summary>
    public static LstmLanguageModelTrainer.Options CreateLanguageModel(Action<LstmLanguageModelTrainer.Options>? change = null)
    {
        var options = new LstmLanguageModelTrainer.Options
        {
            FeatureColumnName = nameof(Example.Tokens),
            HiddenSize = 5,
            EmbeddingSize = 3,
            BackpropagationLength = 4,
            NumberOfPredictions = 3,
            NumberOfEpochs = 2,
            BatchSize = 8,
            LearningRate = 0.02f,
            Seed = 7
        };
        change?.Invoke(options);
        return options;
    }

    /// <summary>Those of the trainer that learns no label.</summary>
    public static LstmAutoencoderTrainer.Options CreateAutoencoder(Action<LstmAutoencoderTrainer.Options>? change = null)
    {
        var options = new LstmAutoencoderTrainer.Options
        {
            FeaturesPerStep = 2,
            HiddenSize = 5,
            EncodingSize = 3,
            FalsePositiveRate = 0.2f,
            NumberOfEpochs = 2,
            BatchSize = 8,
            LearningRate = 0.02f,
            Seed = 7
        };
        change?.Invoke(options);
        return options;
    }
}

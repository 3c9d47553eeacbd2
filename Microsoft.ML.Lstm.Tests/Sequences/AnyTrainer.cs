namespace Microsoft.ML.Lstm.Tests.Sequences;

/// <summary>The trainers of this package by name, for what they have in common.</summary>
internal static class AnyTrainer
{
    public const string Regression = "regression";
    public const string Binary = "binary";
    public const string Multiclass = "multiclass";
    public const string Labeling = "labeling";

    /// <summary>Numbers at each step.</summary>
    public const string StepValues = "values of steps";

    /// <summary>Several truths at each step.</summary>
    public const string StepTruths = "truths of steps";

    /// <summary>Labels without alignment.</summary>
    public const string Ctc = "ctc";

    /// <summary>Writes a sequence that may be shorter or longer than the one it reads.</summary>
    public const string SequenceToSequence = "sequence to sequence";

    /// <summary>Learns no label, and takes no tokens.</summary>
    public const string Autoencoder = "autoencoder";

    /// <summary>Learns the next tokens, and takes tokens alone.</summary>
    public const string LanguageModel = "language model";

    /// <summary>Those that learn a label.</summary>
    public static string[] Names { get; } = [Regression, Binary, Multiclass, Labeling];

    /// <summary>Those that predict something at each step beside the labelling.</summary>
    public static string[] PerStep { get; } = [StepValues, StepTruths];

    /// <summary>Whether its networks make one vector of a sequence.</summary>
    public static bool HasEncoding(string trainer) => trainer != Labeling && !PerStep.Contains(trainer);

    /// <summary>As <see cref="SmallOptions"/> has them.</summary>
    public static SequenceTrainerOptions Options(string trainer, Action<SequenceTrainerOptions>? change = null) => trainer switch
    {
        Regression => SmallOptions.Create<LstmRegressionTrainer.Options>(change),
        Binary => SmallOptions.Create<LstmBinaryTrainer.Options>(change),
        Ctc => SmallOptions.Create<LstmCtcTrainer.Options>(change),
        StepValues => SmallOptions.Create<LstmPerStepRegressionTrainer.Options>(change),
        StepTruths => SmallOptions.Create<LstmPerStepBinaryTrainer.Options>(change),
        Multiclass => SmallOptions.Create<LstmMulticlassTrainer.Options>(change),
        SequenceToSequence => SmallOptions.Create<LstmSequenceToSequenceTrainer.Options>(change),
        _ => SmallOptions.Create<LstmSequenceLabelingTrainer.Options>(change),
    };

    /// <summary>The trainer that has options of this type.</summary>
    public static IEstimator<SequencePredictionTransformer> Create(MLContext ml, SequenceTrainerOptions options) => options switch
    {
        LstmRegressionTrainer.Options regression => ml.Regression.Trainers.Lstm(regression),
        LstmBinaryTrainer.Options binary => ml.BinaryClassification.Trainers.Lstm(binary),
        LstmCtcTrainer.Options ctc => ml.MulticlassClassification.Trainers.LstmCtc(ctc),
        LstmPerStepRegressionTrainer.Options values => ml.Regression.Trainers.LstmPerStep(values),
        LstmPerStepBinaryTrainer.Options truths => ml.BinaryClassification.Trainers.LstmPerStep(truths),
        LstmMulticlassTrainer.Options multiclass => ml.MulticlassClassification.Trainers.Lstm(multiclass),
        LstmSequenceToSequenceTrainer.Options sequences => ml.MulticlassClassification.Trainers.LstmSequenceToSequence(sequences),
        _ => ml.MulticlassClassification.Trainers.LstmSequenceLabeling((LstmSequenceLabelingTrainer.Options)options),
    };

    public static IEstimator<SequencePredictionTransformer> Create(MLContext ml, string trainer,
        Action<SequenceTrainerOptions>? change = null)
        => Create(ml, Options(trainer, change));

    /// <summary>Any of them, with what they all have changed.</summary>
    public static IEstimator<SequencePredictionTransformer> CreateAny(MLContext ml, string trainer,
        Action<SequenceInputOptions>? change = null)
        => trainer switch
        {
            Autoencoder => ml.AnomalyDetection.Trainers.LstmAutoencoder(SmallOptions.CreateAutoencoder(change)),
            LanguageModel => ml.MulticlassClassification.Trainers.LstmLanguageModel(SmallOptions.CreateLanguageModel(change)),
            _ => Create(ml, trainer, options => change?.Invoke(options)),
        };

    /// <summary>Trains on rows of which vectors may have any length, and gives the warnings, too.</summary>
    public static (SequencePredictionTransformer Model, string[] Warnings) Fit(string trainer, Example[] rows,
        Action<SequenceTrainerOptions>? change = null)
    {
        var ml = new MLContext(seed: 1);
        var warnings = new List<string>();
        ml.Log += (_, entry) =>
        {
            if (entry.Kind == Runtime.ChannelMessageKind.Warning)
                warnings.Add(entry.RawMessage);
        };
        SequencePredictionTransformer model = Create(ml, trainer, change).Fit(Data(ml, rows));
        return (model, [.. warnings]);
    }

    /// <summary>Rows of which vectors may have any length.</summary>
    public static IDataView Data(MLContext ml, Example[] rows) => ml.Data.LoadFromEnumerable(rows, Example.Schema(Example.Vector(0)));

    /// <summary>Bit for bit.</summary>
    public static void AssertSameWeights(SequencePredictionTransformer expected, SequencePredictionTransformer actual)
    {
        foreach ((string name, ReadOnlyMemory<float> weights) in expected.Model.Weights)
            Assert.IsTrue(weights.Span.SequenceEqual(actual.Model.Weights[name].Span), name);
    }
}

using Microsoft.ML.Data;

namespace Microsoft.ML.Lstm.Tests.Sequences;

/// <summary>Each trainer with each form of input and output columns that it has, ready for the harness.</summary>
internal static class HarnessForms
{
    private static readonly string[] FormsOfAll =
    [
        "vector", "dimensions", "more dimensions", "variable", "variable with dimensions", "tokens", "variable tokens",
            "variable columns of all kinds", "variable words",
        "static", "scalar static", "weights", "two bidirectional layers of GRU",
    ];

    /// <summary>All of them, by trainer and form.</summary>
    public static IEnumerable<(string Trainer, string Form)> All =>
    [
        .. from trainer in AnyTrainer.Names from form in FormsOfAll select (trainer, form),
        .. from trainer in AnyTrainer.PerStep from form in (string[])[.. FormsOfAll, "convolutions"] select (trainer, form),
        .. from form in (string[])[.. FormsOfAll, "variable with names", "beam"] select (AnyTrainer.Ctc, form),
        (AnyTrainer.StepTruths, "threshold"), (AnyTrainer.StepTruths, "balanced"),
        .. from trainer in AnyTrainer.Names[..^1] from form in (string[])["encoding", "variable attention", "variable frames"]
           select (trainer, form),
        .. from trainer in AnyTrainer.Names select (trainer, "convolutions"),
        .. from trainer in AnyTrainer.Names[..^1] select (trainer, "variable convolutions in front"),
        (AnyTrainer.Regression, "vector label"),
        (AnyTrainer.Binary, "balanced"), (AnyTrainer.Binary, "threshold"),
        (AnyTrainer.Multiclass, "class weights"), (AnyTrainer.Multiclass, "names"), (AnyTrainer.Multiclass, "numbers for names"),
            (AnyTrainer.Multiclass, "keys of keys"),
        (AnyTrainer.Multiclass, "times for names"), (AnyTrainer.Multiclass, "offset times for names"),
            (AnyTrainer.Multiclass, "durations for names"),
        (AnyTrainer.Labeling, "softmax"), (AnyTrainer.Labeling, "names"), (AnyTrainer.Labeling, "variable with names"),
        (AnyTrainer.Labeling, "times for names"),
        .. from form in FormsOfAll select (AnyTrainer.SequenceToSequence, form),
        (AnyTrainer.SequenceToSequence, "variable with names"), (AnyTrainer.SequenceToSequence, "variable matrix"),
        (AnyTrainer.SequenceToSequence, "no attention"),
        .. from form in (string[])["vector", "dimensions", "more dimensions", "variable", "variable with dimensions", "static",
            "scalar static", "weights", "encoding", "two bidirectional layers of GRU", "variable with errors of steps"]
           select (AnyTrainer.Autoencoder, form),
        .. from form in (string[])["tokens", "variable tokens", "variable tied tokens", "variable tokens without boundaries", "weights",
            "variable tokens with names", "variable tokens of clusters"]
           select (AnyTrainer.LanguageModel, form),
    ];

    public static EstimatorHarness Create(string trainer, string form)
    {
        var ml = new MLContext(seed: 1);
        bool variable = form.StartsWith("variable", StringComparison.Ordinal);
        SchemaDefinition schema = Example.Schema(form switch
        {
            "vector" or "scalar static" => Example.Vector(10),
            "more dimensions" => Example.Vector(5, 2, 1),
            "variable" or "variable matrix" or "variable attention" or "variable frames" or "variable with errors of steps"
                or "variable convolutions in front"
                => Example.Vector(0),
            _ => Example.Vector(variable ? 0 : 5, 2),
        });
        if (!variable)
        {
            schema[nameof(Example.Tokens)].ColumnType = new VectorDataViewType(new KeyDataViewType(typeof(uint), Example.Vocabulary), 5);
            schema[nameof(Example.StepClasses)].ColumnType = new VectorDataViewType(new KeyDataViewType(typeof(uint), 3), 5);
        }
        (IEstimator<ITransformer> estimator, string[] outputs) = CreateEstimator(ml, trainer, form);
        return new EstimatorHarness(ml, estimator, Example.Make(40, variable), schema, form switch
        {
            "encoding" => [.. outputs, "Encoding"],
            "variable attention" or "variable frames" => [.. outputs, "Encoding", "Attention"],
            "variable with errors of steps" => [.. outputs, "Errors"],
            "variable matrix" => [.. outputs, "Attention", "PredictedLabel2", "Score2"],
            _ => outputs,
        });
    }

    private static (IEstimator<ITransformer> Estimator, string[] Outputs) CreateEstimator(MLContext ml, string trainer, string form)
    {
        if (trainer == AnyTrainer.Autoencoder)
            return (AnyTrainer.CreateAny(ml, trainer, options => ChangeInput(options, form)), ["Score", "PredictedLabel"]);
        if (trainer == AnyTrainer.LanguageModel)
            return CreateLanguageModel(ml, form);
        IEstimator<ITransformer> estimator = AnyTrainer.Create(ml, trainer, options => Change(options, form));
        string[] outputs = trainer switch
        {
            AnyTrainer.Regression => ["Score"],
            AnyTrainer.StepValues => ["Score"],
            AnyTrainer.Ctc => ["Score", "PredictedLabel", "LogProbability"],
            AnyTrainer.Binary or AnyTrainer.StepTruths => ["Score", "Probability", "PredictedLabel"],
            _ => ["Score", "PredictedLabel"],
        };
        if (form.StartsWith("keys of", StringComparison.Ordinal))
            return (ml.Transforms.Conversion.MapValueToKey("LabelKey", "Class").Append(estimator), outputs);
        if (!form.EndsWith("names", StringComparison.Ordinal))
            return (estimator, outputs);

        // Keys are made of names before the trainer, and names of the predicted keys behind it.
        string names = form switch
        {
            "numbers for names" => "Weight",
            "times for names" => trainer == AnyTrainer.Labeling ? "StepClassTimes" : "ClassTime",
            "offset times for names" => "ClassOffsetTime",
            "durations for names" => "ClassDuration",
            _ => trainer == AnyTrainer.Ctc ? "ItemNames"
                : trainer is AnyTrainer.Labeling or AnyTrainer.SequenceToSequence ? "StepClassNames"
                : "ClassName",
        };
        return (ml.Transforms.Conversion.MapValueToKey("LabelKey", names).Append(estimator)
            .Append(ml.Transforms.Conversion.MapKeyToValue("PredictedName", "PredictedLabel")),
            [.. outputs, "PredictedName"]);
    }

    private static (IEstimator<ITransformer> Estimator, string[] Outputs) CreateLanguageModel(MLContext ml, string form)
    {
        string[] outputs = ["Score", "PredictedLabel", "LogLikelihood", "NumberOfTokens", "TokenLogLikelihood"];
        IEstimator<ITransformer> trainer = AnyTrainer.CreateAny(ml, AnyTrainer.LanguageModel, common =>
        {
            ChangeInput(common, form);
            var options = (LstmLanguageModelTrainer.Options)common;
            options.TokenLogLikelihoodColumnName = "TokenLogLikelihood";
            if (form == "variable tied tokens")
                (options.TieEmbeddings, options.EmbeddingSize, options.NumberOfLayers, options.WeightDropout) = (true, null, 2, 0.3f);
            if (form == "variable tokens of clusters")
                options.SoftmaxCutoffs = [2, 3];
            if (form == "variable tokens without boundaries")
                (options.HasBoundaries, options.CellType, options.NumberOfPredictions) = (false, CellType.Gru, Example.Vocabulary + 3);
            if (form.EndsWith("names", StringComparison.Ordinal))
                options.FeatureColumnName = "Keys";
        });
        return form.EndsWith("names", StringComparison.Ordinal)
            ? (ml.Transforms.Conversion.MapValueToKey("Keys", nameof(Example.Words)).Append(trainer)
                .Append(ml.Transforms.Conversion.MapKeyToValue("PredictedName", "PredictedLabel")), [.. outputs, "PredictedName"])
            : (trainer, outputs);
    }

    private static void ChangeInput(SequenceInputOptions options, string form)
    {
        options.StaticFeatureColumnName = form switch { "static" => "Statics", "scalar static" => "Weight", _ => null };
        options.EncodingColumnName = form is "encoding" or "variable attention" or "variable frames" ? "Encoding" : null;
        options.ExampleWeightColumnName = form == "weights" ? "Weight" : null;
        if (form == "two bidirectional layers of GRU")
            (options.CellType, options.Bidirectional, options.NumberOfLayers) = (CellType.Gru, true, 2);
        if (form == "variable with errors of steps")
            ((LstmAutoencoderTrainer.Options)options).StepErrorColumnName = "Errors";
    }

    private static void Change(SequenceTrainerOptions options, string form)
    {
        ChangeInput(options, form);
        if (form is "convolutions" or "variable frames")
            options.Convolution = new ConvolutionOptions { Filters = [9, 5], KernelSizes = [8, 3] };
        if (form == "variable frames")
            options.StepsPerFrame = 3;
        if (form == "variable convolutions in front")
            options.InputConvolution = new InputConvolutionOptions { Filters = [7, 5], KernelSizes = [5, 2], Strides = [2, 1] };
        if (form is "variable attention" or "variable frames")
            (options.AttentionColumnName, options.Pooling) = ("Attention", Pooling.Attention);
        if (form == "vector label")
            options.LabelColumnName = "Labels";
        if (form.EndsWith("names", StringComparison.Ordinal) || form.StartsWith("keys of", StringComparison.Ordinal))
            options.LabelColumnName = "LabelKey";
        if (form.EndsWith("tokens", StringComparison.Ordinal))
            options.FeatureColumnName = "Tokens";
        if (form.EndsWith("columns of all kinds", StringComparison.Ordinal))
            options.FeatureColumnNames = ["Tokens", "Features", "Shapes"];
        if (form.EndsWith("words", StringComparison.Ordinal))
            (options.FeatureColumnName, options.CharacterColumnName, options.CharacterEmbeddingSize, options.NumberOfCharacterFilters)
                = ("Tokens", "Words", 4, 5);
        if (form == "two bidirectional layers of GRU")
            options.Pooling = Pooling.Mean;
        if (options is LstmSequenceToSequenceTrainer.Options sequences)
        {
            (sequences.BeamSize, sequences.MaximumOutputLength) = (3, 9);
            sequences.AttentionColumnName = form == "variable matrix" ? "Attention" : null;
            sequences.NumberOfPredictions = form == "variable matrix" ? 2 : 1;
            sequences.Attention = form == "no attention" ? SourceAttention.None : SourceAttention.Additive;
            sequences.TieEmbeddings = form == "no attention";
            sequences.TeacherForcing = form == "vector" ? TeacherForcingSchedule.Constant(0.5) : null;
        }
        if (form == "balanced" && options is LstmPerStepBinaryTrainer.Options truths)
            truths.BalanceClasses = true;
        else if (form == "balanced")
            (((ClassificationTrainerOptions)options).BalanceClasses, ((ClassificationTrainerOptions)options).LabelSmoothing) = (true, 0.1f);
        if (form == "class weights")
            ((ClassificationTrainerOptions)options).ClassWeights = [1f, 2f, 0.5f];
        if (form == "threshold" && options is LstmPerStepBinaryTrainer.Options withThreshold)
            withThreshold.ProbabilityThreshold = 0.45f;
        else if (form == "threshold")
            ((LstmBinaryTrainer.Options)options).ProbabilityThreshold = 0.45f;
        if (form == "beam")
            ((LstmCtcTrainer.Options)options).BeamSize = 5;
        if (form == "softmax")
            ((LstmSequenceLabelingTrainer.Options)options).UseConditionalRandomField = false;
    }
}

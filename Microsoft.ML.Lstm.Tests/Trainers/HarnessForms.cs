using Microsoft.ML.Data;

namespace Microsoft.ML.Lstm.Tests.Trainers;

/// <summary>Each trainer with each form of input and output columns that it has, ready for the harness.</summary>
internal static class HarnessForms
{
    private const string Regression = "regression";
    private const string Binary = "binary";
    private const string Multiclass = "multiclass";
    private const string Labeling = "labeling";

    private static readonly string[] Trainers = [Regression, Binary, Multiclass, Labeling];

    private static readonly string[] FormsOfAll =
    [
        "vector", "dimensions", "more dimensions", "variable", "variable with dimensions", "tokens", "variable tokens", "variable columns of all kinds",
        "static", "scalar static", "weights", "two bidirectional layers of GRU",
    ];

    /// <summary>All of them, by trainer and form.</summary>
    public static IEnumerable<(string Trainer, string Form)> All =>
    [
        .. from trainer in Trainers from form in FormsOfAll select (trainer, form),
        .. from trainer in Trainers[..^1] select (trainer, "encoding"),
        (Regression, "vector label"),
        (Binary, "balanced"), (Binary, "threshold"),
        (Multiclass, "class weights"), (Multiclass, "names"), (Multiclass, "numbers for names"),
        (Labeling, "softmax"), (Labeling, "names"), (Labeling, "variable with names"),
    ];

    public static EstimatorHarness Create(string trainer, string form)
    {
        var ml = new MLContext(seed: 1);
        bool variable = form.StartsWith("variable", StringComparison.Ordinal);
        SchemaDefinition schema = Example.Schema(form switch
        {
            "vector" or "scalar static" => Example.Vector(10),
            "more dimensions" => Example.Vector(5, 2, 1),
            "variable" => Example.Vector(0),
            _ => Example.Vector(variable ? 0 : 5, 2),
        });
        if (!variable)
        {
            schema[nameof(Example.Tokens)].ColumnType = new VectorDataViewType(new KeyDataViewType(typeof(uint), Example.Vocabulary), 5);
            schema[nameof(Example.StepClasses)].ColumnType = new VectorDataViewType(new KeyDataViewType(typeof(uint), 3), 5);
        }
        (IEstimator<ITransformer> estimator, string[] outputs) = CreateEstimator(ml, trainer, form);
        return new EstimatorHarness(ml, estimator, Example.Make(40, variable), schema, form == "encoding" ? [.. outputs, "Encoding"] : outputs);
    }

    private static (IEstimator<ITransformer> Estimator, string[] Outputs) CreateEstimator(MLContext ml, string trainer, string form)
    {
        switch (trainer)
        {
            case Regression:
                var regression = Options<LstmRegressionTrainer.Options>(form);
                if (form == "vector label")
                    regression.LabelColumnName = "Labels";
                return (ml.Regression.Trainers.Lstm(regression), ["Score"]);
            case Binary:
                var binary = Options<LstmBinaryTrainer.Options>(form);
                (binary.BalanceClasses, binary.LabelSmoothing) = (form == "balanced", form == "balanced" ? 0.1f : 0);
                binary.ProbabilityThreshold = form == "threshold" ? 0.45f : 0.5f;
                return (ml.BinaryClassification.Trainers.Lstm(binary), ["Score", "Probability", "PredictedLabel"]);
            case Multiclass:
                var multiclass = Options<LstmMulticlassTrainer.Options>(form);
                multiclass.ClassWeights = form == "class weights" ? [1f, 2f, 0.5f] : null;
                return Named(ml, form, ml.MulticlassClassification.Trainers.Lstm(multiclass), form == "numbers for names" ? "Weight" : "ClassName");
            default:
                var labeling = Options<LstmSequenceLabelingTrainer.Options>(form);
                labeling.UseConditionalRandomField = form != "softmax";
                return Named(ml, form, ml.MulticlassClassification.Trainers.LstmSequenceLabeling(labeling), "StepClassNames");
        }
    }

    /// <summary>With names, keys are made of them before the trainer, and they of the predicted keys behind it.</summary>
    private static (IEstimator<ITransformer> Estimator, string[] Outputs) Named(MLContext ml, string form, IEstimator<ITransformer> trainer, string names)
    {
        if (!form.EndsWith("names", StringComparison.Ordinal))
            return (trainer, ["Score", "PredictedLabel"]);
        return (ml.Transforms.Conversion.MapValueToKey("LabelKey", names).Append(trainer).Append(ml.Transforms.Conversion.MapKeyToValue("PredictedName", "PredictedLabel")),
            ["Score", "PredictedLabel", "PredictedName"]);
    }

    private static TOptions Options<TOptions>(string form)
        where TOptions : SequenceTrainerOptions, new()
        => SmallOptions.Create<TOptions>(options =>
        {
            options.StaticFeatureColumnName = form switch { "static" => "Statics", "scalar static" => "Weight", _ => null };
            options.EncodingColumnName = form == "encoding" ? "Encoding" : null;
            options.ExampleWeightColumnName = form == "weights" ? "Weight" : null;
            if (form.EndsWith("names", StringComparison.Ordinal))
                options.LabelColumnName = "LabelKey";
            if (form.EndsWith("tokens", StringComparison.Ordinal))
                options.FeatureColumnName = "Tokens";
            if (form.EndsWith("columns of all kinds", StringComparison.Ordinal))
                options.FeatureColumnNames = ["Tokens", "Features", "Shapes"];
            if (form == "two bidirectional layers of GRU")
                (options.CellType, options.Bidirectional, options.NumberOfLayers, options.Pooling) = (CellType.Gru, true, 2, Pooling.Mean);
        });
}

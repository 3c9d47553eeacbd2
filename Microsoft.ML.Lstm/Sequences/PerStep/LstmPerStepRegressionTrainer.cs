using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Training;
using Microsoft.ML.Lstm.Engine.Training.Objectives;
using Microsoft.ML.Lstm.Sequences.PerStep;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm;

/// <summary>
/// The <see cref="IEstimator{TTransformer}"/> that trains an LSTM, GRU or plain recurrent network to predict a value, or several, at every
/// step of a sequence: controls from sensors, a channel that was not measured, a spectrum.
/// </summary>
/// <remarks>
/// <format type="text/markdown"><![CDATA[
/// To create this trainer, use
/// [LstmPerStep](xref:Microsoft.ML.LstmCatalog.LstmPerStep*)
/// or
/// [LstmPerStep(Options)](xref:Microsoft.ML.LstmCatalog.LstmPerStep*).
///
/// A trainer of its own tells a value at every step from several values of the whole sequence, which
/// [Lstm](xref:Microsoft.ML.LstmCatalog.Lstm*) predicts: a label of 24 numbers beside 24 steps may be either. In Keras this one is
/// `return_sequences=True` and `TimeDistributed(Dense)`.
///
/// ### Input and Output Columns
/// * `LabelColumnName`: vector of <xref:System.Single>, of known size or not. T x L numbers for a sequence of T steps, the first L for the
///   first step; L comes from the dimensions (T, L) or from `LabelsPerStep`. NaN is a number that is not known: it has no part in the loss.
/// * `FeatureColumnName`, or several `FeatureColumnNames`: vector of <xref:System.Single>, or of Key, of known size or not, sparse or not.
///   The sequence: T x F numbers, the first step first, or T keys.
/// * `ExampleWeightColumnName`, optional: <xref:System.Single>. How much the row counts.
/// * `StaticFeatureColumnName`, optional: <xref:System.Single>, or a known-sized vector of it. What is known of the sequence as a whole.
///
/// * `Score`: variable-sized vector of <xref:System.Single>, (T, L). The predictions of each step, in the unit of the label.
///
/// ### Trainer Characteristics
/// |  |  |
/// | -- | -- |
/// | Machine learning task | Regression, at every step |
/// | Is normalization required? | No: features and labels are scaled inside, and the model keeps the scaling |
/// | Is caching required? | No: the data is read once |
/// | Required NuGet in addition to Microsoft.ML | Microsoft.ML.Lstm |
/// | Exportable to ONNX | Yes |
///
/// [EvaluatePerStep](xref:Microsoft.ML.LstmCatalog.EvaluatePerStep*) measures the predictions.
///
/// ### Training Algorithm Details
/// A stack of recurrent layers reads the sequence, and a linear layer on their outputs and on the numbers of the step itself gives its
/// values. By default the layers run from the first step to the last, so that a step's value depends on no later step: the network can be
/// used while steps come in ([CreateStream](xref:Microsoft.ML.Lstm.LstmPerStepRegressionTransformer.CreateStream*)). With `Bidirectional`
/// each step sees the whole sequence. The loss of a step is the mean over its known values, and that of a batch the mean over its steps
/// with a known value.
/// ]]></format>
/// </remarks>
/// <seealso cref="LstmCatalog.LstmPerStep(RegressionCatalog.RegressionTrainers, Options)"/>
/// <seealso cref="Options"/>
public sealed class LstmPerStepRegressionTrainer
    : SequenceTrainerBase<LstmPerStepRegressionTrainer.Options, LstmPerStepRegressionTransformer>
{
    internal LstmPerStepRegressionTrainer(IHostEnvironment environment, Options options)
        : base(environment, "LstmPerStepRegression", options)
    {
    }

    private protected override LabelKind LabelKind => LabelKind.NumbersPerStep;

    private protected override IEnumerable<SchemaShape.Column> PromiseOutputs(SchemaShape.Column label) => PerStepOutputs.RegressionShapes;

    private protected override TrainingTask CreateTask(Options options, LabelColumn label, TrainingData training, KeySubset? classes)
    {
        double[] counts = PerStepCounts.Known(training);
        if (Array.IndexOf(counts, 0) is var unknown and >= 0)
            throw new InvalidOperationException(
                $"Value {unknown + 1} of the {counts.Length} of each step in column '{label.Name}' is missing in all training data.");
        return new RegressionTask(options.LossFunction!.Value, options.NormalizeLabel!.Value, stepOutputs: true);
    }

    private protected override LstmPerStepRegressionTransformer CreateTransformer(SequenceModelParameters model, ScoringColumns columns,
        TrainingTask task) => new(Host, model, columns);

    /// <summary>
    /// Options for the <see cref="LstmPerStepRegressionTrainer"/> as used in
    /// <see cref="LstmCatalog.LstmPerStep(RegressionCatalog.RegressionTrainers, Options)"/>.
    /// </summary>
    public sealed class Options : PerStepTrainerOptions
    {
        /// <summary>
        /// What training minimizes. <see langword="null"/>, the default: chosen from the data (at present
        /// <see cref="RegressionLoss.SquaredError"/>).
        /// </summary>
        public RegressionLoss? LossFunction;

        /// <summary>
        /// Whether each label is brought to mean 0 and variance 1 over all steps of the training data, so that the learning rate need not
        /// depend on its unit. Scores come out in the label's own unit either way. A label that never varies is predicted as it is, with a
        /// warning. <see langword="null"/>, the default: chosen from the data (at present <see langword="true"/>).
        /// </summary>
        public bool? NormalizeLabel;

        internal override IReadOnlyList<EarlyStoppingMetric> EarlyStoppingMetrics
            => [EarlyStoppingMetric.Loss, EarlyStoppingMetric.RootMeanSquaredError, EarlyStoppingMetric.MeanAbsoluteError];

        private protected override void ChooseDefaults(DataFacts facts, OptionChoices choices)
        {
            LossFunction ??= RegressionLoss.SquaredError;
            NormalizeLabel ??= true;
            base.ChooseDefaults(facts, choices);
        }

        internal override void Validate()
        {
            base.Validate();
            RequireDefined(LossFunction, nameof(LossFunction));
        }
    }
}

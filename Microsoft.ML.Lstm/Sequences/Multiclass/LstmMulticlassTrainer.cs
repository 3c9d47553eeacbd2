using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Training;
using Microsoft.ML.Lstm.Engine.Training.Objectives;
using Microsoft.ML.Lstm.Sequences.Multiclass;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm;

/// <summary>
/// The <see cref="IEstimator{TTransformer}"/> that trains an LSTM, GRU or plain recurrent network to tell classes of sequences apart.
/// </summary>
/// <remarks>
/// <format type="text/markdown"><![CDATA[
/// To create this trainer, use
/// [Lstm](xref:Microsoft.ML.LstmCatalog.Lstm*)
/// or
/// [Lstm(Options)](xref:Microsoft.ML.LstmCatalog.Lstm*).
///
/// ### Input and Output Columns
/// * `LabelColumnName`: key of <xref:System.UInt32>, as `MapValueToKey` makes it of texts, numbers, Booleans, times or keys. The class.
/// * `FeatureColumnName`, or several `FeatureColumnNames`: vector of <xref:System.Single>, or of Key, of known size or not, sparse or not.
///   The sequence: T x F numbers, the first step first, or T keys, such as the words of a text.
/// * `ExampleWeightColumnName`, optional: <xref:System.Single>. How much the row counts.
/// * `StaticFeatureColumnName`, optional: <xref:System.Single>, or a known-sized vector of it. What is known of the sequence as a whole.
///
/// * `PredictedLabel`: key. The most probable class, with the label's key values: `MapKeyToValue` gives it its name back.
/// * `Score`: known-sized vector of <xref:System.Single>. The probability of each class.
/// * `EncodingColumnName`, optional: known-sized vector of <xref:System.Single>. The encoding of the sequence: features for any other
///   trainer.
/// * `AttentionColumnName`, optional: variable-sized vector of <xref:System.Single>. How much each step counts in the encoding, when
///   `Pooling` is attention.
///
/// ### Trainer Characteristics
/// |  |  |
/// | -- | -- |
/// | Machine learning task | Multiclass classification |
/// | Is normalization required? | No: features are scaled inside, and the model keeps the scaling |
/// | Is caching required? | No: the data is read once |
/// | Required NuGet in addition to Microsoft.ML | Microsoft.ML.Lstm |
/// | Exportable to ONNX | Yes |
///
/// ### Training Algorithm Details
/// The network is the same as for the <xref:Microsoft.ML.Lstm.LstmRegressionTrainer>, with an output for each class and a softmax over
/// them. Training minimizes the cross-entropy.
/// ]]></format>
/// </remarks>
/// <seealso cref="LstmCatalog"/>
/// <seealso cref="LstmCatalog.Lstm(MulticlassClassificationCatalog.MulticlassClassificationTrainers, Options)"/>
/// <seealso cref="Options"/>
public sealed class LstmMulticlassTrainer : SequenceTrainerBase<LstmMulticlassTrainer.Options, LstmMulticlassTransformer>
{
    internal LstmMulticlassTrainer(IHostEnvironment environment, Options options)
        : base(environment, "LstmMulticlass", options)
    {
    }

    private protected override LabelKind LabelKind => LabelKind.Key;

    private protected override IEnumerable<SchemaShape.Column> PromiseOutputs(SchemaShape.Column label)
        => MulticlassOutputs.Shapes(label);

    private protected override TrainingTask CreateTask(Options options, LabelColumn label, TrainingData training, KeySubset? classes)
        => new ClassificationTask(label.Classes, stepOutputs: false, options.WeightsFor(training, label), options.LabelSmoothing!.Value,
            classes);

    private protected override LstmMulticlassTransformer CreateTransformer(SequenceModelParameters model, ScoringColumns columns,
        TrainingTask task) => new(Host, model, columns);

    /// <summary>
    /// Options for the <see cref="LstmMulticlassTrainer"/> as used in
    /// <see cref="LstmCatalog.Lstm(MulticlassClassificationCatalog.MulticlassClassificationTrainers, Options)"/>.
    /// </summary>
    public sealed class Options : ClassificationTrainerOptions;
}

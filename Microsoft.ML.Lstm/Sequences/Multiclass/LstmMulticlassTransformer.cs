using Microsoft.ML.Lstm.Sequences;
using Microsoft.ML.Lstm.Sequences.Multiclass;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm;

/// <summary>Predicts the class of each row's sequence, with a network that a <see cref="LstmMulticlassTrainer"/> trained.</summary>
/// <remarks>
/// <format type="text/markdown"><![CDATA[
/// ### Output Columns
/// | Output Column Name | Column Type | Description |
/// | -- | -- | -- |
/// | `PredictedLabel` | Key | The most probable class. It has the label's key values, if that had any, so that `MapKeyToValue` gives the class its name back. |
/// | `Score` | Known-sized vector of <xref:System.Single> | The probability of each class, in the order of the label's keys; 0 for one that the training data did not have. |
/// | the trainer's `EncodingColumnName`, if given | Known-sized vector of <xref:System.Single> | The encoding of the sequence. |
/// | the trainer's `AttentionColumnName`, if given | Variable-sized vector of <xref:System.Single> | How much each step counts in the encoding. |
///
/// A row that can't be scored gets NaN, the missing key, and no weights of steps.
/// ]]></format>
/// </remarks>
/// <seealso cref="LstmCatalog.Lstm(MulticlassClassificationCatalog.MulticlassClassificationTrainers, LstmMulticlassTrainer.Options)"/>
public sealed partial class LstmMulticlassTransformer : SequencePredictionTransformer
{
    private const string RegistrationName = "LstmMulticlassTransformer";

    internal LstmMulticlassTransformer(IHostEnvironment environment, SequenceModelParameters model, ScoringColumns columns)
        : base(environment.Register(RegistrationName), model, columns,
            [new PredictedClassColumn(ClassesOf(model), columns.LabelValues),
                new ClassProbabilitiesColumn(ClassesOf(model), columns.LabelValues)])
    {
    }

    private static ScoredClasses ClassesOf(SequenceModelParameters model) => new(model.Network.Shape);
}

using Microsoft.ML.Lstm.MlNet;
using Microsoft.ML.Lstm.Scoring;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm;

/// <summary>Says yes or no to each row's sequence, and how probable yes is, with a network that a <see cref="LstmBinaryTrainer"/> trained.</summary>
/// <remarks>
/// <format type="text/markdown"><![CDATA[
/// ### Output Columns
/// | Output Column Name | Column Type | Description |
/// | -- | -- | -- |
/// | `PredictedLabel` | <xref:System.Boolean> | Whether the probability is above the trainer's `ProbabilityThreshold`. |
/// | `Score` | <xref:System.Single> | The logarithm of the odds of yes: above 0 where it is the more probable. |
/// | `Probability` | <xref:System.Single> | The probability of yes. |
/// | the trainer's `EncodingColumnName`, if given | Known-sized vector of <xref:System.Single> | The encoding of the sequence. |
/// | the trainer's `AttentionColumnName`, if given | Variable-sized vector of <xref:System.Single> | How much each step counts in the encoding. |
///
/// A row that can't be scored gets NaN, no for a label, and no weights of steps.
/// ]]></format>
/// </remarks>
/// <seealso cref="LstmCatalog.Lstm(BinaryClassificationCatalog.BinaryClassificationTrainers, LstmBinaryTrainer.Options)"/>
public sealed partial class LstmBinaryTransformer : SequencePredictionTransformer
{
    private const string RegistrationName = "LstmBinaryTransformer";

    internal LstmBinaryTransformer(IHostEnvironment environment, SequenceModelParameters model, ScoringColumns columns)
        : base(environment.Register(RegistrationName), model, columns,
            [new PredictedBooleanColumn(columns.Threshold!.Value), new ScoreColumn(ScoreAnnotations.BinaryClassification), new ProbabilityColumn()])
        => ProbabilityThreshold = columns.Threshold.Value;

    /// <summary>The probability above which the predicted label is yes.</summary>
    public float ProbabilityThreshold { get; }
}

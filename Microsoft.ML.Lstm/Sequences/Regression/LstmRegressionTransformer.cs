using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Sequences;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm;

/// <summary>
/// Predicts a value, or several, for each row's sequence, with a network that a <see cref="LstmRegressionTrainer"/> trained.
/// </summary>
/// <remarks>
/// <format type="text/markdown"><![CDATA[
/// ### Output Columns
/// | Output Column Name | Column Type | Description |
/// | -- | -- | -- |
/// | `Score` | <xref:System.Single>, or a known-sized vector of it when the label is a vector | The prediction, in the unit of the label. |
/// | the trainer's `EncodingColumnName`, if given | Known-sized vector of <xref:System.Single> | The encoding of the sequence. |
/// | the trainer's `AttentionColumnName`, if given | Variable-sized vector of <xref:System.Single> | How much each step counts in the encoding. |
///
/// A row that can't be scored (no steps, a vector length that is no multiple of the features a step, NaN or infinity in features or
/// static features) gets NaN, and no weights of steps, and no other row is affected by it.
/// ]]></format>
/// </remarks>
/// <seealso cref="LstmCatalog.Lstm(RegressionCatalog.RegressionTrainers, LstmRegressionTrainer.Options)"/>
public sealed partial class LstmRegressionTransformer : SequencePredictionTransformer
{
    private const string RegistrationName = "LstmRegressionTransformer";

    internal LstmRegressionTransformer(IHostEnvironment environment, SequenceModelParameters model, ScoringColumns columns)
        : base(environment.Register(RegistrationName), model, columns,
            [columns.VectorScore ? new VectorScoreColumn(model.OutputCount) : new ScoreColumn(ScoreAnnotations.Regression)])
    {
    }
}

using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Decoding;
using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Lstm.Sequences;
using Microsoft.ML.Lstm.Sequences.Labeling;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm;

/// <summary>
/// Predicts a label for each step of each row's sequence, with a network that a <see cref="LstmSequenceLabelingTrainer"/> trained.
/// </summary>
/// <remarks>
/// <format type="text/markdown"><![CDATA[
/// ### Output Columns
/// | Output Column Name | Column Type | Description |
/// | -- | -- | -- |
/// | `PredictedLabel` | Variable-sized vector of Key | The label of each step. It has the label's key values, if that had any, so that `MapKeyToValue` gives the labels their names back. |
/// | `Score` | Variable-sized vector of <xref:System.Single> | The probability of each of the L labels at each of the T steps, T x L values, those of the first step first; 0 for a label that the training data did not have. |
///
/// A row that can't be scored gets empty vectors.
/// ]]></format>
/// </remarks>
/// <seealso cref="LstmCatalog.LstmSequenceLabeling(MulticlassClassificationCatalog.MulticlassClassificationTrainers, LstmSequenceLabelingTrainer.Options)"/>
public sealed partial class LstmSequenceLabelingTransformer : SequencePredictionTransformer
{
    private const string RegistrationName = "LstmSequenceLabelingTransformer";

    internal LstmSequenceLabelingTransformer(IHostEnvironment environment, SequenceModelParameters model, ScoringColumns columns)
        : base(environment.Register(RegistrationName), model, columns, CreateColumns(model, columns))
    {
    }

    private static OutputColumn[] CreateColumns(SequenceModelParameters model, ScoringColumns columns)
    {
        var crf = new Lazy<LinearChainCrf?>(() => StepDecoder.CrfOf(model.Network.Parameters));
        var classes = new ScoredClasses(model.Network.Shape);
        return [new PredictedStepsColumn(classes, crf, columns.LabelValues), new StepProbabilitiesColumn(classes, crf)];
    }
}

using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.MlNet;


namespace Microsoft.ML.Lstm;

// PermutationFeatureImportance asks these interfaces for the column whose values it permutes. It permutes one column of numbers and
// knows of no other, so here is where it can be said what it leaves out.
public abstract partial class SequencePredictionTransformer
{
    // What the log names as the source of the warnings.
    private const string FeatureImportance = "Feature importance";

    string ISingleFeaturePredictionTransformer<SequenceModelParameters>.FeatureColumnName => PermutedColumn().Name;

    string ISingleFeaturePredictionTransformer.FeatureColumnName => PermutedColumn().Name;

    /// <summary>The column chosen, or else the first that has numbers.</summary>
    /// <exception cref="NotSupportedException">It has keys.</exception>
    private FeatureColumn PermutedColumn()
    {
        FeatureColumn column = _featureColumn is null
            ? Array.Find(Columns.Features, candidate => !candidate.IsTokens) ?? Columns.Features[0] : FeatureColumn;
        if (column.IsTokens)
        {
            throw Host.Process(new NotSupportedException(
                $"PermutationFeatureImportance permutes numbers, and feature column '{column.Name}' has keys. "
                + "Evaluate the model on data whose keys are changed instead."));
        }
        if (_featureColumn is null && Columns.Features.Length > 1)
        {
            string others = string.Join(", ", Columns.Features.Where(other => other != column).Select(other => $"'{other.Name}'"));
            HostWarning.Write(Host, FeatureImportance,
                $"PermutationFeatureImportance permutes one column, '{column.Name}', and not {others}; ForFeatureColumn(name) chooses "
                + "another one.");
        }
        if (column.Type.Size == 0)
        {
            HostWarning.Write(Host, FeatureImportance,
                "PermutationFeatureImportance has nothing to permute where vectors have no known size, "
                + $"as in feature column '{column.Name}' of the training data.");
        }
        return column;
    }
}

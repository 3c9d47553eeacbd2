using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.MlNet;

namespace Microsoft.ML.Lstm;

// Components that look at a single column, as PermutationFeatureImportance does.
public abstract partial class SequencePredictionTransformer
{
    // The source of the warnings, for the log.
    private const string FeatureImportance = "Feature importance";

    // The column of sequences that ForFeatureColumn chose; null where it was not called.
    private int? _featureColumn;

    private FeatureColumn FeatureColumn => Columns.Features[_featureColumn ?? 0];

    /// <summary>
    /// A copy of this transformer with another of its <see cref="FeatureColumnNames"/> as <see cref="FeatureColumnName"/>, for components
    /// that look at a single column, as <c>PermutationFeatureImportance</c> does. It reads the same columns and gives the same scores.
    /// </summary>
    /// <param name="featureColumnName">One of <see cref="FeatureColumnNames"/>.</param>
    /// <returns>The copy; this transformer stays as it is.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="featureColumnName"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">No sequences are read from a column of this name.</exception>
    /// <example>
    /// <code>
    /// // What each value of each column of sequences is worth to the model.
    /// foreach (string column in model.FeatureColumnNames)
    /// {
    ///     foreach (var (slot, metrics) in ml.Regression.PermutationFeatureImportance((ITransformer)model.ForFeatureColumn(column), data))
    ///         Console.WriteLine($"{column}, {slot}: {metrics.RootMeanSquaredError.Mean:0.000}");
    /// }
    /// </code>
    /// </example>
    public SequencePredictionTransformer ForFeatureColumn(string featureColumnName)
    {
        ArgumentNullException.ThrowIfNull(featureColumnName);
        int index = Array.FindIndex(Columns.Features, column => column.Name == featureColumnName);
        if (index < 0)
        {
            string names = string.Join(", ", FeatureColumnNames.Select(name => $"'{name}'"));
            throw new ArgumentOutOfRangeException(nameof(featureColumnName), featureColumnName, $"Sequences are read from {names}.");
        }
        var other = (SequencePredictionTransformer)MemberwiseClone();
        other._featureColumn = index;
        return other;
    }

    // PermutationFeatureImportance asks for the column whose values it permutes, and can permute only one column, of numbers.
    string ISingleFeaturePredictionTransformer<SequenceModelParameters>.FeatureColumnName => PermutedColumn().Name;

    string ISingleFeaturePredictionTransformer.FeatureColumnName => PermutedColumn().Name;

    /// <summary>The chosen column, or else the first column of numbers; warns of columns that are left out.</summary>
    /// <exception cref="NotSupportedException">The column has keys.</exception>
    private FeatureColumn PermutedColumn()
    {
        FeatureColumn column = _featureColumn is null
            ? Array.Find(Columns.Features, candidate => !candidate.IsTokens) ?? Columns.Features[0]
            : FeatureColumn;
        if (column.IsTokens)
            throw Host.Process(new NotSupportedException(
                $"PermutationFeatureImportance permutes numbers, and feature column '{column.Name}' has keys. "
                + "Evaluate the model on data whose keys are changed instead."));
        if (_featureColumn is null && Columns.Features.Length > 1)
        {
            string others = string.Join(", ", Columns.Features.Where(other => other != column).Select(other => $"'{other.Name}'"));
            HostWarning.Write(Host, FeatureImportance,
                $"PermutationFeatureImportance permutes one column, '{column.Name}', and not {others}; "
                + "ForFeatureColumn(name) chooses another one.");
        }
        if (SequenceInput.TypeOf(column).Size == 0)
        {
            HostWarning.Write(Host, FeatureImportance,
                "PermutationFeatureImportance has nothing to permute where vectors have no known size, "
                + $"as in feature column '{column.Name}' of the training data.");
        }
        return column;
    }
}

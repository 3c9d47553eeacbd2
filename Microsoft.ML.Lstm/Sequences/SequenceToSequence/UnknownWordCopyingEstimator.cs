using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm;

/// <summary>
/// Makes words of the keys that a decoder wrote, and takes those that it has no key for from the source: in place of an unknown one, the
/// word of the source that it looked at most (Luong, Sutskever, Le, Vinyals and Zaremba 2015; Jean et al. 2015).
/// </summary>
/// <remarks>
/// <format type="text/markdown"><![CDATA[
/// To create this estimator use [CopyUnknownWords](xref:Microsoft.ML.LstmTextCatalog.CopyUnknownWords*).
///
/// ### Input and Output Columns
/// * the predicted label: vector of Key, with texts as values: what a <xref:Microsoft.ML.Lstm.LstmSequenceToSequenceTransformer> wrote. The
///   missing key stands for an unknown word; a trainer with `WriteUnknown` learns to write it.
/// * the attention: vector of <xref:System.Single>, the trainer's `AttentionColumnName`.
/// * the source: vector of text, the words that were read, one for each step.
/// * output: vector of text, a word for each key.
///
/// A row whose weights are not as many as keys times words is an <xref:System.InvalidOperationException> when it is read.
///
/// ### Estimator Characteristics
/// | | |
/// | -- | -- |
/// | Does this estimator need to look at the data to train its parameters? | No |
/// | Required NuGet in addition to Microsoft.ML | Microsoft.ML.Lstm |
/// | Exportable to ONNX | No |
/// ]]></format>
/// </remarks>
public sealed class UnknownWordCopyingEstimator : IEstimator<UnknownWordCopyingTransformer>
{
    private readonly IHost _host;
    private readonly CopyingColumns _columns;

    internal UnknownWordCopyingEstimator(IHostEnvironment environment, CopyingColumns columns)
    {
        _host = environment.Register(nameof(UnknownWordCopyingEstimator));
        _columns = columns;
    }

    /// <summary>Checks the columns. Nothing is learned from the data.</summary>
    /// <param name="input">What was written, the weights and the source.</param>
    /// <returns>The transformer.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="input"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of the wrong type.</exception>
    public UnknownWordCopyingTransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        var transformer = new UnknownWordCopyingTransformer(_host, _columns);
        transformer.GetOutputSchema(input.Schema);
        return transformer;
    }

    /// <summary>The columns of the output.</summary>
    /// <param name="inputSchema">The columns of the input.</param>
    /// <returns><paramref name="inputSchema"/> with the words.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="inputSchema"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of the wrong type.</exception>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        ColumnRole.PredictedWords.Find(_host, inputSchema, _columns.PredictedLabel);
        ColumnRole.SourceWeights.Find(_host, inputSchema, _columns.Attention);
        ColumnRole.SourceWords.Find(_host, inputSchema, _columns.Source);
        return inputSchema.With([new SchemaShape.Column(_columns.Output, SchemaShape.Column.VectorKind.VariableVector,
            TextDataViewType.Instance, isKey: false)]);
    }
}

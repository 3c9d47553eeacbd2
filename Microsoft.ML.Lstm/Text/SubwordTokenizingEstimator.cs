using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Text;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm;

/// <summary>Cuts texts into subwords: pieces of words, or of bytes, of a given vocabulary.</summary>
/// <remarks>
/// <format type="text/markdown"><![CDATA[
/// To create this estimator use
/// [TokenizeIntoSubwords](xref:Microsoft.ML.LstmTextCatalog.TokenizeIntoSubwords*).
///
/// ### Input and Output Columns
/// * input: text.
/// * output: variable-sized vector of key. The pieces of the text, in their order. The key of a piece is its id in the vocabulary's file
///   plus 1, since ML.NET's keys count from 1; the values of the keys are the pieces, as the file has them (`Ġthe`, `##ing`, `▁the`), and
///   "" for ids that no piece has. An empty text has no pieces.
///
/// ### Estimator Characteristics
/// | | |
/// | -- | -- |
/// | Does this estimator need to look at the data to train its parameters? | No: it reads the vocabulary's files |
/// | Required NuGet in addition to Microsoft.ML | Microsoft.ML.Lstm |
/// | Exportable to ONNX | No |
///
/// The tokenizers are those of the package Microsoft.ML.Tokenizers. A saved model has a copy of the files in it.
/// [JoinSubwords](xref:Microsoft.ML.LstmTextCatalog.JoinSubwords*) makes texts of the pieces again; which kinds of vocabulary give the very
/// text back says <xref:Microsoft.ML.Lstm.SubwordTokenizerType>.
/// ]]></format>
/// </remarks>
public sealed class SubwordTokenizingEstimator : IEstimator<SubwordTokenizingTransformer>
{
    /// <summary>The options of <see cref="SubwordTokenizingEstimator"/>.</summary>
    public sealed class Options : SubwordOptions;

    private readonly IHost _host;
    private readonly SubwordTokenizer _tokenizer;

    internal SubwordTokenizingEstimator(IHostEnvironment environment, Options options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _tokenizer = options.Read();
        _host = environment.Register(nameof(SubwordTokenizingEstimator));
    }

    /// <summary>Checks the column. Nothing is learned from the data.</summary>
    /// <param name="input">The texts.</param>
    /// <returns>The transformer.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="input"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The column is missing, or is no text.</exception>
    public SubwordTokenizingTransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        var transformer = new SubwordTokenizingTransformer(_host, _tokenizer);
        transformer.GetOutputSchema(input.Schema);
        return transformer;
    }

    /// <summary>The columns of the output.</summary>
    /// <param name="inputSchema">The columns of the input.</param>
    /// <returns><paramref name="inputSchema"/> with the pieces.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="inputSchema"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The column is missing, or is no text.</exception>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        ColumnRole.SubwordText.Find(_host, inputSchema, _tokenizer.Settings.InputColumnName);
        return inputSchema.With([new SchemaShape.Column(_tokenizer.Settings.OutputColumnName,
            SchemaShape.Column.VectorKind.VariableVector, NumberDataViewType.UInt32, isKey: true, new SchemaShape(
            [
                new SchemaShape.Column(AnnotationUtils.Kinds.KeyValues, SchemaShape.Column.VectorKind.Vector, TextDataViewType.Instance,
                    isKey: false),
            ]))]);
    }
}

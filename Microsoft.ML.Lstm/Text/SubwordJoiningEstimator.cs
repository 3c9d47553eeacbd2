using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Text;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm;

/// <summary>Joins subwords to texts: the way back of <see cref="SubwordTokenizingEstimator"/>.</summary>
/// <remarks>
/// <format type="text/markdown"><![CDATA[
/// To create this estimator use
/// [JoinSubwords](xref:Microsoft.ML.LstmTextCatalog.JoinSubwords*), or
/// [CreateJoiner](xref:Microsoft.ML.Lstm.SubwordTokenizingTransformer.CreateJoiner*) of a transformer that cuts texts.
///
/// ### Input and Output Columns
/// * input: key of <xref:System.UInt32>, or a vector of it, as many keys as the vocabulary has ids: pieces by id + 1.
/// * output: text. A missing key stands for no text, as do tokens for the begin and end of a text. No pieces make an empty text. Bytes that
///   are no whole character become U+FFFD. A key beyond the vocabulary, or of an id that no piece has, is an
///   <xref:System.InvalidOperationException> when the row is read.
///
/// ### Estimator Characteristics
/// | | |
/// | -- | -- |
/// | Does this estimator need to look at the data to train its parameters? | No: it reads the vocabulary's files |
/// | Required NuGet in addition to Microsoft.ML | Microsoft.ML.Lstm |
/// | Exportable to ONNX | No |
/// ]]></format>
/// </remarks>
public sealed class SubwordJoiningEstimator : IEstimator<SubwordJoiningTransformer>
{
    /// <summary>The options of <see cref="SubwordJoiningEstimator"/>.</summary>
    public sealed class Options : SubwordOptions;

    private readonly IHost _host;
    private readonly SubwordTokenizer _tokenizer;

    internal SubwordJoiningEstimator(IHostEnvironment environment, Options options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _tokenizer = options.Read();
        _host = environment.Register(nameof(SubwordJoiningEstimator));
    }

    /// <summary>Checks the column. Nothing is learned from the data.</summary>
    /// <param name="input">The pieces.</param>
    /// <returns>The transformer.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="input"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The column is missing, or has no keys of this vocabulary.</exception>
    public SubwordJoiningTransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        var transformer = new SubwordJoiningTransformer(_host, _tokenizer);
        transformer.GetOutputSchema(input.Schema);
        return transformer;
    }

    /// <summary>The columns of the output.</summary>
    /// <param name="inputSchema">The columns of the input.</param>
    /// <returns><paramref name="inputSchema"/> with the texts.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="inputSchema"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The column is missing, or has no keys.</exception>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        ColumnRole.Subwords.Find(_host, inputSchema, _tokenizer.Settings.InputColumnName);
        return inputSchema.With([new SchemaShape.Column(_tokenizer.Settings.OutputColumnName, SchemaShape.Column.VectorKind.Scalar,
            TextDataViewType.Instance, isKey: false)]);
    }
}

using Microsoft.ML.Data;
using Microsoft.ML.Lstm;
using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.MlNet;
using Microsoft.ML.Lstm.Text;
using Microsoft.ML.Runtime;

[assembly: Microsoft.ML.LoadableClass(typeof(SubwordTokenizingTransformer), null, typeof(Microsoft.ML.SignatureLoadModel),
    "Subword Tokenizing", SubwordTokenizingTransformer.LoaderSignature)]

namespace Microsoft.ML.Lstm;

/// <summary>Cuts texts into subwords, see <see cref="SubwordTokenizingEstimator"/>.</summary>
/// <remarks>Any number of threads may use a transformer at once.</remarks>
public sealed class SubwordTokenizingTransformer : ITransformer
{
    internal const string LoaderSignature = "LstmSubwordTokenizing";

    private readonly IHost _host;
    private readonly Lazy<DataViewSchema.Annotations> _annotations;

    internal SubwordTokenizingTransformer(IHostEnvironment environment, SubwordTokenizer tokenizer)
    {
        _host = environment.Register(nameof(SubwordTokenizingTransformer));
        Tokenizer = tokenizer;
        // Vocabularies are large, and pipelines ask for schemas often.
        _annotations = new Lazy<DataViewSchema.Annotations>(() =>
        {
            var annotations = new DataViewSchema.Annotations.Builder();
            new KeyValues("Text", [.. tokenizer.Pieces.Select(piece => piece.Name)]).AddTo(annotations, AnnotationUtils.Kinds.KeyValues);
            return annotations.ToAnnotations();
        });
    }

    internal SubwordTokenizer Tokenizer { get; }

    /// <summary>The column of pieces.</summary>
    public string OutputColumnName => Tokenizer.Settings.OutputColumnName;

    /// <summary>The column of texts.</summary>
    public string InputColumnName => Tokenizer.Settings.InputColumnName;

    bool ITransformer.IsRowToRowMapper => true;

    /// <summary>The columns of the output.</summary>
    /// <param name="inputSchema">The columns of the input.</param>
    /// <returns><paramref name="inputSchema"/> with the pieces behind it.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="inputSchema"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The column is missing, or is no text.</exception>
    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => Bind(inputSchema).OutputSchema;

    /// <summary>Adds the pieces. Texts are cut when the result is read.</summary>
    /// <param name="input">The texts.</param>
    /// <returns>The columns of <paramref name="input"/> and, behind them, the pieces.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="input"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The column is missing, or is no text.</exception>
    public IDataView Transform(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        return Bind(input.Schema).AddTo(input, this, "ONNX has no operator that cuts texts into subwords");
    }

    IRowToRowMapper ITransformer.GetRowToRowMapper(DataViewSchema inputSchema) => Bind(inputSchema).ToRowMapper();

    /// <summary>
    /// The transformer that makes texts of pieces of this vocabulary, as a <see cref="SubwordJoiningEstimator"/> would of the same files. A
    /// loaded model gives it without them.
    /// </summary>
    /// <param name="outputColumnName">The column of texts to add.</param>
    /// <param name="inputColumnName">The column of pieces; <see langword="null"/> for <see cref="OutputColumnName"/>.</param>
    /// <returns>The transformer.</returns>
    /// <exception cref="ArgumentException">A name is empty.</exception>
    public SubwordJoiningTransformer CreateJoiner(string outputColumnName, string? inputColumnName = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(outputColumnName);
        if (inputColumnName is not null)
            ArgumentException.ThrowIfNullOrEmpty(inputColumnName);
        return new SubwordJoiningTransformer(_host,
            Tokenizer.WithColumns(outputColumnName, inputColumnName ?? OutputColumnName));
    }

    private MappedColumn Bind(DataViewSchema inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        DataViewSchema.Column source = ColumnRole.SubwordText.Find(_host, inputSchema, InputColumnName);
        var type = new VectorDataViewType(new KeyDataViewType(typeof(uint), Tokenizer.Pieces.Length));
        return new MappedColumn(_host, inputSchema, [source], new(OutputColumnName, type, _annotations.Value), CreateGetter);

        Delegate CreateGetter(DataViewRow row)
        {
            ValueGetter<ReadOnlyMemory<char>> getText = row.GetGetter<ReadOnlyMemory<char>>(source);
            ReadOnlyMemory<char> text = default;
            return (ValueGetter<VBuffer<uint>>)((ref VBuffer<uint> value) =>
            {
                getText(ref text);
                IReadOnlyList<int> ids = Tokenizer.Encode(text.ToString());
                VBufferEditor<uint> editor = VBufferEditor.Create(ref value, ids.Count);
                for (int i = 0; i < ids.Count; i++)
                    editor.Values[i] = (uint)ids[i] + 1;
                value = editor.Commit();
            });
        }
    }

    private static VersionInfo Version => ModelEntry.Version("LSTMSUBT", LoaderSignature);

    void ICanSaveModel.Save(ModelSaveContext ctx) => ModelEntry.Save(ctx, Version, Tokenizer.Save);

    // ML.NET finds this method by its name and parameters.
    internal static SubwordTokenizingTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
        => ModelEntry.Load(env, ctx, Version, entry => new SubwordTokenizingTransformer(env, SubwordTokenizer.Load(entry)));
}

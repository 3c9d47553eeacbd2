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
public sealed class SubwordTokenizingTransformer : RowMappingTransformer
{
    internal const string LoaderSignature = "LstmSubwordTokenizing";

    private readonly Lazy<DataViewSchema.Annotations> _annotations;

    internal SubwordTokenizingTransformer(IHostEnvironment environment, SubwordTokenizer tokenizer)
        : base(environment.Register(nameof(SubwordTokenizingTransformer)))
    {
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
    public override string OutputColumnName => Tokenizer.Settings.OutputColumnName;

    /// <summary>The column of texts.</summary>
    public string InputColumnName => Tokenizer.Settings.InputColumnName;

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
        return new SubwordJoiningTransformer(Host,
            Tokenizer.WithColumns(outputColumnName, inputColumnName ?? OutputColumnName));
    }

    private protected override string OnnxReason => "ONNX has no operator that cuts texts into subwords";

    private protected override MappedColumn Bind(DataViewSchema inputSchema)
    {
        DataViewSchema.Column source = ColumnRole.SubwordText.Find(Host, inputSchema, InputColumnName);
        var type = new VectorDataViewType(new KeyDataViewType(typeof(uint), Tokenizer.Pieces.Length));
        return new MappedColumn(Host, inputSchema, [source], new(OutputColumnName, type, _annotations.Value), CreateGetter);

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

    private protected override void Save(ModelSaveContext ctx) => ModelEntry.Save(ctx, Version, Tokenizer.Save);

    // ML.NET finds this method by its name and parameters.
    internal static SubwordTokenizingTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
        => ModelEntry.Load(env, ctx, Version, entry => new SubwordTokenizingTransformer(env, SubwordTokenizer.Load(entry)));
}

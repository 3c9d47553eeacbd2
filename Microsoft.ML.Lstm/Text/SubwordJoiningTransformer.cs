using System.Text;
using Microsoft.ML.Data;
using Microsoft.ML.Lstm;
using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.MlNet;
using Microsoft.ML.Lstm.Text;
using Microsoft.ML.Runtime;

[assembly: Microsoft.ML.LoadableClass(typeof(SubwordJoiningTransformer), null, typeof(Microsoft.ML.SignatureLoadModel),
    "Subword Joining", SubwordJoiningTransformer.LoaderSignature)]

namespace Microsoft.ML.Lstm;

/// <summary>Joins subwords to texts, see <see cref="SubwordJoiningEstimator"/>.</summary>
/// <remarks>Any number of threads may use a transformer at once.</remarks>
public sealed class SubwordJoiningTransformer : ITransformer
{
    internal const string LoaderSignature = "LstmSubwordJoining";

    private readonly IHost _host;
    private readonly SubwordTokenizer _tokenizer;

    internal SubwordJoiningTransformer(IHostEnvironment environment, SubwordTokenizer tokenizer)
    {
        _host = environment.Register(nameof(SubwordJoiningTransformer));
        _tokenizer = tokenizer;
    }

    /// <summary>The column of texts.</summary>
    public string OutputColumnName => _tokenizer.Settings.OutputColumnName;

    /// <summary>The column of pieces.</summary>
    public string InputColumnName => _tokenizer.Settings.InputColumnName;

    bool ITransformer.IsRowToRowMapper => true;

    /// <summary>The columns of the output.</summary>
    /// <param name="inputSchema">The columns of the input.</param>
    /// <returns><paramref name="inputSchema"/> with the texts behind it.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="inputSchema"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The column is missing, or has no keys of this vocabulary.</exception>
    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => Bind(inputSchema).OutputSchema;

    /// <summary>Adds the texts. They are made when the result is read.</summary>
    /// <param name="input">The pieces.</param>
    /// <returns>The columns of <paramref name="input"/> and, behind them, the texts.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="input"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The column is missing, or has no keys of this vocabulary.</exception>
    public IDataView Transform(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        return Bind(input.Schema).AddTo(input, this, "ONNX has no operator that joins subwords to texts");
    }

    IRowToRowMapper ITransformer.GetRowToRowMapper(DataViewSchema inputSchema) => Bind(inputSchema).ToRowMapper();

    private MappedColumn Bind(DataViewSchema inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        DataViewSchema.Column source = ColumnRole.Subwords.Find(_host, inputSchema, InputColumnName);
        int count = _tokenizer.Pieces.Length;
        if (TokenReader.VocabularyOf(source.Type) != (ulong)count)
            throw ColumnRole.Subwords.DimensionMismatch(_host, source, $"keys of a vocabulary of {count} pieces");
        return new MappedColumn(_host, inputSchema, [source], new(OutputColumnName, TextDataViewType.Instance), CreateGetter);

        Delegate CreateGetter(DataViewRow row)
        {
            KeysGetter getKeys = KeysOf(row, source);
            var decoder = new SubwordDecoder(_tokenizer);
            var text = new StringBuilder();
            return (ValueGetter<ReadOnlyMemory<char>>)((ref ReadOnlyMemory<char> value) =>
            {
                // A row before that threw may have left bytes.
                decoder.Finish(text);
                text.Clear();
                foreach (uint key in getKeys())
                {
                    if (key == 0)
                        continue;
                    if (key > count || _tokenizer.Pieces[key - 1].Role == PieceRole.None)
                        throw new InvalidOperationException(
                            $"Column '{source.Name}' has the key {key} in row {row.Position} (counted from 0), but the vocabulary has "
                            + $"{(key > count ? $"{count} keys" : "no piece for it")}.");
                    decoder.Append((int)key - 1, text);
                }
                decoder.Finish(text);
                value = text.ToString().AsMemory();
            });
        }
    }

    private delegate ReadOnlySpan<uint> KeysGetter();

    private static KeysGetter KeysOf(DataViewRow row, DataViewSchema.Column column)
    {
        if (column.Type is not VectorDataViewType)
        {
            ValueGetter<uint> getKey = row.GetGetter<uint>(column);
            uint[] key = new uint[1];
            return () =>
            {
                getKey(ref key[0]);
                return key;
            };
        }
        ValueGetter<VBuffer<uint>> getKeys = row.GetGetter<VBuffer<uint>>(column);
        VBuffer<uint> keys = default;
        uint[] dense = [];
        return () =>
        {
            getKeys(ref keys);
            if (keys.IsDense)
                return keys.GetValues();
            if (dense.Length < keys.Length)
                dense = new uint[keys.Length];
            keys.CopyTo(dense);
            return dense.AsSpan(0, keys.Length);
        };
    }

    private static VersionInfo Version => ModelEntry.Version("LSTMSUBJ", LoaderSignature);

    void ICanSaveModel.Save(ModelSaveContext ctx) => ModelEntry.Save(ctx, Version, _tokenizer.Save);

    // ML.NET finds this method by its name and parameters.
    internal static SubwordJoiningTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
        => ModelEntry.Load(env, ctx, Version, entry => new SubwordJoiningTransformer(env, SubwordTokenizer.Load(entry)));
}

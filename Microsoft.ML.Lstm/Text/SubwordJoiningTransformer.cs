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
public sealed class SubwordJoiningTransformer : RowMappingTransformer
{
    internal const string LoaderSignature = "LstmSubwordJoining";

    private readonly SubwordTokenizer _tokenizer;

    internal SubwordJoiningTransformer(IHostEnvironment environment, SubwordTokenizer tokenizer)
        : base(environment.Register(nameof(SubwordJoiningTransformer)))
        => _tokenizer = tokenizer;

    /// <summary>The column of texts.</summary>
    public override string OutputColumnName => _tokenizer.Settings.OutputColumnName;

    /// <summary>The column of pieces.</summary>
    public string InputColumnName => _tokenizer.Settings.InputColumnName;

    private protected override string OnnxReason => "ONNX has no operator that joins subwords to texts";

    private protected override MappedColumn Bind(DataViewSchema inputSchema)
    {
        DataViewSchema.Column source = ColumnRole.Subwords.Find(Host, inputSchema, InputColumnName);
        int count = _tokenizer.Pieces.Length;
        if (TokenReader.VocabularyOf(source.Type) != (ulong)count)
            throw ColumnRole.Subwords.DimensionMismatch(Host, source, $"keys of a vocabulary of {count} pieces");
        return new MappedColumn(Host, inputSchema, [source], new(OutputColumnName, TextDataViewType.Instance), CreateGetter);

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

    private protected override void Save(ModelSaveContext ctx) => ModelEntry.Save(ctx, Version, _tokenizer.Save);

    // ML.NET finds this method by its name and parameters.
    internal static SubwordJoiningTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
        => ModelEntry.Load(env, ctx, Version, entry => new SubwordJoiningTransformer(env, SubwordTokenizer.Load(entry)));
}

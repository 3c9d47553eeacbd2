using System.Numerics.Tensors;
using Microsoft.ML.Data;
using Microsoft.ML.Lstm;
using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.MlNet;
using Microsoft.ML.Runtime;

[assembly: Microsoft.ML.LoadableClass(typeof(UnknownWordCopyingTransformer), null, typeof(Microsoft.ML.SignatureLoadModel),
    "Unknown Word Copying", UnknownWordCopyingTransformer.LoaderSignature)]

namespace Microsoft.ML.Lstm;

/// <summary>Makes words of the keys that a decoder wrote, see <see cref="UnknownWordCopyingEstimator"/>.</summary>
/// <remarks>Any number of threads may use a transformer at once.</remarks>
public sealed class UnknownWordCopyingTransformer : RowMappingTransformer
{
    internal const string LoaderSignature = "LstmUnknownWordCopying";

    private const string ColumnsStream = "Columns.json";

    private readonly CopyingColumns _columns;

    internal UnknownWordCopyingTransformer(IHostEnvironment environment, CopyingColumns columns)
        : base(environment.Register(nameof(UnknownWordCopyingTransformer)))
        => _columns = columns;

    /// <summary>The column of words.</summary>
    public override string OutputColumnName => _columns.Output;

    /// <summary>The column of the keys that were written.</summary>
    public string PredictedLabelColumnName => _columns.PredictedLabel;

    /// <summary>The column of the weights of the steps of the source.</summary>
    public string AttentionColumnName => _columns.Attention;

    /// <summary>The column of the words of the source.</summary>
    public string SourceColumnName => _columns.Source;

    private protected override string OnnxReason => "words of a source are copied behind the network";

    private protected override MappedColumn Bind(DataViewSchema inputSchema)
    {
        DataViewSchema.Column predicted = ColumnRole.PredictedWords.Find(Host, inputSchema, PredictedLabelColumnName);
        DataViewSchema.Column attention = ColumnRole.SourceWeights.Find(Host, inputSchema, AttentionColumnName);
        DataViewSchema.Column source = ColumnRole.SourceWords.Find(Host, inputSchema, SourceColumnName);
        ulong count = TokenReader.VocabularyOf(predicted.Type)!.Value;
        if (KeyValues.Of(predicted, (int)count) is not { IsText: true } names)
            throw ColumnRole.PredictedWords.DimensionMismatch(Host, predicted, "a vector of Key whose values are texts");
        return new MappedColumn(Host, inputSchema, [predicted, attention, source],
            new(OutputColumnName, new VectorDataViewType(TextDataViewType.Instance)), CreateGetter);

        Delegate CreateGetter(DataViewRow row)
        {
            ValueGetter<VBuffer<uint>> getKeys = row.GetGetter<VBuffer<uint>>(predicted);
            ValueGetter<VBuffer<float>> getWeights = row.GetGetter<VBuffer<float>>(attention);
            ValueGetter<VBuffer<ReadOnlyMemory<char>>> getWords = row.GetGetter<VBuffer<ReadOnlyMemory<char>>>(source);
            VBuffer<uint> keys = default;
            VBuffer<float> weights = default;
            VBuffer<ReadOnlyMemory<char>> words = default;
            uint[] denseKeys = [];
            float[] denseWeights = [];
            ReadOnlyMemory<char>[] denseWords = [];
            return (ValueGetter<VBuffer<ReadOnlyMemory<char>>>)((ref VBuffer<ReadOnlyMemory<char>> value) =>
            {
                getKeys(ref keys);
                getWeights(ref weights);
                getWords(ref words);
                if (weights.Length != (long)keys.Length * words.Length && keys.Length > 0)
                    throw new InvalidOperationException(
                        $"Column '{attention.Name}' has {weights.Length} weights in row {row.Position} (counted from 0); the "
                        + $"{keys.Length} keys of '{predicted.Name}' and the {words.Length} words of '{source.Name}' need "
                        + $"{(long)keys.Length * words.Length}.");
                VBufferEditor<ReadOnlyMemory<char>> editor = VBufferEditor.Create(ref value, keys.Length);
                ReadOnlySpan<uint> written = Dense(keys, ref denseKeys);
                ReadOnlySpan<ReadOnlyMemory<char>> read = Dense(words, ref denseWords);
                ReadOnlySpan<float> looks = Dense(weights, ref denseWeights);
                for (int t = 0; t < written.Length; t++)
                {
                    // Keys beyond those with a name are no words either.
                    editor.Values[t] = written[t] >= 1 && written[t] <= count
                        ? names.Values[written[t] - 1].AsMemory()
                        : read[TensorPrimitives.IndexOfMax(looks.Slice(t * read.Length, read.Length))];
                }
                value = editor.Commit();
            });
        }
    }

    private static ReadOnlySpan<T> Dense<T>(in VBuffer<T> values, ref T[] buffer)
    {
        if (values.IsDense)
            return values.GetValues();
        FloatBuffer.Require(ref buffer, values.Length);
        values.CopyTo(buffer);
        return buffer.AsSpan(0, values.Length);
    }

    private static VersionInfo Version => ModelEntry.Version("LSTMCOPY", LoaderSignature);

    private protected override void Save(ModelSaveContext ctx)
        => ModelEntry.Save(ctx, Version, entry => entry.WriteJson(ColumnsStream, _columns.ToJson()));

    // ML.NET finds this method by its name and parameters.
    internal static UnknownWordCopyingTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
        => ModelEntry.Load(env, ctx, Version, entry =>
            new UnknownWordCopyingTransformer(env, entry.ReadJson(ColumnsStream, json => CopyingColumns.FromJson(json))));
}

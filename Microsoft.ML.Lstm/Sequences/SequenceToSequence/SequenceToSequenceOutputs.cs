using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Parameters;
using static Microsoft.ML.Data.AnnotationUtils.Const;
using static Microsoft.ML.SchemaShape.Column;

namespace Microsoft.ML.Lstm.Sequences.SequenceToSequence;

/// <summary>The columns of a decoder: the sequence that it wrote, and the log of its probability.</summary>
internal static class SequenceToSequenceOutputs
{
    public static IEnumerable<SchemaShape.Column> Shapes(SchemaShape.Column label) =>
    [
        SchemaShapes.PredictedKey(VectorKind.VariableVector, label),
        SchemaShapes.OfScoreSet(DefaultColumnNames.Score, NumberDataViewType.Single),
    ];

    public static OutputColumn[] Create(EmbeddingShape table, KeyValues? labelValues)
        => [new WrittenSequenceColumn(table, labelValues), new WrittenScoreColumn()];
}

/// <summary>The sequence that was written; an empty vector for a row that could not be read.</summary>
internal sealed class WrittenSequenceColumn(EmbeddingShape table, KeyValues? labelValues)
    : ScoreSetColumn(DefaultColumnNames.PredictedLabel, new VectorDataViewType(new KeyDataViewType(typeof(uint), table.KeyCount)),
        ScoreColumnKind.SequenceClassification, ScoreValueKind.PredictedLabel)
{
    // The key of each output; null where all keys are known.
    private readonly int[]? _keys = table.Keys?.Keys.ToArray();

    protected override void AddValueNames(DataViewSchema.Annotations.Builder builder)
        => labelValues?.AddTo(builder, AnnotationUtils.Kinds.KeyValues);

    public override Delegate CreateGetter(ScoredRow row) => (ValueGetter<VBuffer<uint>>)((ref VBuffer<uint> value) =>
    {
        ReadOnlySpan<float> output = row.Output;
        VBufferEditor<uint> editor = VBufferEditor.Create(ref value, Math.Max(0, output.Length - 1));
        for (int t = 1; t < output.Length; t++)
            editor.Values[t - 1] = (uint)(_keys is null ? (int)output[t] + 1 : _keys[(int)output[t]]);
        value = editor.Commit();
    });
}

/// <summary>The log of the probability of the sequence that was written; NaN for a row that could not be read.</summary>
internal sealed class WrittenScoreColumn()
    : ScoreSetColumn(DefaultColumnNames.Score, NumberDataViewType.Single, ScoreColumnKind.SequenceClassification, ScoreValueKind.Score)
{
    public override Delegate CreateGetter(ScoredRow row)
        => (ValueGetter<float>)((ref float value) => value = row.Output.IsEmpty ? float.NaN : row.Output[0]);
}

using System.Globalization;
using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Parameters;
using static Microsoft.ML.Data.AnnotationUtils.Const;
using static Microsoft.ML.SchemaShape.Column;

namespace Microsoft.ML.Lstm.Sequences.SequenceToSequence;

/// <summary>The columns of a decoder: the sequences that it wrote, the best first, and the log of the probability of each.</summary>
internal static class SequenceToSequenceOutputs
{
    public static IEnumerable<SchemaShape.Column> Shapes(SchemaShape.Column label, int predictions)
    {
        SchemaShape.Column sequence = SchemaShapes.PredictedKey(VectorKind.VariableVector, label);
        for (int rank = 0; rank < predictions; rank++)
        {
            yield return new SchemaShape.Column(NameOf(DefaultColumnNames.PredictedLabel, rank), sequence.Kind, sequence.ItemType,
                sequence.IsKey, sequence.Annotations);
            yield return SchemaShapes.OfScoreSet(NameOf(DefaultColumnNames.Score, rank), NumberDataViewType.Single);
        }
    }

    public static IEnumerable<OutputColumn> Create(TargetShape target, KeyValues? labelValues, int predictions)
    {
        for (int rank = 0; rank < predictions; rank++)
        {
            yield return new WrittenSequenceColumn(target, labelValues, rank);
            yield return new WrittenScoreColumn(rank);
        }
    }

    /// <summary>The name itself for the best sequence, with 2 behind it for the second best, and so on.</summary>
    public static string NameOf(string name, int rank) => rank == 0 ? name : name + (rank + 1).ToString(CultureInfo.InvariantCulture);

    /// <summary>Finds a sequence of a row.</summary>
    /// <param name="output">The output of a scorer.</param>
    /// <param name="rank">0 for the best.</param>
    /// <param name="score">The log of its probability; NaN where there is no such sequence.</param>
    /// <returns>Its tokens as numbers of outputs.</returns>
    public static ReadOnlySpan<float> Find(ReadOnlySpan<float> output, int rank, out float score)
    {
        for (; rank > 0 && !output.IsEmpty; rank--)
            output = output[(2 + (int)output[1])..];
        score = output.IsEmpty ? float.NaN : output[0];
        return output.IsEmpty ? [] : output.Slice(2, (int)output[1]);
    }
}

/// <summary>A sequence that was written; an empty vector for a row that could not be read, and where there are not so many.</summary>
internal sealed class WrittenSequenceColumn(TargetShape target, KeyValues? labelValues, int rank)
    : ScoreSetColumn(SequenceToSequenceOutputs.NameOf(DefaultColumnNames.PredictedLabel, rank),
        new VectorDataViewType(new KeyDataViewType(typeof(uint), target.Table.KeyCount)), ScoreColumnKind.SequenceClassification,
        ScoreValueKind.PredictedLabel)
{
    // The key of each known token; null where all keys are known.
    private readonly int[]? _keys = target.Table.Keys?.Keys.ToArray();

    protected override void AddValueNames(DataViewSchema.Annotations.Builder builder)
        => labelValues?.AddTo(builder, AnnotationUtils.Kinds.KeyValues);

    public override Delegate CreateGetter(ScoredRow row) => (ValueGetter<VBuffer<uint>>)((ref VBuffer<uint> value) =>
    {
        ReadOnlySpan<float> written = SequenceToSequenceOutputs.Find(row.Output, rank, out _);
        VBufferEditor<uint> editor = VBufferEditor.Create(ref value, written.Length);
        for (int t = 0; t < written.Length; t++)
        {
            int token = target.TokenOf((int)written[t]);
            editor.Values[t] = (uint)(token == 0 || _keys is null ? token : _keys[token - 1]);
        }
        value = editor.Commit();
    });
}

/// <summary>
/// The log of the probability of a sequence that was written; NaN for a row that could not be read, and where there are not so many.
/// </summary>
internal sealed class WrittenScoreColumn(int rank)
    : ScoreSetColumn(SequenceToSequenceOutputs.NameOf(DefaultColumnNames.Score, rank), NumberDataViewType.Single,
        ScoreColumnKind.SequenceClassification, ScoreValueKind.Score)
{
    public override Delegate CreateGetter(ScoredRow row) => (ValueGetter<float>)((ref float value)
        => _ = SequenceToSequenceOutputs.Find(row.Output, rank, out value));
}

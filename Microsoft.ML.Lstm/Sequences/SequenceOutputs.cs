using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Onnx.Export;
using static Microsoft.ML.Data.AnnotationUtils.Const;

namespace Microsoft.ML.Lstm.Sequences;

/// <summary>One of the columns that come with a score: ML.NET's evaluators and converters know them by their annotations.</summary>
/// <param name="name">The name of the column.</param>
/// <param name="type">The type of the values.</param>
/// <param name="scoreColumnKind">The task, one of <see cref="ScoreColumnKind"/>.</param>
/// <param name="scoreValueKind">The kind of the values, one of <see cref="ScoreValueKind"/>.</param>
internal abstract class ScoreSetColumn(string name, DataViewType type, string scoreColumnKind, string scoreValueKind)
    : OutputColumn(name, type)
{
    /// <summary>The annotations behind the columns of <paramref name="input"/>; the columns of each transformer are a score set.</summary>
    public sealed override DataViewSchema.Annotations Annotate(DataViewSchema input)
    {
        var builder = new DataViewSchema.Annotations.Builder();
        AddValueNames(builder);
        uint lastSet = input.GetMaxAnnotationKind(out _, AnnotationUtils.Kinds.ScoreColumnSetId);
        builder.AddPrimitiveValue(AnnotationUtils.Kinds.ScoreColumnSetId, AnnotationUtils.ScoreColumnSetIdType, lastSet + 1);
        builder.AddPrimitiveValue(AnnotationUtils.Kinds.ScoreColumnKind, TextDataViewType.Instance, scoreColumnKind.AsMemory());
        builder.AddPrimitiveValue(AnnotationUtils.Kinds.ScoreValueKind, TextDataViewType.Instance, scoreValueKind.AsMemory());
        if (scoreValueKind == ScoreValueKind.Probability)
            builder.AddPrimitiveValue(AnnotationUtils.Kinds.IsNormalized, BooleanDataViewType.Instance, true);
        return builder.ToAnnotations();
    }

    /// <summary>Adds the annotations that name classes.</summary>
    protected virtual void AddValueNames(DataViewSchema.Annotations.Builder builder)
    {
    }
}

/// <summary>The only output of the network as it is: the predicted value or, in a binary classification, the log odds of yes.</summary>
internal sealed class ScoreColumn(string scoreColumnKind)
    : ScoreSetColumn(DefaultColumnNames.Score, NumberDataViewType.Single, scoreColumnKind, ScoreValueKind.Score)
{
    public override Delegate CreateGetter(ScoredRow row) => (ValueGetter<float>)((ref float value) =>
    {
        ReadOnlySpan<float> output = row.Output;
        value = output.IsEmpty ? float.NaN : output[0];
    });

    public override OnnxValue Write(NetworkValues network) => network.OfRows(network.Output, 1);
}

/// <summary>The encoding of the sequence, for other components to use.</summary>
internal sealed class EncodingColumn(string name, int size) : OutputColumn(name, new VectorDataViewType(NumberDataViewType.Single, size))
{
    private readonly int _size = size;

    public override Delegate CreateGetter(ScoredRow row)
        => (ValueGetter<VBuffer<float>>)((ref VBuffer<float> value) => Copy(row.Encoding, _size, ref value));

    public override OnnxValue Write(NetworkValues network) => network.OfRows(network.Encoding, _size);
}

/// <summary>The weight of each step in the encoding; an empty vector for a row that could not be scored.</summary>
internal sealed class AttentionColumn(string name) : OutputColumn(name, new VectorDataViewType(NumberDataViewType.Single))
{
    public override Delegate CreateGetter(ScoredRow row)
        => (ValueGetter<VBuffer<float>>)((ref VBuffer<float> value) => Copy(row.Attention, row.Attention.Length, ref value));

    public override OnnxValue Write(NetworkValues network) => network.OfSteps(network.Attention);
}

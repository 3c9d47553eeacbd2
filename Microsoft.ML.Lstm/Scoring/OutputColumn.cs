using Microsoft.ML.Data;
using Microsoft.ML.Lstm.MlNet;

namespace Microsoft.ML.Lstm.Scoring;

/// <summary>A column that a transformer adds: its name, type and annotations, and how its values come out of a scored row.</summary>
internal abstract class OutputColumn(string name, DataViewType type)
{
    public string Name { get; } = name;

    public DataViewType Type { get; } = type;

    /// <summary>The column's annotations, when it is added to <paramref name="input"/>.</summary>
    public virtual DataViewSchema.Annotations? Annotate(DataViewSchema input) => null;

    /// <summary>A <see cref="ValueGetter{TValue}"/> of the column's values.</summary>
    public abstract Delegate CreateGetter(ScoredRow row);

    // Missing values all over for a row that could not be scored, as ML.NET's own scorers do.
    protected static void Copy(ReadOnlySpan<float> values, int size, ref VBuffer<float> destination)
    {
        VBufferEditor<float> editor = VBufferEditor.Create(ref destination, size);
        if (values.IsEmpty)
            editor.Values.Fill(float.NaN);
        else
            values.CopyTo(editor.Values);
        destination = editor.Commit();
    }
}

/// <summary>The predicted value.</summary>
internal sealed class ScoreColumn() : OutputColumn(ColumnName, NumberDataViewType.Single)
{
    public const string ColumnName = "Score";

    public override DataViewSchema.Annotations Annotate(DataViewSchema input) => ScoreAnnotations.Create(input, ScoreAnnotations.Regression);

    public override Delegate CreateGetter(ScoredRow row) => (ValueGetter<float>)((ref float value) =>
    {
        ReadOnlySpan<float> output = row.Output;
        value = output.IsEmpty ? float.NaN : output[0];
    });
}

/// <summary>The predicted values, when several are learned at once.</summary>
internal sealed class VectorScoreColumn(int size) : OutputColumn(ScoreColumn.ColumnName, new VectorDataViewType(NumberDataViewType.Single, size))
{
    private readonly int _size = size;

    public override DataViewSchema.Annotations Annotate(DataViewSchema input) => ScoreAnnotations.Create(input, ScoreAnnotations.MultiOutputRegression);

    public override Delegate CreateGetter(ScoredRow row)
        => (ValueGetter<VBuffer<float>>)((ref VBuffer<float> value) => Copy(row.Output, _size, ref value));
}

/// <summary>The encoding of the sequence, for other components to use.</summary>
internal sealed class EncodingColumn(string name, int size) : OutputColumn(name, new VectorDataViewType(NumberDataViewType.Single, size))
{
    private readonly int _size = size;

    public override Delegate CreateGetter(ScoredRow row)
        => (ValueGetter<VBuffer<float>>)((ref VBuffer<float> value) => Copy(row.Encoding, _size, ref value));
}

using Microsoft.ML.Data;

namespace Microsoft.ML.Lstm.Columns;

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

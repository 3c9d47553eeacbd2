using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Onnx.Export;

namespace Microsoft.ML.Lstm.Columns;

/// <summary>A column that a network adds: its name, type and annotations, and how its values come out of a scored row.</summary>
internal abstract class OutputColumn(string name, DataViewType type)
{
    public string Name { get; } = name;

    /// <summary>The column's annotations, when it is added to <paramref name="input"/>.</summary>
    public virtual DataViewSchema.Annotations? Annotate(DataViewSchema input) => null;

    /// <summary>The column, to be added to <paramref name="input"/>.</summary>
    public DataViewSchema.DetachedColumn AddedTo(DataViewSchema input) => new(Name, type, Annotate(input));

    /// <summary>A <see cref="ValueGetter{TValue}"/> of the column's values.</summary>
    public abstract Delegate CreateGetter(ScoredRow row);

    /// <summary>Writes the computation of the column into the graph of an ONNX file, behind the network.</summary>
    /// <exception cref="NotSupportedException">That can't be said in such a graph.</exception>
    public virtual OnnxValue Write(NetworkValues network) => throw new NotSupportedException($"Column '{Name}' can't be written as ONNX.");

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

/// <summary>What a network makes of the row that a cursor or a mapper is at. All spans are empty when that row can't be scored.</summary>
internal abstract class ScoredRow
{
    /// <summary>The outputs of the head, O values.</summary>
    public abstract ReadOnlySpan<float> Output { get; }

    /// <summary>The encoding of the sequence, E values; of a network for sequences.</summary>
    public virtual ReadOnlySpan<float> Encoding => [];

    /// <summary>How much each step counts in the encoding, T values with the sum 1; of a network that pools by attention.</summary>
    public virtual ReadOnlySpan<float> Attention => [];
}

using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Engine.Explanations;
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

    /// <summary>Whether an ONNX file has the column.</summary>
    public virtual bool IsInOnnx => true;

    /// <summary>Writes the computation of the column into the graph of an ONNX file, behind the network.</summary>
    /// <exception cref="NotSupportedException">Such a graph can't compute the column.</exception>
    public virtual OnnxValue Write(NetworkValues network) => throw new NotSupportedException($"Column '{Name}' can't be written as ONNX.");

    // A row that could not be scored gets missing values alone, as from ML.NET's own scorers.
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

/// <summary>The results of a network for the row that a cursor or a mapper is at. All spans are empty if the row can't be scored.</summary>
internal abstract class ScoredRow
{
    private readonly Dictionary<object, object> _shared = [];

    /// <summary>
    /// The number of the row, so that what is computed of it for several columns is computed once: others than before once the row is
    /// another. Null for rows that can't be told apart.
    /// </summary>
    public virtual long? Number => null;

    /// <summary>What several columns compute together: one for all that have the same key.</summary>
    public T Share<T>(object key, Func<T> create)
        where T : notnull
    {
        if (!_shared.TryGetValue(key, out object? shared))
            _shared.Add(key, shared = create());
        return (T)shared;
    }

    /// <summary>The outputs of the head, O values.</summary>
    public abstract ReadOnlySpan<float> Output { get; }

    /// <summary>The encoding of the sequence, E values; empty for a network that gives none.</summary>
    public virtual ReadOnlySpan<float> Encoding => [];

    /// <summary>The weights of the T steps in the encoding, with the sum 1; empty for a network that does not pool by attention.</summary>
    public virtual ReadOnlySpan<float> Attention => [];

    /// <summary>The numbers that a language model knows the row's tokens by, 0 for unknown ones; empty for other networks.</summary>
    public virtual ReadOnlySpan<int> Tokens => [];

    /// <summary>What explains the result; null where there is nothing to explain, and where no explanation was asked for.</summary>
    public virtual Explanation? Explanation => null;
}

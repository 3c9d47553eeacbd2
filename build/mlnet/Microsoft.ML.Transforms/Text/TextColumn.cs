using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Transforms.Text;

/// <summary>A column of texts, or of vectors of them.</summary>
internal static class TextColumn
{
    /// <summary>Reads the current row's texts: one, or those of the vector.</summary>
    public static Func<IEnumerable<ReadOnlyMemory<char>>> MakeReader(DataViewRow row, DataViewSchema.Column source)
    {
        if (source.Type is VectorDataViewType)
        {
            ValueGetter<VBuffer<ReadOnlyMemory<char>>> vector = row.GetGetter<VBuffer<ReadOnlyMemory<char>>>(source);
            VBuffer<ReadOnlyMemory<char>> texts = default;
            return () =>
            {
                vector(ref texts);
                return texts.DenseValues();
            };
        }
        ValueGetter<ReadOnlyMemory<char>> scalar = row.GetGetter<ReadOnlyMemory<char>>(source);
        var text = new ReadOnlyMemory<char>[1];
        return () =>
        {
            scalar(ref text[0]);
            return text;
        };
    }

    /// <summary>A getter of vectors, each of what is made of a row's texts.</summary>
    public static Func<DataViewRow, Delegate> MakeVectors<T>(DataViewSchema.Column source, Func<IEnumerable<ReadOnlyMemory<char>>, IEnumerable<T>> make) => row =>
    {
        Func<IEnumerable<ReadOnlyMemory<char>>> read = MakeReader(row, source);
        return (ValueGetter<VBuffer<T>>)((ref VBuffer<T> value) =>
        {
            T[] items = [.. make(read())];
            VBuffer<T>.Copy(items, 0, ref value, items.Length);
        });
    };

    public static void Check(IExceptionContext env, string name, DataViewType itemType, string actual, string expected)
    {
        if (itemType is not TextDataViewType)
            throw env.ExceptSchemaMismatch("inputSchema", "input", name, expected, actual);
    }
}

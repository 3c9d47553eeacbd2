using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Columns;

namespace Microsoft.ML.Lstm.Windows;

/// <summary>
/// The names of the values of a window, one for each row and feature: <c>Heat t-2</c>, <c>Flow t-2</c>, <c>Heat t-1</c>, <c>Flow t-1</c>,
/// <c>Heat t</c>, <c>Flow t</c>. A feature has the name of its column or, in a column of vectors, of its slot; <c>Pair[0]</c> where the
/// slot has none. No two names are the same.
/// </summary>
/// <param name="columns">The columns that windows are made of.</param>
/// <param name="windowSize">W: rows in a window.</param>
internal sealed class WindowSlotNames(DataViewSchema.Column[] columns, int windowSize)
{
    /// <summary>
    /// Adds them to the annotations of the column of windows. The names are made when they are asked for, not before: a window may have
    /// millions of values.
    /// </summary>
    public void AddTo(DataViewSchema.Annotations.Builder builder)
    {
        int slots = windowSize * columns.Sum(column => NumberReader.SizeOf(column.Type));
        builder.Add(AnnotationUtils.Kinds.SlotNames, new VectorDataViewType(TextDataViewType.Instance, slots),
            (ref VBuffer<ReadOnlyMemory<char>> names) => Write(ref names));
    }

    /// <summary>The slot names of a column, as annotations for a column with the same values; null when it has no slot names.</summary>
    public static DataViewSchema.Annotations? PassOn(DataViewSchema.Column source)
    {
        if (!source.HasSlotNames())
            return null;
        var builder = new DataViewSchema.Annotations.Builder();
        builder.Add(source.Annotations, name => name == AnnotationUtils.Kinds.SlotNames);
        return builder.ToAnnotations();
    }

    /// <summary>The names of the features of a row.</summary>
    public string[] FeatureNames()
    {
        var names = new List<string>();
        foreach (DataViewSchema.Column column in columns)
            names.AddRange(NamesOf(column));
        var taken = new HashSet<string>();
        for (int i = 0; i < names.Count; i++)
        {
            string name = names[i];
            for (int copy = 2; !taken.Add(names[i]); copy++)
                names[i] = $"{name} ({copy})";
        }
        return [.. names];
    }

    private static IEnumerable<string> NamesOf(DataViewSchema.Column column)
    {
        if (column.Type is not VectorDataViewType vector)
            return [column.Name];
        string[] names = SlotNames.Of(column) ?? new string[vector.Size];
        return names.Select((name, i) => string.IsNullOrEmpty(name) ? $"{column.Name}[{i}]" : name);
    }

    private void Write(ref VBuffer<ReadOnlyMemory<char>> names)
    {
        string[] features = FeatureNames();
        VBufferEditor<ReadOnlyMemory<char>> editor = VBufferEditor.Create(ref names, windowSize * features.Length);
        for (int row = 0; row < windowSize; row++)
        {
            int before = windowSize - 1 - row;
            string time = before == 0 ? " t" : $" t-{before}";
            for (int i = 0; i < features.Length; i++)
                editor.Values[row * features.Length + i] = (features[i] + time).AsMemory();
        }
        names = editor.Commit();
    }
}

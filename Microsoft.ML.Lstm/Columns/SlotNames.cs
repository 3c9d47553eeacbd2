using Microsoft.ML.Data;

namespace Microsoft.ML.Lstm.Columns;

/// <summary>The names of the slots of a column of vectors.</summary>
internal static class SlotNames
{
    /// <summary>The names of a column's slots, "" for a slot without one; null for a column whose slots have no names.</summary>
    public static string[]? Of(DataViewSchema.Column column)
    {
        if (!column.HasSlotNames())
            return null;
        VBuffer<ReadOnlyMemory<char>> names = default;
        column.GetSlotNames(ref names);
        return [.. names.DenseValues().Select(name => name.ToString())];
    }
}

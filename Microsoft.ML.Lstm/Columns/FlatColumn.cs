using Microsoft.ML.Data;

namespace Microsoft.ML.Lstm.Columns;

/// <summary>Finds out what a flat vector was made of, as far as the transforms of a pipeline tell.</summary>
internal static class FlatColumn
{
    private const int MostNames = 3;

    /// <summary>
    /// Describes what a flat vector was made of, if its numbers are hardly the steps of a sequence: several columns that a transform
    /// joined, a column with dimensions, texts or keys, or a vector of another length.
    /// </summary>
    /// <param name="data">The data.</param>
    /// <param name="name">The column, a vector with one dimension.</param>
    /// <returns>The source in words; null where the numbers may be steps, or the source is unknown.</returns>
    public static string? MadeOf(IDataView data, string name)
    {
        while (data is IDataTransform transform && data.Schema.GetColumnOrNull(name) is { Type: VectorDataViewType type } column)
        {
            data = transform.Source;
            // A transform that only leaves out rows, or changes their order, passes its columns on.
            if (transform is not IRowToRowMapper mapper)
                continue;
            DataViewSchema.Column[] sources = [.. mapper.GetDependencies([column])];
            if (sources.Length == 0)
                return null;
            if (sources.Length > 1)
            {
                string names = string.Join(", ", sources.Take(MostNames).Select(source => $"'{source.Name}'"));
                return $"columns {names}{(sources.Length > MostNames ? " and others" : "")}";
            }
            if (!IsLike(sources[0].Type, type))
                return $"column '{sources[0].Name}' of {sources[0].Type}";
            name = sources[0].Name;
        }
        return null;
    }

    /// <summary>Whether a column is a flat vector of numbers of the same size.</summary>
    private static bool IsLike(DataViewType source, VectorDataViewType type)
        => source is VectorDataViewType { ItemType: NumberDataViewType, Dimensions.Length: 1 } vector && vector.Size == type.Size;
}

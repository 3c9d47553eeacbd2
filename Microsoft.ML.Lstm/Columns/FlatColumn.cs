using Microsoft.ML.Data;

namespace Microsoft.ML.Lstm.Columns;

/// <summary>Finds out how a vector without dimensions came about, as far as the steps of a pipeline say.</summary>
internal static class FlatColumn
{
    private const int MostNames = 3;

    /// <summary>
    /// Where the numbers of a flat vector are hardly the steps of a sequence: a transform joined several columns to it, or made it of a
    /// column with dimensions, of texts or keys, or of a vector of another length.
    /// </summary>
    /// <param name="data">The data.</param>
    /// <param name="name">The column, a vector with one dimension.</param>
    /// <returns>What it was made of, in words; null where nothing speaks against steps, or it can't be told.</returns>
    public static string? MadeOf(IDataView data, string name)
    {
        while (data is IDataTransform transform && data.Schema.GetColumnOrNull(name) is { Type: VectorDataViewType type } column)
        {
            data = transform.Source;
            // What only leaves out rows, or changes their order, passes its columns on.
            if (transform is not IRowToRowMapper mapper)
                continue;
            DataViewSchema.Column[] sources = [.. mapper.GetDependencies([column])];
            if (sources.Length == 0)
                return null;
            if (sources.Length > 1)
                return $"columns {string.Join(", ", sources.Take(MostNames).Select(source => $"'{source.Name}'"))}{(sources.Length > MostNames ? " and others" : "")}";
            if (!IsLike(sources[0].Type, type))
                return $"column '{sources[0].Name}' of {sources[0].Type}";
            name = sources[0].Name;
        }
        return null;
    }

    /// <summary>Whether a column is a flat vector of as many numbers.</summary>
    private static bool IsLike(DataViewType source, VectorDataViewType type)
        => source is VectorDataViewType { ItemType: NumberDataViewType, Dimensions.Length: 1 } vector && vector.Size == type.Size;
}

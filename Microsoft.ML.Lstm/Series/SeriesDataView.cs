using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Columns;

namespace Microsoft.ML.Lstm.Series;

/// <summary>
/// A data view with the columns of a <see cref="SeriesTransformer"/>. Its rows have the order in which they are read from its source.
/// </summary>
internal sealed class SeriesDataView(SeriesBindings bindings, SeriesTransformer transformer, IDataView source)
    : OutputDataView(bindings, transformer, source, keepsOrder: true)
{
    private readonly SeriesBindings _bindings = bindings;
    private readonly SeriesTransformer _transformer = transformer;

    /// <summary>The series column of the last model for series in a pipeline; null where there is none.</summary>
    public static string? SeriesColumnOf(IDataView view)
    {
        for (; view is IDataTransform transform; view = transform.Source)
        {
            if (view is SeriesDataView { _transformer.Columns.Series: { } series } && view.Schema.GetColumnOrNull(series) is not null)
                return series;
        }
        return null;
    }

    protected override DataViewRowCursor CreateCursor(DataViewRowCursor input, DataViewSchema.Column[] inputColumns,
        DataViewSchema.Column[] activeColumns, int threads)
    {
        if (!activeColumns.Any(_bindings.IsOwn))
            return new PassingCursor(_bindings, input, activeColumns);
        var options = new SessionOptions { IsTrainingData = _transformer.FittedTo?.IsOf(Source) == true };
        return new SeriesCursor(_bindings, input, inputColumns, _transformer.CreateSession(options), activeColumns);
    }
}

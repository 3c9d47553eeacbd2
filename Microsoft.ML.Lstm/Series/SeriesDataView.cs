using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Columns;

namespace Microsoft.ML.Lstm.Series;

/// <summary>
/// A data view with the columns of a <see cref="SeriesTransformer"/>. Its rows have the order in which they are read from its source.
/// </summary>
/// <param name="bindings">The transformer, bound to the columns of the source.</param>
/// <param name="transformer">The transformer, whose sessions go through the rows.</param>
/// <param name="source">The rows.</param>
/// <param name="options">How sessions are used; null for the defaults.</param>
/// <param name="explaining">What makes a view of explanations of the source; null for a view of forecasts.</param>
internal sealed class SeriesDataView(SeriesBindings bindings, SeriesTransformer transformer, IDataView source,
    SessionOptions? options = null, ITransformer? explaining = null)
    : OutputDataView(bindings, explaining ?? transformer, source, keepsOrder: true)
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
        SessionOptions used = _transformer.OptionsFor(Source, options ?? new());
        return new SeriesCursor(_bindings, input, inputColumns, _transformer.CreateSession(used), activeColumns);
    }
}

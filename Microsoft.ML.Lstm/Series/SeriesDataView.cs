using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Columns;

namespace Microsoft.ML.Lstm.Series;

/// <summary>
/// A data view with the columns of a <see cref="SeriesTransformer"/>. The order of its rows is that of the series.
/// </summary>
internal sealed class SeriesDataView(SeriesBindings bindings, SeriesTransformer transformer, IDataView source)
    : OutputDataView(bindings, transformer, source, keepsOrder: true)
{
    private readonly SeriesBindings _bindings = bindings;
    private readonly SeriesTransformer _transformer = transformer;

    /// <summary>The column by which the last model for series in a pipeline tells these apart; null where there is none.</summary>
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
        var use = new SessionUse { IsTrainingData = _transformer.FittedTo?.IsOf(Source) == true };
        return new Cursor(_bindings, input, inputColumns, _transformer.CreateSession(use), activeColumns);
    }

    /// <summary>Goes through the rows of series, and has a session take each.</summary>
    private sealed class Cursor : OutputCursor
    {
        private readonly SeriesInput _input;
        private readonly SeriesSession _session;

        public Cursor(SeriesBindings bindings, DataViewRowCursor source, DataViewSchema.Column[] sourceColumns, SeriesSession session,
            DataViewSchema.Column[] activeColumns)
            : base(source)
        {
            _session = session;
            _input = new SeriesInput(bindings, source, sourceColumns);
            Row = new OutputRow(bindings, _input.Row, activeColumns, output => bindings.Outputs[output].CreateGetter(session));
        }

        public override long Position => _input.Position;

        public override long Batch => 0;

        protected override OutputRow Row { get; }

        public override bool MoveNext()
        {
            bool isAtRow = _input.MoveNext(_session);
            if (!isAtRow)
                _session.Conclude();
            return isAtRow;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                _session.Conclude();
            base.Dispose(disposing);
        }
    }
}

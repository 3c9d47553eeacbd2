using Microsoft.ML.Lstm.Data;

namespace Microsoft.ML.Lstm.Scoring;

/// <summary>An input with a row a time step and the columns of a <see cref="SeriesTransformer"/> behind its own. Rows come in their order, to one cursor.</summary>
internal sealed class SeriesDataView(SeriesBindings bindings, IDataView input, Func<SeriesSession> createSession) : IDataView
{
    public DataViewSchema Schema => bindings.OutputSchema;

    public bool CanShuffle => false;

    public long? GetRowCount() => input.GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
    {
        DataViewSchema.Column[] active = [.. columnsNeeded];
        DataViewRowCursor source = input.GetRowCursor(bindings.Dependencies(active));
        if (!bindings.NeedNetwork(active))
            return new RelabeledCursor(bindings, source);
        KnownAhead? ahead = bindings.Source.KnownCovariates > 0 ? new KnownAhead(input, bindings.Source, bindings.Horizon) : null;
        return new SeriesCursor(bindings, source, ahead, createSession(), active);
    }

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) => [GetRowCursor(columnsNeeded)];
}

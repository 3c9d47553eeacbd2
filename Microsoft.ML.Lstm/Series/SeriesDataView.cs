using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.MlNet;


namespace Microsoft.ML.Lstm.Series;

/// <summary>
/// An input with a row a time step and the columns of a <see cref="SeriesTransformer"/> behind its own. Each cursor has one cursor over the
/// input. The order of the rows is the series, so there is no shuffling, and a cursor set has one cursor.
/// </summary>
internal sealed class SeriesDataView(SeriesBindings bindings, SeriesTransformer transformer, IDataView input)
    : TransformedView(bindings.Host, transformer, input)
{
    public override DataViewSchema Schema => bindings.OutputSchema;

    public override string? SeriesColumnName => transformer.Columns.Series;

    public override bool CanShuffle => false;

    public override long? GetRowCount() => Source.GetRowCount();

    public override DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
    {
        DataViewSchema.Column[] active = [.. columnsNeeded], needed = [.. bindings.Dependencies(active)];
        DataViewRowCursor source = Source.GetRowCursor(needed);
        if (!bindings.NeedNetwork(active))
            return new RelabeledCursor(bindings, source);
        return new SeriesCursor(bindings, new SeriesInput(bindings, source, needed),
            transformer.CreateSession(new SessionUse { IsTrainingData = transformer.FittedTo?.IsOf(Source) == true }), active);
    }

    public override DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) =>
        [GetRowCursor(columnsNeeded)];
}

namespace Microsoft.ML.Lstm.Forecasting.Evaluation;

/// <summary>How many rows each series of a data view has.</summary>
internal sealed class SeriesRowCounts
{
    private readonly SeriesIndex _index = new();

    private SeriesRowCounts(DataViewSchema.Column? column, IDataView data)
    {
        Column = column;
        var counts = new List<long>();
        using DataViewRowCursor cursor = data.GetRowCursor(column is { } series ? [series] : []);
        Func<int> seriesOfRow = Reader(cursor);
        while (cursor.MoveNext())
        {
            int number = seriesOfRow();
            if (number == counts.Count)
                counts.Add(0);
            counts[number]++;
        }
        OfSeries = [.. counts];
    }

    /// <summary>The column that tells series apart; null if there is but one.</summary>
    public DataViewSchema.Column? Column { get; }

    /// <summary>The rows of each series.</summary>
    public long[] OfSeries { get; }

    public static SeriesRowCounts Count(IDataView data, DataViewSchema.Column? column) => new(column, data);

    /// <summary>What gives the number of the series that a row belongs to.</summary>
    public Func<int> Reader(DataViewRow row) => _index.Reader(row, Column);
}

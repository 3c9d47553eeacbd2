using Microsoft.ML.Lstm.Engine.Series;
using Microsoft.ML.Lstm.Series;

namespace Microsoft.ML.Lstm.Forecasting.Evaluation;

/// <summary>Finds the usual time from a row to the next in one table or several.</summary>
/// <param name="index">The numbers of the series.</param>
internal sealed class RowIntervalFinder(SeriesIndex index)
{
    private readonly List<List<DateTimeOffset>> _times = [];

    /// <summary>The step among all rows that were added.</summary>
    public RowInterval Step => RowInterval.Of([.. _times.SelectMany(times => times)]);

    /// <summary>Adds the rows of a table that has a column of times, behind those already there.</summary>
    public void Add(IDataView data, HistoryColumns columns)
    {
        using DataViewRowCursor cursor = data.GetRowCursor(columns.Places);
        Func<int> seriesOfRow = index.Reader(cursor, columns.Series);
        Func<DateTimeOffset> timeOfRow = SeriesRowReader.TimeGetter(cursor, columns.Time!.Value);
        while (cursor.MoveNext())
        {
            int series = seriesOfRow();
            while (series >= _times.Count)
                _times.Add([]);
            DateTimeOffset time = timeOfRow();
            if (time.Ticks != 0)
                _times[series].Add(time);
        }
    }
}

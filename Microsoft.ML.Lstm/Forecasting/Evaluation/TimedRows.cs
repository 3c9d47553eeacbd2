using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Series;
using Microsoft.ML.Lstm.Series;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm.Forecasting.Evaluation;

/// <summary>Places the rows of a table at their steps in time, so that steps without a row count as missing values.</summary>
internal sealed class TimedRows
{
    private readonly IExceptionContext _context;
    private readonly DataViewRowCursor _cursor;
    private readonly Func<DateTimeOffset>? _timeOfRow;
    private readonly RowInterval? _interval;
    private readonly string _dataName;
    private readonly SeriesWarnings _warnings;

    /// <param name="context">Marks errors as the host's.</param>
    /// <param name="cursor">The cursor over the table.</param>
    /// <param name="columns">The columns of the table.</param>
    /// <param name="interval">The time between rows; null if each row is one step after the row before, whatever their times.</param>
    /// <param name="dataName">The name of the table, for messages.</param>
    /// <param name="warn">Receives warnings of rows without a time and of irregular times.</param>
    public TimedRows(IExceptionContext context, DataViewRowCursor cursor, HistoryColumns columns, RowInterval? interval, string dataName,
        Action<string> warn)
    {
        (_context, _cursor, _interval, _dataName) = (context, cursor, interval, dataName);
        _timeOfRow = columns.Time is { } time ? SeriesRowReader.TimeGetter(cursor, time) : null;
        // No warnings of gaps: steps account for them, and the forecaster has warned.
        var named = new SeriesColumns { Targets = [], Time = columns.Time?.Name };
        _warnings = new SeriesWarnings(dataName, named, interval, fillsGaps: true, isLive: false, warn) { UsualGap = long.MaxValue };
    }

    /// <summary>Adds the steps that are missing before the current row to its series.</summary>
    /// <returns>False for a row without a time, which has no place.</returns>
    /// <exception cref="InvalidOperationException">The row is no later than the one before it.</exception>
    public bool TryPlaceIn(EvaluatedSeries series)
    {
        if (_timeOfRow is null)
            return true;
        DateTimeOffset time = _timeOfRow();
        if (time.Ticks == 0)
        {
            _warnings.Add(SeriesRowFault.NoTime);
            return false;
        }
        if (series.Time is { } last)
        {
            if (time <= last)
            {
                string row = SeriesMessages.DescribeRow(_cursor.Position, _dataName, "");
                throw _context.Process(new InvalidOperationException(SeriesMessages.Describe(row, time, last)));
            }
            if (_interval is not null)
                series.LeaveOut(_warnings.AddInterval("", last, time));
        }
        series.Time = time;
        return true;
    }

    /// <summary>Warns of rows without a time and of irregular times; called after the last row.</summary>
    public void Conclude() => _warnings.Conclude();
}

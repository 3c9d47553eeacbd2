using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Series;
using Microsoft.ML.Lstm.Series;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm.Forecasting.Evaluation;

/// <summary>Puts the rows of a table, while it is gone through, at their steps in time.</summary>
internal sealed class TimedRows
{
    private readonly IExceptionContext _context;
    private readonly DataViewRowCursor _cursor;
    private readonly Func<DateTimeOffset>? _timeOfRow;
    private readonly RowInterval? _step;
    private readonly string _dataName;
    private readonly SeriesWarnings _notes;

    /// <param name="context">Marks errors as the host's.</param>
    /// <param name="cursor">At the row.</param>
    /// <param name="columns">The table's columns.</param>
    /// <param name="step">The time between rows; null where rows follow each other whatever their times are.</param>
    /// <param name="dataName">What the table is, for messages.</param>
    /// <param name="warn">Is told of rows that have no time, and of times between steps.</param>
    public TimedRows(IExceptionContext context, DataViewRowCursor cursor, HistoryColumns columns, RowInterval? step, string dataName,
        Action<string> warn)
    {
        (_context, _cursor, _step, _dataName) = (context, cursor, step, dataName);
        _timeOfRow = columns.Time is { } time ? SeriesRowReader.TimeGetter(cursor, time) : null;
        // Gaps are what the steps are there for, and the forecaster has named them.
        var named = new SeriesColumns { Targets = [], Time = columns.Time?.Name };
        _notes = new SeriesWarnings(dataName, named, step, fillsGaps: true, isLive: false, warn) { UsualGap = long.MaxValue };
    }

    /// <summary>Leaves out the steps of a series that are missing before the current row.</summary>
    /// <returns>False for a row that can't be put anywhere, since it has no time.</returns>
    /// <exception cref="InvalidOperationException">The row is no later than the one before it.</exception>
    public bool TryPlaceIn(EvaluatedSeries series)
    {
        if (_timeOfRow is null)
            return true;
        DateTimeOffset time = _timeOfRow();
        if (time.Ticks == 0)
        {
            _notes.Add(SeriesRowFault.NoTime);
            return false;
        }
        if (series.Time is { } last)
        {
            if (time <= last)
            {
                string row = SeriesMessages.DescribeRow(_cursor.Position, _dataName, "");
                throw _context.Process(new InvalidOperationException(SeriesMessages.Describe(row, time, last)));
            }
            if (_step is not null)
                series.LeaveOut(_notes.AddInterval("", last, time));
        }
        series.Time = time;
        return true;
    }

    /// <summary>Says what was odd.</summary>
    public void Conclude() => _notes.Conclude();
}

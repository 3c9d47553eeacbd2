using System.Globalization;
using Microsoft.ML.Lstm.Network;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm.Data;

/// <summary>Reads tables with a row a time step into memory, series by series.</summary>
/// <param name="context">Marks errors as the host's.</param>
/// <param name="columns">The columns.</param>
/// <param name="missing">What to do with rows that have missing values.</param>
/// <param name="warn">Is told of what is odd.</param>
/// <param name="cancellation">Stops the reading.</param>
internal sealed class SeriesTableReader(IExceptionContext context, SeriesColumns columns, MissingValueHandling missing, Action<string> warn, CancellationToken cancellation)
{
    private readonly Dictionary<string, SeriesHistory> _series = [];
    private BoundSeriesColumns? _bound;

    /// <summary>The series so far, in the order of their first rows.</summary>
    public IReadOnlyCollection<SeriesHistory> Series => _series.Values;

    /// <summary>Whether any target or past covariate is missing.</summary>
    public bool HasMissing { get; private set; }

    /// <summary>Reads the rows of <paramref name="data"/> behind those already there.</summary>
    /// <param name="data">The rows, those of a series in the order of time.</param>
    /// <param name="dataName">What the data is, for messages.</param>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing, of the wrong type, or a vector of another size than in the data before.</exception>
    /// <exception cref="InvalidOperationException">A row is no later than the one before it in its series, or has statics that are not finite.</exception>
    public BoundSeriesColumns Read(IDataView data, string dataName)
    {
        var bound = new BoundSeriesColumns(context, data.Schema, columns);
        if (_bound is { } first)
            bound.RequireSizesOf(context, first);
        _bound ??= bound;
        using DataViewRowCursor cursor = data.GetRowCursor(bound.All);
        var reader = new SeriesRowReader(cursor, bound);
        long skipped = 0;
        while (cursor.MoveNext())
        {
            cancellation.ThrowIfCancellationRequested();
            reader.Read();
            _series.TryGetValue(reader.Series, out SeriesHistory? series);
            if (series is not null)
                CheckTime(series, reader, cursor.Position, dataName);
            if (reader.HasMissing)
            {
                HasMissing = true;
                if (missing == MissingValueHandling.SkipRow)
                {
                    skipped++;
                    continue;
                }
            }
            if (series is null)
            {
                float[] statics = reader.Statics.ToArray();
                if (!Array.TrueForAll(statics, float.IsFinite))
                    throw Error($"{Describe(cursor.Position, dataName, reader.Series)} has NaN or infinity in the static features.");
                var rows = new SeriesRows(reader.Numbers.Length) { Series = _series.Count + 1, Statics = statics };
                _series.Add(reader.Series, series = new SeriesHistory(reader.Series, rows, []));
            }
            series.Rows.Add(reader.Numbers);
            if (columns.Time is not null)
                series.Times.Add(reader.Time);
        }
        if (skipped > 0)
            warn($"Skipped {skipped} rows of the {dataName}, in which values are missing.");
        return bound;
    }

    /// <summary>Finds the step between rows, warns of the first row that does not keep to it, and gives all rows their features of the calendar.</summary>
    /// <param name="calendar">The cycles to go by; null for the usual ones.</param>
    public TimeStep? SetCalendar(CalendarFeatures? calendar)
    {
        if (columns.Time is null)
            return null;
        var step = TimeStep.Of([.. _series.Values.SelectMany(series => series.Times)]);
        step = step with { Calendar = calendar ?? step.UsualCalendar(_series.Values.Max(series => series.TrainingRows)) };
        int irregular = 0;
        string first = "";
        foreach (SeriesHistory series in _series.Values)
        {
            series.Rows.Calendar = new float[series.Rows.Count * step.FeatureCount];
            for (int t = 0; t < series.Times.Count; t++)
            {
                step.WriteFeatures(series.Times[t], series.Rows.Calendar.AsSpan(t * step.FeatureCount, step.FeatureCount));
                if (t > 0 && !step.IsRegular(series.Times[t - 1], series.Times[t]) && irregular++ == 0)
                    first = $"{(series.Name == "" ? "" : $"in series '{series.Name}' ")}{Format(series.Times[t - 1])} is followed by {Format(series.Times[t])}, not {Format(step.Next(series.Times[t - 1]))}";
            }
        }
        if (irregular > 0)
            warn($"The times in column '{columns.Time}' are not regular at {irregular} rows; {first}. Rows are taken as if they followed each other without a gap.");
        return step;
    }

    private void CheckTime(SeriesHistory series, SeriesRowReader reader, long position, string dataName)
    {
        if (columns.Time is null || series.Times.Count == 0 || reader.Time > series.Times[^1])
            return;
        throw Error(DescribeTime(Describe(position, dataName, reader.Series), reader.Time, series.Times[^1]));
    }

    /// <summary>What is wrong with a time that is not later than the one before it.</summary>
    public static string DescribeTime(string row, DateTime time, DateTime before) => time == before
        ? $"{row} has the time {Format(time)} that a row of the series before it already has. Each time may occur once in a series."
        : $"{row} has the time {Format(time)}, but a row of the series before it has {Format(before)}. Sort the rows by time.";

    /// <summary>A row, in words.</summary>
    public static string Describe(long position, string dataName, string series)
        => $"Row {position} (counted from 0) of the {dataName}{(series == "" ? "" : $", of series '{series}',")}";

    private static string Format(DateTime time) => time.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);

    private Exception Error(string message) => context.Process(new InvalidOperationException(message));
}

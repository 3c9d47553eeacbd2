using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Series;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm.Series;

/// <summary>Reads tables with one row per time step into memory, series by series.</summary>
/// <param name="context">Marks errors as the host's.</param>
/// <param name="columns">The columns to read.</param>
/// <param name="missing">What to do with rows that have missing values.</param>
/// <param name="warn">Receives the warnings.</param>
/// <param name="cancellation">Cancels the reading.</param>
internal sealed class SeriesTableReader(IExceptionContext context, SeriesColumns columns, MissingValueHandling missing, Action<string> warn,
    CancellationToken cancellation)
{
    private readonly Dictionary<string, LoadedSeries> _series = [];
    private BoundSeriesColumns? _bound;
    private LoadedSeries? _unnamed;
    private string _unusable = "";

    /// <summary>The series that have been read, in the order of their first rows.</summary>
    public IReadOnlyCollection<LoadedSeries> Series => _series.Values;

    /// <summary>Reads a table, appending its rows to the rows of the tables before it.</summary>
    /// <param name="data">The table; the rows of each series are in the order of time.</param>
    /// <param name="dataName">The name of the data, for messages.</param>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing, of the wrong type, or a vector of another size than in an
    /// earlier table.</exception>
    /// <exception cref="InvalidOperationException">A row is no later than the one before it in its series or has the missing key, or the
    /// first row of a series has static features that are not finite.</exception>
    public BoundSeriesColumns Read(IDataView data, string dataName)
    {
        var bound = new BoundSeriesColumns(context, data.Schema, columns);
        if (_bound is { } first)
            bound.RequireTypesOf(context, first);
        _bound ??= bound;
        using DataViewRowCursor cursor = data.GetRowCursor(bound.All);
        var reader = new SeriesRowReader(cursor, bound);
        var warnings = new SeriesWarnings(dataName, columns, interval: null, fillsGaps: false, isLive: false, warn);
        long unnamed = 0;
        Exception? unnamedError = null;
        while (cursor.MoveNext())
        {
            cancellation.ThrowIfCancellationRequested();
            reader.Read();
            if (reader.Fault == SeriesRowFault.MissingKey)
                throw Error(warnings.DescribeMissingKey(SeriesMessages.DescribeRow(cursor.Position, dataName, "")));
            if (reader.Fault == SeriesRowFault.NoTime)
            {
                warnings.Add(reader.Fault);
                continue;
            }
            LoadedSeries? series = reader.Fault == SeriesRowFault.NoName ? _unnamed : _series.GetValueOrDefault(reader.Series);
            unnamed += reader.Fault == SeriesRowFault.NoName ? 1 : 0;
            if (columns.Time is not null && series is { Times.Count: > 0 } && reader.Time <= series.Times[^1])
            {
                string row = SeriesMessages.DescribeRow(cursor.Position, dataName, reader.Series);
                Exception error = Error(SeriesMessages.Describe(row, reader.Time, series.Times[^1]));
                if (series != _unnamed)
                    throw error;
                unnamedError ??= error;
                continue;
            }
            if (missing == MissingValueHandling.SkipRow && reader.HasMissing)
            {
                warnings.AddSkipped();
                continue;
            }
            if (series is not null && !reader.HasMissingStatics && !reader.Statics.SequenceEqual(series.Rows.Statics))
                warnings.AddOtherStatics(series.Name);
            series ??= reader.HasMissingStatics
                ? throw Error(SeriesMessages.DescribeRow(cursor.Position, dataName, reader.Series)
                    + " has NaN or infinity in the static features.")
                : Begin(reader);
            Append(series, reader);
        }
        // If no row has a name, there is a single series.
        if (_series.Count == 0 && _unnamed is not null)
            _series.Add("", _unnamed);
        if (unnamedError is not null && _series.ContainsKey(""))
            throw unnamedError;
        if (!_series.ContainsKey(""))
            warnings.Add(SeriesRowFault.NoName, unnamed);
        if (warnings.Unusable > 0)
            _unusable = $": {warnings.DescribeUnusable()}";
        warnings.Conclude();
        return bound;
    }

    /// <summary>Begins the series of a row.</summary>
    private LoadedSeries Begin(SeriesRowReader row)
    {
        bool isNamed = row.Fault == SeriesRowFault.None;
        var series = new LoadedSeries(row.Series, new SeriesRows(row.Numbers.Length)
        {
            Series = isNamed ? _series.Count + 1 : 1,
            Statics = row.Statics.ToArray(),
        }, []);
        if (isNamed)
            _series.Add(series.Name, series);
        else
            _unnamed = series;
        return series;
    }

    private void Append(LoadedSeries series, SeriesRowReader row)
    {
        series.Rows.Add(row.Numbers);
        if (columns.Time is not null)
            series.Times.Add(row.Time);
        else if (series.Rows.Count <= SeriesStart.MostRows)
            series.Start = SeriesStart.Of(series.Rows);
    }

    /// <summary>The error when no row could be used.</summary>
    public Exception NoRows() => Error($"The training data has no rows that can be used{_unusable}.");

    /// <summary>
    /// Finds the time between rows and warns of gaps. If gaps are filled, the steps they leave out become rows of missing values.
    /// </summary>
    /// <param name="fillsGaps">Whether gaps are filled; null for yes where they are rare.</param>
    /// <param name="dataName">The name of the data, for messages.</param>
    /// <returns>The timing; null where rows have no times.</returns>
    public SeriesTiming? FindTiming(bool? fillsGaps, string dataName)
    {
        if (columns.Time is null)
            return null;
        var interval = RowInterval.Of([.. _series.Values.SelectMany(series => series.Times)]);
        var gaps = SeriesGaps.Measure(interval, _series.Values);
        bool fills = missing == MissingValueHandling.CarryForward && (fillsGaps ?? gaps.AreRare);
        var warnings = new SeriesWarnings(dataName, columns, interval, fills, isLive: false, warn);
        foreach (LoadedSeries series in _series.Values)
        {
            for (int t = 1; t < series.Times.Count; t++)
                warnings.AddInterval(series.Name, series.Times[t - 1], series.Times[t]);
        }
        warnings.Conclude();
        if (fills)
        {
            foreach (string name in _series.Keys.ToArray())
                _series[name] = SeriesGaps.Fill(interval, _series[name], _bound!);
        }
        TimeSlots? slots = fills || gaps.AreRare ? null : TimeSlots.Of(interval, [.. _series.Values.Select(series => series.Times)]);
        return new SeriesTiming(interval, fills, gaps.AreRare ? 0 : gaps.UsualGap, slots,
            _bound!.Time!.Value.Type is DateTimeOffsetDataViewType);
    }

    /// <summary>Computes the calendar features of all rows.</summary>
    /// <param name="interval">The time between rows.</param>
    /// <param name="calendar">The cycles; null to choose them by the data.</param>
    /// <returns>The interval, with the cycles.</returns>
    public RowInterval SetCalendar(RowInterval interval, CalendarFeatures? calendar)
    {
        interval = interval with { Calendar = calendar ?? interval.UsualCalendar(_series.Values.Max(series => series.TrainingRows)) };
        foreach (LoadedSeries series in _series.Values)
        {
            int size = interval.FeatureCount;
            series.Rows.Calendar = new float[series.Rows.Count * size];
            for (int t = 0; t < series.Times.Count; t++)
                interval.WriteFeatures(series.Times[t].DateTime, series.Rows.Calendar.AsSpan(t * size, size));
        }
        return interval;
    }

    private Exception Error(string message) => context.Process(new InvalidOperationException(message));
}

/// <summary>A series that a <see cref="SeriesTableReader"/> has read: its name, its rows and their times.</summary>
/// <param name="Name">The name; empty where there is only one series.</param>
/// <param name="Rows">The rows.</param>
/// <param name="Times">The time of each row; empty where rows have no times.</param>
internal sealed record LoadedSeries(string Name, SeriesRows Rows, List<DateTimeOffset> Times)
{
    /// <summary>The fingerprint of the first rows; null where rows have times.</summary>
    public SeriesStart? Start { get; set; }

    /// <summary>The time of the first row of the validation data, and its hash; null where there is none.</summary>
    public (DateTimeOffset Time, ulong Row)? Validation { get; set; }

    /// <summary>The time up to which rows are known to be missing at the end; no later than the last row where none are.</summary>
    public DateTimeOffset Until { get; init; }

    /// <summary>How many rows are trained on; the others are for validation.</summary>
    public int TrainingRows { get; set; }

    /// <summary>Notes the first of the rows behind <see cref="TrainingRows"/>.</summary>
    public void MarkValidation()
        => Validation = TrainingRows == Rows.Count ? null
            : (Times.ElementAtOrDefault(TrainingRows), SeriesStart.HashOf(Rows[TrainingRows]));
}

/// <summary>How the rows of the training data follow each other in time.</summary>
/// <param name="Interval">The time between rows.</param>
/// <param name="FillsGaps">Whether gaps in time are filled with missing values.</param>
/// <param name="UsualGap">Gaps of up to so many steps are usual; 0 where gaps are rare.</param>
/// <param name="Slots">The times of the day or week that have rows, where they explain usual gaps; otherwise null.</param>
/// <param name="HasOffsets">Whether times have offsets from UTC.</param>
internal sealed record SeriesTiming(RowInterval Interval, bool FillsGaps, long UsualGap, TimeSlots? Slots, bool HasOffsets);

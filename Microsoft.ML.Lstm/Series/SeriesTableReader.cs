using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Series;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm.Series;

/// <summary>Reads tables with a row a time step into memory, series by series.</summary>
/// <param name="context">Marks errors as the host's.</param>
/// <param name="columns">The columns.</param>
/// <param name="missing">What to do with rows that have missing values.</param>
/// <param name="warn">Is told of what is odd.</param>
/// <param name="cancellation">Stops the reading.</param>
internal sealed class SeriesTableReader(IExceptionContext context, SeriesColumns columns, MissingValueHandling missing, Action<string> warn,
    CancellationToken cancellation)
{
    private readonly Dictionary<string, SeriesHistory> _series = [];
    private BoundSeriesColumns? _bound;
    private SeriesHistory? _unnamed;
    private string _unusable = "";

    /// <summary>The series so far, in the order of their first rows.</summary>
    public IReadOnlyCollection<SeriesHistory> Series => _series.Values;

    /// <summary>Reads the rows of <paramref name="data"/> behind those already there.</summary>
    /// <param name="data">The rows, those of a series in the order of time.</param>
    /// <param name="dataName">What the data is, for messages.</param>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing, of the wrong type, or a vector of another size than in the data
    /// before.</exception>
    /// <exception cref="InvalidOperationException">A row is no later than the one before it in its series, has the missing key, or has
    /// statics that are not finite.</exception>
    public BoundSeriesColumns Read(IDataView data, string dataName)
    {
        var bound = new BoundSeriesColumns(context, data.Schema, columns);
        if (_bound is { } first)
            bound.RequireTypesOf(context, first);
        _bound ??= bound;
        using DataViewRowCursor cursor = data.GetRowCursor(bound.All);
        var reader = new SeriesRowReader(cursor, bound);
        var notes = new SeriesNotes(dataName, columns, step: null, fillsGaps: false, isLive: false, warn);
        long unnamed = 0;
        Exception? unnamedError = null;
        while (cursor.MoveNext())
        {
            cancellation.ThrowIfCancellationRequested();
            reader.Read();
            if (reader.Fault == SeriesRowFault.MissingKey)
                throw Error(notes.DescribeMissingKey(SeriesTimes.DescribeRow(cursor.Position, dataName, "")));
            if (reader.Fault == SeriesRowFault.NoTime)
            {
                notes.Add(reader.Fault);
                continue;
            }
            SeriesHistory? series = reader.Fault == SeriesRowFault.NoName ? _unnamed : _series.GetValueOrDefault(reader.Series);
            unnamed += reader.Fault == SeriesRowFault.NoName ? 1 : 0;
            if (columns.Time is not null && series is { Times.Count: > 0 } && reader.Time <= series.Times[^1])
            {
                Exception error = Error(SeriesTimes.Describe(SeriesTimes.DescribeRow(cursor.Position, dataName, reader.Series), reader.Time,
                    series.Times[^1]));
                if (series != _unnamed)
                    throw error;
                unnamedError ??= error;
                continue;
            }
            if (missing == MissingValueHandling.SkipRow && reader.HasMissing)
            {
                notes.AddSkipped();
                continue;
            }
            if (series is null)
            {
                if (reader.HasMissingStatics)
                    throw Error($"{SeriesTimes.DescribeRow(cursor.Position, dataName, reader.Series)} has NaN or infinity in the static "
                        + "features.");
                bool isNamed = reader.Fault == SeriesRowFault.None;
                var rows = new SeriesRows(reader.Numbers.Length)
                {
                    Series = isNamed ? _series.Count + 1 : 1,
                    Statics = reader.Statics.ToArray()
                };
                series = new SeriesHistory(reader.Series, rows, []);
                if (isNamed)
                    _series.Add(series.Name, series);
                else
                    _unnamed = series;
            }
            series.Rows.Add(reader.Numbers);
            if (columns.Time is not null)
                series.Times.Add(reader.Time);
            else if (series.Rows.Count <= SeriesStart.MostRows)
                series.Start = SeriesStart.Of(series.Rows);
        }
        // Where no series has a name there is but one.
        if (_series.Count == 0 && _unnamed is not null)
            _series.Add("", _unnamed);
        if (unnamedError is not null && _series.ContainsKey(""))
            throw unnamedError;
        if (!_series.ContainsKey(""))
            notes.Add(SeriesRowFault.NoName, unnamed);
        if (notes.Unusable > 0)
            _unusable = $": {notes.DescribeUnusable()}";
        notes.Conclude();
        return bound;
    }

    /// <summary>The error when nothing is left.</summary>
    public Exception NoRows() => Error($"The training data has no rows that can be used{_unusable}.");

    /// <summary>
    /// Finds the step between rows and names the gaps in time. Where they are to be filled, the steps that they leave out become rows
    /// whose values are missing.
    /// </summary>
    /// <param name="fillsGaps">Whether they are; null where they are rare.</param>
    /// <param name="dataName">What the data is, for messages.</param>
    /// <returns>Null where there are no times.</returns>
    public SeriesTiming? FindTiming(bool? fillsGaps, string dataName)
    {
        if (columns.Time is null)
            return null;
        var step = RowInterval.Of([.. _series.Values.SelectMany(series => series.Times)]);
        var gaps = SeriesGaps.In(step, _series.Values);
        bool fills = missing == MissingValueHandling.CarryForward && (fillsGaps ?? gaps.AreRare);
        var notes = new SeriesNotes(dataName, columns, step, fills, isLive: false, warn);
        foreach (SeriesHistory series in _series.Values)
        {
            for (int t = 1; t < series.Times.Count; t++)
                notes.AddStep(series.Name, series.Times[t - 1], series.Times[t]);
        }
        notes.Conclude();
        if (fills)
        {
            foreach (string name in _series.Keys.ToArray())
                _series[name] = SeriesGaps.Fill(step, _series[name], _bound!);
        }
        return new SeriesTiming(step, fills, gaps.AreRare ? 0 : gaps.UsualGap, _bound!.Time!.Value.Type is DateTimeOffsetDataViewType);
    }

    /// <summary>Gives all rows their features of the calendar.</summary>
    /// <param name="step">The step between rows.</param>
    /// <param name="calendar">The cycles to go by; null for the usual ones.</param>
    /// <returns>The step, with the cycles.</returns>
    public RowInterval SetCalendar(RowInterval step, CalendarFeatures? calendar)
    {
        step = step with { Calendar = calendar ?? step.UsualCalendar(_series.Values.Max(series => series.TrainingRows)) };
        foreach (SeriesHistory series in _series.Values)
        {
            series.Rows.Calendar = new float[series.Rows.Count * step.FeatureCount];
            for (int t = 0; t < series.Times.Count; t++)
                step.WriteFeatures(series.Times[t].DateTime, series.Rows.Calendar.AsSpan(t * step.FeatureCount, step.FeatureCount));
        }
        return step;
    }

    private Exception Error(string message) => context.Process(new InvalidOperationException(message));
}

using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Series;
using Microsoft.ML.Lstm.Engine.Series.Baselines;
using Microsoft.ML.Lstm.MlNet;
using Microsoft.ML.Lstm.Series;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm.Forecasting.Evaluation;

/// <summary>Compares forecasts with the values that came true, in one pass over the data, and tallies the errors.</summary>
internal sealed class ForecastEvaluator
{
    private readonly IHostEnvironment _environment;
    private readonly ForecastEvaluationOptions _options;
    private readonly IDataView _data;
    private readonly IDataView? _trainingData;
    private readonly EvaluatedColumns _columns;
    private readonly HistoryColumns? _trainingColumns;
    private readonly SeriesIndex _index = new();
    private readonly List<EvaluatedSeries> _series = [];
    private readonly ForecastTallies _tallies;
    private readonly EvaluatedBaselines _baselines;
    private readonly RowInterval? _interval;

    /// <param name="environment">The environment of errors and warnings.</param>
    /// <param name="options">The columns of forecasts and values.</param>
    /// <param name="data">The forecasts and the values.</param>
    /// <param name="trainingData">The values before the first row of the data; null if they are not known.</param>
    public ForecastEvaluator(IHostEnvironment environment, ForecastEvaluationOptions options, IDataView data, IDataView? trainingData)
    {
        _environment = environment;
        _options = options;
        _data = data;
        _trainingData = trainingData;
        _columns = new EvaluatedColumns(environment, data.Schema, options);
        if (trainingData is not null)
        {
            _trainingColumns = new HistoryColumns(environment, trainingData.Schema, options);
            _columns.History.CheckSameTypes(environment, _trainingColumns);
        }
        if (_columns.Interval is { } annotation)
            _interval = annotation.FillsGaps ? annotation.Interval : null;
        else if (_columns.History.Time is not null)
            _interval = FindInterval();
        _baselines = new EvaluatedBaselines(options.SettledSeasonality, _columns.Horizon);
        _tallies = new ForecastTallies(1 + _baselines.Methods.Length, _columns.Horizon, options.TargetColumnNames.Length);
    }

    public static ForecastMetrics Evaluate(IHostEnvironment environment, IDataView data, ForecastEvaluationOptions options,
        IDataView? trainingData)
    {
        options.Check();
        if (options.SeriesColumnName is null
            && SeriesDataView.SeriesColumnOf(data) is { } series
            && IsSeries(data, series)
            && (trainingData is null || IsSeries(trainingData, series)))
            options = options.OfSeries(series);
        return ToMetrics(new ForecastEvaluator(environment, options, data, trainingData).Tally(), options);
    }

    public static ForecastMetrics ToMetrics(ForecastTallies tallies, ForecastEvaluationOptions options)
        => tallies.ToMetrics(options.TargetColumnNames,
            Array.ConvertAll(BaselineNames.Of(options.SettledSeasonality), BaselineNames.NameOf));

    /// <summary>Reads the training data, if any, and the data.</summary>
    /// <param name="rowsThatCount">How many rows of each series count, from its first: only the forecasts made at them are judged.</param>
    /// <exception cref="InvalidOperationException">There is no forecast to judge, or a row is no later than the one before it in its
    /// series.</exception>
    public ForecastTallies Tally(long rowsThatCount = long.MaxValue)
    {
        if (_trainingData is not null)
            ReadTrainingData(_trainingData, _trainingColumns!);
        using DataViewRowCursor cursor = _data.GetRowCursor(_columns.All);
        TimedRows timed = Timed(cursor, _columns.History, "data to evaluate");
        Func<int> seriesOfRow = _index.Reader(cursor, _columns.History.Series);
        var targets = new RowNumbers(cursor, _columns.History.Targets);
        NumberReader[] forecasts = Array.ConvertAll(_columns.Forecasts, column => new NumberReader(cursor, column));
        long rows = 0;
        for (; cursor.MoveNext(); rows++)
        {
            EvaluatedSeries series = Find(seriesOfRow());
            if (!timed.TryPlaceIn(series))
                continue;
            float[][]? made = series.Rows < rowsThatCount ? Array.ConvertAll(forecasts, Read) : null;
            series.Add(targets.Read(), made, countsForScale: _trainingData is null);
        }
        timed.Conclude();
        foreach (EvaluatedSeries series in _series)
            series.TallyScaledErrors();
        return _tallies.IsEmpty ? throw _environment.Process(new InvalidOperationException(DescribeNoForecast(rows))) : _tallies;
    }

    /// <summary>The usual time between rows in the training data and the data.</summary>
    private RowInterval FindInterval()
    {
        var times = new List<List<DateTimeOffset>>();
        if (_trainingData is not null)
            AddTimes(_trainingData, _trainingColumns!);
        AddTimes(_data, _columns.History);
        return RowInterval.Of([.. times.SelectMany(ofSeries => ofSeries)]);

        void AddTimes(IDataView data, HistoryColumns columns)
        {
            using DataViewRowCursor cursor = data.GetRowCursor(columns.Places);
            Func<int> seriesOfRow = _index.Reader(cursor, columns.Series);
            Func<DateTimeOffset> timeOfRow = SeriesRowReader.TimeGetter(cursor, columns.Time!.Value);
            while (cursor.MoveNext())
            {
                int series = seriesOfRow();
                while (series >= times.Count)
                    times.Add([]);
                DateTimeOffset time = timeOfRow();
                if (time.Ticks != 0)
                    times[series].Add(time);
            }
        }
    }

    private void ReadTrainingData(IDataView trainingData, HistoryColumns columns)
    {
        using DataViewRowCursor cursor = trainingData.GetRowCursor(columns.All);
        Func<int> seriesOfRow = _index.Reader(cursor, columns.Series);
        var targets = new RowNumbers(cursor, columns.Targets);
        TimedRows timed = Timed(cursor, columns, "training data");
        while (cursor.MoveNext())
        {
            EvaluatedSeries series = Find(seriesOfRow());
            if (timed.TryPlaceIn(series))
                series.AddHistory(targets.Read(), countsForScale: true);
        }
        timed.Conclude();
    }

    private TimedRows Timed(DataViewRowCursor cursor, HistoryColumns columns, string dataName)
        => new(_environment, cursor, columns, _interval, dataName, message => HostWarning.Write(_environment, "Evaluation", message));

    // A later transform may have replaced the forecaster's series column.
    private static bool IsSeries(IDataView data, string name)
        => data.Schema.GetColumnOrNull(name) is { Type: TextDataViewType or KeyDataViewType };

    private float[] Read(NumberReader reader)
    {
        float[] numbers = new float[_columns.Horizon * _columns.History.Targets.Length];
        reader.Read();
        reader.CopyTo(numbers);
        return numbers;
    }

    private EvaluatedSeries Find(int number)
    {
        while (number >= _series.Count)
            _series.Add(new EvaluatedSeries(_tallies, _options.TargetColumnNames.Length, _baselines, _columns.ConfidenceLevel));
        return _series[number];
    }

    private string DescribeNoForecast(long rows)
    {
        if (rows == 0)
            return "The data to evaluate has no rows.";
        string reason = _tallies.MissingForecasts + _tallies.MissingActuals == 0
            ? "no series has a row behind its first, whose value could have been forecast"
            : $"{_tallies.MissingForecasts} of them are missing, and {_tallies.MissingActuals} are of missing values in the target "
                + $"columns '{string.Join("', '", _options.TargetColumnNames)}'";
        return $"None of the forecasts in column '{_options.ForecastColumnName}' in {rows} rows can be compared "
            + $"with what came true: {reason}.";
    }

    /// <summary>Reads a number from each of several columns.</summary>
    private sealed class RowNumbers(DataViewRow row, DataViewSchema.Column[] columns)
    {
        private readonly ValueGetter<float>[] _getters = Array.ConvertAll(columns, row.GetGetter<float>);
        private readonly float[] _values = new float[columns.Length];

        public ReadOnlySpan<float> Read()
        {
            for (int i = 0; i < _values.Length; i++)
                _getters[i](ref _values[i]);
            return _values;
        }
    }
}

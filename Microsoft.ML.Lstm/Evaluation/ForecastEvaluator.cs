using Microsoft.ML.Lstm.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm.Evaluation;

/// <summary>Goes through forecasts and what came true, once, and tallies the errors.</summary>
internal sealed class ForecastEvaluator
{
    private readonly IHostEnvironment _environment;
    private readonly ForecastEvaluationOptions _options;
    private readonly IDataView _data;
    private readonly ForecastColumns _columns;
    private readonly SeriesIndex _index = new();
    private readonly List<EvaluatedSeries> _series = [];
    private readonly ForecastTallies _tallies;
    private bool _hasTrainingData;

    public ForecastEvaluator(IHostEnvironment environment, ForecastEvaluationOptions options, IDataView data)
    {
        _environment = environment;
        _options = options;
        _data = data;
        _columns = new ForecastColumns(environment, data.Schema, options);
        _tallies = new ForecastTallies(1 + EvaluatedSeries.BaselineNames(options.Seasonality).Length, _columns.Horizon, options.TargetColumnNames.Length);
    }

    public static ForecastMetrics Evaluate(IHostEnvironment environment, IDataView data, ForecastEvaluationOptions options, IDataView? trainingData)
    {
        options.Check();
        var evaluator = new ForecastEvaluator(environment, options, data);
        if (trainingData is not null)
            evaluator.ReadTrainingData(trainingData);
        return ToMetrics(evaluator.Tally(), options);
    }

    public static ForecastMetrics ToMetrics(ForecastTallies tallies, ForecastEvaluationOptions options)
        => tallies.ToMetrics(options.TargetColumnNames, EvaluatedSeries.BaselineNames(options.Seasonality));

    /// <summary>Reads what happened before the first row of the data.</summary>
    public void ReadTrainingData(IDataView trainingData)
    {
        _hasTrainingData = true;
        var columns = new HistoryColumns(_environment, trainingData.Schema, _options);
        _columns.History.CheckSameSeries(_environment, columns);
        using DataViewRowCursor cursor = trainingData.GetRowCursor(columns.All);
        Func<int> series = _index.Reader(cursor, columns.Series);
        var targets = new RowNumbers(cursor, columns.Targets);
        while (cursor.MoveNext())
            Find(series()).AddHistory(targets.Read(), countsForScale: true);
    }

    /// <summary>Reads the data.</summary>
    /// <param name="rowsThatCount">The forecasts made at this many first rows of each series are judged, those made later are not.</param>
    /// <exception cref="InvalidOperationException">There is no forecast to judge.</exception>
    public ForecastTallies Tally(long rowsThatCount = long.MaxValue)
    {
        using DataViewRowCursor cursor = _data.GetRowCursor(_columns.All);
        Func<int> seriesOfRow = _index.Reader(cursor, _columns.History.Series);
        var targets = new RowNumbers(cursor, _columns.History.Targets);
        NumberReader[] forecasts = Array.ConvertAll(_columns.Forecasts, column => new NumberReader(cursor, column));
        long rows = 0;
        for (; cursor.MoveNext(); rows++)
        {
            EvaluatedSeries series = Find(seriesOfRow());
            series.Add(targets.Read(), series.Rows < rowsThatCount ? Array.ConvertAll(forecasts, Read) : null, countsForScale: !_hasTrainingData);
        }
        foreach (EvaluatedSeries series in _series)
            series.TallyScaledErrors();
        return _tallies.IsEmpty ? throw _environment.Process(new InvalidOperationException(DescribeNoForecast(rows))) : _tallies;
    }

    private float[] Read(NumberReader reader)
    {
        float[] numbers = new float[_columns.Horizon * _columns.History.Targets.Length];
        reader.Read();
        reader.CopyTo(numbers);
        return numbers;
    }

    private EvaluatedSeries Find(int number)
    {
        if (number == _series.Count)
            _series.Add(new EvaluatedSeries(_tallies, _options.TargetColumnNames.Length, _options.Seasonality, _options.ConfidenceLevel));
        return _series[number];
    }

    private string DescribeNoForecast(long rows)
    {
        if (rows == 0)
            return "The data to evaluate has no rows.";
        string reason = _tallies.MissingForecasts + _tallies.MissingActuals == 0
            ? "no series has a row behind its first, whose value could have been forecast"
            : $"{_tallies.MissingForecasts} of them are missing, and {_tallies.MissingActuals} are of missing values in the target columns '{string.Join("', '", _options.TargetColumnNames)}'";
        return $"None of the forecasts in column '{_options.ForecastColumnName}' in {rows} rows can be compared with what came true: {reason}.";
    }

    /// <summary>Reads the numbers of several columns of a row.</summary>
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

using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Lstm;
using Shared;
using Shared.Charts;

namespace Forecasting;

/// <summary>Forecasts of the series in a user's file.</summary>
internal sealed class OwnSeries
{
    private const double TestFraction = 0.2;
    private const int RowsOfHistoryInChart = 100;

    private readonly MLContext _ml;
    private readonly Row[][] _series;
    private readonly string[] _known;

    private OwnSeries(MLContext ml, Row[][] series, string[] known) => (_ml, _series, _known) = (ml, series, known);

    /// <exception cref="InvalidDataException">The file is not as the arguments say.</exception>
    /// <exception cref="FormatException">The quotes in its header line are not in pairs around names.</exception>
    public static OwnSeries Read(string path, string time, string target, string? series, string[] known)
    {
        var ml = new MLContext(seed: 1);
        Warnings.Print(ml);
        var file = new CsvFile(ml, path);
        DateTime[] times = file.Times(time);
        float[] values = file.Numbers(target);
        string[]? names = series is null ? null : file.Texts(series);
        float[][] covariates = Array.ConvertAll(known, file.Numbers);
        Row[] rows = [.. times.Select((at, i) =>
            new Row { Time = at, Value = values[i], Series = names?[i] ?? "", Known = Array.ConvertAll(covariates, column => column[i]) })];
        return new OwnSeries(ml, [.. rows.GroupBy(row => row.Series).Select(group => group.ToArray())], known);
    }

    public int Run(int horizon, string folder)
    {
        Row[][] tests = [.. _series.Select(rows => rows[^(int)(rows.Length * TestFraction)..])];
        IDataView train = Load(_series.Zip(tests, (rows, test) => rows[..^test.Length])), test = Load(tests);
        Console.WriteLine($"{_series.Length} series, {_series.Sum(rows => rows.Length)} rows; the last {TestFraction:P0} of each are held "
            + "out.");
        LstmForecastingTransformer model = _ml.Forecasting.ForecastByLstm(new()
        {
            TargetColumnNames = [nameof(Row.Value)],
            SeriesColumnName = nameof(Row.Series),
            TimeColumnName = nameof(Row.Time),
            KnownCovariateColumnNames = _known.Length > 0 ? [nameof(Row.Known)] : [],
            Horizon = horizon,
            OutputColumnName = nameof(SalesForecast.Forecast),
            LowerBoundColumnName = nameof(SalesForecast.Lower),
            UpperBoundColumnName = nameof(SalesForecast.Upper),
        }).Fit(train);
        IDataView forecasts = model.Transform(test);
        Console.WriteLine(_ml.Forecasting.EvaluateForecast(forecasts, nameof(Row.Value), nameof(SalesForecast.Forecast),
            nameof(SalesForecast.Lower), nameof(SalesForecast.Upper),
            seriesColumnName: nameof(Row.Series), trainingData: train, timeColumnName: nameof(Row.Time)));

        // The last forecast of the first series whose steps have all come.
        int at = tests[0].Length - 1 - horizon;
        Console.WriteLine();
        if (at >= 0)
        {
            SalesForecast forecast = _ml.Data.CreateEnumerable<SalesForecast>(forecasts, reuseRowObject: false).ElementAt(at);
            string chart = Path.Combine(folder, "forecast.svg");
            File.WriteAllText(chart, Draw(_series[0], _series[0].Length - 1 - horizon, forecast));
            Console.WriteLine($"Chart: {chart}");
        }
        else
        {
            Console.WriteLine($"The first series has {_series[0].Length} rows; for a chart, and for figures as far as {horizon} rows "
                + $"ahead, a series needs {Math.Ceiling((horizon + 1) / TestFraction)}, so that the {TestFraction:P0} of them that are "
                + $"held out are more than {horizon}.");
        }
        return 0;
    }

    // The length of the vector is not known before the program runs, and comes from the schema.
    private IDataView Load(IEnumerable<Row[]> series)
    {
        var schema = SchemaDefinition.Create(typeof(Row));
        if (_known.Length > 0)
            schema[nameof(Row.Known)].ColumnType = new VectorDataViewType(NumberDataViewType.Single, _known.Length);
        return _ml.Data.LoadFromEnumerable(series.SelectMany(rows => rows), schema);
    }

    private static string Draw(Row[] rows, int now, SalesForecast forecast)
    {
        int first = Math.Max(0, now - RowsOfHistoryInChart + 1);
        float[] values = Array.ConvertAll(rows, row => row.Value);
        return new Chart($"{rows[0].Series} as forecast at {rows[now].Time:yyyy-MM-dd HH:mm}".Trim())
        {
            Times = [.. rows[first..].Select(row => row.Time)],
        }
            .AddBand("95 % interval", Ink.Accent, now - first + 1, forecast.Lower, forecast.Upper)
            .AddLine("history", Ink.Neutral, 0, values[first..(now + 1)])
            .AddLine("what came", Ink.Neutral, now - first, values[now..], dashed: true)
            .AddLine("forecast", Ink.Accent, now - first + 1, forecast.Forecast)
            .ToSvg();
    }

    private sealed class Row
    {
        public string Series { get; set; } = "";

        public DateTime Time { get; set; }

        public float Value { get; set; }

        public float[] Known { get; set; } = [];
    }
}

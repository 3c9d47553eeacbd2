// What will each of several shops sell on each of the next fourteen days? One network learns from all of them, reads the prices and
// promotions of the days to come, and gives intervals. Then it goes on day by day, as in production.
using System.CommandLine;
using Forecasting;
using Microsoft.ML;
using Microsoft.ML.Lstm;
using Shared;
using Shared.Charts;

const double TestFraction = 0.1;
const int Days = 3 * 365, RowsOfHistoryInChart = 56;

var time = Text("--time", "COLUMN", "The file's column of times. By default all columns are as in the example.");
var target = Text("--target", "COLUMN", "The file's column to forecast.");
var series = Text("--series", "COLUMN", "The file's column that tells series apart, if there are several.");
var known = Text("--known", "COLUMNS", "The file's columns that are known ahead, with commas between; a name with a comma in quotes.");
var past = Text("--past", "COLUMNS", "The file's columns that are known once a row is over.");
var horizon = Number("--horizon", "Rows to forecast ahead.", byDefault: 14);
var season = Number("--season", "Rows of a season, for the simple forecasts that the network is compared with.", byDefault: 7);
return Sample.Run(args, "Train an LSTM to forecast many series, with what is known ahead, and with intervals.",
    $"{CsvRow<ShopDay>.Description}, or other columns, which the options name", path => CsvRow<ShopDay>.Write(path, MakeUp()), Go,
    time, target, series, known, past, horizon, season);

static Option<string?> Text(string name, string help, string description) => new(name) { HelpName = help, Description = description };

static Option<int> Number(string name, string description, int byDefault)
    => new(name) { HelpName = "N", Description = description, DefaultValueFactory = _ => byDefault };

static IEnumerable<ShopDay> MakeUp() => MadeUpShops.Make(Days, new Random(1));

void Go(Sample sample)
{
    MLContext ml = sample.ML;
    SeriesRow[][] all = sample.DataFile is not { } path ? SeriesRow.Of(MakeUp())
        : sample.Value(target) is { } value ? SeriesRow.Read(path, sample.Value(time), value, sample.Value(series), sample.Value(known),
            sample.Value(past))
        : SeriesRow.Of(new CsvFile(new MLContext(), path).Rows<ShopDay>());
    int ahead = sample.Value(horizon);
    sample.Require(all.Min(rows => rows.Length), 3 * ahead, "rows in its shortest series");
    SeriesRow[][] tests = [.. all.Select(rows => rows[^(int)Math.Max(ahead + 1, rows.Length * TestFraction)..])];
    SeriesRow[] after = [.. tests.SelectMany(rows => rows)];
    IDataView train = Load(all.SelectMany((rows, i) => rows[..^tests[i].Length])), test = Load(after);
    Console.WriteLine($"{all.Length} series, {all.Sum(rows => rows.Length):N0} rows; the last ones of each are held out, "
        + $"{after.Length:N0} in all.");

    LstmForecastingTransformer model = ml.Forecasting.ForecastByLstm(new()
    {
        TargetColumnNames = [nameof(SeriesRow.Value)],
        SeriesColumnName = nameof(SeriesRow.Series),
        TimeColumnName = nameof(SeriesRow.Time),
        KnownCovariateColumnNames = after[0].Known.Length > 0 ? [nameof(SeriesRow.Known)] : [],
        PastCovariateColumnNames = after[0].Past.Length > 0 ? [nameof(SeriesRow.Past)] : [],
        Horizon = ahead,
        LowerBoundColumnName = nameof(SalesForecast.Lower),
        UpperBoundColumnName = nameof(SalesForecast.Upper),
    }).Fit(train);

    // The model knows the series to the end of the training data and goes on from there.
    IDataView forecasts = model.Transform(test);
    ForecastMetrics metrics = ml.Forecasting.EvaluateForecast(forecasts, nameof(SeriesRow.Value), nameof(SalesForecast.Forecast),
        nameof(SalesForecast.Lower), nameof(SalesForecast.Upper), seriesColumnName: nameof(SeriesRow.Series),
        seasonality: sample.Value(season), trainingData: train, timeColumnName: nameof(SeriesRow.Time));
    Console.WriteLine(metrics);
    Console.WriteLine();
    SalesForecast[] made = [.. ml.Data.CreateEnumerable<SalesForecast>(forecasts, reuseRowObject: false)];
    // The forecast in the middle of what is held out, or the last one of which all has come.
    int now = Math.Min(tests[0].Length / 2, tests[0].Length - 1 - ahead);
    sample.WriteChart("sales-forecast.svg", Draw(all[0], all[0].Length - tests[0].Length + now, made[now]));
    // The class of an engine's rows says how many columns there are: as many as in the example.
    if (sample.Value(target) is null)
        GoOn(ml, model, after, made, ahead, Path.Combine(sample.Folder, "sales-forecast.zip"));

    ForecastAccuracy simple = metrics.Baselines.MinBy(baseline => baseline.Overall.MeanAbsoluteError)!;
    Sample.End(new Figure("mean absolute error", metrics.Overall.MeanAbsoluteError, simple.Overall.MeanAbsoluteError,
        $"the best of the simple forecasts, {simple.Name}", LessIsBetter: true),
        "series of yours, with --data and --target; several targets, quantiles, holidays: docs/tasks/forecasting.md");

    IDataView Load(IEnumerable<SeriesRow> rows) => ml.Data.LoadFromEnumerable(rows, SeriesRow.Schema(after[0]));
}

// As in production: a row comes in, a forecast goes out, and the state is saved overnight.
static void GoOn(MLContext ml, LstmForecastingTransformer model, SeriesRow[] rows, SalesForecast[] expected, int ahead, string checkpoint)
{
    int half = rows.Length / 2;
    bool areSame = true;
    using (ForecastEngine<SeriesRow, SalesForecast> engine = model.CreateForecastEngine<SeriesRow, SalesForecast>(ml))
    {
        for (int i = 0; i < half; i++)
            areSame &= IsSame(engine, i);
        engine.CheckPoint(ml, checkpoint);
    }
    ITransformer loaded = ml.Model.Load(checkpoint, out _);
    using ForecastEngine<SeriesRow, SalesForecast> restored = loaded.CreateForecastEngine<SeriesRow, SalesForecast>(ml);
    for (int i = half; i < rows.Length; i++)
        areSame &= IsSame(restored, i);
    Console.WriteLine($"Row by row, with a checkpoint after {half} of {rows.Length}: "
        + $"{(areSame ? "the same forecasts to the last bit" : "NOT THE SAME FORECASTS")}.");

    // The rows ahead with what is known of them, such as planned prices; nothing else is read of these rows.
    bool IsSame(ForecastEngine<SeriesRow, SalesForecast> engine, int i) => engine.Predict(rows[i],
        future: rows.Skip(i + 1).TakeWhile(row => row.Series == rows[i].Series).Take(ahead)).Forecast.SequenceEqual(expected[i].Forecast);
}

static Chart Draw(SeriesRow[] rows, int now, SalesForecast forecast)
{
    int first = Math.Max(0, now - RowsOfHistoryInChart + 1), last = now + forecast.Forecast.Length;
    float[] values = [.. rows.Select(row => row.Value)];
    return new Chart($"{rows[0].Series} as forecast at {rows[now].Time:yyyy-MM-dd HH:mm}".Trim())
    {
        Times = [.. rows[first..(last + 1)].Select(row => row.Time)],
    }
        .AddBand("95 % interval", Ink.Accent, now - first + 1, forecast.Lower, forecast.Upper)
        .AddLine("history", Ink.Neutral, 0, values[first..(now + 1)])
        .AddLine("what came", Ink.Neutral, now - first, values[now..(last + 1)], dashed: true)
        .AddLine("forecast", Ink.Accent, now - first + 1, forecast.Forecast);
}

// A machine's temperature follows its load and the time of the day. A network learns how from a time without faults; later readings that
// differ from its forecasts get an alert. An autoencoder does the same for whole cycles of a press.
using System.CommandLine;
using AnomalyDetection;
using Microsoft.ML;
using Microsoft.ML.Lstm;
using Shared;
using Shared.Charts;

const int LeastRows = 100, MostLines = 20;

var time = Text("--time", "COLUMN", "The file's column of times. By default all columns are as in the example.");
var value = Text("--value", "COLUMN", "The file's column to watch.");
var known = Text("--known", "COLUMNS", "The file's columns that explain it and are known ahead, with commas between.");
var fault = Text("--fault", "COLUMN", "The file's column that says, by 1 or 0, whether something was wrong, if it is known.");
return Sample.Run(args, "Train an LSTM to find what is wrong with a series.",
    $"{CsvRow<MachineHour>.Description}, or other columns, which the options name",
    path => CsvRow<MachineHour>.Write(path, MadeUpMachine.Make()), Go, time, value, known, fault);

static Option<string?> Text(string name, string help, string description) => new(name) { HelpName = help, Description = description };

void Go(Sample sample)
{
    MLContext ml = sample.ML;
    Reading[] rows = sample.DataFile is not { } path ? Array.ConvertAll(MadeUpMachine.Make(), Reading.Of)
        : sample.Value(value) is { } column ? Reading.Read(path, sample.Value(time), column, sample.Value(known), sample.Value(fault))
        : Array.ConvertAll(new CsvFile(new MLContext(), path).Rows<MachineHour>(), Reading.Of);
    sample.Require(rows.Length, LeastRows, "rows");
    // It learns what is usual from the first two thirds, and goes on from there.
    Reading[] train = rows[..(rows.Length * 2 / 3)], test = rows[train.Length..];
    LstmAnomalyTransformer detector = ml.Transforms.DetectAnomalyByLstm(new()
    {
        OutputColumnName = nameof(Verdict.Anomaly),
        InputColumnName = nameof(Reading.Value),
        TimeColumnName = nameof(Reading.Time),
        KnownCovariateColumnNames = rows[0].Known.Length > 0 ? [nameof(Reading.Known)] : [],
    }).Fit(ml.Data.LoadFromEnumerable(train, Reading.Schema(rows[0])));
    Verdict[] verdicts = [.. ml.Data.CreateEnumerable<Verdict>(
        detector.Transform(ml.Data.LoadFromEnumerable(test, Reading.Schema(rows[0]))), reuseRowObject: false)];

    Console.WriteLine($"Trained on {train.Length} rows. Of the {test.Length} that follow:");
    if (test.Any(row => row.IsFault))
        PrintFaults(test, verdicts);
    else
        PrintAlerts(test, verdicts, detector.Confidence);
    sample.WriteChart("anomalies.svg", new Chart("What came, and alerts") { Times = [.. test.Select(row => row.Time)] }
        .AddBand("bounds", Ink.Accent, 0, Array.ConvertAll(verdicts, verdict => verdict.Lower()),
            Array.ConvertAll(verdicts, verdict => verdict.Upper()))
        .AddLine("what came", Ink.Neutral, 0, test.Select(row => row.Value))
        .AddDots("alert", Ink.Alert, verdicts.Index().Where(row => row.Item.IsAlert())
            .Select(row => ((double)row.Index, (double)test[row.Index].Value))));
    // The class of an engine's rows says how many columns there are: as many as in the example.
    if (sample.Value(value) is null)
    {
        bool isSame = GoOn(ml, detector, test).SequenceEqual(verdicts.Select(verdict => verdict.IsAlert()));
        Console.WriteLine($"Hour by hour, as readings come in: {(isSame ? "the same alerts" : "NOT THE SAME ALERTS")}.");
    }
    if (sample.DataFile is null)
        CycleWatch.Run();
    Sample.End(Compare(ml, [.. train.TakeLast(1), .. test], verdicts),
        "a series of yours, with --data and --value; whole sequences, and thresholds: docs/tasks/anomaly-detection.md");
}

static void PrintFaults(Reading[] rows, Verdict[] verdicts)
{
    for (int first = 0, end; first < rows.Length; first = end)
    {
        end = first + 1;
        if (!rows[first].IsFault)
            continue;
        while (end < rows.Length && rows[end].IsFault)
            end++;
        int alert = Array.FindIndex(verdicts, first, end - first, verdict => verdict.IsAlert());
        string found = alert < 0 ? "not found" : $"found in row {alert - first + 1}, {Describe(rows[alert], verdicts[alert])}";
        Console.WriteLine($"  {rows[first].Time:yyyy-MM-dd HH:mm}, a fault of {end - first} rows: {found}");
    }
    // After a fault readings are right again, but for some rows their forecasts still come from faulty ones.
    Console.WriteLine($"  alerts without a fault: {verdicts.Index().Count(row => row.Item.IsAlert() && !rows[row.Index].IsFault)}");
}

static void PrintAlerts(Reading[] rows, Verdict[] verdicts, double confidence)
{
    int[] alerts = [.. verdicts.Index().Where(row => row.Item.IsAlert()).Select(row => row.Index)];
    Console.WriteLine($"  {alerts.Length} alerts, where about {rows.Length * (1 - confidence / 100):0.#} would come without cause");
    foreach (int alert in alerts.Take(MostLines))
        Console.WriteLine($"  {rows[alert].Time:yyyy-MM-dd HH:mm}  {Describe(rows[alert], verdicts[alert])}");
    if (alerts.Length > MostLines)
        Console.WriteLine($"  and {alerts.Length - MostLines} more");
}

static string Describe(Reading row, Verdict verdict)
    => $"{row.Value:0.###}, expected {verdict.Expected():0.###}, from {verdict.Lower():0.###} to {verdict.Upper():0.###}";

static IEnumerable<bool> GoOn(MLContext ml, LstmAnomalyTransformer detector, Reading[] rows)
{
    using ForecastEngine<Reading, Verdict> engine = detector.CreateForecastEngine<Reading, Verdict>(ml);
    // The forecast of the next hour depends on its load, so the engine gets that row too.
    for (int t = 0; t < rows.Length; t++)
        yield return engine.Predict(rows[t], future: rows.Skip(t + 1).Take(1)).IsAlert();
}

// How well faults are told from other rows by how strange they are; where no faults are known, how far off the forecasts are.
static Figure Compare(MLContext ml, Reading[] rows, Verdict[] verdicts)
{
    (Reading Row, Reading Before, Verdict Verdict)[] judged = [.. rows.Skip(1).Zip(rows, verdicts)
        .Where(one => float.IsFinite(one.First.Value + one.Second.Value))];
    if (judged.All(one => one.Row.IsFault == judged[0].Row.IsFault))
    {
        return new Figure("off by, on average,", judged.Average(one => Math.Abs(one.Row.Value - one.Verdict.Expected())),
            judged.Average(one => Math.Abs(one.Row.Value - one.Before.Value)), "the last value", LessIsBetter: true);
    }
    double mean = judged.Average(one => one.Row.Value);
    double jumps = Area(one => Math.Abs(one.Row.Value - one.Before.Value)), distances = Area(one => Math.Abs(one.Row.Value - mean));
    return new Figure("area under the ROC curve", Area(one => one.Verdict.Strangeness()), Math.Max(jumps, distances),
        jumps > distances ? "the distance from the last value" : "the distance from the mean");

    double Area(Func<(Reading Row, Reading Before, Verdict Verdict), double> score)
    {
        IDataView scores = ml.Data.LoadFromEnumerable(judged.Select(one =>
            new { Label = one.Row.IsFault ? 1f : 0, Score = (float)score(one), PredictedLabel = false }));
        return ml.AnomalyDetection.Evaluate(scores).AreaUnderRocCurve;
    }
}

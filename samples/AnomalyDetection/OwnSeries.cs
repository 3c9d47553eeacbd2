using Microsoft.ML;
using Microsoft.ML.Lstm;
using Shared;

namespace AnomalyDetection;

/// <summary>Alerts for a series in a user's file: trained on the first half, applied to the second.</summary>
internal static class OwnSeries
{
    private const int MostAlertsToPrint = 30;

    /// <exception cref="InvalidDataException">The file is not as the arguments say.</exception>
    /// <exception cref="FormatException">The quotes in its header line are not in pairs around names.</exception>
    public static int Run(string path, string timeColumn, string valueColumn, string folder)
    {
        var ml = new MLContext(seed: 1);
        Warnings.Print(ml);
        var file = new CsvFile(ml, path);
        Row[] rows = [.. file.Times(timeColumn).Zip(file.Numbers(valueColumn), (time, value) => new Row { Time = time, Value = value })];
        Row[] train = rows[..(rows.Length / 2)], test = rows[train.Length..];
        LstmAnomalyTransformer detector = ml.Transforms.DetectAnomalyByLstm(new()
        {
            OutputColumnName = nameof(Verdict.Anomaly),
            InputColumnName = nameof(Row.Value),
            TimeColumnName = nameof(Row.Time),
        }).Fit(ml.Data.LoadFromEnumerable(train));
        Verdict[] verdicts = [.. ml.Data.CreateEnumerable<Verdict>(detector.Transform(ml.Data.LoadFromEnumerable(test)),
            reuseRowObject: false)];

        int[] alerts = [.. verdicts.Index().Where(row => row.Item.IsAlert()).Select(row => row.Index)];
        Console.WriteLine($"Trained on the first {train.Length} of {rows.Length} rows. Alerts in the others: {alerts.Length}, where about "
            + $"{test.Length * (1 - detector.Confidence / 100):0.#} would come without cause.");
        foreach (int alert in alerts.Take(MostAlertsToPrint))
            Console.WriteLine($"  {test[alert].Time:yyyy-MM-dd HH:mm}  {test[alert].Value:0.###}, expected "
                + $"{verdicts[alert].Expected():0.###}, from {verdicts[alert].Lower():0.###} to {verdicts[alert].Upper():0.###}");
        if (alerts.Length > MostAlertsToPrint)
            Console.WriteLine($"  and {alerts.Length - MostAlertsToPrint} more");
        string chart = Path.Combine(folder, "anomalies.svg");
        File.WriteAllText(chart,
            AlertChart.Draw(valueColumn, [.. test.Select(row => row.Time)], [.. test.Select(row => row.Value)], verdicts));
        Console.WriteLine($"Chart: {chart}");
        return 0;
    }

    private sealed class Row
    {
        public DateTime Time { get; set; }

        public float Value { get; set; }
    }
}

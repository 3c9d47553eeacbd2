using Microsoft.ML;
using Microsoft.ML.Lstm;

namespace AnomalyDetection;

/// <summary>Alerts for the made-up machine.</summary>
internal static class MachineWatch
{
    private const int TrainHours = 100 * 24, TestHours = 20 * 24;

    /// <returns>Whether an engine gives the same alerts hour by hour.</returns>
    public static bool Run(string folder)
    {
        var ml = new MLContext(seed: 1);
        MachineHour[] hours = MadeUpMachine.Make(TrainHours + TestHours, new Random(1));
        MachineHour[] train = hours[..TrainHours], test = hours[TrainHours..];
        Fault[] faults = MadeUpMachine.Faults(TestHours);
        foreach (Fault fault in faults)
        {
            for (int i = 0; i < fault.Hours; i++)
                test[fault.First + i].Temperature = fault.Change(test[fault.First + i].Temperature, i);
        }

        LstmAnomalyTransformer detector = ml.Transforms.DetectAnomalyByLstm(new()
        {
            OutputColumnName = nameof(Verdict.Anomaly),
            InputColumnName = nameof(MachineHour.Temperature),
            TimeColumnName = nameof(MachineHour.Time),
            KnownCovariateColumnNames = [nameof(MachineHour.Load)],
        }).Fit(ml.Data.LoadFromEnumerable(train));

        // The detector knows the series to the end of the training data and goes on from there.
        Verdict[] verdicts = [.. ml.Data.CreateEnumerable<Verdict>(detector.Transform(ml.Data.LoadFromEnumerable(test)),
            reuseRowObject: false)];
        Console.WriteLine($"Trained on {TrainHours} hours. Of the {TestHours} that follow:");
        foreach (Fault fault in faults)
        {
            int alert = Array.FindIndex(verdicts, fault.First, fault.Hours, verdict => verdict.IsAlert());
            string found = alert < 0
                ? "not found"
                : $"found in hour {alert - fault.First + 1}, {test[alert].Temperature:0.0} degrees where {verdicts[alert].Expected():0.0} "
                    + "were expected";
            Console.WriteLine($"  {fault.Name,-22} {test[fault.First].Time:yyyy-MM-dd HH:mm}, {fault.Hours,2} h: {found}");
        }
        // After a fault readings are right again, but for some hours their forecasts still come from faulty ones.
        int near = verdicts.Index()
            .Count(hour => hour.Item.IsAlert()
                && faults.Any(fault => hour.Index > fault.Last && hour.Index <= fault.Last + 24)
                && !IsFault(hour.Index));
        int other = verdicts.Index().Count(hour => hour.Item.IsAlert() && !IsFault(hour.Index)) - near;
        Console.WriteLine($"  alerts in the day after a fault: {near}; other alerts: {other}");

        string chart = Path.Combine(folder, "anomalies.svg");
        File.WriteAllText(chart,
            AlertChart.Draw("Temperature of a machine", [.. test.Select(hour => hour.Time)], [.. test.Select(hour => hour.Temperature)],
            verdicts));
        Console.WriteLine($"Chart: {chart}");
        bool areSame = GoOnHourByHour(ml, detector, test).SequenceEqual(verdicts.Select(verdict => verdict.IsAlert()));
        Console.WriteLine($"Hour by hour, as readings come in: {(areSame ? "the same alerts" : "NOT THE SAME ALERTS")}.");
        return areSame;

        bool IsFault(int hour) => faults.Any(fault => hour >= fault.First && hour <= fault.Last);
    }

    private static IEnumerable<bool> GoOnHourByHour(MLContext ml, LstmAnomalyTransformer detector, MachineHour[] hours)
    {
        using ForecastEngine<MachineHour, Verdict> engine = detector.CreateForecastEngine<MachineHour, Verdict>(ml);
        // The forecast of the next hour depends on its load, so the engine gets that row too.
        for (int t = 0; t < hours.Length; t++)
            yield return engine.Predict(hours[t], future: hours.Skip(t + 1).Take(1)).IsAlert();
    }
}

using Microsoft.ML;
using Microsoft.ML.Data;

namespace AnomalyDetection;

/// <summary>
/// Finds unusual cycles of a press: each row is a whole sequence rather than a time step, and an autoencoder has learned good cycles only.
/// </summary>
internal static class CycleWatch
{
    private const int Train = 800, Good = 400, FaultyOfAKind = 10;

    public static void Run()
    {
        var ml = new MLContext(seed: 1);
        var random = new Random(1);
        IDataView train = ml.Data.LoadFromEnumerable<MachineCycle>([.. Enumerable.Range(0, Train).Select(_ => MadeUpCycles.Make(random))]);
        MachineCycle[] faulty = [.. MadeUpCycles.Faults.SelectMany(fault =>
            Enumerable.Range(0, FaultyOfAKind).Select(_ => MadeUpCycles.Make(random, fault)))];
        IDataView test = ml.Data.LoadFromEnumerable<MachineCycle>([.. Enumerable.Range(0, Good).Select(_ => MadeUpCycles.Make(random)),
            .. faulty]);

        ITransformer model = ml.AnomalyDetection.Trainers.LstmAutoencoder(new()
        {
            FeatureColumnName = nameof(MachineCycle.Readings),
            EncodingSize = 4,
            StepErrorColumnName = nameof(CycleVerdict.Errors),
        }).Fit(train);
        IDataView scored = model.Transform(test);

        AnomalyDetectionMetrics metrics = ml.AnomalyDetection.Evaluate(scored, labelColumnName: nameof(MachineCycle.IsFaulty));
        CycleVerdict[] verdicts = [.. ml.Data.CreateEnumerable<CycleVerdict>(scored, reuseRowObject: false)];
        Console.WriteLine($"Cycles of a press, learned from {Train} good ones: area under the ROC curve "
            + $"{metrics.AreaUnderRocCurve:0.000}.");
        Console.WriteLine($"  {verdicts.Count(verdict => verdict.Fault == "" && verdict.PredictedLabel)} of {Good} good ones are taken "
            + "for faulty");
        foreach (IGrouping<string, CycleVerdict> kind in verdicts.Where(verdict => verdict.Fault != "").GroupBy(verdict => verdict.Fault))
        {
            // The moment of the largest error tells what to look for.
            double moment = kind.Select(verdict => (double)Array.IndexOf(verdict.Errors, verdict.Errors.Max()))
                .Order()
                .ElementAt(kind.Count() / 2);
            Console.WriteLine($"  {kind.Key + ":",-16}{kind.Count(verdict => verdict.PredictedLabel)} of {kind.Count()} found, strangest "
                + $"about moment {moment} of {MachineCycle.Moments}");
        }
    }
}

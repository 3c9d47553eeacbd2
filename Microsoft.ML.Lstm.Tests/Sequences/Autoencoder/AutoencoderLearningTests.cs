using Microsoft.ML.Data;

namespace Microsoft.ML.Lstm.Tests.Sequences.Autoencoder;

/// <summary>
/// Unusual waves among usual ones, which neither the mean, nor the variance, nor one feature alone would show.
/// </summary>
[TestClass]
public sealed class AutoencoderLearningTests
{
    private const int UsualPeriod = 16;
    private const int StrangeSteps = UsualPeriod;

    private readonly MLContext _ml = new(seed: 1);

    [TestMethod]
    [DataRow("a wave upside down", 0.99)]
    [DataRow("another frequency", 0.99)]
    [DataRow("features that don't belong together", 0.99)]
    public void StrangeWavesAreFoundAndWhere(string kind, double bar)
    {
        Wave[] training = Make(600, kind, share: 0, seed: 1), test = Make(400, kind, share: 0.25, seed: 2);
        LstmAutoencoderTransformer model = _ml.AnomalyDetection.Trainers.LstmAutoencoder(new LstmAutoencoderTrainer.Options
        {
            FeatureColumnName = nameof(Wave.Features),
            FeaturesPerStep = 2,
            StepErrorColumnName = "Errors",
            FalsePositiveRate = 0.05f,
            NumberOfEpochs = 40,
            Seed = 1,
        }).Fit(_ml.Data.LoadFromEnumerable(training));
        IDataView scored = model.Transform(_ml.Data.LoadFromEnumerable(test));
        AnomalyDetectionMetrics metrics = _ml.AnomalyDetection.Evaluate(scored, nameof(Wave.IsStrange));

        double simple = new[] { Area(wave => Math.Abs(wave.Features.Average())), Area(wave => Distance(wave, training)),
            Area(wave => -Distance(wave, training)) }.Max();
        bool[] found = [.. scored.GetColumn<bool>("PredictedLabel")];
        double falseAlarms = test.Zip(found).Where(pair => pair.First.IsStrange == 0).Average(pair => pair.Second ? 1.0 : 0);
        double hits = test.Zip(found).Where(pair => pair.First.IsStrange == 1).Average(pair => pair.Second ? 1.0 : 0);
        Console.WriteLine($"{kind}: area {metrics.AreaUnderRocCurve:0.000}, by mean or variance {simple:0.000}; {hits:P1} found, "
            + $"{falseAlarms:P1} false alarms.");
        Assert.IsLessThan(0.65, simple, "It is found without a network.");
        Assert.IsGreaterThan(bar, metrics.AreaUnderRocCurve);
        Assert.IsGreaterThan(0.9, hits);
        Assert.IsLessThan(0.12, falseAlarms);
        if (kind != "a wave upside down")
            return;

        float[][] errors = EstimatorHarness.Values(scored, "Errors");
        double located = test.Zip(errors).Where(pair => pair.First.IsStrange == 1)
            .Average(pair => Array.IndexOf(pair.Second, pair.Second.Max()) - pair.First.StrangeFrom is >= 0 and < StrangeSteps ? 1.0 : 0);
        Console.WriteLine($"{located:P1} of them where they are strange.");
        Assert.IsGreaterThan(0.95, located);

        double Area(Func<Wave, double> score)
        {
            double[] strange = [.. test.Where(wave => wave.IsStrange == 1).Select(score)],
                usual = [.. test.Where(wave => wave.IsStrange == 0).Select(score)];
            return strange.Average(s => usual.Average(u => s > u ? 1 : s == u ? 0.5 : 0));
        }
    }

    /// <summary>How far the power of a wave is from the usual one.</summary>
    private static double Distance(Wave wave, Wave[] training) => Math.Abs(Power(wave) - training.Average(Power));

    private static double Power(Wave wave) => wave.Features.Average(x => x * x);

    /// <summary>
    /// Noisy waves of any phase and of amplitudes around 1, whose second feature is a quarter of a period ahead; some of them unusual.
    /// </summary>
    private static Wave[] Make(int count, string kind, double share, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ =>
        {
            bool isStrange = random.NextDouble() < share;
            int steps = random.Next(32, 41), from = random.Next(4, steps - StrangeSteps - 4);
            double phase = 2 * Math.PI * random.NextDouble(), amplitude = 0.8 + 0.4 * random.NextDouble();
            double frequency = 2 * Math.PI / (isStrange && kind == "another frequency" ? 0.75 * UsualPeriod : UsualPeriod);
            double ahead = Math.PI / (isStrange && kind == "features that don't belong together" ? -2 : 2);
            bool turns = isStrange && kind == "a wave upside down";
            float[] features = [.. Enumerable.Range(0, steps).SelectMany(t =>
            {
                double sign = turns && t >= from && t < from + StrangeSteps ? -1 : 1;
                return new[] { Value(phase + frequency * t), Value(phase + frequency * t + ahead) };

                float Value(double angle) => (float)(sign * amplitude * Math.Sin(angle) + 0.2 * (2 * random.NextDouble() - 1));
            })];
            return new Wave { Features = features, IsStrange = isStrange ? 1 : 0, StrangeFrom = from };
        })];
    }

    private sealed class Wave
    {
        public float[] Features { get; set; } = [];

        public float IsStrange { get; set; }

        public int StrangeFrom { get; set; }
    }
}

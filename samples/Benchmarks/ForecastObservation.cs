using System.Diagnostics;
using Microsoft.ML;
using Microsoft.ML.Lstm;

namespace Benchmarks;

/// <summary>What one observation costs a forecasting engine, from the object to the forecast.</summary>
internal static class ForecastObservation
{
    public const int HiddenSize = 64;
    public const int Horizon = 24;

    private const int TrainingRows = 400;
    private const int Observations = 2000;
    private const int Rounds = 15;

    /// <summary>Microseconds an observation: the median of several rounds.</summary>
    public static double Measure()
    {
        var ml = new MLContext(seed: 1);
        Observation[] rows = [.. Enumerable.Range(0, TrainingRows + Observations)
            .Select(t => new Observation { Value = MathF.Sin(MathF.Tau * t / Horizon) })];
        LstmForecastingTransformer model = ml.Forecasting.ForecastByLstm(new LstmForecastingEstimator.Options
        {
            TargetColumnNames = [nameof(Observation.Value)],
            LowerBoundColumnName = nameof(Forecasts.Lower),
            UpperBoundColumnName = nameof(Forecasts.Upper),
            HiddenSize = HiddenSize,
            Horizon = Horizon,
            NumberOfEpochs = 1,
            Seed = 1,
        }).Fit(ml.Data.LoadFromEnumerable(rows[..TrainingRows]));
        using ForecastEngine<Observation, Forecasts> engine = model.CreateForecastEngine<Observation, Forecasts>(ml);
        var times = new List<double>();
        for (int round = 0; round < Rounds; round++)
        {
            long start = Stopwatch.GetTimestamp();
            foreach (Observation row in rows.AsSpan(TrainingRows))
                engine.Predict(row);
            times.Add(Stopwatch.GetElapsedTime(start).TotalMicroseconds / Observations);
        }
        return Statistics.Median(times);
    }

    private sealed class Observation
    {
        public float Value { get; set; }
    }

    private sealed class Forecasts
    {
        public float[] Forecast { get; set; } = [];

        public float[] Lower { get; set; } = [];

        public float[] Upper { get; set; } = [];
    }
}

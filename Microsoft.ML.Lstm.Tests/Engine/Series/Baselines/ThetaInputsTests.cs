using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Series;
using Microsoft.ML.Lstm.Engine.Series.Baselines;

namespace Microsoft.ML.Lstm.Tests.Engine.Series.Baselines;

/// <summary>Forecasts of the theta method as features of a step.</summary>
[TestClass]
public sealed class ThetaInputsTests
{
    private static readonly ForecastLayout Layout = new()
    {
        Targets = 2,
        Horizon = 3,
        Lags = 4,
        WindowSize = 8,
        Scaling = SeriesScaling.LastValue,
        WindowDecides = true,
        HasMissing = true,
        ThetaSeason = 4,
    };

    [TestMethod]
    public void AStepReadsWhatTheThetaMethodForecasts()
    {
        SeriesEncoder encoder = NewEncoder();
        BaselineHistory[] histories = [new(4), new(4)];
        var forecasts = new BaselineForecasts(4, Layout.Horizon);
        for (int t = 0; t < 30; t++)
        {
            float[] row = RowAt(t), features = Step(encoder, row);
            Assert.AreEqual(Layout.FeatureSize - 2 - 6, Layout.ThetaAt);
            for (int d = 0; d < 2; d++)
            {
                histories[d].Add(row[d]);
                histories[d].Forecast(BaselineHistory.NewTheta(4), forecasts);
                for (int h = 0; h < 3; h++)
                    Assert.AreEqual(double.IsNaN(forecasts.Last) ? 0
                        : (forecasts.OrLast(Baseline.Theta, h + 1) - encoder.Levels[d]) / encoder.Scales[d],
                        features[Layout.ThetaAt + 2 * h + d], 1e-5);
            }
        }
    }

    [TestMethod]
    public void AStateGoesOnAnywhere()
    {
        SeriesEncoder encoder = NewEncoder(), other = NewEncoder();
        for (int t = 0; t < 30; t++)
        {
            float[] state = new float[encoder.StateLength];
            encoder.CopyStateTo(state);
            for (int i = 0; i < t % 3; i++)
                Step(other, RowAt(40 - i));
            other.CopyStateFrom(state);
            CollectionAssert.AreEqual(Step(encoder, RowAt(t)), Step(other, RowAt(t)), $"step {t}");
        }
        encoder.Reset();
        CollectionAssert.AreEqual(Step(NewEncoder(), RowAt(0)), Step(encoder, RowAt(0)));
    }

    private static SeriesEncoder NewEncoder()
        => new(Layout, new RowScaling(AffineScaler.Identity(0), AffineScaler.Identity(0), new float[4], [1, 1, 1, 1], [1, 1, 1, 1],
            new float[4]), series: 1);

    private static float[] Step(SeriesEncoder encoder, float[] row)
    {
        float[] features = new float[Layout.FeatureSize];
        encoder.Encode(row, [], [], features);
        return features;
    }

    private static float[] RowAt(int step)
        => [step is 0 or 7 ? float.NaN : 3 * (step % 4) + 0.1f * step, step is 13 ? float.NaN : 20 - step + (step * step % 5)];
}

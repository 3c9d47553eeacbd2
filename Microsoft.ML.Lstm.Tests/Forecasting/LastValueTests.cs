using Microsoft.ML.Lstm.Tests.Anomalies;
using Microsoft.ML.Lstm.Tests.Series;

namespace Microsoft.ML.Lstm.Tests.Forecasting;

/// <summary>With the last value as the level and a single lag, the network reads changes.</summary>
[TestClass]
public sealed class LastValueTests
{
    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    public void ForecastsAreAsGoodAsWithOtherScalings(int lags)
    {
        Assert.IsLessThan(1.5 * Error(SeriesScaling.Window, 1), Error(SeriesScaling.LastValue, lags));
    }

    [TestMethod]
    public void ADetectorReadsChangesToo()
    {
        var ml = new MLContext(1);
        Reading[] rows = Reading.Wave(1200);
        LstmAnomalyTransformer model = DetectorRun.Fit(ml, rows[..1000],
            options => (options.Scaling, options.NumberOfEpochs, options.HiddenSize) = (SeriesScaling.LastValue, 40, 16));
        rows[1100].Value += 0.6f;
        double[][] results = DetectorRun.Transform(ml, model, rows[1000..]);
        CollectionAssert.Contains(DetectorRun.Alerts(results), 100);
        double error = Enumerable.Range(0, 90).Average(t => Math.Abs(results[t][DetectorRun.Expected] - rows[1000 + t].Value));
        // The error by the noise alone is 0.025; without any knowledge of the wave it is 0.16.
        Assert.IsLessThan(0.06, error);
    }

    private static double Error(SeriesScaling scaling, int lags)
    {
        var ml = new MLContext(1);
        Reading[] rows = Reading.Wave(800, noise: 0);
        LstmForecastingTransformer model = ForecastRun.Fit(ml, rows[..600],
            options => (options.Scaling, options.NumberOfLags, options.NumberOfEpochs, options.HiddenSize) = (scaling, lags, 40, 24));
        return ForecastRun.Compare(ForecastRun.Transform(ml, model, rows[600..]), rows[600..])
            .Average(one => Math.Abs(one.Forecast.Forecast[one.Step] - one.Value));
    }
}

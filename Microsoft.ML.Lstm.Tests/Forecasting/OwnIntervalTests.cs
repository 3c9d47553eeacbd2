using Microsoft.ML.Lstm.Tests.Series;

namespace Microsoft.ML.Lstm.Tests.Forecasting;

/// <summary>A forecast lies in its own interval, whatever the network, the errors in the validation rows and the numbers are.</summary>
[TestClass]
public sealed class OwnIntervalTests
{
    public static IEnumerable<object[]> Cases =>
        from scaling in Enum.GetValues<SeriesScaling>()
        from loss in Enum.GetValues<ForecastLoss>()
        select new object[] { scaling, loss };

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void AForecastLiesInItsInterval(SeriesScaling scaling, ForecastLoss loss)
    {
        var ml = new MLContext(1);
        // A series that drifts in the validation rows, so that all errors are on one side; a constant one; one of huge numbers.
        Reading[] leaving = Reading.Wave(150), still = [.. Enumerable.Range(0, 150).Select(_ => new Reading { Value = 3 })],
            huge = Reading.Wave(150, scale: 1e37f);
        for (int t = 110; t < leaving.Length; t++)
            leaving[t].Value += t - 110;
        foreach (Reading[] rows in new[] { leaving, still, huge })
        {
            LstmForecastingTransformer model = ForecastRun.Fit(ml, rows,
                options =>
                (options.Scaling, options.LossFunction, options.NumberOfEpochs, options.ConfidenceLevel) = (scaling, loss, 1, 0.2));
            foreach (Reading[] scored in new[] { leaving, still, huge })
            {
                foreach (ReadingForecast forecast in ForecastRun.Transform(ml, model.WithoutHistory(), scored))
                {
                    for (int h = 0; h < ForecastRun.Horizon; h++)
                        Assert.IsInRange(forecast.Lower[h], forecast.Upper[h], forecast.Forecast[h]);
                }
            }
        }
    }
}

using Microsoft.ML.Lstm.Engine.Series.Baselines;

namespace Microsoft.ML.Lstm.Tests.Engine.Series.Baselines;

[TestClass]
public sealed class LagForecastTests
{
    private const int Lags = 40;
    private const int Season = 12;

    private static IEnumerable<LagForecast> All => LagForecast.For(Lags, [Season, 7, 1]);

    [TestMethod]
    public void WeightsSumToOneAtEveryStepAhead()
    {
        foreach (LagForecast forecast in All)
        {
            for (int ahead = 1; ahead <= 30; ahead++)
                Assert.AreEqual(1, WeightsOf(forecast, ahead).Sum(), 1e-12, $"{forecast}, {ahead} ahead");
        }
    }

    [TestMethod]
    public void AForecastWithTheWholeTrendContinuesALine()
    {
        foreach (LagForecast forecast in All.Where(one => one.Slope == 1))
        {
            foreach (int ahead in new[] { 1, 5, 12, 25 })
                Assert.AreEqual(3 + 0.5 * ahead, Apply(forecast, ahead, age => 3 - 0.5 * age), 1e-9, $"{forecast}, {ahead} ahead");
        }
    }

    [TestMethod]
    public void ASeasonalForecastContinuesASeasonAndALevel()
    {
        foreach (LagForecast forecast in All.Where(one => one.Season == Season))
        {
            foreach (int ahead in new[] { 1, 5, 12, 25 })
                Assert.AreEqual(7 + Wave(-ahead), Apply(forecast, ahead, age => 7 + Wave(age)), 1e-9, $"{forecast}, {ahead} ahead");
        }

        static double Wave(int age) => Math.Sin(2 * Math.PI * age / Season) + (Math.Abs(age + 5 * Season) % Season == 3 ? 2 : 0);
    }

    [TestMethod]
    public void SmoothingWeighsValuesByTheirAge()
    {
        double[] weights = WeightsOf(new LagForecast(1, 1, 0.25, 0), 3);
        Assert.AreEqual(0.25 / (1 - Math.Pow(0.75, Lags)), weights[0], 1e-12);
        Assert.AreEqual(0.75, weights[1] / weights[0], 1e-12);
        CollectionAssert.AreEqual(new double[] { 1, 0, 0 }, WeightsOf(LagForecast.Naive(1), 9)[..3]);
    }

    [TestMethod]
    public void OneLagIsTheLastValueAlone()
        => CollectionAssert.AreEqual(new[] { LagForecast.Naive(1) }, LagForecast.For(1, [1, 12]).ToArray());

    [TestMethod]
    public void AForecastSaysWhatItIs()
    {
        Assert.AreEqual("the last value", LagForecast.Naive(1).Describe());
        Assert.AreEqual("the value 12 rows ago with half of the trend", new LagForecast(12, 1, 1, 0.5).Describe());
        Assert.AreEqual("the mean of 3 seasons of 7 rows and exponential smoothing with the trend",
            new LagForecast(7, 3, 0.1, 1).Describe());
    }

    private static double[] WeightsOf(LagForecast forecast, int ahead)
    {
        double[] weights = new double[Lags];
        forecast.CopyWeightsTo(ahead, weights);
        return weights;
    }

    private static double Apply(LagForecast forecast, int ahead, Func<int, double> valueOf)
        => WeightsOf(forecast, ahead).Select((weight, age) => weight * valueOf(age)).Sum();
}

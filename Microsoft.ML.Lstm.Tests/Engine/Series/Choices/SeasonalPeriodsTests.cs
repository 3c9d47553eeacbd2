using Microsoft.ML.Lstm.Engine.Series.Choices;

namespace Microsoft.ML.Lstm.Tests.Engine.Series.Choices;

[TestClass]
public sealed class SeasonalPeriodsTests
{
    private static readonly int[] Hours = [24, 168];

    [TestMethod]
    [DataRow(7, 0f, 0.5f)]
    [DataRow(12, 0.2f, 0.3f)]
    [DataRow(24, -0.5f, 0.5f)]
    [DataRow(48, 0f, 0.1f)]
    public void APeriodIsFoundWithTrendAndNoise(int period, float trend, float noise)
        => Assert.AreEqual(period, SeasonalPeriods.Find([Wave(20 * period, period, trend, noise)], [])[0].Period);

    [TestMethod]
    public void OfManyShortSeriesTheAutocorrelationIsAveraged()
    {
        float[][] series = [.. Enumerable.Range(0, 50).Select(seed => Wave(60, 12, 0.1f, 1.5f, seed))];
        Assert.AreEqual(12, SeasonalPeriods.Find(series, [12])[0].Period);
    }

    [TestMethod]
    public void MissingValuesDoNotHideAPeriod()
    {
        float[] values = Wave(240, 12, 0, 0.2f);
        for (int t = 0; t < values.Length; t += 10)
            values[t] = float.NaN;
        Assert.AreEqual(12, SeasonalPeriods.Find([values], [])[0].Period);
    }

    [TestMethod]
    public void NoiseAndLinesHaveNoStrongPeriod()
    {
        var random = new Random(1);
        float[] noise = [.. Enumerable.Range(0, 500).Select(_ => random.NextSingle())];
        Assert.IsFalse(SeasonalPeriods.Find([noise], Hours).Any(one => one.Strength > 0.25));
        Assert.IsEmpty(SeasonalPeriods.Find([[.. Enumerable.Range(0, 100).Select(t => (float)t)]], Hours));
        Assert.IsEmpty(SeasonalPeriods.Find([new float[100]], Hours));
        Assert.IsEmpty(SeasonalPeriods.Find([[1, 2, 1]], Hours));
        Assert.IsEmpty(SeasonalPeriods.Find([], Hours));
    }

    private static float[] Wave(int rows, int period, float trend, float noise, int seed = 1)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, rows).Select(t => MathF.Sin(t * MathF.Tau / period) + 0.5f * MathF.Cos(2 * t * MathF.Tau / period)
            + trend * t / period + noise * (random.NextSingle() - 0.5f))];
    }
}

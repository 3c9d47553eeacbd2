using Microsoft.ML.Lstm.Engine.Series.Baselines;

namespace Microsoft.ML.Lstm.Tests.Engine.Series.Baselines;

/// <summary>
/// Forecasts without training. The golden figures are of R 4.2.2 with the package forecast 8.20: <c>thetaf(x, h)$mean</c> and
/// <c>ses(x, initial = "optimal")$mean</c>; with values below 0, where <c>thetaf</c> does not apply, <c>ses</c> of
/// <c>x - decompose(x, "additive")$seasonal</c> and half of <c>lsfit</c>'s slope, as <c>thetaf</c> adds it.
/// </summary>
[TestClass]
public sealed class BaselineTests
{
    [TestMethod]
    public void ThetaIsThatOfR()
    {
        AssertClose(
            [440.0781911, 428.3842806, 489.7070987, 475.7046277, 479.6703887, 545.3662722, 602.7520018, 601.1007631, 523.9514922,
                456.6271449, 397.9537347, 447.6449087, 454.5297689, 442.4134545],
            Of(Baseline.Theta, ClassicSeries.Passengers, 12, 14), 2e-5);
        // The series ends within a year.
        AssertClose([354.2254927, 399.0785148, 405.1351259, 396.1874218, 455.8898750],
            Of(Baseline.Theta, ClassicSeries.Passengers[..130], 12, 5), 2e-5);
        AssertClose([799.8119962, 798.4548435, 797.0976908], Of(Baseline.Theta, ClassicSeries.Nile, 1, 3), 2e-4);
        // An odd season.
        float[] pattern = [3, -1, 0, 2, -4];
        float[] odd = [.. Enumerable.Range(0, 40).Select(t => (float)Math.Round(10 + 0.3 * t + pattern[t % 5] + t * 7919 % 13 / 13.0, 2))];
        AssertClose([27.61702867, 21.98903394, 23.55173073, 26.59040463, 17.75207665, 28.54029972], Of(Baseline.Theta, odd, 5, 6), 2e-4);
        AssertClose([20.58186731], Of(Baseline.ExponentialSmoothing, odd, 5, 1), 2e-4);
        AssertClose([805.3363293, 805.3363293], Of(Baseline.ExponentialSmoothing, ClassicSeries.Nile, 1, 2), 2e-4);
    }

    [TestMethod]
    public void ThetaIsAdditiveWhereAValueIsNegative()
        => AssertClose(
            [137.1979311, 127.0868258, 162.3620841, 157.8949181, 162.7535098, 203.9908893, 233.7472082, 234.0679211, 189.0931794,
                153.2585892, 121.6361203, 147.9378937, 153.1373945, 143.0262891],
            Of(Baseline.Theta, [.. ClassicSeries.Passengers.Select(value => value - 300)], 12, 14), 1e-4);

    [TestMethod]
    public void ThetaIsAdditiveWhereASeasonHasZeros()
    {
        // Nothing at night: a factor of 0 could not be taken out.
        float[] day = [0, 0, 3, 9, 4, 0];
        float[] values = [.. Enumerable.Range(0, 60).Select(t => day[t % 6])];
        AssertClose([0, 0, 3, 9, 4, 0, 0], Of(Baseline.Theta, values, 6, 7), 1e-6);
    }

    [TestMethod]
    [DataRow(0f)]
    [DataRow(-7.25f)]
    [DataRow(3e37f)]
    public void AConstantIsForecastAsItself(float value)
    {
        foreach (int seasonality in new[] { 1, 4 })
        {
            foreach (Baseline baseline in BaselineNames.Of(seasonality))
                AssertClose([value, value, value, value, value],
                    Of(baseline, [.. Enumerable.Repeat(value, 30)], seasonality, 5), 1e-6);
        }
    }

    [TestMethod]
    public void AShortHistorySufficesForSome()
    {
        foreach (Baseline baseline in BaselineNames.Of(4))
        {
            Assert.IsTrue(Of(baseline, [], 4, 5).All(double.IsNaN), $"{baseline}");
            Assert.IsTrue(Of(baseline, [float.NaN, float.PositiveInfinity], 4, 5).All(double.IsNaN), $"{baseline}");
        }
        CollectionAssert.AreEqual(new double[] { 5, 5, 5 }, Of(Baseline.Naive, [5], 4, 3));
        CollectionAssert.AreEqual(new double[] { 5, 5, 5 }, Of(Baseline.ExponentialSmoothing, [5], 4, 3));
        CollectionAssert.AreEqual(new double[] { 5, 5, 5 }, Of(Baseline.Theta, [5], 4, 3));
        CollectionAssert.AreEqual(new[] { double.NaN, double.NaN }, Of(Baseline.Drift, [5], 4, 2));
        CollectionAssert.AreEqual(new[] { double.NaN, 1, 2, 3, double.NaN }, Of(Baseline.SeasonalNaive, [1, 2, 3], 4, 5));
        // Two seasons are not enough to take one out.
        AssertClose(Of(Baseline.Theta, ClassicSeries.Passengers[..24], 1, 3), Of(Baseline.Theta, ClassicSeries.Passengers[..24], 12, 3), 0);
    }

    [TestMethod]
    public void AMissingValueIsReplaced()
    {
        float[] values = [.. ClassicSeries.Passengers];
        (values[50], values[51], values[3]) = (float.NaN, float.NegativeInfinity, float.NaN);
        float[] replaced = [.. values];
        (replaced[50], replaced[51], replaced[3]) = (replaced[38], replaced[39], replaced[2]);
        foreach (Baseline baseline in BaselineNames.Of(12))
            AssertClose(Of(baseline, replaced, 12, 15), Of(baseline, values, 12, 15), 0);
        // Missing values before the first one do not count, those at the end do.
        AssertClose(Of(Baseline.Drift, [1, 3, 5], 1, 1), Of(Baseline.Drift, [float.NaN, 1, 3, 5], 1, 1), 0);
        AssertClose([11], Of(Baseline.Drift, [1, 3, 5, float.NaN, float.NaN], 1, 1), 0);
        AssertClose([5], Of(Baseline.Naive, [1, 3, 5, float.NaN], 2, 1), 0);
        AssertClose([3], Of(Baseline.SeasonalNaive, [1, 3, 5, float.NaN, float.NaN], 2, 1), 0);
    }

    [TestMethod]
    [DataRow(12, 5)]
    [DataRow(12, 700)]
    [DataRow(12, 1_000_000_007L)]
    [DataRow(1, 1_000_000_007L)]
    [DataRow(200, 3000)]
    public void StepsLeftOutAreMissingValues(int seasonality, long steps)
    {
        var history = HistoryOf(ClassicSeries.Passengers, seasonality);
        history.LeaveOut(steps);
        // As many as there can be seasons that change nothing.
        var stepwise = HistoryOf(ClassicSeries.Passengers, seasonality);
        long all = steps < 10_000 ? steps : 10_000 / seasonality * seasonality + steps % seasonality;
        for (long i = 0; i < all; i++)
            stepwise.Add(float.NaN);
        foreach (float value in ClassicSeries.Passengers)
        {
            history.Add(value);
            stepwise.Add(value);
        }
        foreach (Baseline baseline in BaselineNames.Of(seasonality))
        {
            if (baseline != Baseline.Drift || steps == all)
                AssertClose(Forecast(stepwise, seasonality, 20, baseline), Forecast(history, seasonality, 20, baseline), 0);
        }
        double drift = (432 - 112) / (144.0 + steps + 143);
        AssertClose([432 + drift], Forecast(history, seasonality, 1, Baseline.Drift), 1e-9);
    }

    [TestMethod]
    [DataRow(0)]
    [DataRow(1)]
    [DataRow(40)]
    [DataRow(1300)]
    public void ARestoredStateForecastsTheSameBits(int rows)
    {
        var random = new Random(rows);
        var history = new BaselineHistory(7);
        for (int i = 0; i < rows; i++)
            history.Add(random.Next(10) == 0 ? float.NaN : random.NextSingle() - i);
        history.LeaveOut(rows);
        var restored = HistoryOf([1, 2, 3], 7);
        float[] state = new float[BaselineHistory.StateLengthOf(7)], again = new float[state.Length];
        again.AsSpan().Fill(1);
        history.CopyStateTo(state);
        restored.CopyStateFrom(state);
        restored.CopyStateTo(again);
        CollectionAssert.AreEqual(state, again);
        for (int i = 0; i < 600; i++)
        {
            if (i % 100 == 0)
            {
                foreach (Baseline baseline in BaselineNames.Of(7))
                    CollectionAssert.AreEqual(Forecast(history, 7, 9, baseline), Forecast(restored, 7, 9, baseline), $"{baseline}");
            }
            float value = random.NextSingle();
            history.Add(value);
            restored.Add(value);
        }
    }

    private static double[] Of(Baseline baseline, float[] values, int seasonality, int horizon)
        => Forecast(HistoryOf(values, seasonality), seasonality, horizon, baseline);

    private static BaselineHistory HistoryOf(float[] values, int seasonality)
    {
        var history = new BaselineHistory(seasonality);
        foreach (float value in values)
            history.Add(value);
        return history;
    }

    private static double[] Forecast(BaselineHistory history, int seasonality, int horizon, Baseline baseline)
    {
        var forecasts = new BaselineForecasts(seasonality, horizon);
        history.Forecast(BaselineHistory.NewTheta(seasonality), forecasts);
        return [.. Enumerable.Range(1, horizon).Select(ahead => forecasts[baseline, ahead])];
    }

    private static void AssertClose(double[] expected, double[] actual, double tolerance)
    {
        Assert.HasCount(expected.Length, actual);
        for (int i = 0; i < expected.Length; i++)
            Assert.AreEqual(expected[i], actual[i], tolerance * Math.Max(1, Math.Abs(expected[i])), $"step {i + 1}");
    }
}

using Microsoft.ML.Lstm.Engine.Series;
using Microsoft.ML.Lstm.Engine.Series.Baselines;
using Microsoft.ML.Lstm.Engine.Series.Choices;

namespace Microsoft.ML.Lstm.Tests.Engine.Series.Choices;

[TestClass]
public sealed class LayoutChoiceTests
{
    [TestMethod]
    public void ASeasonIsReadDirectly()
    {
        var random = new Random(1);
        float[] season = [.. Enumerable.Range(0, 12).Select(_ => 10 * random.NextSingle())];
        LayoutCandidate choice = LayoutChoice.Choose(Data(300, t => season[t % 12] + random.NextSingle()), default, [12], squares: true);
        Assert.IsGreaterThanOrEqualTo(12, choice.Layout.Lags);
        Assert.IsLessThan(1.5, choice.Error);
    }

    [TestMethod]
    public void ARandomWalkIsForecastAsItsLastValue()
    {
        var random = new Random(2);
        double level = 0;
        ForecastData data = Data(400, _ => (float)(level += random.NextDouble() - 0.5));
        LayoutCandidate choice = LayoutChoice.Choose(data, default, [], squares: true);
        LinearWay way = choice.Start.Ways[0].Way;
        Assert.AreEqual((1, 1.0), (way.Simple.Season, way.Simple.Smoothing));
        Assert.IsGreaterThanOrEqualTo(1, way.Penalty);
        Assert.AreEqual(1, choice.Start.Ways.Sum(one => one.Weight), 1e-9);
    }

    [TestMethod]
    public void WhatIsGivenIsKept()
    {
        var given = new GivenLayout(SeriesScaling.None, 20, 5);
        LayoutCandidate choice = LayoutChoice.Choose(Data(200, t => t % 7), given, [7], squares: false);
        Assert.AreEqual((SeriesScaling.None, 20, 5), (choice.Layout.Scaling, choice.Layout.WindowSize, choice.Layout.Lags));
    }

    [TestMethod]
    public void AFewRowsAreEnough()
    {
        foreach (int rows in new[] { 2, 3, 5, 10 })
        {
            LayoutCandidate choice = LayoutChoice.Choose(Data(rows, t => t), default, [12], squares: true);
            Assert.IsGreaterThanOrEqualTo(1, choice.Layout.Lags, $"{rows} rows");
        }
    }

    [TestMethod]
    public void ALayoutIsMeasuredWithAsManyLagsAsThereIsRoomFor()
    {
        ForecastData data = Data(200, t => t % 7);
        ForecastLayout layout = data.Layout with { Lags = 150, WindowSize = 300, Scaling = SeriesScaling.Series };
        LayoutCandidate measured = LayoutChoice.Measure(data, layout, [7], squares: true);
        Assert.AreEqual((80, 300), (measured.Layout.Lags, measured.Layout.WindowSize));
        Assert.IsLessThan(0.1, measured.Error);
    }

    [TestMethod]
    public void HeavyTailsShowInTheKurtosisOfChanges()
    {
        var random = new Random(3);
        float[] even = [.. Enumerable.Range(0, 300).Select(_ => random.NextSingle())];
        float[] jumps = [.. Enumerable.Range(0, 300).Select(t => t % 60 == 59 ? 50 * random.NextSingle() : random.NextSingle())];
        Assert.IsLessThan(4, SeriesFacts.KurtosisOf(even));
        Assert.IsGreaterThan(12, SeriesFacts.KurtosisOf(jumps));
        Assert.AreEqual(3, SeriesFacts.KurtosisOf([1, 5, 2]));
    }

    [TestMethod]
    public void RidgeRegressionFindsALinearForecastAndAPenaltyTheNaiveOne()
    {
        var random = new Random(4);
        double last = 0, before = 0;
        ForecastData data = Data(2000, _ =>
        {
            (last, before) = (1.2 * last - 0.6 * before + random.NextDouble() - 0.5, last);
            return (float)last;
        });
        RowScaling scaling = SeriesStatistics.Of(data);
        ForecastLayout layout = data.Layout with { Lags = 2, WindowSize = 24, Scaling = SeriesScaling.Series };
        var fit = new LinearForecastFit(layout, [EncodedSeries.Encode(layout, scaling, data.Rows[0])], _ => 1600);
        LinearForecast fitted = fit.Solve(new LinearWay(LagForecast.Naive(1), 0, Decays: false));
        LinearForecast naive = fit.Solve(new LinearWay(LagForecast.Naive(1), 1e9, Decays: false));
        Assert.AreEqual(1.2, fitted.WeightsOf(0)[0], 0.05);
        Assert.AreEqual(-0.6, fitted.WeightsOf(1)[0], 0.05);
        Assert.AreEqual(1, naive.WeightsOf(0)[0], 1e-3);
        Assert.AreEqual(0, naive.WeightsOf(1)[0], 1e-3);
    }

    [TestMethod]
    public void AMeanOfLinearForecastsHasTheMeanOfTheirWeights()
    {
        var random = new Random(5);
        ForecastData data = Data(300, t => MathF.Sin(t) + random.NextSingle());
        ForecastLayout layout = data.Layout with { Lags = 3, WindowSize = 24 };
        var fit = new LinearForecastFit(layout, [EncodedSeries.Encode(layout, SeriesStatistics.Of(data), data.Rows[0])], _ => 240);
        LinearWay one = new(LagForecast.Naive(1), 0.01, Decays: false), other = new(LagForecast.Naive(1), 1, Decays: true);
        LinearForecast mean = fit.Solve(new LinearStart([(one, 0.75), (other, 0.25)]));
        for (int feature = 0; feature <= layout.FeatureSize; feature++)
        {
            for (int v = 0; v < 3; v++)
            {
                double expected = 0.75 * fit.Solve(one).WeightsOf(feature)[v] + 0.25 * fit.Solve(other).WeightsOf(feature)[v];
                Assert.AreEqual(expected, mean.WeightsOf(feature)[v], 1e-12);
            }
        }
    }

    [TestMethod]
    public void APenaltyThatGrowsWithTheDistanceShrinksDistantLagsMore()
    {
        var random = new Random(6);
        ForecastData data = Data(400, _ => random.NextSingle());
        ForecastLayout layout = data.Layout with { Lags = 40, WindowSize = 40, Scaling = SeriesScaling.Series };
        var fit = new LinearForecastFit(layout, [EncodedSeries.Encode(layout, SeriesStatistics.Of(data), data.Rows[0])], _ => 320);
        Assert.IsLessThan(0.5 * FarWeights(decays: false), FarWeights(decays: true));

        double FarWeights(bool decays)
        {
            LinearForecast forecast = fit.Solve(new LinearWay(LagForecast.Naive(1), 0.1, decays));
            return Enumerable.Range(20, 20).Sum(lag => Math.Abs(forecast.WeightsOf(lag)[0]));
        }
    }

    [TestMethod]
    public void ExponentialSmoothingIsFoundWhereALevelIsHiddenByNoise()
    {
        var random = new Random(7);
        double level = 0;
        LayoutCandidate choice = LayoutChoice.Choose(
            Data(400, _ => (float)((level += 0.1 * (random.NextDouble() - 0.5)) + random.NextDouble())), default, [], squares: true);
        Assert.IsLessThan(1.0, choice.Start.Ways[0].Way.Simple.Smoothing);
    }

    [TestMethod]
    public void TheSearchIsCancelled()
    {
        var stop = new CancellationToken(canceled: true);
        ForecastData data = Data(200, t => t % 7);
        Assert.ThrowsExactly<OperationCanceledException>(() => LayoutChoice.Choose(data, default, [7], squares: true, stop));
        Assert.ThrowsExactly<OperationCanceledException>(
            () => LayoutChoice.Measure(data, data.Layout with { WindowSize = 24 }, [7], squares: true, stop));
        Assert.ThrowsExactly<OperationCanceledException>(() => SeasonalPeriods.Find([data.Rows[0].ValuesOf(0, 200)], [7], stop));
        Assert.ThrowsExactly<OperationCanceledException>(() => new HeldOutForecasts(data, stop));
    }

    private static ForecastData Data(int rows, Func<int, float> valueAt)
    {
        var series = new SeriesRows(1) { Series = 1, Statics = [] };
        for (int t = 0; t < rows; t++)
            series.Add([valueAt(t)]);
        var layout = new ForecastLayout { Targets = 1, Horizon = 3, Lags = 1, WindowSize = 1, WindowDecides = true };
        return new ForecastData(layout, [series], [rows - rows / 5], ConfidenceLevel: 0.9, EmbedSeries: false, Refit: false)
        {
            ShowsIntervals = false,
        };
    }
}

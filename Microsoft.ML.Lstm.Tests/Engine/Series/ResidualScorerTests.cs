using Microsoft.ML.Lstm.Engine.Series;

namespace Microsoft.ML.Lstm.Tests.Engine.Series;

/// <summary>Scores of residuals computed by hand, and the distribution of scores.</summary>
[TestClass]
public sealed class ResidualScorerTests
{
    [TestMethod]
    public void UnitIsMedianAndMedianAbsoluteDeviation()
    {
        var scale = ResidualScale.Of([1, 2, 3, 4, 1000], smoothing: 1);
        Assert.AreEqual(3, scale.Median);
        Assert.AreEqual(1.4826, scale.Unit, 1e-12);
        Assert.AreEqual(1, ResidualScale.Of([5, 5, 5], smoothing: 1).Unit);
        Assert.AreEqual(2.5, ResidualScale.Of([1, 2, 3, 4], smoothing: 1).Median);
    }

    [TestMethod]
    public void AScoreIsTheSumOverTheRootOfTheNumber()
    {
        var scorer = new ResidualScorer(new ResidualScale(Median: 0.5, Unit: 2, Smoothing: 3));
        var forecast = new ForecastOutput(Point: 10, Lower: 10, Upper: 10, Spread: 4);
        Assert.AreEqual(((18 - 10) / 4.0 - 0.5) / 2, scorer.Standardize(forecast, 18));
        Assert.AreEqual(1.5, scorer.Add(1.5), 1e-6);
        Assert.AreEqual(3.0 / Math.Sqrt(2), scorer.Add(1.5), 1e-6);
        Assert.AreEqual(4.5 / Math.Sqrt(3), scorer.Add(1.5), 1e-6);
        double score = scorer.Add(-1);
        Assert.AreEqual(2 / Math.Sqrt(3), score, 1e-6);
        // The value with this score is the one that gave it.
        Assert.AreEqual(-1, scorer.Standardize(forecast, (float)scorer.ValueOf(score, forecast)), 1e-6);

        float[] state = new float[scorer.StateLength];
        scorer.CopyStateTo(state);
        var other = new ResidualScorer(new ResidualScale(0.5, 2, 3));
        other.CopyStateFrom(state);
        Assert.AreEqual(scorer.Add(0.25), other.Add(0.25));
        scorer.Reset();
        Assert.AreEqual(7, scorer.Add(7), 1e-6);
    }

    [TestMethod]
    public void DistancesOnOneSideAddUpAndOthersDoNot()
    {
        var scorer = new ResidualScorer(new ResidualScale(0, 1, 1) { UsualWeight = 2 });
        Assert.AreEqual(5, scorer.Combine(3, 2), 1e-12);
        Assert.AreEqual(-5, scorer.Combine(-3, -2), 1e-12);
        Assert.AreEqual(-4, scorer.Combine(3, -2), 1e-12);
        Assert.AreEqual(3, scorer.Combine(3, -1), 1e-12);
        Assert.AreEqual(-3, new ResidualScorer(new ResidualScale(0, 1, 1)).Combine(-3, 2), 1e-12);
    }

    [TestMethod]
    public void TheValueOfAScoreIsWhereScoresPassIt()
    {
        var random = new Random(6);
        ForecastModel model = ForecastModels.Create(new ForecastLayout { Targets = 1, Horizon = 1, Lags = 1, WindowSize = 4 });
        for (int i = 0; i < 2000; i++)
        {
            var usual = new UsualValue(model, series: 1, scores: 100)
            {
                State = new UsualState(random.NextDouble() * 10 - 5, random.NextDouble() * 9, 100)
            };
            var scale = new ResidualScale(random.NextDouble() - 0.5, 0.1 + random.NextDouble(), random.Next(1, 3))
            {
                UsualWeight = random.Next(3) * 1.5,
            };
            double point = random.NextDouble() * 10 - 5, before = random.NextDouble();
            var forecast = new ForecastOutput(point, point, point, 0.1 + random.NextDouble());
            double wanted = random.NextDouble() * 12 - 6;
            ResidualScorer Scorer()
            {
                var scorer = new ResidualScorer(scale, usual);
                scorer.Add(before);
                return scorer;
            }

            ResidualScorer last = Scorer();
            last.Add(0);
            double value = last.ValueOf(wanted, forecast);
            Assert.IsLessThanOrEqualTo(wanted, Scorer().Score(forecast, (float)(value - 1e-4)), $"{i}");
            Assert.IsGreaterThanOrEqualTo(wanted, Scorer().Score(forecast, (float)(value + 1e-4)), $"{i}");
        }
    }

    [TestMethod]
    public void WhatIsUsualFollowsTheValues()
    {
        ForecastModel model = ForecastModels.Create(new ForecastLayout { Targets = 1, Horizon = 1, Lags = 1, WindowSize = 4 });
        var usual = new UsualValue(model, series: 1, scores: 1000);
        double level = model.Scaling.Levels[1], deviation = model.Scaling.Deviations[1];
        Assert.AreEqual(0, usual.DistanceOf(level + 2.5 * deviation), 1e-6);
        Assert.AreEqual(-3, usual.DistanceOf(level - 5.5 * deviation), 1e-6);
        usual.Follow(1e30);
        Assert.AreEqual(-3, usual.DistanceOf(level - 5.5 * deviation), 0.05);
        for (int i = 0; i < 60_000; i++)
            usual.Follow(50 + 3 * (i % 2));
        Assert.AreEqual(51.5, usual.State.Mean, 0.1);
        Assert.AreEqual(1, usual.DistanceOf(56.75), 0.1);

        var unknown = new UsualValue(model, series: 0, scores: 1000);
        for (int i = 0; i < ResidualCalibration.EnoughResiduals; i++)
        {
            Assert.AreEqual(0, unknown.DistanceOf(1e6));
            unknown.Follow(i % 2);
        }
        Assert.AreEqual(1, unknown.DistanceOf(2.25), 1e-6);
        var fixedForGood = new UsualValue(model, series: 1, scores: 0);
        fixedForGood.Follow(1e6);
        Assert.AreEqual(1, fixedForGood.DistanceOf(level + 3.5 * deviation), 1e-6);
    }

    [TestMethod]
    public void ADistributionIsItsQuantilesAndExponentialTails()
    {
        // Both tails of an exponential distribution are known: nothing below 0, and a mean excess of 1 over any threshold.
        const int Count = 100_000;
        var scores = ScoreDistribution.Of(Enumerable.Range(0, Count).Select(i => (float)-Math.Log(1 - (i + 0.5) / Count)));
        Assert.AreEqual(1, scores.Upper.Excess, 0.01);
        foreach (double p in new[] { 0.9, 0.5, 0.1, 0.01, 0.001, 1e-6, 1e-9 })
        {
            double score = -Math.Log(p);
            Assert.AreEqual(1, scores.Above(score) / p, 0.2, $"{p}");
            Assert.AreEqual(1 - scores.Above(score), scores.Below(score), 1e-12);
            Assert.AreEqual(score, scores.Quantile(1 - p), 0.02 + 0.03 * score, $"{p}");
        }
        Assert.IsLessThan(1e-3, scores.Below(-1));
    }

    [TestMethod]
    public void ProbabilitiesFallAndQuantilesAreTheirInverse()
    {
        var random = new Random(1);
        var scores = ScoreDistribution.Of(Enumerable.Range(0, 500).Select(_ => (float)(random.NextDouble() + random.NextDouble() - 1)));
        double before = 1;
        for (double score = -4; score < 4; score += 0.01)
        {
            double above = scores.Above(score);
            Assert.IsInRange(0, before, above);
            before = above;
            if (above is > 1e-9 and < 1 - 1e-9)
                Assert.AreEqual(score, scores.Quantile(1 - above), 2e-2);
        }
    }

    [TestMethod]
    public void TailsFollowScoresThatBecomeLarger()
    {
        var random = new Random(1);
        // Laplace distributed: exponential on both sides.
        double Next(double scale) => scale * Math.Log(1 - random.NextDouble()) * (random.Next(2) == 0 ? 1 : -1);
        var calibrated = ScoreDistribution.Of(Enumerable.Range(0, 20_000).Select(_ => (float)Next(1)));
        ScoreDistribution scores = calibrated.Copy();
        const int History = 2000;
        double Share(int count, double scale)
        {
            int beyond = 0;
            for (int i = 0; i < count; i++)
            {
                double score = Next(scale);
                if (Math.Min(scores.Above(score), scores.Below(score)) <= 0.005)
                    beyond++;
                scores.Follow(score, History);
            }
            return (double)beyond / count;
        }

        Assert.IsInRange(0.008, 0.012, Share(50_000, 1));
        Share(5 * History, 3);
        Assert.IsInRange(0.008, 0.012, Share(50_000, 3));
        Assert.AreEqual(3, scores.Upper.Excess, 0.5);
        for (double probability = 0.001; probability < 0.999; probability += 0.001)
            Assert.AreEqual(probability, scores.Below(scores.Quantile(probability)), 2e-3);
        // The original of the copy has not changed.
        Assert.AreEqual(1, calibrated.Upper.Excess, 0.15);
        Assert.AreEqual(0.025f, calibrated.Upper.Rate);
    }

    [TestMethod]
    public void OneScoreHoweverLargeHardlyMovesATail()
    {
        var scores = ScoreDistribution.Of(Enumerable.Range(0, 1000).Select(i => i / 1000f));
        double before = scores.Quantile(0.999);
        scores.Follow(1e18, 2000);
        Assert.AreEqual(before, scores.Quantile(0.999), 0.03 * before);
        scores.Follow(-1e18, 2000);
        Assert.AreEqual(before, scores.Quantile(0.999), 0.03 * before);
        Assert.IsLessThan(1e-9, scores.Above(1e18));
    }

    [TestMethod]
    public void EvenScoresThatAreAllBeyondLeaveADistribution()
    {
        var scores = ScoreDistribution.Of(Enumerable.Range(0, 1000).Select(i => i / 1000f));
        for (int i = 0; i < 10_000; i++)
            scores.Follow(5 + i % 10, 100);
        Assert.AreEqual(1f, scores.Upper.Rate, 1e-5f);
        Assert.IsGreaterThan(0.1, scores.Above(10));
        foreach (double probability in new[] { 0.0005, 0.5, 0.9995 })
            Assert.IsTrue(double.IsFinite(scores.Quantile(probability)));
    }

    [TestMethod]
    public void ScoresThatAreAllTheSameAreNoAnomaly()
    {
        var scores = ScoreDistribution.Of([2, 2, 2]);
        Assert.AreEqual(0.5, scores.Above(2), 1e-9);
        Assert.IsLessThan(1e-9, scores.Above(3));
        Assert.IsLessThan(1e-9, scores.Below(1));
    }
}

using Microsoft.ML.Lstm.Engine.Series;

namespace Microsoft.ML.Lstm.Tests.Engine.Series;

/// <summary>The widths of intervals follow how many of the values that came they held.</summary>
[TestClass]
public sealed class AdaptiveWidthTests
{
    private const int Rows = 4000;

    [TestMethod]
    [DataRow(0.8, 1, 1 / 3.0)]
    [DataRow(0.8, 1, 3.0)]
    [DataRow(0.95, 1, 1 / 3.0)]
    [DataRow(0.9, 24, 1 / 2.0)]
    [DataRow(0.9, 24, 2.0)]
    [DataRow(0.95, 60, 2.0)]
    public void IntervalsThatWereCalibratedWronglySoonHoldTheShareWanted(double level, int horizon, double size)
    {
        var adaptation = WidthAdaptation.Of(level, horizon, rows: 0);
        ForecastStream stream = Begin(horizon, Normal(level) * size, adaptation), still = Begin(horizon, Normal(level) * size, null);
        (double held, double heldByStill) = (ShareHeld(stream, horizon), ShareHeld(still, horizon));
        Assert.IsTrue(Math.Abs(heldByStill - level) > 0.04, $"{heldByStill}");
        Assert.AreEqual(level, held, 0.02);
    }

    [TestMethod]
    [DataRow(0.8)]
    [DataRow(0.95)]
    public void TheShareOfMissesIsOffByTheChangeOfTheWidthAlone(double level)
    {
        var adaptation = WidthAdaptation.Of(level, horizon: 1, rows: 0);
        ForecastStream stream = Begin(horizon: 1, 1, adaptation);
        var random = new Random(1);
        int missed = 0, compared = 0;
        float last = 1;
        for (int t = 0; t < Rows; t++)
        {
            // No values of a distribution that anybody would know.
            float value = (2 + MathF.Sin(t / 90f)) * (random.NextSingle() - 0.3f) + (t % 500 < 3 ? 3 : 0);
            if (t > 0)
            {
                (float lower, float upper) = stream.IntervalOf(0);
                (missed, compared) = (missed + (value < lower || value > upper ? 1 : 0), compared + 1);
            }
            Step(stream, value);
            last = stream.IntervalOf(0).Upper - (float)stream[0].Point;
        }
        double excess = missed - compared * (1 - level);
        Assert.IsTrue(Math.Abs(Math.Log(last)) < Math.Log(ForecastIntervals.MostFactor) - 0.1, $"{last}");
        Assert.AreEqual(Math.Log(last) / adaptation.Rate, excess, 0.01);
    }

    [TestMethod]
    public void AMissingValueMovesNothing()
    {
        ForecastStream stream = Begin(horizon: 1, 1, WidthAdaptation.Of(0.9, 1, rows: 0));
        Step(stream, 0);
        Step(stream, 5);
        (float Lower, float Upper) before = stream.IntervalOf(0);
        Assert.IsTrue(before.Upper > 1);
        Step(stream, float.NaN);
        Assert.AreEqual(before, stream.IntervalOf(0));
        Step(stream, 0);
        Assert.IsTrue(stream.IntervalOf(0).Upper < before.Upper);
    }

    [TestMethod]
    public void WhereTrainingMayHaveHadTheRowsWidthsStay()
    {
        ForecastStream stream = Begin(horizon: 1, 1, WidthAdaptation.Of(0.9, 1, rows: 20));
        for (int t = 0; t < 20; t++)
        {
            Step(stream, 100);
            Assert.AreEqual((-1f, 1f), stream.IntervalOf(0), $"row {t}");
        }
        Step(stream, 100);
        Step(stream, 100);
        Assert.IsTrue(stream.IntervalOf(0).Upper > 1);
    }

    [TestMethod]
    public void BehindTheTrainingRowsWidthsFollowAtOnce()
    {
        var adaptation = WidthAdaptation.Of(0.9, 1, rows: 20);
        ForecastStream stream = Begin(horizon: 1, 1, adaptation);
        float[] state = new float[stream.StateLength], ofWidth = AdaptiveWidth.StateAfterTraining(adaptation, LayoutOf(1), rows: 30);
        stream.CopyStateTo(state);
        ofWidth.CopyTo(state, state.Length - ofWidth.Length);
        stream.CopyStateFrom(state);
        Step(stream, 100);
        Step(stream, 100);
        Assert.IsTrue(stream.IntervalOf(0).Upper > 1);
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(3)]
    [DataRow(24)]
    public void AStateGoesOnInAnotherStream(int horizon)
    {
        var adaptation = WidthAdaptation.Of(0.8, horizon, rows: 7);
        ForecastStream stream = Begin(horizon, 1, adaptation), other = Begin(horizon, 1, adaptation);
        float[] state = new float[stream.StateLength], expected = new float[3 * horizon], actual = new float[3 * horizon];
        var random = new Random(horizon);
        for (int t = 0; t < 100; t++)
        {
            float value = t % 9 == 4 ? float.NaN : 4 * random.NextSingle() - 2;
            stream.CopyStateTo(state);
            Assert.IsTrue(AdaptiveWidth.IsValidState(adaptation, LayoutOf(horizon),
                state.AsSpan(state.Length - (int)AdaptiveWidth.StateLengthOf(LayoutOf(horizon)))));
            other = Begin(horizon, 1, adaptation);
            other.CopyStateFrom(state);
            Step(stream, value);
            Step(other, value);
            stream.CopyForecastTo(expected);
            other.CopyForecastTo(actual);
            CollectionAssert.AreEqual(expected, actual);
        }
        Assert.AreNotEqual(1, expected[^1]);
    }

    [TestMethod]
    [DataRow(0, -1f)]
    [DataRow(0, 8f)]
    [DataRow(0, 0.5f)]
    [DataRow(1, 2f)]
    [DataRow(1, -2f)]
    [DataRow(2, -1f)]
    [DataRow(2, 1f)]
    public void AStateWithOtherNumbersIsRefused(int at, float number)
    {
        var adaptation = WidthAdaptation.Of(0.8, 2, rows: 7);
        float[] state = AdaptiveWidth.StateAfterTraining(adaptation, LayoutOf(2), rows: 5);
        Assert.IsTrue(AdaptiveWidth.IsValidState(adaptation, LayoutOf(2), state));
        state[at] = number;
        Assert.IsFalse(AdaptiveWidth.IsValidState(adaptation, LayoutOf(2), state));
    }

    [TestMethod]
    [DataRow(1, new[] { 1 })]
    [DataRow(2, new[] { 1, 2 })]
    [DataRow(3, new[] { 1, 2, 3 })]
    [DataRow(4, new[] { 1, 2, 3, 4 })]
    [DataRow(5, new[] { 1, 2, 4, 5 })]
    [DataRow(24, new[] { 4, 10, 16, 22 })]
    public void StepsAreSpreadOverTheHorizon(int horizon, int[] steps)
        => CollectionAssert.AreEqual(steps, WidthAdaptation.StepsOf(horizon));

    /// <summary>A stream that always forecasts 0, in intervals from -end to end before any adaptation.</summary>
    private static ForecastStream Begin(int horizon, double end, WidthAdaptation? adaptation)
    {
        ForecastModel model = ForecastModels.Create(LayoutOf(horizon), isZero: true);
        float[] ends = new float[horizon];
        Array.Fill(ends, (float)end);
        model = model with { Intervals = new ForecastIntervals([.. ends.Select(one => -one)], ends) { Adaptation = adaptation } };
        return new ForecastStream(model, model.Pack(), series: 1);
    }

    private static ForecastLayout LayoutOf(int horizon) => new()
    {
        Targets = 1,
        Horizon = horizon,
        Lags = 1,
        WindowSize = 4,
        Scaling = SeriesScaling.None,
    };

    private static void Step(ForecastStream stream, float value) => stream.Step([value], [], [], []);

    /// <summary>The share of standard normal values that all intervals of a horizon hold.</summary>
    private static double ShareHeld(ForecastStream stream, int horizon)
    {
        var random = new Random(7);
        float[] values = [.. Enumerable.Range(0, Rows).Select(_ =>
            (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble())))];
        long held = 0, all = 0;
        for (int t = 0; t < Rows - horizon; t++)
        {
            Step(stream, values[t]);
            for (int h = 1; h <= horizon; h++, all++)
            {
                (float lower, float upper) = stream.IntervalOf(h - 1);
                held += values[t + h] >= lower && values[t + h] <= upper ? 1 : 0;
            }
        }
        return (double)held / all;
    }

    /// <summary>Half of the width of the interval that holds a share of standard normal values.</summary>
    private static double Normal(double level) => level switch
    {
        0.8 => 1.2816,
        0.9 => 1.6449,
        _ => 1.9600,
    };
}

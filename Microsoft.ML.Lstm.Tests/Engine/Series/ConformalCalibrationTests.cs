using Microsoft.ML.Lstm.Engine.Series;

namespace Microsoft.ML.Lstm.Tests.Engine.Series;

/// <summary>Intervals from errors: the right ranks, of few errors and of very many.</summary>
[TestClass]
public sealed class ConformalCalibrationTests
{
    [TestMethod]
    // Of the errors 1 to n, the one of rank ⌈(n + 1)(1 + level)/2⌉, or the largest.
    [DataRow(39, 0.95, 39)]
    [DataRow(38, 0.95, 38)]
    [DataRow(79, 0.95, 78)]
    [DataRow(80, 0.95, 79)]
    [DataRow(199, 0.9, 190)]
    [DataRow(19, 0.9, 19)]
    [DataRow(20, 0.9, 20)]
    [DataRow(9, 0.8, 9)]
    [DataRow(99, 0.8, 90)]
    [DataRow(3, 0.5, 3)]
    [DataRow(7, 0.5, 6)]
    [DataRow(1, 0.5, 1)]
    public void EndsAreErrorsOfTheRightRank(int errors, double level, int rank)
    {
        (ForecastStream forecast, ConformalCalibration calibration) = Begin(horizon: 1);
        foreach (int error in Enumerable.Range(1, errors).OrderBy(error => error * 7919 % 101))
            calibration.Add(forecast, [error]);
        (ForecastIntervals intervals, int fewest, _) = calibration.Calibrate(level, [1]);
        Assert.AreEqual(errors, fewest);
        Assert.AreEqual(rank, intervals.Upper[0]);
        // The lower errors are −n to −1, so that the ranks mirror those above.
        Assert.AreEqual(errors < ConformalCalibration.ErrorsFor(level) ? 0 : errors + 1 - rank, intervals.Lower[0]);
    }

    [TestMethod]
    [DataRow(0.95, 39)]
    [DataRow(0.9, 19)]
    [DataRow(0.8, 9)]
    [DataRow(0.5, 3)]
    [DataRow(0.99, 199)]
    [DataRow(0.999, 1999)]
    [DataRow(0.01, 2)]
    public void WithFewerErrorsThanNeededTheLargestIsTooSmall(double level, int needed)
    {
        Assert.AreEqual(needed, ConformalCalibration.ErrorsFor(level));
        Assert.IsLessThanOrEqualTo(needed, (int)Math.Ceiling((needed + 1) * (1 + level) / 2 - 1e-9));
        Assert.IsGreaterThan(needed - 1, (int)Math.Ceiling(needed * (1 + level) / 2 - 1e-9));
    }

    [TestMethod]
    public void EachStepAheadHasItsOwnErrorsAndMissingOnesAreLeftOut()
    {
        (ForecastStream forecast, ConformalCalibration calibration) = Begin(horizon: 3);
        // The third step's value is missing in every other row, and the series ends before the last rows' later steps.
        for (int i = 1; i <= 20; i++)
            calibration.Add(forecast, i == 20 ? [i] : i == 19 ? [i, 10 * i] : [i, 10 * i, i % 2 == 0 ? float.NaN : 100 * i]);
        Assert.AreEqual(20, calibration.Count);
        (ForecastIntervals intervals, int fewest, _) = calibration.Calibrate(0.5, [1]);
        Assert.AreEqual(9, fewest);
        // Ranks ⌈21·¾⌉ = 16 of 20, 15 of 19, and ⌈10·¾⌉ = 8 of the nine odd ones to 17.
        CollectionAssert.AreEqual(new float[] { 16, 150, 1500 }, intervals.Upper);
        CollectionAssert.AreEqual(new float[] { 5, 50, 300 }, intervals.Lower);
    }

    [TestMethod]
    public void AStepWithoutErrorsHasTheIntervalOfTheStepBefore()
    {
        (ForecastStream forecast, ConformalCalibration calibration) = Begin(horizon: 4);
        calibration.Add(forecast, [3, -5, float.NaN]);
        (ForecastIntervals intervals, int fewest, int steps) = calibration.Calibrate(0.9, [1]);
        Assert.AreEqual(0, fewest);
        Assert.AreEqual(2, steps);
        CollectionAssert.AreEqual(new float[] { 3, 0, 0, 0 }, intervals.Upper);
        CollectionAssert.AreEqual(new float[] { 0, -5, -5, -5 }, intervals.Lower);
    }

    [TestMethod]
    public void OfVeryManyForecastsThoseOfEverySecondRowAreKept()
    {
        // At most 2²² errors are kept, and a forecast has 8192.
        const int Horizon = 8192, Limit = 512;
        (ForecastStream forecast, ConformalCalibration calibration) = Begin(Horizon);
        float[] values = new float[Horizon];
        var counts = new List<int>();
        for (int i = 0; i < 3 * Limit; i++)
        {
            values[0] = i;
            calibration.Add(forecast, values);
            counts.Add(calibration.Count);
        }
        Assert.AreEqual(Limit - 1, counts.Max());
        // At 512 every second is kept, at 1023 every fourth; from there every fourth is taken.
        Assert.AreEqual(Limit / 2, counts[Limit - 1]);
        Assert.AreEqual(Limit / 2, counts[2 * Limit - 2]);
        Assert.AreEqual(3 * Limit / 4, counts[^1]);
        (ForecastIntervals intervals, int fewest, _) = calibration.Calibrate(0.5, [1]);
        Assert.AreEqual(3 * Limit / 4, fewest);
        // 0, 4, 8, ...: the errors of ranks ⌈385·¾⌉ = 289 and ⌊385·¼⌋ = 96.
        Assert.AreEqual(4f * 288, intervals.Upper[0]);
        Assert.AreEqual(4f * 95, intervals.Lower[0]);
    }

    [TestMethod]
    [DataRow(ForecastLoss.SquaredError, 1.0)]
    [DataRow(ForecastLoss.Gaussian, 1.0)]
    [DataRow(ForecastLoss.Quantile, 0.0)]
    public void ErrorsThatGoWithTheLatestChangesMakeWidthsDoSo(ForecastLoss loss, double power)
    {
        (ForecastStream quiet, ConformalCalibration calibration) = Begin(horizon: 1, loss);
        (ForecastStream restless, _) = Begin(horizon: 1, loss);
        quiet.Step([1], [], [], []);
        restless.Step([4], [], [], []);
        Assert.AreEqual(1, quiet.ChangeOf(0));
        Assert.AreEqual(4, restless.ChangeOf(0));
        var random = new Random(3);
        for (int i = 0; i < 400; i++)
        {
            double noise = random.NextDouble() - 0.5;
            calibration.Add(quiet, [(float)noise]);
            calibration.Add(restless, [(float)(4 * noise)]);
        }
        (ForecastIntervals intervals, _, _) = calibration.Calibrate(0.8, [1]);
        CollectionAssert.AreEqual(power > 0 ? new[] { (float)power } : [], intervals.Powers);
        if (power == 0)
            return;
        // The usual change is 2.5, and an eighth of it is added to each.
        Assert.AreEqual((4 + 0.3125) / (1 + 0.3125), intervals.FactorOf(0, 4) / intervals.FactorOf(0, 1), 1e-6);
        Assert.AreEqual(4, intervals.FactorOf(0, 1e9), "at most four times as wide");
        double unit = loss == ForecastLoss.Gaussian ? quiet[0].Spread : 1;
        Assert.AreEqual(0.4, intervals.Upper[0] * intervals.FactorOf(0, 1) * unit, 0.1);
        Assert.AreEqual(-0.4, intervals.Lower[0] * intervals.FactorOf(0, 1) * unit, 0.1);
    }

    [TestMethod]
    public void ErrorsThatAreTheSameWhateverTheChangesHaveNoPower()
    {
        (ForecastStream quiet, ConformalCalibration calibration) = Begin(horizon: 1);
        (ForecastStream restless, _) = Begin(horizon: 1);
        quiet.Step([1], [], [], []);
        restless.Step([4], [], [], []);
        for (int i = 1; i <= 99; i++)
        {
            calibration.Add(quiet, [i]);
            calibration.Add(restless, [i]);
        }
        (ForecastIntervals intervals, _, _) = calibration.Calibrate(0.8, [1]);
        Assert.IsEmpty(intervals.Powers);
        Assert.IsEmpty(intervals.UsualChanges);
        Assert.AreEqual(90, intervals.Upper[0]);
    }

    [TestMethod]
    public void ErrorsOfTrainingRowsTellOfTheTails()
    {
        // Nine errors of validation rows, all twice as large as those of the training rows but for the largest of these.
        (ForecastStream forecast, ConformalCalibration calibration) = Begin(horizon: 1);
        for (int i = 0; i < 9; i++)
            calibration.Add(forecast, [i % 2 == 0 ? 2 : -2]);
        for (int i = 0; i < 50; i++)
            calibration.AddLearned(forecast, [i == 0 ? 9 : i % 2 == 0 ? 1 : -1]);
        Assert.AreEqual(9, calibration.Count);
        (ForecastIntervals intervals, int fewest, _) = calibration.Calibrate(0.96, [1]);
        Assert.AreEqual(9, fewest);
        // The size is the square of the mean root: 2 of the validation rows, (52 / 50)² of the others; ten errors more say it is the same.
        double ratio = (9 * 2 / (1.04 * 1.04) + 10) / 19;
        // The largest of all 59 errors has a rank of 59/60 at the most, and the one before that is the second at either end.
        Assert.AreEqual(9 * ratio, intervals.Upper[0], 1e-5);
        Assert.AreEqual(-2, intervals.Lower[0], 1e-5);
    }

    [TestMethod]
    public void AHundredErrorsAtTheMostAreOfTrainingRows()
    {
        (ForecastStream forecast, ConformalCalibration calibration) = Begin(horizon: 1);
        for (int i = 1; i <= 99; i++)
            calibration.Add(forecast, [i]);
        for (int i = 0; i < 5000; i++)
            calibration.AddLearned(forecast, [1000]);
        (ForecastIntervals intervals, _, _) = calibration.Calibrate(0.795, [1]);
        // 99 errors, one to come, and 100 for all training rows, which are the largest; from the other end it is the 80th of the 99.
        Assert.AreEqual(1000, intervals.Upper[0]);
        Assert.AreEqual(20, intervals.Lower[0]);
        Assert.IsTrue(calibration.NeedsLearned(1999));
        Assert.IsFalse(calibration.NeedsLearned(2000));
    }

    /// <summary>A stream whose forecast is 0 in each step, with a spread of 1, and a calibration of it.</summary>
    private static (ForecastStream Forecast, ConformalCalibration Calibration) Begin(int horizon,
        ForecastLoss loss = ForecastLoss.SquaredError)
    {
        ForecastLayout layout = SeriesSample.Layout(loss, horizon: horizon) with { Scaling = SeriesScaling.None, WindowDecides = true };
        ForecastModel model = ForecastModels.Create(layout, isZero: true);
        var stream = new ForecastStream(model, model.Pack(), series: 0);
        stream.Step([0], [], [], []);
        return (stream, new ConformalCalibration(layout));
    }
}

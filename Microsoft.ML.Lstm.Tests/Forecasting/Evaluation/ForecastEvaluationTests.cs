using Microsoft.ML.Lstm.Tests.Sequences;
using Microsoft.ML.Lstm.Tests.Series;

namespace Microsoft.ML.Lstm.Tests.Forecasting.Evaluation;

[TestClass]
public sealed class ForecastEvaluationTests
{
    private const float None = float.NaN;
    private readonly MLContext _ml = new(seed: 1);

    [TestMethod]
    public void FiguresAreThoseCountedByHand()
    {
        ForecastMetrics metrics = _ml.Forecasting.EvaluateForecast(HandMade(), "Value", "Forecast");

        Assert.AreEqual(2, metrics.Horizon);
        Assert.AreEqual(1, metrics.NumberOfMissingForecasts);
        Assert.AreEqual(2, metrics.NumberOfMissingActuals);
        // Errors one row ahead 0 (of 2), 1 (of 4), 2 (of 8); two rows ahead 1 (of 4), 1 (of 8), 1 (of 10).
        AssertFigures(metrics.PerHorizon[0], 3, 1, 5 / 3.0, (0 + 200 / 9.0 + 400 / 14.0) / 3);
        AssertFigures(metrics.PerHorizon[1], 3, 1, 1, (200 / 7.0 + 200 / 15.0 + 200 / 19.0) / 3);
        AssertFigures(metrics.Overall, 6, 1, 8 / 6.0, (200 / 9.0 + 400 / 14.0 + 200 / 7.0 + 200 / 15.0 + 200 / 19.0) / 6);
        Assert.AreEqual(0.5, metrics.Overall.MedianPinballLoss, 1e-12);
        // Differences of the values: 1, 2 and 2.
        Assert.AreEqual(3 / 5.0, metrics.Overall.MeanAbsoluteScaledError, 1e-12);
        Assert.AreEqual(6, metrics.Overall.NumberOfScaledForecasts);
        Assert.AreEqual(0, metrics.Overall.NumberOfIntervals);
        Assert.IsTrue(double.IsNaN(metrics.Overall.Coverage));
        Assert.HasCount(1, metrics.PerTarget);
        Assert.AreEqual(metrics.Overall.MeanSquaredError, metrics.PerTarget[0].Overall.MeanSquaredError);
    }

    [TestMethod]
    public void BaselinesAreThoseCountedByHand()
    {
        ForecastMetrics metrics = _ml.Forecasting.EvaluateForecast(HandMade(), "Value", "Forecast");

        string[] expected = ["naive", "drift", "exponential smoothing", "theta"];
        CollectionAssert.AreEqual(expected, metrics.Baselines.Select(baseline => baseline.Name).ToArray());
        // Naive: 1 for 2, 2 for 4, 4 for 8; 1 for 4, 4 for 8, 4 for 10.
        Assert.AreEqual(7 / 3.0, metrics.Baselines[0].PerHorizon[0].MeanAbsoluteError, 1e-12);
        Assert.AreEqual(13 / 3.0, metrics.Baselines[0].PerHorizon[1].MeanAbsoluteError, 1e-12);
        Assert.AreEqual(20 / 6.0 * 3 / 5, metrics.Baselines[0].Overall.MeanAbsoluteScaledError, 1e-12);
        // Drift needs two values: 3 for 4, 7 for 8; 7 for 8, 8.5 for 10.
        Assert.AreEqual(2, metrics.Baselines[1].PerHorizon[0].NumberOfForecasts);
        Assert.AreEqual(1, metrics.Baselines[1].PerHorizon[0].MeanAbsoluteError, 1e-12);
        Assert.AreEqual(1.25, metrics.Baselines[1].PerHorizon[1].MeanAbsoluteError, 1e-12);
    }

    [TestMethod]
    public void SeasonsRepeatWithTheirLastValues()
    {
        float[] values = [1, 5, 2, 7, 3, None, 4, 9];
        IDataView data = ForecastRow.ToData(_ml, values, Zeros(8, 3));
        ForecastMetrics metrics = _ml.Forecasting.EvaluateForecast(data, "Value", "Forecast", seasonality: 2);

        ForecastAccuracy seasonal = metrics.Baselines.Single(baseline => baseline.Name == "seasonal naive");
        // Errors of the rows 2, 3, 4, 6, 7 one or two rows ahead (7 stands for the missing value); of 4, 6, 7 three rows ahead.
        AssertFigures(seasonal.PerHorizon[0], 5, 7 / 5.0, 11 / 5.0);
        AssertFigures(seasonal.PerHorizon[1], 5, 7 / 5.0, 11 / 5.0);
        AssertFigures(seasonal.PerHorizon[2], 3, 6 / 3.0, 4);
        // Differences between seasons: 1, 2, 1 and 1.
        Assert.AreEqual(7 / 5.0 / (5 / 4.0), seasonal.PerHorizon[0].MeanAbsoluteScaledError, 1e-12);

        IDataView train = ForecastRow.ToData(_ml, values[..4], Zeros(4, 3)), test = ForecastRow.ToData(_ml, values[4..], Zeros(4, 3));
        ForecastMetrics after = _ml.Forecasting.EvaluateForecast(test, "Value", "Forecast", seasonality: 2, trainingData: train);
        ForecastAccuracy seasonalAfter = after.Baselines.Single(baseline => baseline.Name == "seasonal naive");
        // Rows 6 and 7 one row ahead, both with the history of the training data.
        AssertFigures(seasonalAfter.PerHorizon[0], 2, 3 / 2.0, 5 / 2.0);
        Assert.AreEqual(1.5 / 1.5, seasonalAfter.PerHorizon[0].MeanAbsoluteScaledError, 1e-12);
        // Drift along the line from 1 at row 0 to 3 at row 4, from there and from row 5 alike: 4 for 4 and 4.5 for 9.
        Assert.AreEqual(4.5 / 2, after.Baselines[1].PerHorizon[1].MeanAbsoluteError, 1e-12);
    }

    [TestMethod]
    [DataRow(int.MaxValue)]
    [DataRow(int.MaxValue - 2)]
    [DataRow(6)]
    public void ASeasonLongerThanTheSeriesHasNoForecastAndNoScale(int seasonality)
    {
        ForecastMetrics metrics = _ml.Forecasting.EvaluateForecast(HandMade(), "Value", "Forecast", seasonality: seasonality);
        Assert.AreEqual(0, metrics.Baselines.Single(baseline => baseline.Name == "seasonal naive").Overall.NumberOfForecasts);
        Assert.AreEqual(0, metrics.Overall.NumberOfScaledForecasts);
        Assert.AreEqual(6, metrics.Overall.NumberOfForecasts);
        Assert.AreEqual(20 / 6.0, metrics.Baselines[0].Overall.MeanAbsoluteError, 1e-12);
    }

    [TestMethod]
    public void IntervalsCoverWhatLiesInThem()
    {
        ForecastRow[] rows = [.. new float[] { 0, 1, 5, -3,
            2 }.Select(value => new ForecastRow { Value = value, Forecast = [0], Lower = [-1], Upper = [2] })];
        rows[3].Lower = [None];
        rows[2].Upper = [2];
        ForecastMetrics metrics = _ml.Forecasting.EvaluateForecast(ForecastRow.ToData(_ml, rows, 1), "Value", "Forecast", "Lower", "Upper",
            confidenceLevel: 0.8f);

        // 1 is inside, 5 and -3 are not; the last, 2, has no lower bound.
        ForecastFigures figures = metrics.Overall;
        Assert.AreEqual(4, figures.NumberOfForecasts);
        Assert.AreEqual(3, figures.NumberOfIntervals);
        Assert.AreEqual(1 / 3.0, figures.Coverage, 1e-12);
        Assert.AreEqual(3, figures.MeanIntervalWidth, 1e-12);
        Assert.AreEqual((0.2 + 0.6 + 1.8) / 3, figures.LowerBoundPinballLoss, 1e-6);
        Assert.AreEqual((0.1 + 2.7 + 0.5) / 3, figures.UpperBoundPinballLoss, 1e-6);

        rows[3].Lower = [2];
        Assert.AreEqual(2 / 4.0,
            _ml.Forecasting.EvaluateForecast(ForecastRow.ToData(_ml, rows, 1), "Value", "Forecast", "Lower", "Upper").Overall.Coverage,
            1e-12);
    }

    [TestMethod]
    public void KeysAreSeriesByTheirValues()
    {
        ForecastRow[] Rows(int first, int count, params string[] series) =>
        [
            .. from t in Enumerable.Range(first, count)
               from one in series
               let value = (one == "a" ? 10 : 1000) * (1 + 0.1f * (t % 7))
               select new ForecastRow { Series = one, Value = value, Forecast = [1.1f * value] },
        ];
        IDataView train = ForecastRow.ToData(_ml, Rows(0, 30, "a", "b"), 1), test = ForecastRow.ToData(_ml, Rows(30, 12, "b", "a"), 1);
        ForecastMetrics expected = _ml.Forecasting.EvaluateForecast(test, "Value", "Forecast", seriesColumnName: "Series",
            trainingData: train);
        ForecastMetrics actual = _ml.Forecasting.EvaluateForecast(Keyed(test), "Value", "Forecast", seriesColumnName: "Series",
            trainingData: Keyed(train));
        Assert.AreEqual(expected.Overall.MeanAbsoluteScaledError, actual.Overall.MeanAbsoluteScaledError);
        CollectionAssert.AreEqual(expected.Baselines.Select(one => one.Overall.MeanAbsoluteError).ToArray(),
            actual.Baselines.Select(one => one.Overall.MeanAbsoluteError).ToArray());

        // Each numbers the series in the order of its own rows.
        IDataView Keyed(IDataView data) => _ml.Transforms.Conversion.MapValueToKey("Series").Fit(data).Transform(data);
    }

    [TestMethod]
    public void TargetsInAnotherOrderAreRefusedAndTheLevelIsTheForecasters()
    {
        Reading[] rows = Reading.Wave(90);
        LstmForecastingTransformer model = ForecastRun.Fit(_ml, rows[..70], options =>
            (options.TargetColumnNames, options.ConfidenceLevel) = (["Value", "Other"], 0.5));
        IDataView scored = model.Transform(_ml.Data.LoadFromEnumerable(rows[70..]));
        ForecastMetrics Evaluate(float? level, params string[] targets) => _ml.Forecasting.EvaluateForecast(scored, new()
        {
            TargetColumnNames = targets,
            LowerBoundColumnName = "Lower",
            UpperBoundColumnName = "Upper",
            ConfidenceLevel = level,
        });
        ForecastFigures figures = Evaluate(null, "Value", "Other").Overall;
        Assert.AreEqual(Evaluate(0.5f, "Value", "Other").Overall.LowerBoundPinballLoss, figures.LowerBoundPinballLoss);
        Assert.AreNotEqual(Evaluate(0.95f, "Value", "Other").Overall.LowerBoundPinballLoss, figures.LowerBoundPinballLoss);
        ArgumentException error = Assert.ThrowsExactly<ArgumentException>(() => Evaluate(null, "Other", "Value"));
        StringAssert.Contains(error.Message,
            "Column 'Forecast' has the forecasts of Value, Other, in this order, but the targets are given as Other, Value.");
        // A column that was renamed is no other target.
        scored = _ml.Transforms.CopyColumns("Renamed", "Other").Fit(scored).Transform(scored);
        Assert.AreEqual(figures.MeanAbsoluteError, Evaluate(null, "Value", "Renamed").Overall.MeanAbsoluteError);
    }

    [TestMethod]
    [DataRow("Series")]
    [DataRow("SeriesKey")]
    public void SeriesDoNotMix(string column)
    {
        var random = new Random(3);
        ForecastRow[] rows = [.. Enumerable.Range(0, 60).Select(_ => random.Next(4)).Select(series => new ForecastRow
        {
            Series = "abcd"[series].ToString(),
            SeriesKey = (uint)series,
            Value = random.Next(8) == 0 ? None : random.Next(100) * (series + 1),
            Forecast = [random.Next(100), random.Next(9) == 0 ? None : random.Next(100), random.Next(100)],
            Lower = [0, 0, 0],
            Upper = [50, 50, 50],
        })];
        ForecastMetrics all = Evaluate(rows), training = Evaluate(rows, rows);
        ForecastMetrics[] each = [.. rows.GroupBy(row => row.Series).Select(group => Evaluate([.. group]))];
        ForecastMetrics[] eachAfterTraining = [.. rows.GroupBy(row => row.Series).Select(group => Evaluate([.. group], [.. group]))];

        AssertPooled(all, each);
        AssertPooled(training, eachAfterTraining);
        Assert.AreNotEqual(all.Overall.MeanAbsoluteError,
            _ml.Forecasting.EvaluateForecast(ForecastRow.ToData(_ml, rows, 3), "Value", "Forecast").Overall.MeanAbsoluteError);

        ForecastMetrics Evaluate(ForecastRow[] data, ForecastRow[]? before = null) =>
            _ml.Forecasting.EvaluateForecast(ForecastRow.ToData(_ml, data, 3), "Value", "Forecast", "Lower", "Upper",
            seriesColumnName: column, seasonality: 2, trainingData: before is null ? null : ForecastRow.ToData(_ml, before, 3));
    }

    [TestMethod]
    public void EachTargetHasItsOwnFigures()
    {
        ForecastRow[] rows =
        [
            new() { Value = 1, Other = 10, Forecast = [2, 30, 3, 20] },
            new() { Value = 3, Other = 20, Forecast = [4, 50, 0, 0] },
            new() { Value = 3, Other = 40, Forecast = [0, 0, 0, 0] },
        ];
        ForecastMetrics metrics = _ml.Forecasting.EvaluateForecast(ForecastRow.ToData(_ml, rows, 2, 2),
            new() { TargetColumnNames = ["Value", "Other"] });

        Assert.AreEqual(2, metrics.Horizon);
        CollectionAssert.AreEqual(new[] { "Value", "Other" }, metrics.PerTarget.Select(target => target.Name).ToArray());
        AssertFigures(metrics.PerTarget[0].PerHorizon[0], 2, 1, 1);
        AssertFigures(metrics.PerTarget[1].PerHorizon[0], 2, 10, 100);
        AssertFigures(metrics.PerTarget[0].PerHorizon[1], 1, 0, 0);
        AssertFigures(metrics.PerTarget[1].PerHorizon[1], 1, 20, 400);
        AssertFigures(metrics.Overall, 6, 42 / 6.0, 602 / 6.0);
        // Scales 1 and 15.
        Assert.AreEqual((2 / 1.0 + 40 / 15.0) / 6, metrics.Overall.MeanAbsoluteScaledError, 1e-12);
        AssertFigures(metrics.Baselines[0].PerTarget[1].Overall, 3, 60 / 3.0, (100 + 400 + 900) / 3.0);
    }

    [TestMethod]
    public void AHorizonBeyondTheDataIsJudgedAsFarAsItGoes()
    {
        ForecastMetrics metrics = _ml.Forecasting.EvaluateForecast(ForecastRow.ToData(_ml, [1, 2, 4], Zeros(3, 50)), "Value", "Forecast");
        CollectionAssert.AreEqual(new long[] { 2, 1, 0, 0 }, metrics.PerHorizon.Take(4).Select(step => step.NumberOfForecasts).ToArray());
        Assert.AreEqual(4, metrics.PerHorizon[1].MeanAbsoluteError);
        Assert.IsTrue(double.IsNaN(metrics.PerHorizon[49].MeanAbsoluteError));
    }

    [TestMethod]
    public void ASeriesThatDoesNotChangeHasNoScale()
    {
        ForecastMetrics metrics = _ml.Forecasting.EvaluateForecast(ForecastRow.ToData(_ml, [3, 3, 3], Zeros(3, 1)), "Value", "Forecast");
        Assert.AreEqual(3, metrics.Overall.MeanAbsoluteError);
        Assert.AreEqual(0, metrics.Overall.NumberOfScaledForecasts);
        Assert.IsTrue(double.IsNaN(metrics.Overall.MeanAbsoluteScaledError));
        Assert.AreEqual(0, metrics.Baselines[0].Overall.SymmetricMeanAbsolutePercentageError);
    }

    [TestMethod]
    public void AScalarIsAForecastOfTheNextRow()
    {
        IDataView data = ForecastRow.ToData(_ml, [1, 2, 4], Zeros(3, 2));
        ForecastMetrics metrics = _ml.Forecasting.EvaluateForecast(data, "Value", "Value");
        Assert.AreEqual(1, metrics.Horizon);
        AssertFigures(metrics.Overall, 2, 1.5, 2.5);
    }

    [TestMethod]
    public void ManyShortSeriesTakeLittleMemoryEach()
    {
        const int series = 1000, horizon = 48;
        float[] forecast = new float[horizon];
        IDataView data = ForecastRow.ToData(_ml,
            Enumerable.Range(0, 3 * series).Select(i => new ForecastRow { Series = $"{i % series}", Value = i % 7, Forecast = forecast }),
            horizon);
        long before = GC.GetAllocatedBytesForCurrentThread();
        ForecastMetrics metrics = _ml.Forecasting.EvaluateForecast(data, "Value", "Forecast", seriesColumnName: "Series");
        long each = (GC.GetAllocatedBytesForCurrentThread() - before) / series;
        Assert.AreEqual(3 * series, metrics.Overall.NumberOfForecasts);
        // Of each method (forecasts and baselines) and each step ahead a count and a sum of errors; forecasts of three rows; and the rest.
        int methods = 1 + metrics.Baselines.Count;
        Assert.IsLessThan(methods * horizon * 16 + 3 * horizon * sizeof(float) + 5000, each);
    }

    [TestMethod]
    public void DataIsReadOnce()
    {
        var data = new CountingDataView(HandMade());
        _ml.Forecasting.EvaluateForecast(data, "Value", "Forecast", "Lower", "Upper", seasonality: 3);
        Assert.HasCount(1, data.Cursors);
    }

    [TestMethod]
    public void WhatCannotBeJudgedIsSaid()
    {
        Refused("The data to evaluate has no rows.", []);
        Refused("None of the forecasts in column 'Forecast' in 1 rows can be compared with what came true: no series has a row behind its "
            + "first", [1]);
        Refused("0 of them are missing, and 2 are of missing values in the target columns 'Value'.", [1, None, None]);

        void Refused(string message, float[] values)
        {
            IDataView data = ForecastRow.ToData(_ml, values.Select(value => new ForecastRow { Value = value, Forecast = [0] }), 1);
            Assert.Contains(message,
                Assert.ThrowsExactly<InvalidOperationException>(() => _ml.Forecasting.EvaluateForecast(data, "Value", "Forecast")).Message);
        }
    }

    [TestMethod]
    public void WrongColumnsAreNamed()
    {
        IDataView data = ForecastRow.ToData(_ml, [], 2, 3);
        Refused("Could not find target column 'Nope'", new() { TargetColumnNames = ["Nope"] });
        Refused("Schema mismatch for target column 'Series': expected Single, got String", new() { TargetColumnNames = ["Series"] });
        Refused("Could not find forecast column 'Nope'", new() { TargetColumnNames = ["Value"], ForecastColumnName = "Nope" });
        Refused("Schema mismatch for forecast column 'Series': expected Vector<Single> of known size, or Single, got String",
            new() { TargetColumnNames = ["Value"], ForecastColumnName = "Series" });
        Refused("Schema mismatch for forecast column 'Forecast': expected a vector of H values, got Vector<Single, 2, 3>",
            new() { TargetColumnNames = ["Value"] });
        Refused("Schema mismatch for forecast column 'Forecast': expected a vector of H x 2 values, for 2 targets, got Vector<Single, 2, "
            + "3>", new() { TargetColumnNames = ["Value", "Other"] });
        Refused("Schema mismatch for lower bound column 'Value': expected 6 values, as in column 'Forecast', got Single",
            new() { TargetColumnNames = ["Value", "Other", "Value"], LowerBoundColumnName = "Value", UpperBoundColumnName = "Upper" });
        Refused("Could not find upper bound column 'Nope'",
            new() { TargetColumnNames = ["Value", "Other", "Value"], LowerBoundColumnName = "Lower", UpperBoundColumnName = "Nope" });
        Refused("Schema mismatch for series column 'Value': expected Text or Key (MapValueToKey makes one of other values), got Single",
            new() { TargetColumnNames = ["Value"], SeriesColumnName = "Value" });

        void Refused(string message, ForecastEvaluationOptions options)
            => StringAssert.StartsWith(Assert.ThrowsExactly<ArgumentOutOfRangeException>(() =>
                _ml.Forecasting.EvaluateForecast(data, options)).Message, message);
    }

    [TestMethod]
    public void WrongOptionsAreNamed()
    {
        Refused<ArgumentException>(nameof(ForecastEvaluationOptions.TargetColumnNames), new());
        Refused<ArgumentException>(nameof(ForecastEvaluationOptions.UpperBoundColumnName),
            new() { TargetColumnNames = ["Value"], LowerBoundColumnName = "Lower" });
        Refused<ArgumentException>(nameof(ForecastEvaluationOptions.LowerBoundColumnName),
            new() { TargetColumnNames = ["Value"], UpperBoundColumnName = "Upper" });
        Refused<ArgumentOutOfRangeException>(nameof(ForecastEvaluationOptions.ConfidenceLevel),
            new() { TargetColumnNames = ["Value"], ConfidenceLevel = 1 });
        Refused<ArgumentOutOfRangeException>(nameof(ForecastEvaluationOptions.ConfidenceLevel),
            new() { TargetColumnNames = ["Value"], ConfidenceLevel = None });
        Refused<ArgumentOutOfRangeException>(nameof(ForecastEvaluationOptions.Seasonality),
            new() { TargetColumnNames = ["Value"], Seasonality = 0 });

        StringAssert.StartsWith(
            Assert.ThrowsExactly<ArgumentOutOfRangeException>(() =>
                _ml.Forecasting.EvaluateForecast(HandMade(),
                new ForecastEvaluationOptions { TargetColumnNames = ["Value"], ConfidenceLevel = 0 })).Message,
            "The confidence level must be above 0 and below 1.");

        void Refused<T>(string option, ForecastEvaluationOptions options)
            where T : ArgumentException
            => Assert.AreEqual(option, Assert.ThrowsExactly<T>(() => _ml.Forecasting.EvaluateForecast(HandMade(), options)).ParamName);
    }

    [TestMethod]
    public void TheTableHasAllFigures()
    {
        string expected = """
            6 forecasts; left out: 1 missing forecasts, 2 forecasts of missing values

            Method                 Forecasts     MAE    RMSE  sMAPE    MASE
            forecast                       6  1.0000  1.1547  17.20  0.6000
            naive                          6  3.3333  3.6968  78.73  2.0000
            drift                          4  1.1250  1.1456  17.86  0.6750
            exponential smoothing          6  3.6944  4.0898  89.94  2.2167
            theta                          6  2.7528  3.0352  65.45  1.6517

            Rows ahead  Forecasts     MAE    RMSE  sMAPE    MASE  MAE naive  MAE drift  MAE exponential smoothing  MAE theta
            1                   3  1.0000  1.2910  16.93  0.6000     2.3333     1.0000                     2.5000     1.9833
            2                   3  1.0000  1.0000  17.48  0.6000     4.3333     1.2500                     4.8889     3.5223
            """;
        Assert.AreEqual(expected.ReplaceLineEndings(), _ml.Forecasting.EvaluateForecast(HandMade(), "Value", "Forecast").ToString());
    }

    private IDataView HandMade() => ForecastRow.ToData(_ml,
        [1, 2, 4, None, 8, 10],
        [[2, 3], [5, 0], [6, 7], [6, 9], [None, 1], [1, 1]]);

    private static float[][] Zeros(int rows, int horizon) => [.. Enumerable.Range(0, rows).Select(_ => new float[horizon])];

    private static void AssertFigures(ForecastFigures figures, long count, double absolute, double squared, double? symmetric = null)
    {
        Assert.AreEqual(count, figures.NumberOfForecasts);
        Assert.AreEqual(absolute, figures.MeanAbsoluteError, 1e-12);
        Assert.AreEqual(squared, figures.MeanSquaredError, 1e-12);
        Assert.AreEqual(Math.Sqrt(squared), figures.RootMeanSquaredError, 1e-12);
        if (symmetric is { } expected)
            Assert.AreEqual(expected, figures.SymmetricMeanAbsolutePercentageError, 1e-12);
    }

    private static void AssertPooled(ForecastMetrics all, ForecastMetrics[] parts)
    {
        Assert.AreEqual(parts.Sum(part => part.NumberOfMissingActuals), all.NumberOfMissingActuals);
        Assert.AreEqual(parts.Sum(part => part.NumberOfMissingForecasts), all.NumberOfMissingForecasts);
        AssertMean(all.Overall, [.. parts.Select(part => part.Overall)]);
        for (int b = 0; b < all.Baselines.Count; b++)
        {
            for (int step = 0; step < all.Horizon; step++)
                AssertMean(all.Baselines[b].PerHorizon[step], [.. parts.Select(part => part.Baselines[b].PerHorizon[step])]);
        }
    }

    private static void AssertMean(ForecastFigures all, ForecastFigures[] parts)
    {
        Assert.AreNotEqual(0, all.NumberOfForecasts);
        Assert.AreEqual(parts.Sum(part => part.NumberOfForecasts), all.NumberOfForecasts);
        Assert.AreEqual(parts.Sum(part => part.NumberOfForecasts * part.MeanAbsoluteError) / all.NumberOfForecasts, all.MeanAbsoluteError,
            1e-9);
        Assert.AreEqual(parts.Sum(part => part.NumberOfScaledForecasts * part.MeanAbsoluteScaledError) / all.NumberOfScaledForecasts,
            all.MeanAbsoluteScaledError, 1e-9);
        Assert.AreEqual(parts.Sum(part => part.NumberOfIntervals * part.Coverage) / all.NumberOfIntervals, all.Coverage, 1e-9);
    }
}

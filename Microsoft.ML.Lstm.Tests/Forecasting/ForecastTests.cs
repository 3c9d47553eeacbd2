using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Tests.Series;

namespace Microsoft.ML.Lstm.Tests.Forecasting;

/// <summary>ForecastByLstm through ML.NET: accuracy, covariates, series, unusual data.</summary>
[TestClass]
public sealed class ForecastTests
{
    [TestMethod]
    [DataRow(ForecastLoss.SquaredError)]
    [DataRow(ForecastLoss.AbsoluteError)]
    [DataRow(ForecastLoss.Quantile)]
    [DataRow(ForecastLoss.Gaussian)]
    public void ItLearnsAWaveAndHowFarItIsOff(ForecastLoss loss)
    {
        var ml = new MLContext(1);
        Reading[] rows = Reading.Wave(1400);
        LstmForecastingTransformer model = ForecastRun.Fit(ml, rows[..1000], options =>
        {
            options.LossFunction = loss;
            options.HiddenSize = 24;
            options.NumberOfEpochs = 200;
        });

        Reading[] later = rows[1000..];
        (ReadingForecast Forecast, int Step,
            float Value)[] pairs = [.. ForecastRun.Compare(ForecastRun.Transform(ml, model, later), later)];
        double error = Math.Sqrt(pairs.Average(pair => Math.Pow(pair.Value - pair.Forecast.Forecast[pair.Step], 2)));
        double covered = pairs.Average(pair => pair.Forecast.Lower[pair.Step] <= pair.Value && pair.Value <= pair.Forecast.Upper[pair.Step]
            ? 1.0
            : 0);

        // The noise alone, uniform over 0.1, has a deviation of 0.029; the last value is off by 0.6.
        Assert.IsLessThan(0.06, error);
        Assert.IsInRange(0.90, 0.99, covered);
    }

    [TestMethod]
    public void SchemaIsWhatWasPromised()
    {
        var ml = new MLContext(1);
        IDataView data = ml.Data.LoadFromEnumerable(Reading.Wave(60));
        LstmForecastingEstimator estimator = ml.Forecasting.ForecastByLstm(ForecastRun.Options(options =>
            options.TargetColumnNames = ["Value", "Other"]));
        SchemaShape promised = estimator.GetOutputSchema(data.Schema.ToShape());
        LstmForecastingTransformer model = estimator.Fit(data);
        DataViewSchema delivered = model.Transform(data).Schema;

        CollectionAssert.AreEqual(promised.Select(column => column.Name).ToArray(), delivered.Select(column => column.Name).ToArray());
        foreach (string name in new[] { "Forecast", "Lower", "Upper" })
        {
            var type = (VectorDataViewType)delivered[name].Type;
            CollectionAssert.AreEqual(new[] { ForecastRun.Horizon, 2 }, type.Dimensions.ToArray());
            Assert.AreEqual(NumberDataViewType.Single, type.ItemType);
            Assert.AreEqual(SchemaShape.Column.VectorKind.Vector, promised.Single(column => column.Name == name).Kind);
        }
        Assert.AreEqual(delivered.Count, model.GetOutputSchema(data.Schema).Count);
        Assert.IsFalse(model.IsRowToRowMapper);
        Assert.ThrowsExactly<InvalidOperationException>(() => model.GetRowToRowMapper(data.Schema));
    }

    [TestMethod]
    public void TheFutureMovesNoForecast()
    {
        var ml = new MLContext(1);
        Reading[] rows = Reading.Wave(200);
        LstmForecastingTransformer model = ForecastRun.Fit(ml, rows, options =>
        {
            options.TargetColumnNames = ["Value", "Other"];
            options.PastCovariateColumnNames = ["Promotion"];
            options.TimeColumnName = "Time";
        });
        Reading[] later = [.. Reading.Wave(300).Skip(200)], changed = [.. Reading.Wave(300).Skip(200)];
        for (int t = 60; t < changed.Length; t++)
            (changed[t].Value, changed[t].Other, changed[t].Promotion) = (1000 * t, float.NaN, -50);

        ReadingForecast[] expected = ForecastRun.Transform(ml, model, later), actual = ForecastRun.Transform(ml, model, changed);
        for (int t = 0; t < 60; t++)
            ForecastRun.AssertSame(expected[t], actual[t]);
        CollectionAssert.AreNotEqual(expected[60].Forecast, actual[60].Forecast);
    }

    [TestMethod]
    public void KnownCovariatesOfTheHorizonAreReadAndNoOthers()
    {
        var ml = new MLContext(1);
        Reading[] rows = Reading.Wave(200);
        LstmForecastingTransformer model = ForecastRun.Fit(ml, rows, options => options.KnownCovariateColumnNames = ["Promotion"]);
        Reading[] later = [.. Reading.Wave(260).Skip(200)], changed = [.. Reading.Wave(260).Skip(200)];
        changed[30].Promotion = 3;

        ReadingForecast[] expected = ForecastRun.Transform(ml, model, later), actual = ForecastRun.Transform(ml, model, changed);
        for (int t = 0; t < 30 - ForecastRun.Horizon; t++)
            ForecastRun.AssertSame(expected[t], actual[t]);
        for (int t = 30 - ForecastRun.Horizon; t < 31; t++)
            CollectionAssert.AreNotEqual(expected[t].Forecast, actual[t].Forecast, $"{t}");
    }

    [TestMethod]
    public void APromotionThatIsKnownIsForecast()
    {
        var ml = new MLContext(1);
        Reading[] rows = Reading.Wave(1200);
        foreach (Reading row in rows)
            row.Value += row.Promotion;
        LstmForecastingTransformer With(params string[] known) => ForecastRun.Fit(ml, rows[..900], options =>
        {
            options.KnownCovariateColumnNames = known;
            options.NumberOfEpochs = 200;
            options.HiddenSize = 16;
        });

        Reading[] later = rows[900..];
        double Error(LstmForecastingTransformer model) => Math.Sqrt(ForecastRun.Compare(ForecastRun.Transform(ml, model, later), later)
            .Average(pair => Math.Pow(pair.Value - pair.Forecast.Forecast[pair.Step], 2)));

        // Without the covariate, promotions are noise with a deviation of 0.4.
        Assert.IsLessThan(0.2, Error(With("Promotion")));
        Assert.IsGreaterThan(0.35, Error(With()));
    }

    [TestMethod]
    public void InterleavedSeriesAreForecastAsEachAlone()
    {
        var ml = new MLContext(1);
        Reading[] a = Reading.Wave(150, seed: 1, shop: "a", level: 10), b = Reading.Wave(150, seed: 2, shop: "b", level: 1000, scale: 50);
        Reading[] both = [.. a.Zip(b).SelectMany(pair => new[] { pair.First, pair.Second })];
        LstmForecastingTransformer model = ForecastRun.Fit(ml, both.Take(200), options =>
        {
            options.SeriesColumnName = "Shop";
            options.TimeColumnName = "Time";
            options.StaticFeatureColumnName = "Size";
            options.KnownCovariateColumnNames = ["Promotion"];
            options.EmbedSeries = true;
        });
        CollectionAssert.AreEqual(new[] { "a", "b" }, model.SeriesNames.ToArray());

        ReadingForecast[] together = ForecastRun.Transform(ml, model, both.Skip(200));
        ReadingForecast[] alone = ForecastRun.Transform(ml, model, b.Skip(100));
        for (int t = 0; t < alone.Length; t++)
            ForecastRun.AssertSame(alone[t], together[2 * t + 1]);
        // A series with another name begins without history, with the vector of the unknown series.
        Reading[] other = [.. b.Skip(100)
            .Select(row => new Reading { Shop = "c", Time = row.Time, Value = row.Value, Size = row.Size, Promotion = row.Promotion })];
        CollectionAssert.AreNotEqual(alone[5].Forecast, ForecastRun.Transform(ml, model, other)[5].Forecast);
    }

    [TestMethod]
    public void KeysTellSeriesApartAsTextsDo()
    {
        var ml = new MLContext(1);
        Reading[] rows = [.. Reading.Wave(80, shop: "x"), .. Reading.Wave(80, seed: 3, shop: "y", level: 4)];
        void Change(LstmForecastingEstimator.Options options, string column) =>
            (options.SeriesColumnName, options.EmbedSeries) = (column, true);
        ReadingForecast[] expected = ForecastRun.Transform(ml, ForecastRun.Fit(ml, rows, options => Change(options, "Shop")), rows);
        ITransformer model = ml.Transforms.Conversion.MapValueToKey("Key", "Shop")
            .Append(ml.Forecasting.ForecastByLstm(ForecastRun.Options(options => Change(options, "Key"))))
            .Fit(ml.Data.LoadFromEnumerable(rows));
        ReadingForecast[] actual = ForecastRun.Transform(ml, model, rows);
        for (int t = 0; t < rows.Length; t++)
            ForecastRun.AssertSame(expected[t], actual[t]);
    }

    [TestMethod]
    public void ASeriesThatRisesForGoodIsFollowed()
    {
        var ml = new MLContext(1);
        Reading[] rows = Reading.Wave(700);
        for (int t = 0; t < rows.Length; t++)
            rows[t].Value += 0.1f * t;
        LstmForecastingTransformer model = ForecastRun.Fit(ml, rows[..400],
            options => (options.NumberOfEpochs, options.HiddenSize) = (300, 16));
        Reading[] later = rows[400..];
        double error = ForecastRun.Compare(ForecastRun.Transform(ml, model, later), later)
            .Average(pair => Math.Abs(pair.Value - pair.Forecast.Forecast[pair.Step]));
        Assert.IsLessThan(0.25, error);
    }

    [TestMethod]
    public void ABacktestComparesItWithSimpleForecasts()
    {
        var ml = new MLContext(1);
        Reading[] rows = [.. Reading.Wave(600, shop: "a"), .. Reading.Wave(600, seed: 2, shop: "b", level: 100, scale: 20)];
        LstmForecastingEstimator estimator = ml.Forecasting.ForecastByLstm(ForecastRun.Options(options =>
            (options.SeriesColumnName, options.TimeColumnName, options.HiddenSize, options.NumberOfEpochs) = ("Shop", "Time", 16, 60)));
        BacktestResult result = ml.Forecasting.Backtest(ml.Data.LoadFromEnumerable(rows), estimator, new BacktestOptions
        {
            TargetColumnNames = ["Value"],
            LowerBoundColumnName = "Lower",
            UpperBoundColumnName = "Upper",
            SeriesColumnName = "Shop",
            Seasonality = 24,
            NumberOfFolds = 2,
            RowsPerFold = 60,
        });

        Assert.HasCount(2, result.Folds);
        double naive = result.Metrics.Baselines.Single(baseline => baseline.Name == "naive").Overall.MeanAbsoluteError;
        Assert.IsLessThan(0.2 * naive, result.Metrics.Overall.MeanAbsoluteError);
        Assert.HasCount(ForecastRun.Horizon, result.Metrics.PerHorizon);
        Assert.IsInRange(0.85, 1, result.Metrics.Overall.Coverage);
    }

    [TestMethod]
    [DataRow(2)]
    [DataRow(3)]
    public void ThreadsChangeNoBit(int threads)
    {
        var ml = new MLContext(1);
        Reading[] rows = Reading.Wave(300);
        float[] Forecast(int count) =>
            ForecastRun.Transform(ml, ForecastRun.Fit(ml, rows, options => options.NumberOfThreads = count), rows)[^1].Forecast;
        CollectionAssert.AreEqual(Forecast(1), Forecast(threads));
    }

    [TestMethod]
    public void MissingValuesAreCarriedForwardOrSkipped()
    {
        var ml = new MLContext(1);
        Reading[] rows = Reading.Wave(200);
        for (int t = 7; t < rows.Length; t += 10)
            rows[t].Value = t % 20 == 7 ? float.NaN : float.PositiveInfinity;
        rows[0].Value = float.NaN;

        ReadingForecast[] carried = ForecastRun.Transform(ml, ForecastRun.Fit(ml, rows), rows);
        Assert.IsTrue(carried.All(forecast => forecast.Forecast.Concat(forecast.Lower).Concat(forecast.Upper).All(float.IsFinite)));

        LstmForecastingTransformer skipping = ForecastRun.Fit(ml, rows, options => options.MissingValues = MissingValueHandling.SkipRow);
        ReadingForecast[] skipped = ForecastRun.Transform(ml, skipping, rows);
        ReadingForecast[] without = ForecastRun.Transform(ml, skipping, rows.Where(row => float.IsFinite(row.Value)));
        ForecastRun.AssertSame(without[^1], skipped[^1]);
        ForecastRun.AssertSame(skipped[6], skipped[7]);
    }

    [TestMethod]
    public void ItGoesOnWhereTheTrainingDataEndedUnlessItIsToldToForget()
    {
        var ml = new MLContext(1);
        Reading[] rows = Reading.Wave(150);
        LstmForecastingTransformer model = ForecastRun.Fit(ml, rows[..100], options => options.TimeColumnName = "Time");
        ReadingForecast[] all = ForecastRun.Transform(ml, model.WithoutHistory(), rows);
        ReadingForecast[] rest = ForecastRun.Transform(ml, model, rows[100..]);
        for (int t = 0; t < rest.Length; t++)
            ForecastRun.AssertSame(all[100 + t], rest[t]);
        // Its times are in the past, so the series begins again.
        ReadingForecast[] again = ForecastRun.Transform(ml, model, rows);
        for (int t = 0; t < rows.Length; t++)
            ForecastRun.AssertSame(all[t], again[t]);
        CollectionAssert.AreNotEqual(rest[0].Forecast, ForecastRun.Transform(ml, model.WithoutHistory(), rows[100..])[0].Forecast);
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(5)]
    public void AFewRowsAreEnough(int rows)
    {
        var ml = new MLContext(1);
        Reading[] few = Reading.Wave(rows);
        if (rows == 1)
        {
            StringAssert.Contains(Assert.ThrowsExactly<InvalidOperationException>(() => ForecastRun.Fit(ml, few)).Message,
                "There is nothing to learn");
            return;
        }
        Assert.IsTrue(ForecastRun.Transform(ml, ForecastRun.Fit(ml, few), few).All(forecast => forecast.Forecast.All(float.IsFinite)));
    }

    [TestMethod]
    public void OddDataIsNamed()
    {
        var ml = new MLContext(1);
        var log = new List<string>();
        ml.Log += (_, entry) => log.Add(entry.Message);
        void Fit(Reading[] rows) =>
            ForecastRun.Fit(ml, rows, options => (options.TimeColumnName, options.SeriesColumnName) = ("Time", "Shop"));

        Reading[] unsorted = Reading.Wave(50);
        (unsorted[20].Time, unsorted[21].Time) = (unsorted[21].Time, unsorted[20].Time);
        StringAssert.Contains(Assert.ThrowsExactly<InvalidOperationException>(() => Fit(unsorted)).Message,
            "Row 21 (counted from 0) of the training data has the time 2024-01-01 20:00:00, but a row of the series before it has "
            + "2024-01-01 21:00:00. Sort the rows by time.");

        Reading[] twice = Reading.Wave(50, shop: "north");
        twice[30].Time = twice[29].Time;
        StringAssert.Contains(Assert.ThrowsExactly<InvalidOperationException>(() => Fit(twice)).Message,
            "Row 30 (counted from 0) of the training data, of series 'north', has the time 2024-01-02 05:00:00 that a row of the series "
            + "before it already has.");

        Reading[] gap = [.. Reading.Wave(50).Where((_, t) => t is not (12 or 33))];
        Fit(gap);
        Assert.IsTrue(log.Exists(message =>
            message.Contains("The training data leaves out 2 steps at 2 places: 1 between 2024-01-01 11:00:00 and 2024-01-01 13:00:00; 1 "
            + "between 2024-01-02 08:00:00 and 2024-01-02 10:00:00. They are taken as steps whose values are missing.",
            StringComparison.Ordinal)));

        StringAssert.Contains(Assert.ThrowsExactly<InvalidOperationException>(() => Fit([])).Message,
            "The training data has no rows that can be used.");
        LstmForecastingTransformer model = ForecastRun.Fit(ml, Reading.Wave(50), options => options.TimeColumnName = "Time");
        StringAssert.Contains(Assert.ThrowsExactly<InvalidOperationException>(() => ForecastRun.Transform(ml, model, unsorted)).Message,
            "Row 21 (counted from 0) of the data has the time");
    }

    [TestMethod]
    [DataRow("Value", "Shop", "target column 'Shop'", "expected Single, got String")]
    [DataRow("Nothing", null, "target column 'Nothing'", "")]
    public void AWrongColumnIsNamed(string target, string? second, string column, string types)
    {
        var ml = new MLContext(1);
        string[] targets = second is null ? [target] : [target, second];
        string message = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() =>
            ForecastRun.Fit(ml, Reading.Wave(20), options => options.TargetColumnNames = targets)).Message;
        StringAssert.Contains(message, column);
        StringAssert.Contains(message, types);
    }

    [TestMethod]
    public void ColumnsOfTheWrongKindAreNamed()
    {
        var ml = new MLContext(1);
        void AssertRefused(string expected, Action<LstmForecastingEstimator.Options> change)
            => StringAssert.Contains(Assert.ThrowsExactly<ArgumentOutOfRangeException>(() =>
                ForecastRun.Fit(ml, Reading.Wave(20), change)).Message, expected);

        AssertRefused("time column 'Value': expected DateTime or DateTimeOffset (ConvertType with DataKind.DateTime makes one of a text, "
            + "a CustomMapping of a number), got Single", options => options.TimeColumnName = "Value");
        AssertRefused("series column 'Value': expected Text or Key (MapValueToKey makes one of other values), got Single",
            options => options.SeriesColumnName = "Value");
        AssertRefused("covariate column 'Shop': expected Single or Vector<Single>, got String",
            options => options.PastCovariateColumnNames = ["Shop"]);
        AssertRefused("static feature column 'Shop': expected Single or Vector<Single>, got String",
            options => options.StaticFeatureColumnName = "Shop");
    }

    [TestMethod]
    public void OptionsOutOfRangeAreRefused()
    {
        var ml = new MLContext(1);
        void AssertRefused(string option, Action<LstmForecastingEstimator.Options> change)
            => Assert.AreEqual(option,
                Assert.ThrowsExactly<ArgumentOutOfRangeException>(() =>
                ml.Forecasting.ForecastByLstm(ForecastRun.Options(change))).ParamName);

        AssertRefused("TargetColumnNames", options => options.TargetColumnNames = []);
        AssertRefused("TargetColumnNames", options => options.TargetColumnNames = ["a", "a"]);
        AssertRefused("OutputColumnName", options => options.OutputColumnName = "Lower");
        AssertRefused("Horizon", options => options.Horizon = 0);
        AssertRefused("WindowSize", options => options.WindowSize = 0);
        AssertRefused("NumberOfLags", options => options.NumberOfLags = 0);
        AssertRefused("ConfidenceLevel", options => options.ConfidenceLevel = 1);
        AssertRefused("ConfidenceLevel", options => options.ConfidenceLevel = double.NaN);
        AssertRefused("Bidirectional", options => options.Bidirectional = true);
        AssertRefused("Calendar", options => options.Calendar = (CalendarFeatures)64);
        AssertRefused("Scaling", options => options.Scaling = (SeriesScaling)9);
        AssertRefused("LossFunction", options => options.LossFunction = (ForecastLoss)9);
        AssertRefused("MissingValues", options => options.MissingValues = (MissingValueHandling)9);
        AssertRefused("MissingValues",
            options => (options.MissingValues, options.KnownCovariateColumnNames) = (MissingValueHandling.SkipRow, ["Promotion"]));
        AssertRefused("ValidationFraction", options => options.ValidationFraction = 1);
        AssertRefused("UpperBoundColumnName", options => options.UpperBoundColumnName = options.LowerBoundColumnName);
        AssertRefused("PastCovariateColumnNames", options => options.PastCovariateColumnNames = [options.TargetColumnNames[0]]);
        AssertRefused("KnownCovariateColumnNames", options => options.KnownCovariateColumnNames = [options.TargetColumnNames[0]]);
        AssertRefused("KnownCovariateColumnNames",
            options => (options.PastCovariateColumnNames, options.KnownCovariateColumnNames) = (["Other"], ["Promotion", "Other"]));
        AssertRefused("Calendar", options => (options.Calendar, options.TimeColumnName) = (CalendarFeatures.Day, null));
        AssertRefused("EmbedSeries", options => (options.EmbedSeries, options.SeriesColumnName) = (true, null));
    }
}

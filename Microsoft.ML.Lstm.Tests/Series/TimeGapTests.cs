using static Microsoft.ML.Lstm.Tests.Series.SeriesRun;

namespace Microsoft.ML.Lstm.Tests.Series;

/// <summary>Gaps in time: rows with missing values are steps, and gaps are filled, or warned of.</summary>
[TestClass]
public sealed class TimeGapTests
{
    [TestMethod]
    [DataRow(Forecaster)]
    [DataRow(Detector)]
    public void StepsThatAreLeftOutAreMissingValues(string kind)
    {
        (MLContext ml, List<string> warnings) = Listen();
        Reading[] told = Reading.Wave(200), leftOut = Without(told, 30..34, 120..121, 130..133);
        foreach (Reading row in told.Except(leftOut))
            (row.Value, row.Other) = (float.NaN, float.NaN);
        void Change(SeriesEstimatorOptions options) => (options.TimeColumnName, options.PastCovariateColumnNames) = ("Time", ["Other"]);
        SeriesTransformer model = Fit(ml, kind, told[..100], Change), same = Fit(ml, kind, leftOut[..96], Change);

        AssertOne(warnings, "The training data leaves out 4 steps at 1 place: 4 between 2024-01-02 05:00:00 and 2024-01-02 10:00:00. They "
            + "are taken as steps whose values are missing.");
        warnings.Clear();
        double[][] expected = [.. Transform(ml, model, told[100..]).Where((_, t) => float.IsFinite(told[100 + t].Value))];
        AssertSame(expected, Transform(ml, model, leftOut[96..]));
        AssertSame(expected, Transform(ml, same, leftOut[96..]));
        Assert.AreEqual(2, warnings.Count(warning =>
            warning.Contains("The data leaves out 4 steps at 2 places: 1 between 2024-01-05 23:00:00 and 2024-01-06 01:00:00; 3 between",
            StringComparison.Ordinal)));
        warnings.Clear();
        Func<Reading, double[]> observe = Observe(ml, model, kind);
        AssertSame(expected, [.. leftOut[96..].Select(observe)]);
        AssertOne(warnings, "Steps are left out: 1 between");
        AssertOne(warnings, "Steps are left out: 3 between");
    }

    [TestMethod]
    [DataRow(Forecaster)]
    [DataRow(Detector)]
    public void WhatIsKnownAheadIsOfItsTime(string kind)
    {
        var ml = new MLContext(1);
        Reading[] a = Reading.Wave(200, shop: "a"), b = Reading.Wave(200, seed: 2, shop: "b");
        foreach (Reading row in (Reading[])[.. a[30..34], .. a[120..121], .. a[130..133], .. b[131..150]])
            (row.Value, row.Promotion) = (float.NaN, float.NaN);
        Reading[] told = [.. a.Zip(b).SelectMany(pair => new[] { pair.First, pair.Second })],
            leftOut = [.. told.Where(row => float.IsFinite(row.Value))];
        SeriesTransformer model = Fit(ml, kind, told[..200],
            options =>
                (options.TimeColumnName, options.SeriesColumnName, options.KnownCovariateColumnNames) = ("Time", "Shop", ["Promotion"]));
        double[][] expected = [.. Transform(ml, model, told[200..]).Where((_, t) => float.IsFinite(told[200 + t].Value))];
        AssertSame(expected, Transform(ml, model, leftOut[196..]));
    }

    [TestMethod]
    [DataRow(Forecaster, true)]
    [DataRow(Forecaster, false)]
    [DataRow(Detector, true)]
    public void ARowWithoutATimeShiftsNothingThatIsKnownAhead(string kind, bool fillsGaps)
    {
        var ml = new MLContext(1);
        Reading[] a = Reading.Wave(140, shop: "a"), b = Reading.Wave(140, seed: 2, shop: "b");
        Reading[] rows = [.. a.Zip(b).SelectMany(pair => new[] { pair.First, pair.Second })];
        SeriesTransformer model = Fit(ml, kind, rows[..200], options =>
        {
            (options.TimeColumnName, options.SeriesColumnName, options.FillGaps) = ("Time", "Shop", fillsGaps);
            options.KnownCovariateColumnNames = ["Promotion"];
        });
        var without = new Reading { Shop = "a", Promotion = 7, Value = 9 };
        double[][] actual = Transform(ml, model, [without, .. rows[200..221], without, without, .. rows[221..]]);
        AssertSame(Transform(ml, model, rows[200..]), [.. actual[1..22], .. actual[24..]]);
        Assert.IsTrue(actual[22][1..].All(double.IsNaN));
    }

    [TestMethod]
    public void RowsAheadOfAnEngineAreOfTheirTimesToo()
    {
        var ml = new MLContext(1);
        Reading[] rows = Reading.Wave(140);
        foreach (Reading row in rows)
            row.Value += row.Promotion;
        SeriesTransformer model = Fit(ml, Forecaster, rows[..120],
            options => (options.TimeColumnName, options.KnownCovariateColumnNames) = ("Time", ["Promotion"]));
        foreach (Reading[] ahead in new Reading[][] { [rows[123], rows[125]], [rows[121], rows[124]], [rows[139]] })
        {
            double[] expected = Transform(ml, model, [rows[120], .. ahead])[0];
            using ForecastEngine<Reading, ReadingForecast> engine = model.CreateForecastEngine<Reading, ReadingForecast>(ml);
            CollectionAssert.AreEqual(expected, Array.ConvertAll(engine.Predict(rows[120], ahead).Forecast, value => (double)value));
        }
        // Without a time, a row is the step after the one before.
        Reading[] some = [rows[121], new Reading { Promotion = 1 }, rows[124]];
        using ForecastEngine<Reading, ReadingForecast> last = model.CreateForecastEngine<Reading, ReadingForecast>(ml);
        Reading second = new() { Time = rows[122].Time, Promotion = 1 };
        CollectionAssert.AreEqual(Transform(ml, model, [rows[120], rows[121], second, rows[124]])[0],
            Array.ConvertAll(last.Predict(rows[120], some).Forecast, value => (double)value));
    }

    [TestMethod]
    [DataRow(Forecaster)]
    [DataRow(Detector)]
    public void AGapBehindTheTrainingDataIsNamed(string kind)
    {
        (MLContext ml, List<string> warnings) = Listen();
        Reading[] a = Reading.Wave(120, shop: "a"), b = Reading.Wave(120, seed: 2, shop: "b");
        SeriesTransformer model = Fit(ml, kind, [.. a[..90], .. b[..95]],
            options => (options.TimeColumnName, options.SeriesColumnName) = ("Time", "Shop"));
        Assert.IsEmpty(warnings.Where(warning => warning.Contains("leaves out", StringComparison.Ordinal)));
        Transform(ml, model, [.. a[100..], .. b[100..]]);
        AssertOne(warnings, "The data leaves out 15 steps at 2 places: in series 'a' 10 between 2024-01-04 17:00:00, the last that the "
            + "model knows, and 2024-01-05 04:00:00; in series 'b' 5 between");
    }

    [TestMethod]
    [DataRow(Forecaster)]
    [DataRow(Detector)]
    public void ANetworkIsToldOfMissingValuesWhereItLearnedWhatTheyMean(string kind)
    {
        var ml = new MLContext(1);
        foreach ((int missing, bool isTold) in new[] { (40, true), (90, false) })
        {
            Reading[] rows = Reading.Wave(100);
            rows[missing].Value = float.NaN;
            Assert.AreEqual(isTold, Fit(ml, kind, rows, options =>
            {
                if (options is LstmForecastingEstimator.Options forecast)
                    forecast.RefitOnAllData = false;
            }).Model.Layout.HasMissing);
        }
    }

    [TestMethod]
    [DataRow(Forecaster)]
    [DataRow(Detector)]
    public void ASeriesWithoutAnyValueHasNoGapBehindIt(string kind)
    {
        (MLContext ml, List<string> warnings) = Listen();
        Reading[] nothing = Reading.Wave(100, shop: "nothing");
        foreach (Reading row in nothing)
            row.Value = float.NaN;
        SeriesTransformer model = Fit(ml, kind, [.. Reading.Wave(100, shop: "wave"), .. nothing],
            options => (options.SeriesColumnName, options.TimeColumnName) = ("Shop", "Time"));
        Reading[] rows = Reading.Wave(160, shop: "nothing")[100..];
        double[][] results = Transform(ml, model, rows);
        AssertSame(Expected(kind, Transform(ml, WithoutHistory(model), rows)), Expected(kind, results));
        AssertSame(Expected(kind, results), Expected(kind, Transform(ml, Reload(ml, model), rows)));
        AssertNone(warnings, "left out");
        AssertNone(warnings, "leaves out");
    }

    [TestMethod]
    public void MissingValuesAtTheEndOfTrainingAreSteps()
    {
        foreach (bool time in new[] { false, true })
        {
            (MLContext ml, List<string> warnings) = Listen();
            Reading[] rows = Reading.Wave(120), out6 = Reading.Wave(120);
            foreach (Reading row in out6[94..100])
                row.Value = float.NaN;
            foreach (string kind in new[] { Forecaster, Detector })
            {
                SeriesTransformer model = Fit(ml, kind, out6[..100], options => options.TimeColumnName = time ? "Time" : null);
                // As the model forecasts after all rows up to there.
                double[][] all = Transform(ml, WithoutHistory(model), out6);
                AssertSame(Expected(kind, all[100..]), Expected(kind, Transform(ml, model, out6[100..])));
                AssertSame(Expected(kind, all[100..]), Expected(kind, Transform(ml, Reload(ml, model), out6[100..])));
                AssertSame(Expected(kind, all[100..]), Expected(kind, [.. out6[100..].Select(Observe(ml, model, kind))]));
                // With times, missing values may come late.
                if (time)
                    AssertSame(Expected(kind, Transform(ml, WithoutHistory(model), rows)[94..]),
                        Expected(kind, Transform(ml, model, rows[94..])));
                if (kind == Detector)
                    continue;
                var forecaster = (LstmForecastingTransformer)model;
                using ForecastEngine<Reading, ReadingForecast> engine = Reload(ml, model)
                    .CreateForecastEngine<Reading, ReadingForecast>(ml);
                CollectionAssert.AreEqual(all[99], Array.ConvertAll(engine.Predict().Forecast, value => (double)value));
                if (time)
                    Assert.AreEqual(rows[100].Time,
                        Microsoft.ML.Data.ColumnCursorExtensions.GetColumn<DateTime>(forecaster.Forecast(), "Time").First());
            }
            AssertNone(warnings, "leaves out");
        }
    }

    [TestMethod]
    [DataRow(Forecaster)]
    [DataRow(Detector)]
    public void WeekendsAreNoGaps(string kind)
    {
        (MLContext ml, List<string> warnings) = Listen();
        Reading[] rows = Days(300, day => day.DayOfWeek is not (DayOfWeek.Saturday or DayOfWeek.Sunday)),
            plain = Days(300, _ => true)[..rows.Length];
        SeriesTransformer model = Fit(ml, kind, rows[..100],
            options => (options.TimeColumnName, options.Calendar) = ("Time", CalendarFeatures.None));
        AssertOne(warnings, "Rows are taken as if they followed each other without a gap.");
        warnings.Clear();
        double[][] actual = Transform(ml, model, rows[100..]);
        AssertNone(warnings, "leaves out");
        for (int t = 0; t < rows.Length; t++)
            plain[t].Value = rows[t].Value;
        AssertSame(Transform(ml,
            Fit(ml, kind, plain[..100], options => (options.TimeColumnName, options.Calendar) = ("Time", CalendarFeatures.None)),
            plain[100..]), actual);
        // The holidays of a month are one gap.
        Transform(ml, model, rows[120..]);
        AssertOne(warnings, "the last that the model knows");
    }

    [TestMethod]
    [DataRow(Forecaster)]
    [DataRow(Detector)]
    public void GapsAreFilledAsAsked(string kind)
    {
        (MLContext ml, List<string> warnings) = Listen();
        Reading[] rows = Reading.Wave(200), few = Without(rows, 40..44);
        // What is left open might be chosen by the time between rows.
        void Close(SeriesEstimatorOptions options) => (options.NumberOfLags, options.Scaling) = (1, SeriesScaling.Window);
        void Change(SeriesEstimatorOptions options, bool? fill)
        {
            Close(options);
            (options.TimeColumnName, options.FillGaps, options.Calendar) = ("Time", fill, CalendarFeatures.None);
        }

        double[][] usual = Transform(ml, Fit(ml, kind, few[..100], options => Change(options, null)), few[100..]);
        AssertSame(usual, Transform(ml, Fit(ml, kind, few[..100], options => Change(options, true)), few[100..]));
        warnings.Clear();
        SeriesTransformer closed = Fit(ml, kind, few[..100], options => Change(options, false));
        AssertOne(warnings, "The training data leaves out 4 steps at 1 place: 4 between 2024-01-02 15:00:00 and 2024-01-02 20:00:00. Rows "
            + "are taken as if they followed each other without a gap.");
        double[][] without = Transform(ml, Fit(ml, kind, few[..100], Close), few[100..]);
        AssertSame(without, Transform(ml, closed, few[100..]));
        CollectionAssert.AreNotEqual(usual[0], without[0]);
        Assert.AreEqual("FillGaps",
            Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Estimator(ml, kind, options => options.FillGaps = true)).ParamName);
        Assert.AreEqual("FillGaps", Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Estimator(ml, kind, options
            => (options.FillGaps, options.TimeColumnName, options.MissingValues) = (true, "Time",
                MissingValueHandling.SkipRow))).ParamName);
    }

    [TestMethod]
    [DataRow(Forecaster)]
    [DataRow(Detector)]
    public void AClockThatIsChangedIsExplained(string kind)
    {
        (MLContext ml, List<string> warnings) = Listen();
        Reading[] rows = Reading.Wave(24 * 6);
        var spring = new DateTime(2026, 3, 27);
        for (int t = 0; t < rows.Length; t++)
            rows[t].Time = spring.AddHours(t + (t >= 50 ? 1 : 0));
        SeriesTransformer model = Fit(ml, kind, rows, options => options.TimeColumnName = "Time");
        AssertOne(warnings, "1 between 2026-03-29 01:00:00 and 2026-03-29 03:00:00. They are taken as steps whose values are missing. At "
            + "the start of daylight-saving time local clocks leave out an hour");
        var autumn = new DateTime(2026, 10, 23);
        for (int t = 0; t < rows.Length; t++)
            rows[t].Time = autumn.AddHours(t - (t >= 51 ? 1 : 0));
        foreach (Action act in new Action[] { () => Fit(ml, kind, rows, options => options.TimeColumnName = "Time"),
            () => Transform(ml, WithoutHistory(model), rows) })
        {
            StringAssert.Contains(Assert.ThrowsExactly<InvalidOperationException>(act).Message,
                "has the time 2026-10-25 02:00:00 that a row of the series before it already has. Each time may occur once in a series. "
                + "If these are local times: at the end of daylight-saving time clocks show an hour twice.");
        }
    }

    // The tails of the scores depend on the rows since the detector began.
    private static double[][] Expected(string kind, double[][] said) => [.. said.Select(row => kind == Detector ? [row[3]] : row)];

    private static ITransformer Reload(MLContext ml, ITransformer model)
    {
        using var stream = new MemoryStream();
        ml.Model.Save(model, null, stream);
        stream.Position = 0;
        return ml.Model.Load(stream, out _);
    }

    private static Reading[] Without(Reading[] rows, params Range[] ranges)
        => [.. rows.Where((_, t) => !ranges.Any(range => t >= range.Start.Value && t < range.End.Value))];

    private static Reading[] Days(int days, Func<DateTime, bool> isDay)
    {
        Reading[] rows = Reading.Wave(days);
        for (int t = 0; t < days; t++)
            rows[t].Time = new DateTime(2024, 1, 1).AddDays(t);
        return [.. rows.Where(row => isDay(row.Time))];
    }
}

using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Tests.Forecasting;
using static Microsoft.ML.Lstm.Tests.Series.SeriesRun;

namespace Microsoft.ML.Lstm.Tests.Series;

/// <summary>
/// The series of a row: keys of all types give names, a missing key is an error, and rows without a name or time are counted.
/// </summary>
[TestClass]
public sealed class SeriesKeyTests
{
    [TestMethod]
    [DataRow(Forecaster)]
    [DataRow(Detector)]
    public void TheMissingKeyIsNoName(string kind)
    {
        (MLContext ml, _) = Listen();
        Reading[] known = [.. Reading.Wave(80, shop: "a"), .. Reading.Wave(80, shop: "b")],
            unknown = [.. Reading.Wave(20, shop: "c"), .. Reading.Wave(20, shop: "d")];
        ITransformer keys = ml.Transforms.Conversion.MapValueToKey("Key", "Shop").Fit(ml.Data.LoadFromEnumerable(known));
        IEstimator<ITransformer> estimator = Estimator(ml, kind, options => options.SeriesColumnName = "Key");
        ITransformer model = new TransformerChain<ITransformer>(keys, estimator.Fit(keys.Transform(ml.Data.LoadFromEnumerable(known))));
        foreach ((string row, Action act) in new (string, Action)[]
        {
            ("Row 160 (counted from 0) of the training data",
                () => estimator.Fit(keys.Transform(ml.Data.LoadFromEnumerable(known.Concat(unknown))))),
            ("Row 1 (counted from 0) of the data", () => Transform(ml, model, [known[0], .. unknown])),
            ("The observation", () => Observe(ml, model, kind)(unknown[0])),
        })
        {
            string message = Assert.ThrowsExactly<InvalidOperationException>(act).Message;
            StringAssert.Contains(message,
                $"{row} has the missing key in the series column 'Key', so nobody knows which series it belongs to. MapValueToKey gives "
                + "this key to");
            StringAssert.Contains(message, "or give the column of texts itself as the series column");
        }
    }

    [TestMethod]
    [DataRow(Forecaster)]
    [DataRow(Detector)]
    public void RowsWithoutANameOrATimeAreCountedOnce(string kind)
    {
        (MLContext ml, List<string> warnings) = Listen();
        Reading[] rows = [.. Reading.Wave(90, shop: "a"), .. Reading.Wave(90, seed: 2, shop: "b")], odd = [.. rows];
        foreach ((int at, string shop, bool hasTime) in new[] { (5, "", true), (20, "a", false), (40, "", false), (100, "b", false) })
            odd = [.. odd[..at], new Reading { Shop = shop, Time = hasTime ? rows[at].Time : default, Value = 99 }, .. odd[at..]];
        void Change(SeriesEstimatorOptions options) => (options.SeriesColumnName, options.TimeColumnName) = ("Shop", "Time");
        double[][] expected = Transform(ml, WithoutHistory(Fit(ml, kind, rows, Change)), rows);
        warnings.Clear();
        SeriesTransformer model = WithoutHistory(Fit(ml, kind, odd, Change));
        AssertOne(warnings, "Skipped 4 rows of the training data: 1 with an empty text in the series column 'Shop'; 3 with no time in "
            + "column 'Time', but the default one.");
        warnings.Clear();
        double[][] actual = Transform(ml, model, odd);
        AssertOne(warnings, "Skipped 4 rows of the data: 1 with an empty text in the series column 'Shop'; 3 with no time in column "
            + "'Time', but the default one.");
        AssertSame(expected, [.. actual.Where((_, t) => odd[t].Value != 99)]);
        foreach (double[] said in actual.Where((_, t) => odd[t].Value == 99))
            Assert.IsTrue(said.All(value => double.IsNaN(value) || (kind == Detector && value == 0)));
        warnings.Clear();
        AssertSame(actual, [.. odd.Select(Observe(ml, model, kind))]);
        AssertOne(warnings, "A row has an empty text in the series column 'Shop'");
        AssertOne(warnings, "A row has no time in column 'Time', but the default one");
        StringAssert.Contains(Assert.ThrowsExactly<InvalidOperationException>(() =>
            Fit(ml, kind, rows.Select(row => new Reading { Shop = "a" }), Change)).Message,
            "The training data has no rows that can be used: 180 with no time in column 'Time'");
    }

    [TestMethod]
    [DataRow(Forecaster)]
    [DataRow(Detector)]
    public void OneSeriesNeedsNoName(string kind)
    {
        (MLContext ml, List<string> warnings) = Listen();
        Reading[] rows = Reading.Wave(120);
        double[][] expected = Transform(ml, Fit(ml, kind, rows[..100]), rows[100..]);
        AssertSame(expected, Transform(ml, Fit(ml, kind, rows[..100], options => options.SeriesColumnName = "Shop"), rows[100..]));
        AssertNone(warnings, "Skipped");
    }

    [TestMethod]
    [DataRow(Forecaster)]
    [DataRow(Detector)]
    public void SkippedRowsAreCounted(string kind)
    {
        (MLContext ml, List<string> warnings) = Listen();
        Reading[] rows = Reading.Wave(120);
        rows[30].Value = rows[110].Value = rows[111].Value = float.NaN;
        SeriesTransformer model = Fit(ml, kind, rows[..100], options => options.MissingValues = MissingValueHandling.SkipRow);
        AssertOne(warnings, "Skipped 1 rows of the training data, in which values are missing: they count as if they were not there "
            + "(MissingValueHandling.SkipRow).");
        Transform(ml, model, rows[100..]);
        AssertOne(warnings, "Skipped 2 rows of the data, in which values are missing");
        Func<Reading, double[]> observe = Observe(ml, model, kind);
        foreach (Reading row in rows[100..])
            observe(row);
        AssertOne(warnings, "A row is skipped since a value is missing");
    }

    [TestMethod]
    [DataRow(Forecaster)]
    [DataRow(Detector)]
    public void StaticFeaturesThatVaryWithinASeriesAreNamed(string kind)
    {
        (MLContext ml, List<string> warnings) = Listen();
        Reading[] rows = [.. Reading.Wave(60, shop: "a"), .. Reading.Wave(60, seed: 2, shop: "b", scale: 3)];
        void Change(SeriesEstimatorOptions options)
            => (options.SeriesColumnName, options.StaticFeatureColumnName) = ("Shop", "Size");
        Fit(ml, kind, rows, Change);
        AssertNone(warnings, "static features");
        foreach (Reading row in rows[100..])
            row.Size++;
        Fit(ml, kind, rows, Change);
        AssertOne(warnings, "20 rows of the training data have other static features in column 'Size' than the first row of their series, "
            + "first in 'b', which alone is trained on. What varies within a series is a covariate.");
    }

    [TestMethod]
    [DataRow(Forecaster)]
    [DataRow(Detector)]
    public void StaticFeaturesThatAreMissingAreTheMeansOfTraining(string kind)
    {
        (MLContext ml, List<string> warnings) = Listen();
        Reading[] rows = [.. Reading.Wave(60, shop: "a", scale: 1), .. Reading.Wave(60, shop: "b", scale: 2)],
            later = Reading.Wave(5, shop: "a"), usual = Reading.Wave(5, shop: "a");
        SeriesTransformer model = Fit(ml, kind, rows,
            options => (options.SeriesColumnName, options.StaticFeatureColumnName) = ("Shop", "Size"));
        (later[1].Size, later[4].Size) = (float.NaN, float.PositiveInfinity);
        usual[1].Size = usual[4].Size = 1.5f;
        double[][] expected = Transform(ml, model, usual);
        AssertSame(expected, Transform(ml, model, later));
        AssertOne(warnings, "2 rows of the data have NaN or infinity in the static features; their means in the training data are taken "
            + "instead.");
        AssertSame(expected, [.. later.Select(Observe(ml, model, kind))]);
        AssertOne(warnings, "A row has NaN or infinity in the static features; their means in the training data are taken instead.");
    }

    [TestMethod]
    public void WhateverAKeyStandsForIsAName()
    {
        var ml = new MLContext(1);
        var day = new DateTime(2026, 3, 1, 6, 30, 0);
        Value[] values = [.. Enumerable.Range(0, 240).Select(t => new Value
        {
            Number = t % 2 == 0 ? 7 : 12,
            Real = t % 2 == 0 ? 0.5f : -2,
            Flag = t % 2 == 0,
            Day = day.AddDays(t % 2),
            Moment = new DateTimeOffset(day.AddDays(t % 2), TimeSpan.FromHours(2)),
            Span = TimeSpan.FromHours(1 + t % 2),
            Small = (byte)(t % 2),
            Long = (ulong)(t % 2),
            Target = MathF.Sin(t / 6f) * (1 + t % 2 * 9),
        })];
        foreach ((string column, string[] names) in new[]
        {
            ("Number", ["7", "12"]), ("Real", ["0.5", "-2"]), ("Flag", ["True", "False"]),
                ("Day", ["2026-03-01T06:30:00.0000000", "2026-03-02T06:30:00.0000000"]),
            ("Moment", ["2026-03-01T06:30:00.0000000+02:00", "2026-03-02T06:30:00.0000000+02:00"]), ("Span", ["01:00:00", "02:00:00"]),
                ("Small", ["1", "2"]), ("Long", new[] { "1", "2" }),
        })
        {
            string series = column is "Small" or "Long" ? column : "Key";
            IEstimator<ITransformer> forecast = ml.Forecasting.ForecastByLstm(ForecastRun.Options(options =>
                (options.TargetColumnNames, options.SeriesColumnName) = (["Target"], series)));
            if (series == "Key")
                forecast = ml.Transforms.Conversion.MapValueToKey("Key", column).Append(forecast);
            ITransformer model = forecast.Fit(ml.Data.LoadFromEnumerable(values));
            LstmForecastingTransformer forecaster = model as LstmForecastingTransformer ?? ((IEnumerable<ITransformer>)model)
                .OfType<LstmForecastingTransformer>()
                .Single();
            Assert.AreEqual(string.Join(" ", names), string.Join(" ", forecaster.SeriesNames), column);
            CollectionAssert.AreEqual(names, forecaster.Forecast(1).GetColumn<string>(series).ToArray(), column);
        }
    }

    private sealed class Value
    {
        public int Number { get; set; }

        public float Real { get; set; }

        public bool Flag { get; set; }

        public DateTime Day { get; set; }

        public DateTimeOffset Moment { get; set; }

        public TimeSpan Span { get; set; }

        [KeyType(10)]
        public byte Small { get; set; }

        [KeyType(5_000_000_000)]
        public ulong Long { get; set; }

        public float Target { get; set; }
    }
}

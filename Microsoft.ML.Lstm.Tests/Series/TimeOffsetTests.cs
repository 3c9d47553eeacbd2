using Microsoft.ML.Data;
using static Microsoft.ML.Lstm.Tests.Series.SeriesRun;

namespace Microsoft.ML.Lstm.Tests.Series;

/// <summary>Times with offsets from UTC.</summary>
[TestClass]
public sealed class TimeOffsetTests
{
    private static readonly TimeZoneInfo Zone = TimeZoneInfo.CreateCustomTimeZone("Test", TimeSpan.FromHours(1), "Test", "Test",
        "Test summer",
    [
        TimeZoneInfo.AdjustmentRule.CreateAdjustmentRule(DateTime.MinValue.Date, DateTime.MaxValue.Date, TimeSpan.FromHours(1),
            TimeZoneInfo.TransitionTime.CreateFloatingDateRule(new DateTime(1, 1, 1, 2, 0, 0), 3, 5, DayOfWeek.Sunday),
            TimeZoneInfo.TransitionTime.CreateFloatingDateRule(new DateTime(1, 1, 1, 3, 0, 0), 10, 5, DayOfWeek.Sunday)),
    ]);

    [TestMethod]
    [DataRow(Forecaster, 3)]
    [DataRow(Forecaster, 10)]
    [DataRow(Detector, 3)]
    [DataRow(Detector, 10)]
    public void ChangesOfTheClockAreNoGaps(string kind, int month)
    {
        (MLContext ml, List<string> warnings) = Listen();
        var start = new DateTimeOffset(2026, month, 20, 0, 0, 0, TimeSpan.Zero);
        Moment[] rows = [.. Reading.Wave(24 * 10)
            .Select((row, t) => new Moment { Value = row.Value, Time = TimeZoneInfo.ConvertTime(start.AddHours(t), Zone) })];
        SeriesTransformer model = Estimator(ml, kind, options => options.TimeColumnName = "Time")
            .Fit(ml.Data.LoadFromEnumerable(rows[..230]));
        double[][] said = Read(model.Transform(ml.Data.LoadFromEnumerable(rows[230..])));
        AssertNone(warnings, "leave");
        AssertNone(warnings, "regular");
        Assert.IsTrue(said.SelectMany(row => row).All(double.IsFinite));
        using var stream = new MemoryStream();
        ml.Model.Save(model, null, stream);
        stream.Position = 0;
        ITransformer loaded = ml.Model.Load(stream, out _);
        AssertSame(said, Read(loaded.Transform(ml.Data.LoadFromEnumerable(rows[230..]))));
        if (loaded is LstmForecastingTransformer forecaster)
            CollectionAssert.AreEqual(rows[230..232].Select(row => row.Time).ToArray(),
                forecaster.Forecast(2).GetColumn<DateTimeOffset>("Time").ToArray());
        Read(model.Transform(ml.Data.LoadFromEnumerable(rows[235..])));
        AssertOne(warnings, "The data leaves out 5 steps at 1 place");
    }

    [TestMethod]
    [DataRow(Forecaster)]
    [DataRow(Detector)]
    public void DaysAndMonthsAreThoseOfTheClock(string kind)
    {
        (MLContext ml, List<string> warnings) = Listen();
        foreach (Func<DateTime, int, DateTime> add in new Func<DateTime, int, DateTime>[] { (time, t) => time.AddDays(t),
            (time, t) => time.AddMonths(t) })
        {
            Moment[] rows = [.. Reading.Wave(150).Select((row, t) =>
            {
                DateTime clock = add(new DateTime(2020, 1, 1), t);
                return new Moment { Value = row.Value, Time = new DateTimeOffset(clock, Zone.GetUtcOffset(clock)) };
            })];
            Estimator(ml, kind, options => options.TimeColumnName = "Time").Fit(ml.Data.LoadFromEnumerable(rows));
        }
        AssertNone(warnings, "leave");
        AssertNone(warnings, "regular");
    }

    [TestMethod]
    [DataRow(Forecaster)]
    [DataRow(Detector)]
    public void AnotherKindOfTimesIsNamed(string kind)
    {
        (MLContext ml, _) = Listen();
        Reading[] rows = Reading.Wave(60);
        Moment[] moments = [.. rows.Select(row => new Moment { Value = row.Value, Time = new DateTimeOffset(row.Time, TimeSpan.Zero) })];
        IEstimator<SeriesTransformer> estimator = Estimator(ml, kind, options => options.TimeColumnName = "Time");
        SeriesTransformer times = estimator.Fit(ml.Data.LoadFromEnumerable(rows)),
            offsets = estimator.Fit(ml.Data.LoadFromEnumerable(moments));
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentOutOfRangeException>(() =>
            times.Transform(ml.Data.LoadFromEnumerable(moments))).Message,
            "time column 'Time': expected DateTime, as in the training data, got DateTimeOffset");
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentOutOfRangeException>(() =>
            offsets.Transform(ml.Data.LoadFromEnumerable(rows))).Message,
            "time column 'Time': expected DateTimeOffset, as in the training data, got DateTime");
        AssertSame(Read(WithoutHistory(times).Transform(ml.Data.LoadFromEnumerable(rows))),
            Read(WithoutHistory(offsets).Transform(ml.Data.LoadFromEnumerable(moments))));
        // The advice of the message, in text form.
        var texts = rows.Select(row => new { row.Value, Time = row.Time.ToString("s", System.Globalization.CultureInfo.InvariantCulture) })
            .ToArray();
        IDataView data = ml.Data.LoadFromEnumerable(texts);
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => estimator.Fit(data)).Message,
            "ConvertType with DataKind.DateTime makes one of a text");
        ITransformer converted = ml.Transforms.Conversion.ConvertType("Time", outputKind: DataKind.DateTime)
            .Append(Estimator(ml, kind, options => options.TimeColumnName = "Time"))
            .Fit(data);
        AssertSame(Read(times.Transform(ml.Data.LoadFromEnumerable(rows))), Read(converted.Transform(data)));
    }

    private sealed class Moment
    {
        public float Value { get; set; }

        public float Other { get; set; }

        public DateTimeOffset Time { get; set; }
    }
}

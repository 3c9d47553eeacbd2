using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Tests.Series;
using static Microsoft.ML.Lstm.Tests.Series.SeriesRun;

namespace Microsoft.ML.Lstm.Tests.Forecasting;

/// <summary>The table of the next steps has the times that the next rows will have, or none.</summary>
[TestClass]
public sealed class NextTimesTests
{
    // A Monday.
    private static readonly DateTime Start = new(2024, 1, 1);

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void BusinessDaysAreFollowedByBusinessDays(bool hasHolidays)
    {
        DateTime[] days = [.. Times(140, TimeSpan.FromDays(1), IsBusinessDay)];
        if (hasHolidays)
            days = [.. days.Where(day => day != Start.AddDays(21) && day != Start.AddDays(46))];
        DateTime[] next = [.. days.TakeLast(7)];
        AssertNext(next, days[..^7]);
    }

    [TestMethod]
    public void OpeningHoursAreFollowedByOpeningHours()
    {
        // From nine to five, and on Saturdays until noon.
        static bool IsOpen(DateTime time)
            => time.Hour >= 9 && time.Hour <= (time.DayOfWeek == DayOfWeek.Saturday ? 12 : 17) && time.DayOfWeek != DayOfWeek.Sunday;
        DateTime[] hours = [.. Times(24 * 26, TimeSpan.FromHours(1), IsOpen)];
        int end = Array.FindLastIndex(hours, time => time.DayOfWeek == DayOfWeek.Saturday && time.Hour == 11);
        AssertNext(hours[end..(end + ForecastRun.Horizon)], hours[..end]);
    }

    [TestMethod]
    public void OfADayWithoutNightsAFewDaysTell()
    {
        DateTime[] hours = [.. Times(24 * 6, TimeSpan.FromHours(1), time => time.Hour is >= 6 and < 22)];
        AssertNext(hours[^10..^4], hours[..^10]);
    }

    [TestMethod]
    public void MonthsKeepTheirDay()
    {
        // Until the 28th of February.
        DateTime[] months = [.. Enumerable.Range(0, 74).Select(t => new DateTime(2015, 1, 30).AddMonths(t))];
        AssertNext([.. Enumerable.Range(74, ForecastRun.Horizon).Select(t => new DateTime(2015, 1, 30).AddMonths(t))], months);
    }

    [TestMethod]
    public void WithoutARuleThereIsNoTime()
    {
        var random = new Random(5);
        (MLContext ml, List<string> warnings) = Listen();
        LstmForecastingTransformer model = Fit(ml, [.. Times(200, TimeSpan.FromDays(1), _ => random.Next(3) > 0)]);
        warnings.Clear();
        Assert.IsTrue(model.Forecast().GetColumn<DateTime>("Time").All(time => time == default));
        AssertOne(warnings, "The times in column 'Time' of the steps ahead are missing: the training data leaves out rows so often that "
            + "gaps are usual, and neither the days of the week nor the hours tell which will have a row.");
    }

    private static void AssertNext(DateTime[] expected, DateTime[] times)
    {
        (MLContext ml, List<string> warnings) = Listen();
        LstmForecastingTransformer model = Fit(ml, times);
        using var stream = new MemoryStream();
        ml.Model.Save(model, null, stream);
        stream.Position = 0;
        foreach (LstmForecastingTransformer one in new[] { model, (LstmForecastingTransformer)ml.Model.Load(stream, out _) })
        {
            CollectionAssert.AreEqual(expected[..ForecastRun.Horizon], one.Forecast().GetColumn<DateTime>("Time").ToArray());
            AssertNone(warnings, "steps ahead");
        }
    }

    private static LstmForecastingTransformer Fit(MLContext ml, DateTime[] times)
    {
        Reading[] rows = Reading.Wave(times.Length);
        for (int t = 0; t < rows.Length; t++)
            rows[t].Time = times[t];
        return ForecastRun.Fit(ml, rows, options => options.TimeColumnName = "Time");
    }

    private static IEnumerable<DateTime> Times(int steps, TimeSpan step, Func<DateTime, bool> hasRow)
        => Enumerable.Range(0, steps).Select(t => Start + t * step).Where(hasRow);

    private static bool IsBusinessDay(DateTime day) => day.DayOfWeek is not (DayOfWeek.Saturday or DayOfWeek.Sunday);
}

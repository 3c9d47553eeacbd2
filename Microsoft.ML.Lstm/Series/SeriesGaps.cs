using System.Numerics.Tensors;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Series;

namespace Microsoft.ML.Lstm.Series;

/// <summary>The steps that gaps in time leave out.</summary>
internal static class SeriesGaps
{
    /// <summary>
    /// The most steps that a gap is filled with, the last ones: with no value for so long a network has nothing left to go by but the
    /// calendar.
    /// </summary>
    public const int MostSteps = 2000;

    // Where more rows than one in so many follow a gap, or gaps leave out more steps than there are rows, the series has no rows at such
    // times: weekends, nights.
    private const int RowsOfAGap = 20;

    /// <summary>Whether few rows follow a gap, and the steps that nine of ten gaps have at most.</summary>
    public static (bool AreRare, long UsualGap) In(RowInterval step, IEnumerable<SeriesHistory> all)
    {
        long rows = 0, filling = 0;
        var gaps = new List<long>();
        foreach (SeriesHistory series in all)
        {
            rows += series.Times.Count;
            for (int t = 1; t < series.Times.Count; t++)
            {
                long leftOut = step.StepsBetween(series.Times[t - 1], series.Times[t]) - 1;
                if (leftOut > 0)
                    gaps.Add(leftOut);
                filling += Math.Min(leftOut, MostSteps);
            }
        }
        gaps.Sort();
        return (gaps.Count * RowsOfAGap <= rows && filling <= rows, gaps.Count == 0 ? 0 : Statistics.Quantile(gaps, 9, of: 10));
    }

    /// <summary>The times of the steps that a gap between two times is filled with: all that it leaves out, or the last of them.</summary>
    /// <param name="step">The step between rows.</param>
    /// <param name="time">The time before the gap.</param>
    /// <param name="leftOut">How many steps are left out.</param>
    public static IEnumerable<DateTimeOffset> TimesIn(RowInterval step, DateTimeOffset time, long leftOut)
    {
        for (long i = Math.Max(1, leftOut - MostSteps + 1); i <= leftOut; i++)
            yield return step.After(time, i);
    }

    /// <summary>
    /// The series with a row of missing values for each step that is left out, and without the rows at its end that tell nothing: time
    /// may go on by these, but what is missing may also come late.
    /// </summary>
    public static SeriesHistory Fill(RowInterval step, SeriesHistory series, BoundSeriesColumns columns)
    {
        float[] missing = new float[columns.Targets + columns.PastCovariates + columns.KnownCovariates];
        missing.AsSpan().Fill(float.NaN);
        int count = series.Times.Count;
        while (count > 0 && !TensorPrimitives.IsFiniteAny(series.Rows[count - 1]))
            count--;
        if (count == 0)
            return series;
        var filled = new SeriesHistory(series.Name,
            new SeriesRows(missing.Length) { Series = series.Rows.Series, Statics = series.Rows.Statics }, [])
        {
            TrainingRows = Math.Min(count, series.TrainingRows),
            Start = series.Start,
            Until = series.Times[^1],
        };
        for (int t = 0; t < count; t++)
        {
            long leftOut = t == 0 ? 0 : step.StepsBetween(series.Times[t - 1], series.Times[t]) - 1;
            foreach (DateTimeOffset time in TimesIn(step, leftOut == 0 ? default : series.Times[t - 1], leftOut))
            {
                filled.Rows.Add(missing);
                filled.Times.Add(time);
                // A gap before the validation data is part of that.
                filled.TrainingRows += t < series.TrainingRows ? 1 : 0;
            }
            filled.Rows.Add(series.Rows[t]);
            filled.Times.Add(series.Times[t]);
        }
        return filled;
    }
}

using System.Numerics.Tensors;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Series;

namespace Microsoft.ML.Lstm.Series;

/// <summary>Finds gaps in time, where a series leaves out rows, and fills them.</summary>
internal static class SeriesGaps
{
    // Gaps are rare if at most one row in so many follows a gap, and the gaps leave out no more steps than there are rows. Otherwise the
    // series has no rows at such times, as at weekends or at night.
    private const int RowsPerGap = 20;

    /// <summary>Whether gaps are rare, and the 0.9 quantile of the steps that a gap leaves out.</summary>
    public static (bool AreRare, long UsualGap) Measure(RowInterval interval, IEnumerable<LoadedSeries> all)
    {
        long rows = 0, filling = 0;
        var gaps = new List<long>();
        foreach (LoadedSeries series in all)
        {
            rows += series.Times.Count;
            for (int t = 1; t < series.Times.Count; t++)
            {
                long leftOut = interval.StepsBetween(series.Times[t - 1], series.Times[t]) - 1;
                if (leftOut > 0)
                    gaps.Add(leftOut);
                filling += Math.Min(leftOut, RowInterval.MostFilledSteps);
            }
        }
        gaps.Sort();
        return (gaps.Count * RowsPerGap <= rows && filling <= rows, gaps.Count == 0 ? 0 : Statistics.Quantile(gaps, 9, of: 10));
    }

    /// <summary>
    /// Fills the gaps of a series with rows of missing values, and cuts off rows without any value at its end, whose values may still come.
    /// </summary>
    public static LoadedSeries Fill(RowInterval interval, LoadedSeries series, BoundSeriesColumns columns)
    {
        float[] missing = new float[columns.Targets + columns.PastCovariates + columns.KnownCovariates];
        missing.AsSpan().Fill(float.NaN);
        int count = series.Times.Count;
        while (count > 0 && !TensorPrimitives.IsFiniteAny(series.Rows[count - 1]))
            count--;
        if (count == 0)
            return series;
        var filled = new LoadedSeries(series.Name,
            new SeriesRows(missing.Length) { Series = series.Rows.Series, Statics = series.Rows.Statics }, [])
        {
            TrainingRows = Math.Min(count, series.TrainingRows),
            Start = series.Start,
            Validation = series.Validation,
            Until = series.Times[^1],
        };
        for (int t = 0; t < count; t++)
        {
            long leftOut = t == 0 ? 0 : interval.StepsBetween(series.Times[t - 1], series.Times[t]) - 1;
            foreach (DateTimeOffset time in interval.TimesWithin(leftOut == 0 ? default : series.Times[t - 1], leftOut))
            {
                filled.Rows.Add(missing);
                filled.Times.Add(time);
                // A gap before the validation data is part of the validation data.
                filled.TrainingRows += t < series.TrainingRows ? 1 : 0;
            }
            filled.Rows.Add(series.Rows[t]);
            filled.Times.Add(series.Times[t]);
        }
        return filled;
    }
}

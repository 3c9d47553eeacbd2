using System.Globalization;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Training;

namespace Microsoft.ML.Lstm.Engine.Series;

/// <summary>
/// Finds single values of targets that are far from all others, such as typing errors, and warns of them: they count as much as any value
/// in the loss, in the scale of a window and in the intervals.
/// </summary>
internal static class Outliers
{
    // With fewer values nothing is taken for an outlier.
    private const int EnoughValues = 24;

    // In interquartile ranges: about forty deviations of a normal distribution.
    private const double LeastDistance = 30;

    // At most one value in so many is taken for an outlier.
    private const int ValuesOfOneFar = 50;

    /// <summary>Warns of each target that has outliers.</summary>
    /// <param name="data">The series.</param>
    /// <param name="monitor">Receives the warnings.</param>
    public static void WarnOf(ForecastData data, ITrainingMonitor monitor)
    {
        for (int d = 0; d < data.Layout.Targets; d++)
        {
            var far = new List<float>();
            int series = 0;
            foreach (SeriesRows rows in data.Rows)
            {
                float[] some = In([.. Enumerable.Range(0, rows.Count).Select(t => rows[t][d]).Where(float.IsFinite)]);
                far.AddRange(some);
                series += some.Length > 0 ? 1 : 0;
            }
            if (far.Count == 0)
                continue;
            string where = data.Rows.Count > 1 ? $" in {series} of {data.Rows.Count} series" : "";
            monitor.Warn(string.Create(CultureInfo.InvariantCulture,
                $"The target {data.Names.Targets.ElementAtOrDefault(d) ?? $"number {d}"} has {far.Count} "
                + $"{(far.Count > 1 ? "values" : "value")}{where} far from all others, the first {far[0]:G6}. "
                + $"What is learned, and what is taken for usual, goes by them too: if they are errors, make them missing values (NaN)."));
        }
    }

    /// <summary>The outliers among some values, in their order; none where half of the values are the same.</summary>
    public static float[] In(float[] values)
    {
        if (values.Length < EnoughValues)
            return [];
        float[] sorted = [.. values.Order()];
        double median = Statistics.Quantile(sorted, 1, of: 2);
        double distance = LeastDistance * ((double)Statistics.Quantile(sorted, 3, of: 4) - Statistics.Quantile(sorted, 1, of: 4));
        float[] far = distance > 0 ? Array.FindAll(values, value => Math.Abs(value - median) > distance) : [];
        return far.Length <= Math.Max(1, values.Length / ValuesOfOneFar) ? far : [];
    }
}

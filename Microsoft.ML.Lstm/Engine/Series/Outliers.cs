using System.Globalization;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Training;

namespace Microsoft.ML.Lstm.Engine.Series;

/// <summary>
/// Names single values of targets that are far from all others, as a slip of the keyboard is: what is learned, the scale of a window and
/// the intervals go by them as by any other value.
/// </summary>
internal static class Outliers
{
    // Fewer values say little of what is usual.
    private const int EnoughValues = 24;

    // Times the distance between the quartiles: about forty deviations of a normal distribution.
    private const double LeastDistance = 30;

    // More values than one in so many are no slips.
    private const int ValuesOfOneFar = 50;

    /// <summary>Warns of each target that has such values.</summary>
    /// <param name="data">The series.</param>
    /// <param name="monitor">Is told.</param>
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

    /// <summary>The values that are far from the rest, in their order; none where most are the same.</summary>
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

using System.Globalization;
using Microsoft.ML.Lstm;

namespace Accuracy.Tasks;

/// <summary>Whether intervals hold as many values as they say.</summary>
internal static class Intervals
{
    public const double UsualLevel = 0.95;

    /// <summary>Columns of the intervals' ends.</summary>
    public const string Lower = "Lower", Upper = "Upper";

    // How far off a share may be: two points, or two deviations of a binomial distribution.
    private const double Tolerance = 0.02, Deviations = 2;

    /// <summary>The share of values that intervals hold, at more levels if the run is to measure that.</summary>
    /// <param name="run">The run.</param>
    /// <param name="usual">The forecasts at <see cref="UsualLevel"/>.</param>
    /// <param name="measure">Trains and measures at another level.</param>
    public static string Describe(TaskRun run, ForecastMetrics usual, Func<double, ForecastMetrics> measure)
    {
        double[] levels = run.MeasuresIntervals ? [0.8, 0.9, UsualLevel] : [UsualLevel];
        return $"intervals of {string.Join(", ", levels.Select(level =>
            Describe(level, level == UsualLevel ? usual.Overall : measure(level).Overall)))}";
    }

    private static string Describe(double level, ForecastFigures figures)
    {
        double off = Math.Abs(figures.Coverage - level);
        double deviation = Math.Sqrt(level * (1 - level) / figures.NumberOfIntervals);
        return string.Create(CultureInfo.InvariantCulture,
            $"{level:P0} hold {figures.Coverage:P1} {(off <= Math.Max(Tolerance, Deviations * deviation) ? "ok" : "missed")}");
    }
}

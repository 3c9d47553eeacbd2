using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Series;

namespace Microsoft.ML.Lstm.Series;

/// <summary>Finds what the numbers of a forecasting network are called.</summary>
internal static class SeriesColumnNames
{
    /// <summary>The names of the numbers, by the columns that they come from.</summary>
    /// <param name="columns">The columns.</param>
    /// <param name="layout">How many numbers these have.</param>
    /// <param name="interval">The interval of the rows, with its calendar; null where they have no times.</param>
    /// <param name="series">The names of the series.</param>
    public static ForecastNames Of(SeriesColumns columns, ForecastLayout layout, RowInterval? interval, string[] series) => new(
        columns.Targets,
        Of(columns.PastCovariates, layout.PastCovariates),
        Of(columns.KnownCovariates, layout.KnownCovariates),
        [.. (interval?.FeatureNames ?? []).Select((cycle, i) => $"{cycle} {i % RowInterval.FeaturesOfCycle}")],
        series);

    // A model does not say how many numbers each of several columns has: then only the same columns are the same.
    private static string[] Of(string[] columns, int numbers)
        => columns.Length == numbers ? columns : [.. Enumerable.Range(0, numbers).Select(i => $"{string.Join(", ", columns)} {i}")];
}

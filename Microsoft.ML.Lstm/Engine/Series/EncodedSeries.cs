namespace Microsoft.ML.Lstm.Engine.Series;

/// <summary>
/// A whole series, encoded as the steps of a forecasting network, with the values to learn. Lags are not written out for each step, which
/// would take L times the memory of the values: <see cref="CopyFeaturesTo"/> gathers them.
/// </summary>
internal sealed class EncodedSeries
{
    // A window that hardly varies still counts, and one that varies more than any other does not count alone.
    private const double MostWeight = 1000;

    /// <summary>F: features of a step.</summary>
    public required int FeatureSize { get; init; }

    /// <summary>The features behind the lags, [T x (F − L·D)].</summary>
    public required float[] Features { get; init; }

    /// <summary>L: how many lags of each target are gathered.</summary>
    public int Lags { get; init; }

    /// <summary>The values that lags are gathered from, the one before where a value is missing, [D x T], the latest first.</summary>
    public float[] Past { get; init; } = [];

    /// <summary>How many values of each target there are up to each step, [T x D].</summary>
    public int[] Counts { get; init; } = [];

    /// <summary>Features that are always 0.</summary>
    public int[] Cleared { get; set; } = [];

    /// <summary>The values of the targets, [T x D]; NaN where one is missing.</summary>
    public required float[] Values { get; init; }

    /// <summary>The level of each target after each step, [T x D].</summary>
    public required float[] Levels { get; init; }

    /// <summary>The scale of each target after each step, [T x D].</summary>
    public required float[] Scales { get; init; }

    /// <summary>The number of the series, from 1.</summary>
    public required int Series { get; init; }

    /// <summary>The static features, scaled, [S].</summary>
    public required float[] Statics { get; init; }

    /// <summary>T: steps of the series.</summary>
    public required int Steps { get; init; }

    /// <summary>The unit of each target's errors, D; empty where errors are measured by the scale of their step.</summary>
    public double[] Units { get; init; } = [];

    /// <summary>How many units the scale of a step is, in the mean of the targets.</summary>
    public double WeightOf(int step)
    {
        if (Units.Length == 0)
            return 1;
        double sum = 0;
        for (int d = 0; d < Units.Length; d++)
            sum += Units[d] > 0 ? Math.Clamp(Scales[step * Units.Length + d] / Units[d], 1 / MostWeight, MostWeight) : 1;
        return sum / Units.Length;
    }

    /// <summary>Writes the F features of a step to <paramref name="destination"/>.</summary>
    public void CopyFeaturesTo(int step, Span<float> destination)
    {
        int targets = Lags > 0 ? Counts.Length / Steps : 0, behind = FeatureSize - targets * Lags;
        for (int d = 0; d < targets; d++)
        {
            int at = step * targets + d, count = Math.Min(Counts[at], Lags);
            SeriesEncoder.MeasureLags(Past.AsSpan(d * Steps + Steps - 1 - step, count), Levels[at], Scales[at],
                destination.Slice(d * Lags, Lags));
        }
        Features.AsSpan(step * behind, behind).CopyTo(destination[(targets * Lags)..]);
        foreach (int feature in Cleared)
            destination[feature] = 0;
    }

    /// <summary>Encodes all rows of a series.</summary>
    public static EncodedSeries Encode(ForecastLayout layout, RowScaling scaling, SeriesRows rows, double[]? units = null)
    {
        int steps = rows.Count, targets = layout.Targets, size = layout.FeatureSize - layout.LagFeatures;
        var encoder = new SeriesEncoder(layout, scaling, rows.Series);
        float[] features = new float[(long)steps * size], values = new float[steps * targets], past = new float[steps * targets];
        int[] counts = new int[steps * targets];
        float[] levels = new float[steps * targets], scales = new float[steps * targets];
        float[] future = new float[layout.Horizon * layout.KnownCovariates];
        for (int t = 0; t < steps; t++)
        {
            ReadOnlySpan<float> row = rows[t];
            encoder.EncodeBehindLags(row, rows.KnownAfter(t, layout, future), rows.CalendarOf(t), features.AsSpan(t * size, size));
            for (int d = 0; d < targets; d++)
            {
                values[t * targets + d] = float.IsFinite(row[d]) ? row[d] : float.NaN;
                past[d * steps + steps - 1 - t] = encoder.Values[d];
            }
            encoder.Counts.CopyTo(counts.AsSpan(t * targets));
            encoder.Levels.CopyTo(levels.AsSpan(t * targets));
            encoder.Scales.CopyTo(scales.AsSpan(t * targets));
        }
        float[] statics = [.. rows.Statics];
        scaling.Statics.Apply(statics);
        return new EncodedSeries
        {
            FeatureSize = layout.FeatureSize,
            Features = features,
            Lags = layout.LagFeatures / targets,
            Past = past,
            Counts = counts,
            Values = values,
            Levels = levels,
            Scales = scales,
            Series = rows.Series,
            Statics = statics,
            Steps = steps,
            Units = units ?? [],
        };
    }
}

/// <summary>
/// The unit of a series' errors: its mean absolute change over a season, as in the mean absolute scaled error (Hyndman and Koehler 2006),
/// but no less than a share of its deviation, since a few series that hardly change must not outweigh all others.
/// </summary>
internal static class SeriesUnits
{
    private const double LeastOfDeviation = 0.1;

    /// <summary>The unit of each target, D; 0 for one that never changes.</summary>
    /// <param name="series">The rows of the series.</param>
    /// <param name="targets">D.</param>
    /// <param name="rows">How many rows are trained on.</param>
    /// <param name="period">The period; 1 for none.</param>
    public static double[] Of(SeriesRows series, int targets, int rows, int period)
    {
        double[] units = new double[targets];
        int lag = rows > 2 * period ? period : 1;
        for (int d = 0; d < targets; d++)
        {
            double changes = 0, sum = 0, squares = 0;
            int count = 0, known = 0;
            for (int t = 0; t < rows; t++)
            {
                double value = series[t][d];
                if (!double.IsFinite(value))
                    continue;
                (sum, squares, known) = (sum + value, squares + value * value, known + 1);
                double change = t >= lag ? Math.Abs(value - series[t - lag][d]) : double.NaN;
                if (double.IsFinite(change))
                    (changes, count) = (changes + change, count + 1);
            }
            double mean = sum / Math.Max(1, known), deviation = Math.Sqrt(Math.Max(0, squares / Math.Max(1, known) - mean * mean));
            units[d] = Math.Max(changes / Math.Max(1, count), LeastOfDeviation * deviation);
        }
        return units;
    }
}

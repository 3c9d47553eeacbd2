using Microsoft.ML.Lstm.Engine.Parameters;


namespace Microsoft.ML.Lstm.Engine.Series;

/// <summary>A whole series as a forecasting network sees it, and the values that it is to tell.</summary>
internal sealed class EncodedSeries
{
    /// <summary>T x F features.</summary>
    public required float[] Features { get; init; }

    /// <summary>T x D values of the targets, NaN where one is missing.</summary>
    public required float[] Values { get; init; }

    /// <summary>T x D: the level of each target after each step.</summary>
    public required float[] Levels { get; init; }

    /// <summary>T x D: its scale.</summary>
    public required float[] Scales { get; init; }

    /// <summary>The series, counted from 1.</summary>
    public required int Series { get; init; }

    /// <summary>What is known of the series as a whole.</summary>
    public required float[] Statics { get; init; }

    /// <summary>T.</summary>
    public required int Steps { get; init; }

    /// <summary>Encodes the rows of a series from its first on.</summary>
    public static EncodedSeries Encode(ForecastLayout layout, RowScaling scaling, SeriesRows rows)
    {
        int steps = rows.Count, targets = layout.Targets, size = layout.FeatureSize;
        var encoder = new SeriesEncoder(layout, scaling, rows.Series);
        float[] features = new float[(long)steps * size], values = new float[steps * targets], levels = new float[steps * targets],
            scales = new float[steps * targets];
        float[] future = new float[layout.Horizon * layout.KnownCovariates];
        for (int t = 0; t < steps; t++)
        {
            ReadOnlySpan<float> row = rows[t];
            encoder.Encode(row, rows.KnownAfter(t, layout, future), rows.CalendarOf(t), features.AsSpan(t * size, size));
            for (int d = 0; d < targets; d++)
                values[t * targets + d] = float.IsFinite(row[d]) ? row[d] : float.NaN;
            encoder.Levels.CopyTo(levels.AsSpan(t * targets));
            encoder.Scales.CopyTo(scales.AsSpan(t * targets));
        }
        float[] statics = [.. rows.Statics];
        scaling.Statics.Apply(statics);
        return new EncodedSeries
        {
            Features = features,
            Values = values,
            Levels = levels,
            Scales = scales,
            Series = rows.Series,
            Statics = statics,
            Steps = steps
        };
    }
}

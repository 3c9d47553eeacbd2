namespace Microsoft.ML.Lstm.Engine.Series;

/// <summary>A whole series, encoded as the steps of a forecasting network, with the values to learn.</summary>
internal sealed class EncodedSeries
{
    /// <summary>The features, [T x F].</summary>
    public required float[] Features { get; init; }

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

    /// <summary>Encodes all rows of a series.</summary>
    public static EncodedSeries Encode(ForecastLayout layout, RowScaling scaling, SeriesRows rows)
    {
        int steps = rows.Count, targets = layout.Targets, size = layout.FeatureSize;
        var encoder = new SeriesEncoder(layout, scaling, rows.Series);
        float[] features = new float[(long)steps * size], values = new float[steps * targets];
        float[] levels = new float[steps * targets], scales = new float[steps * targets];
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
            Steps = steps,
        };
    }
}

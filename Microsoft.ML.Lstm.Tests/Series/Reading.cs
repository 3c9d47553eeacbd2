using Microsoft.ML.Lstm.Tests.Forecasting;

namespace Microsoft.ML.Lstm.Tests.Series;

/// <summary>A row of made-up series.</summary>
internal sealed class Reading
{
    public string Shop { get; set; } = "";

    public DateTime Time { get; set; }

    public float Value { get; set; }

    public float Other { get; set; }

    public float Promotion { get; set; }

    public float Size { get; set; }

    public float Trend { get; set; }

    public override string ToString() => $"{Shop} {Time} {Value}";

    /// <summary>A noisy wave of <paramref name="rows"/> hours, with a period of a day.</summary>
    public static Reading[] Wave(int rows, int seed = 1, float noise = 0.1f, string shop = "", float level = 0, float scale = 1)
    {
        var random = new Random(seed);
        var start = new DateTime(2024, 1, 1);
        return
        [
            .. from t in Enumerable.Range(0, rows)
               let promotion = random.Next(5) == 0 ? 1f : 0f
               select new Reading
               {
                   Shop = shop,
                   Time = start.AddHours(t),
                   Value = level + scale * (MathF.Sin(2 * MathF.PI * t / 24) + noise * ((float)random.NextDouble() - 0.5f)),
                   Other = MathF.Cos(2 * MathF.PI * t / 24),
                   Promotion = promotion,
                   Size = scale,
               },
        ];
    }
}

/// <summary>The forecast of a <see cref="Reading"/>, by the options of <see cref="ForecastTests"/>.</summary>
internal sealed class ReadingForecast
{
    public float[] Forecast { get; set; } = [];

    public float[] Lower { get; set; } = [];

    public float[] Upper { get; set; } = [];
}

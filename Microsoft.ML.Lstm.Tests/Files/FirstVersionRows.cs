using Microsoft.ML.Data;

namespace Microsoft.ML.Lstm.Tests.Files;

/// <summary>
/// The rows on which the models in FirstVersion/ were trained by version 0.1.0, and on which their recorded outputs were computed.
/// </summary>
internal static class FirstVersionRows
{
    private static readonly string[] Words = ["sun", "rain", "wind", "snow", "fog"];

    /// <summary>Sequences of 3 to 6 steps with two numbers and a word a step, and every kind of label.</summary>
    public static Sequence[] Sequences() =>
    [
        .. from row in Enumerable.Range(0, 40)
           let steps = 3 + row % 4
           let values = (float[])[.. from i in Enumerable.Range(0, 2 * steps) select MathF.Sin(1.7f * row + 0.9f * i)]
           let words = (string[])[.. from t in Enumerable.Range(0, steps) select Words[(row + t * t) % Words.Length]]
           let sum = values.Sum()
           select new Sequence
           {
               Values = values,
               Window = [.. values.Take(6)],
               Text = string.Join(' ', words),
               Tags = string.Join(' ', from word in words select word.Length == 4 ? "long" : "short"),
               Statics = [row % 3, sum > 0 ? 1 : -1],
               Number = sum,
               Numbers = [sum, -2 * sum],
               IsPositive = sum > 0,
               Class = sum > 1 ? "high" : sum > -1 ? "middle" : "low",
           },
    ];

    /// <summary>Two series of 60 days in alternating rows, with promotions that are known in advance.</summary>
    public static Day[] Days() =>
    [
        .. from t in Enumerable.Range(0, 60)
           from shop in (string[])["Harbour", "Station"]
           let size = shop == "Harbour" ? 10f : 30f
           let promotion = (t + shop.Length) % 5 == 0 ? 1f : 0f
           select new Day
           {
               Shop = shop,
               Date = new DateTime(2025, 1, 1).AddDays(t),
               Promotion = promotion,
               Sales = size * (1 + 0.3f * MathF.Sin(t * MathF.Tau / 7) + 0.4f * promotion + 0.1f * MathF.Sin(11f * t)),
           },
    ];
}

/// <summary>A row of <see cref="FirstVersionRows.Sequences"/>.</summary>
internal sealed class Sequence
{
    [VectorType]
    public float[] Values { get; set; } = [];

    [VectorType(3, 2)]
    public float[] Window { get; set; } = [];

    public string Text { get; set; } = "";

    public string Tags { get; set; } = "";

    [VectorType(2)]
    public float[] Statics { get; set; } = [];

    public float Number { get; set; }

    [VectorType(2)]
    public float[] Numbers { get; set; } = [];

    public bool IsPositive { get; set; }

    public string Class { get; set; } = "";
}

/// <summary>A row of <see cref="FirstVersionRows.Days"/>.</summary>
internal sealed class Day
{
    public string Shop { get; set; } = "";

    public DateTime Date { get; set; }

    public float Promotion { get; set; }

    public float Sales { get; set; }
}

/// <summary>A forecast of <see cref="Day"/>s.</summary>
internal sealed class DayForecast
{
    public float[] Forecast { get; set; } = [];

    public float[] Lower { get; set; } = [];

    public float[] Upper { get; set; } = [];
}

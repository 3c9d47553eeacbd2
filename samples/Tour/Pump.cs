using Microsoft.ML.Data;

namespace Tour;

/// <summary>An hour of a pump, a reading of flow and current every two minutes, and whether it was blocked in the hour after.</summary>
internal sealed class PumpHour
{
    public bool Blocked { get; set; }

    public float[] Flow { get; set; } = [];

    public float[] Current { get; set; } = [];

    /// <summary>
    /// A pump blocks when the current rises while the flow falls, at whatever moment of the hour: either by itself means nothing. Both
    /// happen in every hour, so that means and last values are the same for hours that end well. One label in twenty is wrong.
    /// </summary>
    public static IEnumerable<PumpHour> Make()
    {
        var random = new Random(1);
        for (int hour = 0; hour < 1200; hour++)
        {
            bool isBlocked = random.Next(2) == 0;
            int rise = random.Next(PumpReadings.Steps - 6);
            int fall = isBlocked ? rise : (rise + random.Next(8, 17)) % (PumpReadings.Steps - 6);
            yield return new PumpHour
            {
                Blocked = isBlocked != (random.Next(20) == 0),
                Flow = [.. Enumerable.Range(0, PumpReadings.Steps).Select(t => 12 - 3 * Bump(t - fall) + Noise())],
                Current = [.. Enumerable.Range(0, PumpReadings.Steps).Select(t => 7 + 3 * Bump(t - rise) + Noise())],
            };
        }

        float Noise() => random.NextSingle() - 0.5f;
        static float Bump(int t) => t is >= 0 and < 6 ? MathF.Sin((t + 0.5f) * MathF.PI / 6) : 0;
    }
}

/// <summary>The same hour as a trainer and a service read it.</summary>
internal sealed class PumpReadings
{
    public const int Steps = 30, Sensors = 2;

    public bool Label { get; set; }

    /// <summary>Flow and current of each step.</summary>
    [VectorType(Steps, Sensors)]
    public float[] Features { get; set; } = [];

    /// <exception cref="InvalidDataException">The hour has too few readings, or too many.</exception>
    public static PumpReadings Of(PumpHour hour, int row)
    {
        if (hour.Flow.Length != Steps || hour.Current.Length != Steps)
        {
            throw new InvalidDataException($"Row {row + 1} below the header has {hour.Flow.Length} readings of Flow and "
                + $"{hour.Current.Length} of Current; expected {Steps} of each.");
        }
        return new PumpReadings
        {
            Label = hour.Blocked,
            Features = [.. hour.Flow.Zip(hour.Current, (flow, current) => new[] { flow, current }).SelectMany(step => step)],
        };
    }
}

/// <summary>What a model says of an hour.</summary>
internal sealed class Warning
{
    public float Probability { get; set; }
}

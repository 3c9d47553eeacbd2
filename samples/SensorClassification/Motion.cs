using Microsoft.ML.Data;
using Shared;

namespace SensorClassification;

/// <summary>A reading of the accelerometer of somebody's phone, 20 of them a second, in the order of time.</summary>
internal sealed class Reading
{
    public string Person { get; set; } = "";

    public string Activity { get; set; } = "";

    public float X { get; set; }

    public float Y { get; set; }

    public float Z { get; set; }
}

/// <summary>Two and a half seconds of somebody's motion, as the trainer reads it.</summary>
internal sealed class Motion
{
    public const int Steps = 50, Axes = 3;

    public string Person { get; set; } = "";

    public string Activity { get; set; } = "";

    /// <summary>The axes of each reading.</summary>
    [VectorType(Steps, Axes)]
    public float[] Readings { get; set; } = [];

    /// <summary>What one would compute without a network: the mean and the deviation of each axis.</summary>
    [VectorType(2 * Axes)]
    public float[] Statistics { get; set; } = [];

    /// <summary>Cuts readings into windows, each of one person at one activity.</summary>
    public static IEnumerable<Motion> Cut(Reading[] readings) =>
        Windows.Of(readings, reading => (reading.Person, reading.Activity), Steps, stride: Steps).Select(Of);

    private static Motion Of(Reading[] window)
    {
        float[][] axes = [[.. window.Select(reading => reading.X)], [.. window.Select(reading => reading.Y)],
            [.. window.Select(reading => reading.Z)]];
        return new Motion
        {
            Person = window[0].Person,
            Activity = window[0].Activity,
            Readings = [.. window.SelectMany(reading => new[] { reading.X, reading.Y, reading.Z })],
            Statistics = [.. axes.SelectMany(axis => new[]
            {
                axis.Average(),
                MathF.Sqrt(axis.Average(value => value * value) - axis.Average() * axis.Average()),
            })],
        };
    }
}

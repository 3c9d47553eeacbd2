using Microsoft.ML.Data;

namespace Driving;

/// <summary>A car at a moment; the moments of a car stand in the order of time, equally far apart.</summary>
internal sealed class Moment
{
    public string Car { get; set; } = "";

    /// <summary>Metres to the east.</summary>
    public float X { get; set; }

    /// <summary>Metres to the north.</summary>
    public float Y { get; set; }

    /// <summary>What a sign says that is being passed; 0 for no sign.</summary>
    public float Sign { get; set; }

    public float Speed { get; set; }

    /// <summary>The angle of the front wheels.</summary>
    public float Steering { get; set; }
}

/// <summary>A drive, with the sensors and the wheel at each step.</summary>
internal sealed class Drive
{
    public const int Sensors = 2;

    public float[] Features { get; set; } = [];

    public float[] Label { get; set; } = [];

    public static Drive Of(IEnumerable<Moment> moments) => new()
    {
        Features = [.. moments.SelectMany(moment => new[] { moment.Sign, moment.Speed })],
        Label = [.. moments.Select(moment => moment.Steering)],
    };
}

/// <summary>
/// Where another car was and where it went, as seen from where it is last: the origin, with the last steps along the x axis.
/// </summary>
internal sealed class OtherCar
{
    public const int Seen = 10;
    public const int Ahead = 8;

    [VectorType(Seen, 2)]
    public float[] Features { get; set; } = [];

    [VectorType(2 * Ahead)]
    public float[] Label { get; set; } = [];

    /// <summary>All paths in the moments of a car.</summary>
    public static IEnumerable<OtherCar> Cut(Moment[] moments)
    {
        for (int now = Seen - 1; now + Ahead < moments.Length; now += 2)
        {
            (float x, float y) = (moments[now].X, moments[now].Y);
            float angle = MathF.Atan2(y - moments[now - 2].Y, x - moments[now - 2].X);
            (float sine, float cosine) = MathF.SinCos(angle);
            yield return new OtherCar { Features = Turn(now - Seen + 1, now + 1), Label = Turn(now + 1, now + 1 + Ahead) };

            float[] Turn(int from, int to) => [.. moments[from..to].SelectMany(moment => new[]
            {
                cosine * (moment.X - x) + sine * (moment.Y - y), cosine * (moment.Y - y) - sine * (moment.X - x),
            })];
        }
    }
}

/// <summary>Where a model expects a car.</summary>
internal sealed class ExpectedPath
{
    public float[] Features { get; set; } = [];

    public float[] Label { get; set; } = [];

    public float[] Score { get; set; } = [];

    /// <summary>Metres between where the car is expected last and where it was, if it is there, or goes on as in its last step.</summary>
    public (double Network, double GoingOn) Errors()
    {
        (float x, float y) = (Label[^2], Label[^1]);
        (float stepX, float stepY) = (-Features[^4], -Features[^3]);
        return (Math.Sqrt(Math.Pow(Score[^2] - x, 2) + Math.Pow(Score[^1] - y, 2)),
            Math.Sqrt(Math.Pow(OtherCar.Ahead * stepX - x, 2) + Math.Pow(OtherCar.Ahead * stepY - y, 2)));
    }
}

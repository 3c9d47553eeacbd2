using Shared;

namespace Control;

/// <summary>A tenth of a second of a ride, in the order of time: what the sensors showed and what the driver did.</summary>
internal sealed class Moment
{
    public string Ride { get; set; } = "";

    /// <summary>Metres from the middle of the road, to the left.</summary>
    public float Distance { get; set; }

    /// <summary>Of the road, in 1/m.</summary>
    public float Curvature { get; set; }

    /// <summary>The angle of the front wheels, in radians.</summary>
    public float Steering { get; set; }
}

/// <summary>A ride, as the trainer reads it.</summary>
internal sealed class Ride
{
    /// <summary>The sensors of each moment.</summary>
    public float[] Features { get; set; } = [];

    /// <summary>The steering of each moment.</summary>
    public float[] Label { get; set; } = [];

    public static Ride Of(IEnumerable<Moment> moments) => new()
    {
        Features = [.. moments.SelectMany(moment => new[] { moment.Distance, moment.Curvature })],
        Label = [.. moments.Select(moment => moment.Steering)],
    };
}

/// <summary>What steers without a memory: a linear regression of the steering on what the sensors show at the moment.</summary>
internal sealed class LinearSteering
{
    private const double Lambda = 1e-9;

    private readonly double[] _weights;

    public LinearSteering(Ride[] rides)
    {
        var ridge = new Ridge(Vehicle.Sensors, outputs: 1);
        foreach ((float[] sensors, float steering) in rides.SelectMany(Moments))
            ridge.Add([.. sensors.Select(value => (double)value)], [steering]);
        _weights = ridge.Solve(Lambda)[0];
    }

    public double Of(float[] sensors) => _weights[^1] + sensors.Zip(_weights, (value, weight) => value * weight).Sum();

    public double RootMeanSquaredError(Ride[] rides)
        => Math.Sqrt(rides.SelectMany(Moments).Average(moment => Math.Pow(Of(moment.Sensors) - moment.Steering, 2)));

    private static IEnumerable<(float[] Sensors, float Steering)> Moments(Ride ride)
        => ride.Features.Chunk(Vehicle.Sensors).Zip(ride.Label)
            .Where(moment => Array.TrueForAll(moment.First, float.IsFinite) && float.IsFinite(moment.Second));
}

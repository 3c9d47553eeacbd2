namespace Control;

/// <summary>
/// A vehicle on a winding road, seen from the road: how far it is from the middle, and how it points relative to the road.
/// </summary>
/// <param name="random">Draws the road and the noise of the sensors.</param>
internal sealed class Vehicle(Random random)
{
    /// <summary>Numbers that the sensors give at a step.</summary>
    public const int Sensors = 2;

    /// <summary>Half the width of the road, in metres.</summary>
    public const double RoadSide = 3;

    private const double Seconds = 0.1;
    private const double Speed = 12;
    private const double Wheelbase = 2.7;
    private const double LargestSteering = 0.4;

    // The road's curvature (1/m) is a sum of two waves.
    private readonly double _phase = Math.Tau * random.NextDouble();
    private readonly double _length = 90 + 60 * random.NextDouble();
    private double _offset = random.NextDouble() - 0.5;
    private double _heading = 0.1 * (random.NextDouble() - 0.5);
    private double _position;

    /// <summary>Metres from the middle of the road, to the left.</summary>
    public double Offset => _offset;

    private double Curvature => 0.012 * Math.Sin(Math.Tau * _position / _length + _phase) + 0.006 * Math.Sin(Math.Tau * _position / 47);

    /// <summary>
    /// What the sensors show: the distance from the middle and the curvature of the road, both with noise. Not the heading.
    /// </summary>
    public float[] Sense() => [(float)(_offset + 0.05 * Noise()), (float)(Curvature + 0.001 * Noise())];

    /// <summary>What a driver does who sees everything: the angle of the front wheels.</summary>
    public double Drive() => Math.Atan(Wheelbase * Curvature) - 0.12 * _offset - 0.9 * _heading;

    /// <summary>Goes on for a tenth of a second.</summary>
    public void Steer(double angle)
    {
        angle = Math.Clamp(angle, -LargestSteering, LargestSteering);
        _heading += Seconds * Speed * (Math.Tan(angle) / Wheelbase - Curvature);
        _offset += Seconds * Speed * Math.Sin(_heading);
        _position += Seconds * Speed;
        // Wind and stones.
        _heading += 0.01 * Noise();
    }

    private double Noise() => 2 * random.NextDouble() - 1;
}

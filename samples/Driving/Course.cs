using Shared;

namespace Driving;

/// <summary>
/// Drives along roads of straights and curves. A sign 25 m before a curve says how far it turns, once; the driver brakes, turns the wheel
/// where the curve begins, back where it ends, and goes on faster. A position is known to 0.1 m, the speed to 3 %.
/// </summary>
internal sealed class Course(Random random)
{
    private const double Seconds = 0.4;
    private const int StepsOfADrive = 60;
    private const double SignBefore = 25;
    private const double Radius = 12;
    private const double Wheelbase = 2.7;
    private const double CurveSpeed = 6;
    private const double RoadSpeed = 12;

    public static IEnumerable<Moment> Make()
    {
        var course = new Course(new Random(1));
        return Enumerable.Range(1, 240).SelectMany(car => course.Drive($"car {car}"));
    }

    private IEnumerable<Moment> Drive(string car)
    {
        double x = 0, y = 0, heading = Math.Tau * random.NextDouble(), speed = RoadSpeed;
        double toCurve = 30 + 40 * random.NextDouble(), turn = Turn(), left = Math.Abs(turn);
        bool isAnnounced = false;
        for (int t = 0; t < StepsOfADrive; t++)
        {
            bool isCurve = toCurve <= 0, announces = !isAnnounced && toCurve <= SignBefore;
            isAnnounced |= announces;
            double angle = isCurve ? Math.Sign(turn) * Math.Atan(Wheelbase / Radius) : 0;
            yield return new Moment
            {
                Car = car,
                X = (float)(x + 0.1 * random.NextNormal()),
                Y = (float)(y + 0.1 * random.NextNormal()),
                Sign = announces ? (float)turn : 0,
                Speed = (float)(speed * (1 + 0.03 * random.NextNormal())),
                Steering = (float)angle,
            };
            double way = speed * Seconds, turned = isCurve ? Math.Min(left, way / Radius) : 0;
            heading += Math.Sign(turn) * turned;
            (x, y) = (x + way * Math.Cos(heading), y + way * Math.Sin(heading));
            toCurve -= isCurve ? 0 : way;
            left -= turned;
            if (isCurve && left <= 1e-9)
            {
                (toCurve, turn, isAnnounced) = (35 + 40 * random.NextDouble(), Turn(), false);
                left = Math.Abs(turn);
            }
            double wanted = isAnnounced && toCurve < 20 ? CurveSpeed : RoadSpeed;
            speed += Math.Clamp(wanted - speed, -4 * Seconds, 2.5 * Seconds);
        }
    }

    // In radians, to the left above zero.
    private double Turn() => (random.Next(2) == 0 ? 1 : -1) * Math.PI * (random.Next(3) + 1) / 6;
}

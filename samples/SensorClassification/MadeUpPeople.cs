namespace SensorClassification;

/// <summary>
/// People with a phone in a pocket, whose five activities differ in the shape of a step: how fast it is, and what follows what in it. How
/// strong it is depends on the person, so the mean and the deviation of a window tell little. One stretch in twenty-five has the label of
/// another activity, as people forget to press a button: no program gets more than 96 % of the labels right, but for luck.
/// </summary>
internal static class MadeUpPeople
{
    private const int People = 32, StretchesOfEach = 8, StepsOfAStretch = Motion.Steps;
    private const double Slips = 0.04;

    public static readonly string[] Activities = ["walking", "climbing stairs", "descending stairs", "cycling", "running"];

    public static IEnumerable<Reading> Make()
    {
        var random = new Random(1);
        for (int person = 0; person < People; person++)
        {
            double strength = 0.5 + random.NextDouble(), pace = 0.9 + 0.2 * random.NextDouble(), tilt = 0.6 * (random.NextDouble() - 0.5);
            foreach (string activity in Activities)
            {
                for (int stretch = 0; stretch < StretchesOfEach; stretch++)
                {
                    double phase = random.NextDouble();
                    string label = random.NextDouble() < Slips ? Activities[random.Next(Activities.Length)] : activity;
                    for (int t = 0; t < StepsOfAStretch; t++)
                    {
                        (double x, double y, double z) = Push(activity, phase + pace * t / 20, strength);
                        // Gravity goes to two axes, by how the phone lies in the pocket.
                        yield return new Reading
                        {
                            Person = $"person {person + 1}",
                            Activity = label,
                            X = (float)(x + 9.8 * Math.Sin(tilt) + Noise()),
                            Y = (float)(y + 9.8 * Math.Cos(tilt) + Noise()),
                            Z = (float)(z + Noise()),
                        };
                    }
                }
            }
        }

        double Noise() => 2 * (random.NextDouble() + random.NextDouble() - 1);
    }

    // Sideways, up and forward, after so many seconds. Going up stairs is going down them, backwards in time.
    private static (double X, double Y, double Z) Push(string activity, double seconds, double strength)
    {
        double step = Math.Tau * seconds * activity switch { "running" => 2.6, "cycling" => 1.2, _ => 1.8 };
        return activity switch
        {
            "cycling" => (strength * 2 * Math.Sin(step), strength * 2 * Math.Cos(step), strength * Math.Sin(2 * step)),
            "climbing stairs" => (strength * Math.Sin(step / 2), strength * 3 * Saw(step), strength * Math.Sin(step)),
            "descending stairs" => (strength * Math.Sin(step / 2), strength * 3 * Saw(-step), strength * Math.Sin(step)),
            _ => (strength * Math.Sin(step / 2), strength * 2.5 * Math.Sin(step), strength * Math.Sin(step + 1)),
        };
    }

    private static double Saw(double angle) => Math.Sin(angle) + Math.Sin(2 * angle) / 2 + Math.Sin(3 * angle) / 3;
}

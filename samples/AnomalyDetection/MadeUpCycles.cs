namespace AnomalyDetection;

/// <summary>Strokes that vary in speed and force, some of them faulty.</summary>
internal static class MadeUpCycles
{
    public static readonly string[] Faults = ["a leak", "a jam", "a worn spring"];

    public static MachineCycle Make(Random random, string fault = "")
    {
        double begin = 6 + 3 * random.NextDouble(), strength = 0.8 + 0.4 * random.NextDouble();
        float[] readings = new float[MachineCycle.Moments * MachineCycle.Sensors];
        for (int t = 0; t < MachineCycle.Moments; t++)
        {
            // Force goes up, stays and goes down; the motor works hardest where force goes up.
            double up = Sigmoid(t - begin), down = Sigmoid(t - begin - 20);
            double force = up - down, current = 4 * up * (1 - up) + 0.3 * force;
            switch (fault)
            {
                case "a leak":
                    force *= 1 - 0.012 * Math.Max(0, t - begin);
                    break;
                case "a jam":
                    current += 0.5 * Math.Exp(-(t - begin - 12) * (t - begin - 12) / 4);
                    break;
                case "a worn spring":
                    force += 0.15 * Math.Sin(t) * up;
                    break;
            }
            readings[t * MachineCycle.Sensors] = (float)(strength * force + 0.02 * (random.NextDouble() - 0.5));
            readings[t * MachineCycle.Sensors + 1] = (float)(strength * current + 0.02 * (random.NextDouble() - 0.5));
        }
        return new MachineCycle { Readings = readings, IsFaulty = fault.Length > 0 ? 1 : 0, Fault = fault };
    }

    private static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));
}

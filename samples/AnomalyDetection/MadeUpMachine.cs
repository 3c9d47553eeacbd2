namespace AnomalyDetection;

/// <summary>A fault: its first hour, its length in hours, and its effect on a reading.</summary>
internal sealed record Fault(string Name, int First, int Hours, Func<float, int, float> Change)
{
    public int Last => First + Hours - 1;
}

/// <summary>A machine that slowly warms up with its load, in a hall that is warmer by day.</summary>
internal static class MadeUpMachine
{
    private static readonly DateTime FirstHour = new(2026, 3, 2);

    /// <summary>Faults in the last <paramref name="hours"/>, counted from their first.</summary>
    public static Fault[] Faults(int hours) =>
    [
        new("a spike", hours / 8, 1, (value, _) => value + 9),
        new("cooling fails", hours * 2 / 8, 12, (value, hour) => value + Math.Min(3 + 2 * hour, 12)),
        new("the sensor is stuck", hours * 4 / 8, 10, (_, _) => 47),
        new("too cold", hours * 5 / 8, 3, (value, _) => value - 7),
        new("the sensor drops out", hours * 7 / 8, 2, (_, _) => 0),
    ];

    public static MachineHour[] Make(int hours, Random random)
    {
        double heat = 0, load = 0.5;
        var rows = new MachineHour[hours];
        for (int t = 0; t < hours; t++)
        {
            DateTime time = FirstHour.AddHours(t);
            bool isShift = time.DayOfWeek is not (DayOfWeek.Saturday or DayOfWeek.Sunday) && time.Hour is >= 6 and < 22;
            if (random.Next(5) == 0 || time.Hour is 6 or 22)
                load = isShift ? 0.5 + 0.5 * random.NextDouble() : 0.1;
            heat += 0.3 * (30 * load - heat);
            double hall = 20 - 4 * Math.Cos(Math.Tau * (time.Hour - 4) / 24);
            rows[t] = new MachineHour
            {
                Time = time,
                Load = (float)load,
                Temperature = (float)(hall + heat + 1.2 * (random.NextDouble() + random.NextDouble() - 1))
            };
        }
        return rows;
    }
}

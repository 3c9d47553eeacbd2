namespace AnomalyDetection;

/// <summary>A machine that slowly warms up with its load, in a hall that is warmer by day.</summary>
internal static class MadeUpMachine
{
    private static readonly DateTime FirstHour = new(2026, 3, 2);

    private const int Hours = 120 * 24;

    // Faults by the hour they begin in, their length in hours, and their effect on a reading.
    private static readonly (int First, int Hours, Func<float, int, float> Change)[] Faults =
    [
        // A spike.
        (2460, 1, (value, _) => value + 9),
        // Cooling fails.
        (2520, 12, (value, hour) => value + Math.Min(3 + 2 * hour, 12)),
        // The sensor is stuck.
        (2640, 10, (_, _) => 47),
        // Too cold.
        (2700, 3, (value, _) => value - 7),
        // The sensor drops out.
        (2820, 2, (_, _) => 0),
    ];

    public static MachineHour[] Make()
    {
        var random = new Random(1);
        double heat = 0, load = 0.5;
        var rows = new MachineHour[Hours];
        for (int t = 0; t < Hours; t++)
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
        foreach ((int first, int hours, Func<float, int, float> change) in Faults)
        {
            for (int i = 0; i < hours; i++)
            {
                MachineHour row = rows[first + i];
                (row.Temperature, row.IsFault) = (change(row.Temperature, i), true);
            }
        }
        return rows;
    }
}

namespace SmartCity;

/// <summary>
/// Water meters of homes, offices and schools. Each has its size and its habits: mornings and evenings, working hours, no school at
/// weekends; on hot days there is cooling, day and night, as much as the mean flow on the hottest. A flow differs by some 10 % from what is
/// usual for the hour. In the last week pipes burst behind four meters, and what leaks is about twice the mean flow: that much is usual,
/// but at other hours.
/// </summary>
internal static class MadeUpTown
{
    public const int Weeks = 12, HoursOfAWeek = 7 * 24;
    private const int Meters = 12, HoursOfALeak = 12;
    private static readonly DateTime First = new(2026, 1, 5);

    /// <summary>The meters behind which a pipe bursts, and when it does, in hours after the beginning of the last week.</summary>
    public static readonly (string Meter, int Hour)[] Leaks = [(Name(1), 20), (Name(5), 49), (Name(6), 98), (Name(11), 145)];

    public static IEnumerable<MeterHour> Make()
    {
        var random = new Random(1);
        double[] sizes = [.. Enumerable.Range(0, Meters).Select(_ => 50 * Math.Exp(2 * random.NextDouble()))];
        double heat = 0;
        for (int t = 0; t < Weeks * HoursOfAWeek; t++)
        {
            DateTime time = First.AddHours(t);
            if (time.Hour == 0)
                heat = random.NextDouble();
            for (int meter = 0; meter < Meters; meter++)
            {
                double noise = random.NextDouble() + random.NextDouble() + random.NextDouble() - 1.5;
                double habit = (Habit(meter % 3, time) + heat) * (1 + 0.25 * noise);
                double flow = sizes[meter] * (habit + (IsLeak(Name(meter), time) ? 2 : 0));
                yield return new MeterHour { Meter = Name(meter), Time = time, Flow = (float)flow, Heat = (float)heat };
            }
        }
    }

    public static bool IsLeak(string meter, DateTime time) =>
        Leaks.Any(leak => leak.Meter == meter && HoursAfter(leak.Hour, time) is >= 0 and < HoursOfALeak);

    public static double HoursAfter(int hour, DateTime time) => (time - First).TotalHours - ((Weeks - 1) * HoursOfAWeek + hour);

    private static string Name(int meter) => $"{(meter % 3) switch { 0 => "home", 1 => "office", _ => "school" }} {meter / 3 + 1}";

    private static double Habit(int kind, DateTime time)
    {
        bool isWeekend = time.DayOfWeek is DayOfWeek.Saturday or DayOfWeek.Sunday;
        double morning = Bump(time.Hour, isWeekend ? 10 : 7, 1.5), evening = Bump(time.Hour, 19, 2.5), day = Bump(time.Hour, 12.5, 3.5);
        return 0.15 + kind switch
        {
            0 => 2 * morning + 1.8 * evening,
            1 => (isWeekend ? 0.1 : 2) * day,
            _ => isWeekend ? 0 : 2.5 * Bump(time.Hour, 10.5, 2.5),
        };
    }

    private static double Bump(double hour, double at, double width) => Math.Exp(-(hour - at) * (hour - at) / (2 * width * width));
}

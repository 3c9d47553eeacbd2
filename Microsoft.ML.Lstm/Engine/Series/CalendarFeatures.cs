namespace Microsoft.ML.Lstm;

/// <summary>
/// Cycles of the calendar that a forecast may go by; each becomes four features of a row's time, sines and cosines of one and two turns a
/// cycle.
/// </summary>
[Flags]
public enum CalendarFeatures
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>The time in the hour.</summary>
    Hour = 1,

    /// <summary>The time of the day.</summary>
    Day = 2,

    /// <summary>The day of the week, with the time.</summary>
    Week = 4,

    /// <summary>The day of the year.</summary>
    Year = 8,
}

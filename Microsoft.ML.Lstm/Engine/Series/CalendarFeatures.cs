namespace Microsoft.ML.Lstm;

/// <summary>
/// Cycles of the calendar as features of a row's time: for each cycle four numbers, the sine and cosine of one and of two turns a cycle.
/// </summary>
[Flags]
public enum CalendarFeatures
{
    /// <summary>No cycle.</summary>
    None = 0,

    /// <summary>The time in the hour.</summary>
    Hour = 1,

    /// <summary>The time of the day.</summary>
    Day = 2,

    /// <summary>The day of the week, with the time of the day.</summary>
    Week = 4,

    /// <summary>The day of the year.</summary>
    Year = 8,
}

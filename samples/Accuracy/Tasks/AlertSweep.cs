using Accuracy.Data;

namespace Accuracy.Tasks;

/// <summary>
/// How many windows a detector finds at the cost of how many false alarms, over all thresholds of its scores. A window is found when an
/// alert lies in it. Alerts outside of all windows are false alarms, but those less than an hour after the beginning of one are part of it.
/// </summary>
internal static class AlertSweep
{
    /// <summary>Numbers of false alarms that are looked at, ascending.</summary>
    public static int[] Allowances { get; } = [0, 1, 2, 5, 10, 20];

    private static TimeSpan AlarmLength => TimeSpan.FromHours(1);

    /// <summary>The most windows found at no more false alarms than each of <see cref="Allowances"/>.</summary>
    /// <param name="file">The rows and windows.</param>
    /// <param name="scores">A score for each of the last rows, the higher the stranger; NaN for none.</param>
    public static int[] Found(NabFile file, IReadOnlyList<double> scores)
    {
        int[] found = new int[Allowances.Length];
        foreach (double threshold in scores.Where(double.IsFinite).Distinct().OrderDescending())
        {
            (int windows, int falseAlarms) = Count(file, [.. scores.Select(score => score >= threshold)]);
            if (falseAlarms > Allowances[^1])
                break;
            for (int i = 0; i < found.Length; i++)
            {
                if (falseAlarms <= Allowances[i])
                    found[i] = Math.Max(found[i], windows);
            }
        }
        return found;
    }

    /// <summary>Windows found, and false alarms.</summary>
    /// <param name="file">The rows and windows.</param>
    /// <param name="alerts">Whether there is an alert at each of the last rows.</param>
    public static (int Windows, int FalseAlarms) Count(NabFile file, IReadOnlyList<bool> alerts)
    {
        var found = new HashSet<TimeWindow>();
        int falseAlarms = 0;
        DateTime began = DateTime.MinValue;
        int first = file.Rows.Length - alerts.Count;
        for (int i = 0; i < alerts.Count; i++)
        {
            if (!alerts[i])
                continue;
            DateTime time = file.Rows[first + i].Time;
            int window = Array.FindIndex(file.Windows, window => window.Holds(time));
            if (window >= 0)
            {
                found.Add(file.Windows[window]);
            }
            else if (falseAlarms == 0 || time - began >= AlarmLength)
            {
                falseAlarms++;
                began = time;
            }
        }
        return (found.Count, falseAlarms);
    }
}

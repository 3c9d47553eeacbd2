using LstmTool.Tasks;

namespace LstmTool.Reports;

/// <summary>A series: all of its rows, the last of which were scored.</summary>
/// <param name="Name">Its name; empty where there is only one.</param>
/// <param name="Values">All values, NaN where one is missing.</param>
/// <param name="Times">Their times; null where there is no column of times.</param>
/// <param name="Positions">Where they are in the data.</param>
/// <param name="FirstScored">How many of them are before the first one that was scored.</param>
/// <param name="Scored">The scored rows, the first of them the row <paramref name="FirstScored"/>.</param>
internal sealed record SeriesValues(
    string Name, float[] Values, DateTime[]? Times, int[] Positions, int FirstScored, IReadOnlyList<ScoredRow> Scored)
{
    // A gap in time is one that is so much longer than the usual step; where they are more frequent, as weekends are, rows follow each
    // other.
    private const double LongStep = 1.5, MostGaps = 0.05;

    private int[]? _lastGaps;

    /// <summary>Reads all series, in the order of their first rows.</summary>
    public static IReadOnlyList<SeriesValues> Of(TrainedTask trained, ScoredRows scored)
    {
        ScoredRows all = ScoredRows.Read(trained.Table.View(),
            new TaskColumns { Label = trained.Columns.Label, Time = trained.Columns.Time, Series = trained.Columns.Series });
        // The scored rows are the last ones, so that all of both have to be there.
        if (all.HasMore || scored.HasMore)
            return [];
        ILookup<string, ScoredRow> scoredOf = scored.Rows.ToLookup(row => row.Series);
        return [.. all.Rows.GroupBy(row => row.Series).Select(series =>
        {
            ScoredRow[] rows = [.. series], last = [.. scoredOf[series.Key]];
            DateTime[]? times = rows.All(row => row.Time is not null) ? [.. rows.Select(row => row.Time!.Value)] : null;
            return new SeriesValues(series.Key, [.. rows.Select(row => row.Value)], times, [.. rows.Select(row => row.Position)],
                Math.Max(0, rows.Length - last.Length), [.. last.TakeLast(rows.Length)]);
        })];
    }

    /// <summary>Which row it is, for people.</summary>
    /// <param name="scored">The number of the row among the scored ones.</param>
    public string NameOf(int scored)
    {
        string when = Times is null
            ? $"row {Shown.Count(FirstScored + scored + 1)}"
            : Shown.Time(Times[FirstScored + scored], Times.Any(time => time.TimeOfDay != TimeSpan.Zero));
        return Name.Length == 0 ? when : $"{Name}, {when}";
    }

    /// <summary>The value that was forecast by a scored row.</summary>
    /// <param name="scored">The number of the row among the scored ones.</param>
    /// <param name="step">How many steps ahead, from 1.</param>
    /// <returns>NaN where the series ends before, or has a gap between.</returns>
    public float Actual(int scored, int step)
    {
        int at = FirstScored + scored + step;
        if (at >= Values.Length)
            return float.NaN;
        _lastGaps ??= FindGaps();
        return _lastGaps[at] > at - step ? float.NaN : Values[at];
    }

    // For each row the last one, up to it, that has a gap before it; 0 for none.
    private int[] FindGaps()
    {
        var last = new int[Values.Length];
        if (Times is null || Times.Length < 3)
            return last;
        TimeSpan[] steps = [.. Times.Skip(1).Zip(Times, (next, time) => next - time)];
        TimeSpan usual = steps.Order().ElementAt(steps.Length / 2);
        if (steps.Count(step => step > LongStep * usual) > MostGaps * steps.Length)
            return last;
        for (int i = 1; i < last.Length; i++)
            last[i] = steps[i - 1] > LongStep * usual ? i : last[i - 1];
        return last;
    }
}

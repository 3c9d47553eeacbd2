using LstmTool.Tasks;

namespace LstmTool.Reports;

/// <summary>A series: the rows that the model was trained on, and those that it was not.</summary>
/// <param name="Name">Its name; empty where there is only one.</param>
/// <param name="Values">All values, NaN where one is missing.</param>
/// <param name="Times">Their times; null where there is no column of times.</param>
/// <param name="FirstUnseen">How many of them are before the first one that was not trained on.</param>
/// <param name="Unseen">The scored rows, the first of them the row <paramref name="FirstUnseen"/>.</param>
internal sealed record SeriesValues(string Name, float[] Values, DateTime[]? Times, int FirstUnseen, IReadOnlyList<ScoredRow> Unseen)
{
    // A gap in time is one that is so much longer than the usual step; where they are more frequent, as weekends are, rows follow each
    // other.
    private const double LongStep = 1.5, MostGaps = 0.05;

    private bool[]? _gapsBefore;

    /// <summary>Whether a day alone does not tell which row is meant.</summary>
    public bool HasTimesOfDay { get; } = Times?.Any(time => time.TimeOfDay != TimeSpan.Zero) == true;

    /// <summary>Reads all series, in the order of their first rows.</summary>
    public static IReadOnlyList<SeriesValues> Of(TrainedTask trained, ScoredRows scored)
    {
        ScoredRows seen = ScoredRows.Read(trained.Seen,
            new TaskColumns { Label = trained.Columns.Label, Time = trained.Columns.Time, Series = trained.Columns.Series });
        ILookup<string, ScoredRow> before = seen.Rows.ToLookup(row => row.Series), after = scored.Rows.ToLookup(row => row.Series);
        return [.. seen.Rows.Concat(scored.Rows).Select(row => row.Series).Distinct().Select(name =>
        {
            ScoredRow[] unseen = [.. after[name]], all = [.. before[name], .. unseen];
            DateTime[]? times = all.Length > 0 && all.All(row => row.Time is not null) ? [.. all.Select(row => row.Time!.Value)] : null;
            return new SeriesValues(name, [.. all.Select(row => row.Value)], times, all.Length - unseen.Length, unseen);
        })];
    }

    /// <summary>The value that was forecast by a scored row.</summary>
    /// <param name="unseen">The number of the row among the unseen ones.</param>
    /// <param name="step">How many steps ahead, from 1.</param>
    /// <returns>NaN where the series ends before, or has a gap between.</returns>
    public float Actual(int unseen, int step)
    {
        int at = FirstUnseen + unseen + step;
        if (at >= Values.Length)
            return float.NaN;
        _gapsBefore ??= FindGaps();
        for (int i = at; i > at - step; i--)
        {
            if (_gapsBefore[i])
                return float.NaN;
        }
        return Values[at];
    }

    private bool[] FindGaps()
    {
        var gaps = new bool[Values.Length];
        if (Times is null || Times.Length < 3)
            return gaps;
        TimeSpan[] steps = [.. Times.Skip(1).Zip(Times, (next, time) => next - time)];
        TimeSpan usual = steps.Order().ElementAt(steps.Length / 2);
        for (int i = 0; i < steps.Length; i++)
            gaps[i + 1] = steps[i] > LongStep * usual;
        if (gaps.Count(gap => gap) > MostGaps * gaps.Length)
            Array.Clear(gaps);
        return gaps;
    }
}

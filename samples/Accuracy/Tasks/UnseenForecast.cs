using Accuracy.Data;

namespace Accuracy.Tasks;

/// <summary>Forecasts of the user's own series, with the estimator's default settings.</summary>
/// <param name="Path">A csv file with a line of names.</param>
/// <param name="Targets">The columns to forecast.</param>
/// <param name="Series">The column of the names of series; null for a single one.</param>
/// <param name="Horizon">How many steps ahead.</param>
/// <param name="Season">The rows of a season; null for the usual of the time between rows.</param>
/// <param name="Split">The rows of a single series for what, with commas between; null for 70, 10 and 20 percent.</param>
internal sealed record UnseenForecast(string Path, string[] Targets, string? Series, int Horizon, int? Season, string? Split)
{
    /// <summary>The task, which reads the file when it runs.</summary>
    /// <exception cref="FormatException">In a run: it has no such columns, or too few rows.</exception>
    public AccuracyTask ToTask()
    {
        Func<TaskRun, Measurement> measure = Series is null
            ? run => Problem().Measure(run, null, ForecastError.Scaled)
            : run => Panel(Series).Measure(run);
        return new AccuracyTask(System.IO.Path.GetFileName(Path), PanelProblem.Metric, measure);
    }

    private ForecastProblem Problem()
    {
        var file = new SeriesFile(Path);
        return new ForecastProblem(file, Targets, RowsFor(file), Horizon, Season ?? UsualSeason(file));
    }

    private PanelProblem Panel(string series)
    {
        var file = new SeriesFile(Path, series);
        return new PanelProblem(file.ReadPanel(Targets.Single()), Horizon, Season ?? UsualSeason(file));
    }

    private RowSplit RowsFor(SeriesFile file)
    {
        int rows = file.CountRows();
        RowSplit parts = Split is null ? new RowSplit(rows * 7 / 10, rows / 10, rows / 5) : RowSplit.Parse(Split)!;
        return parts.Total <= rows && parts is { Train: > 1, Validation: > 0, Test: > 0 }
            ? parts
            : throw new FormatException($"{Path} has {rows} rows; {parts.Total} are too many, or its parts too few.");
    }

    /// <summary>A day for steps of hours or less, a week for days, a year for weeks, months and quarters; none without times.</summary>
    private static int UsualSeason(SeriesFile file)
    {
        DateTime[] times = file.FirstTimes();
        if (times.Length < 2)
            return 1;
        double days = (times[1] - times[0]).TotalDays;
        return days switch
        {
            <= 0 => 1,
            < 1 => (int)Math.Round(1 / days),
            < 7 => 7,
            7 => 52,
            >= 28 and <= 31 => 12,
            >= 90 and <= 92 => 4,
            _ => 1,
        };
    }
}

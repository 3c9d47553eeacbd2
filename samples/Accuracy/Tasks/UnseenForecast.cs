using Accuracy.Data;

namespace Accuracy.Tasks;

/// <summary>Forecasts of the user's own series, with the estimator's default settings.</summary>
internal static class UnseenForecast
{
    public const string Name = "forecast";

    public static AccuracyTask Create(string path, string[] targets, int horizon, string? split)
        => new(Path.GetFileName(path), "MSE, z-scored by the training rows", (double.NaN, ""), double.NaN,
            $"{string.Join(", ", targets)}, {horizon} ahead; default settings", run =>
        {
            var file = new SeriesFile(path);
            ForecastRun forecast = ForecastTasks.Measure(run, file, Split(path, split), targets, SeasonOf(file),
                new() { Horizon = horizon });
            Console.WriteLine(forecast.Metrics);
            return ForecastTasks.ScaledError(run, forecast);
        });

    private static RowSplit Split(string path, string? split)
    {
        int rows = File.ReadLines(path).Skip(1).Count(line => line.Length > 0);
        RowSplit parts = split is null ? new RowSplit(rows * 7 / 10, rows / 10, rows / 5) : RowSplit.Parse(split)!;
        return parts.Total <= rows && parts is { Train: > 1, Validation: > 0, Test: > 0 }
            ? parts
            : throw new FormatException($"{path} has {rows} rows; {parts.Total} are too many, or its parts too few.");
    }

    /// <summary>
    /// The season of the seasonal naive forecast: a day for steps of hours or less, a week for days, a year for months; none without times.
    /// </summary>
    private static int SeasonOf(SeriesFile file)
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
            >= 28 and <= 31 => 12,
            _ => 1,
        };
    }
}

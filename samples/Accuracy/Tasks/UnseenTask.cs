using Accuracy.Data;

namespace Accuracy.Tasks;

/// <summary>The user's own files, with the trainers' default settings.</summary>
internal static class UnseenTask
{
    public static IReadOnlyList<string> Formats { get; } = ["ts", "conll", "csv", "text"];

    /// <summary>The task, which reads the files when it runs.</summary>
    public static AccuracyTask Create(string train, string test, string format, string? label)
    {
        string name = Path.GetFileName(test);
        return format switch
        {
            "ts" => Curves(name, () => new(TimeSeriesFile.Read(train), TimeSeriesFile.Read(test))),
            "csv" => Curves(name, () => new(CsvFile.Read(train, label), CsvFile.Read(test, label))),
            "conll" => new(name, new Metric("accuracy of labels", HigherIsBetter: true),
                run => TaggingTasks.Measure(run, new(ConllFile.Read(train), ConllFile.Read(test)), metrics => metrics.TokenAccuracy)),
            _ => new(name, Metric.Accuracy,
                run => TextTasks.Measure(run, new Split<Text>(Texts(train), Texts(test)), TextTasks.Words)),
        };
    }

    private static AccuracyTask Curves(string name, Func<Split<Series>> read)
        => new(name, Metric.Accuracy, run => SeriesTasks.Measure(run, read()))
        {
            MeasureBars = run => NearestNeighbor.Bars(run.Choose(read()), warps: false),
        };

    private static List<Text> Texts(string path) => [.. TextFile.Read(path, '\t').Select(TextFile.Spaced)];
}

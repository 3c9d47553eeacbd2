using Accuracy.Data;
using Microsoft.ML.Lstm;

namespace Accuracy.Tasks;

/// <summary>The user's own files, with the trainers' default settings.</summary>
internal static class UnseenTask
{
    public static IReadOnlyList<string> Formats { get; } = ["ts", "conll", "csv", "text"];

    public static AccuracyTask Create(string train, string test, string format, string? label)
        => new(Path.GetFileName(test), format == "conll" ? "accuracy of labels" : "accuracy", (double.NaN, ""), double.NaN,
            "default settings", run => format switch
        {
            "ts" => SeriesTasks.Measure(run, new Split<Series>(TimeSeriesFile.Read(train), TimeSeriesFile.Read(test)), new()),
            "csv" => SeriesTasks.Measure(run, new Split<Series>(CsvFile.Read(train, label), CsvFile.Read(test, label)), new()),
            "conll" => Sentences(run, train, test),
            _ => TextTasks.Measure(run, new Split<Text>(Texts(train), Texts(test)), TextTasks.Words, new()),
        });

    private static double Sentences(TaskRun run, string train, string test)
    {
        SequenceLabelingMetrics metrics = TaggingTasks.Measure(run, new Split<Sentence>(ConllFile.Read(train), ConllFile.Read(test)),
            new());
        Console.WriteLine(metrics);
        return 100 * metrics.TokenAccuracy;
    }

    private static List<Text> Texts(string path) => [.. TextFile.Read(path, '\t').Select(TextFile.Spaced)];
}

using Accuracy.Data;
using Microsoft.ML.Lstm;

namespace Accuracy.Tasks;

/// <summary>The user's own files, with the trainers' default settings.</summary>
internal static class UnseenTask
{
    public static IReadOnlyList<string> Formats { get; } = ["ts", "conll", "csv", "text"];

    public static AccuracyTask Create(string train, string test, string format, string? label)
    {
        string name = Path.GetFileName(test);
        switch (format)
        {
            case "ts":
                return Curves(name, new Split<Series>(TimeSeriesFile.Read(train), TimeSeriesFile.Read(test)));
            case "csv":
                return Curves(name, new Split<Series>(CsvFile.Read(train, label), CsvFile.Read(test, label)));
            case "conll":
                var sentences = new Split<Sentence>(ConllFile.Read(train), ConllFile.Read(test));
                return new(name, new Metric("accuracy of labels", HigherIsBetter: true), run => Measure(run, sentences));
            default:
                var texts = new Split<Text>(Texts(train), Texts(test));
                return new(name, Metric.Accuracy, run => TextTasks.Measure(run, texts, TextTasks.Words));
        }
    }

    private static AccuracyTask Curves(string name, Split<Series> split)
        => new(name, Metric.Accuracy, run => SeriesTasks.Measure(run, split))
        {
            MeasureBars = run => NearestNeighbor.Bars(run.Choose(split), warps: false),
        };

    private static Measurement Measure(TaskRun run, Split<Sentence> split)
    {
        SequenceLabelingMetrics metrics = TaggingTasks.Measure(run, split);
        return new Measurement(100 * metrics.TokenAccuracy, $"F1 {100 * metrics.F1:0.00}");
    }

    private static List<Text> Texts(string path) => [.. TextFile.Read(path, '\t').Select(TextFile.Spaced)];
}

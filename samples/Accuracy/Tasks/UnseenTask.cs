using Accuracy.Data;
using Microsoft.ML;
using Microsoft.ML.Lstm;

namespace Accuracy.Tasks;

/// <summary>The user's own files, with the trainers' default settings.</summary>
internal static class UnseenTask
{
    public static IReadOnlyList<string> Formats { get; } = ["ts", "conll", "csv", "text"];

    public static AccuracyTask Create(string train, string test, string format, string? label)
        => new(Path.GetFileName(test), format == "conll" ? "accuracy of labels" : "accuracy", (double.NaN, ""), double.NaN, "default settings", (ml, _) => format switch
        {
            "ts" => Series(ml, train, test),
            "conll" => Sentences(ml, train, test),
            "csv" => SeriesTasks.Measure(ml, (new Split<Series>(CsvFile.Read(train, label), CsvFile.Read(test, label)), 1), new()),
            _ => TextTasks.Measure(ml, new Split<Text>(Texts(train), Texts(test)), new()),
        });

    private static double Series(MLContext ml, string train, string test)
    {
        (List<Series> trainRows, int dimensions) = TimeSeriesFile.Read(train);
        return SeriesTasks.Measure(ml, (new Split<Series>(trainRows, TimeSeriesFile.Read(test).Rows), dimensions), new());
    }

    private static double Sentences(MLContext ml, string train, string test)
    {
        SequenceLabelingMetrics metrics = TaggingTasks.Measure(ml, new Split<Sentence>(ConllFile.Read(train), ConllFile.Read(test)), new());
        Console.WriteLine(metrics);
        return 100 * metrics.TokenAccuracy;
    }

    private static List<Text> Texts(string path) => [.. TextFile.Read(path, '\t').Select(row => new Text { Label = row.Label, Tokens = TextFile.Words(row.Content) })];
}

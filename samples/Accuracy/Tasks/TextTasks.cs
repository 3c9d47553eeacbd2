using System.Text;
using Accuracy.Data;
using Microsoft.ML;
using Microsoft.ML.Lstm;

namespace Accuracy.Tasks;

/// <summary>Classes of texts, read as words or as characters.</summary>
internal static class TextTasks
{
    // The same names are drawn for the test whatever is trained.
    private const int SplitSeed = 1;

    public static AccuracyTask Trec { get; } = new("TREC", "accuracy", (86.8, "logistic regression on uni- and bigrams"), 89.0, "words, bidirectional LSTM of 64 units, maximum over the steps",
        (ml, data) => Measure(ml, new Split<Text>(Questions(data, "train"), Questions(data, "test")), new()
        {
            HiddenSize = 64,
            EmbeddingSize = 100,
            Bidirectional = true,
            Pooling = Pooling.Max,
            NumberOfEpochs = 10,
            LearningRate = 0.002f,
        }));

    public static AccuracyTask Sms { get; } = new("SMS", "accuracy", (98.2, "bag of words"), 98.8, "words, bidirectional LSTM of 32 units, maximum over the steps",
        (ml, data) => Measure(ml, Messages(data), new()
        {
            Bidirectional = true,
            Pooling = Pooling.Max,
            NumberOfEpochs = 8,
            LearningRate = 0.003f,
        }));

    public static AccuracyTask Names { get; } = new("names", "accuracy", (83.8, "logistic regression on character n-grams"), 84.5, "characters, bidirectional LSTM of 128 units, maximum over the steps",
        (ml, data) => Measure(ml, Surnames(data), new()
        {
            HiddenSize = 128,
            EmbeddingSize = 64,
            Bidirectional = true,
            Pooling = Pooling.Max,
            NumberOfEpochs = 12,
            LearningRate = 0.002f,
        }));

    /// <summary>Trains on texts and gives the accuracy in percent.</summary>
    public static double Measure(MLContext ml, Split<Text> data, LstmMulticlassTrainer.Options options)
    {
        options.FeatureColumnName = nameof(Text.Tokens);
        var pipeline = ml.Transforms.Conversion.MapValueToKey(nameof(Text.Label))
            .Append(ml.Transforms.Conversion.MapValueToKey(nameof(Text.Tokens)))
            .Append(ml.MulticlassClassification.Trainers.Lstm(options));
        var model = pipeline.Fit(ml.Data.LoadFromEnumerable(data.Train));
        return 100 * ml.MulticlassClassification.Evaluate(model.Transform(ml.Data.LoadFromEnumerable(data.Test))).MicroAccuracy;
    }

    private static List<Text> Questions(string data, string part)
        => [.. TextFile.Read(Path.Combine(data, "trec", $"TREC.{part}.all"), ' ', encoding: Encoding.Latin1)
            .Select(row => new Text { Label = row.Label, Tokens = row.Content.ToLowerInvariant().Split(' ', StringSplitOptions.RemoveEmptyEntries) })];

    private static Split<Text> Messages(string data)
    {
        Text[] rows = [.. TextFile.Read(Path.Combine(data, "sms_spam", "SMSSpamCollection"), '\t', headerLines: 1).Select(row => new Text { Label = row.Label, Tokens = TextFile.Words(row.Content) })];
        int train = (int)(rows.Length * 0.7);
        return new Split<Text>(rows[..train], rows[train..]);
    }

    private static Split<Text> Surnames(string data)
    {
        Text[] rows =
        [
            .. from file in Directory.GetFiles(Path.Combine(data, "names"), "*.txt").Order(StringComparer.Ordinal)
               where !Path.GetFileName(file).StartsWith("README", StringComparison.Ordinal)
               from name in File.ReadLines(file)
               where name.Trim() != ""
               select new Text { Label = Path.GetFileNameWithoutExtension(file), Tokens = TextFile.Characters(name.Trim()) },
        ];
        new Random(SplitSeed).Shuffle(rows);
        int train = (int)(rows.Length * 0.8);
        return new Split<Text>(rows[..train], rows[train..]);
    }
}

using System.Text;
using Accuracy.Data;
using Microsoft.ML;
using Microsoft.ML.Lstm;

namespace Accuracy.Tasks;

/// <summary>Classes of texts, read as words or as characters.</summary>
internal static class TextTasks
{
    private const string Tokens = "Tokens";

    public static IReadOnlyList<AccuracyTask> All { get; } =
    [
        new("TREC", Metric.Accuracy, run => Measure(run, Questions(run), Words, () => new()
        {
            OutputDropout = 0.5f,
            InputDropout = 0.3f,
            TokenDropout = 0.1f,
            LearningRate = 0.002f,
        }))
        {
            Tuned = "words; half of the outputs, 0.3 of the inputs and 0.1 of the tokens dropped, and a learning rate of 0.002",
            Aims = new(Untouched: 89.5, Best: 91, Tuned: 89),
            Published = [new("logistic regression on uni- and bigrams", 86.8), new("CNN with random vectors, Kim 2014", 91.2)],
        },
        new("SMS", Metric.Accuracy, run => Measure(run, Messages(run), Words, () => new()
        {
            Bidirectional = true,
            Pooling = Pooling.Max,
            NumberOfEpochs = 8,
            LearningRate = 0.003f,
        }))
        {
            Tuned = "words, bidirectional LSTM, maximum over the steps, 8 epochs, a learning rate of 0.003",
            Aims = new(Tuned: 98.8),
            Published = [new("bag of words", 98.2)],
        },
        new("names", Metric.Accuracy, run => Measure(run, Surnames(run), CharactersAndPairs, () => new()
        {
            HiddenSize = 96,
            OutputDropout = 0.5f,
            InputDropout = 0.2f,
            LearningRate = 0.008f,
            NumberOfEpochs = 12,
        }, nameof(Text.Pairs)))
        {
            Tuned = "characters and pairs of them; 96 units, half of the outputs and 0.2 of the inputs dropped, a learning rate of 0.008 "
                + "and 12 epochs",
            Aims = new(Tuned: 84.5),
            Published = [new("logistic regression on character n-grams", 83.8)],
        },
    ];

    /// <summary>Trains on texts and gives the accuracy in percent.</summary>
    public static Measurement Measure(TaskRun run, Split<Text> data, Func<MLContext, IEstimator<ITransformer>> tokenize,
        Func<LstmMulticlassTrainer.Options>? tuned = null, params string[] furtherColumns)
    {
        MLContext ml = run.Context;
        Split<Text> split = run.Choose(data);
        LstmMulticlassTrainer.Options options = run.Options(tuned);
        options.FeatureColumnNames = [Tokens, .. furtherColumns];
        var pipeline = tokenize(ml)
            .Append(ml.Transforms.Conversion.MapValueToKey(Tokens))
            .Append(ml.Transforms.Conversion.MapValueToKey(nameof(Text.Label)))
            .Append(ml.MulticlassClassification.Trainers.Lstm(options));
        var model = run.Rounded(pipeline.Fit(ml.Data.LoadFromEnumerable(split.Train)));
        return new(100 * ml.MulticlassClassification.Evaluate(model.Transform(ml.Data.LoadFromEnumerable(split.Test))).MicroAccuracy)
        {
            Report = model.LastTransformer.TrainingReport,
        };
    }

    /// <summary>What is between spaces, in small letters.</summary>
    public static IEstimator<ITransformer> Words(MLContext ml)
        => ml.Transforms.Text.NormalizeText(nameof(Text.Content))
            .Append(ml.Transforms.Text.TokenizeIntoWords(Tokens, nameof(Text.Content)));

    /// <summary>Each character, as text: as keys there would be one for each of Unicode's, most of which the data does not have.</summary>
    private static IEstimator<ITransformer> CharactersAndPairs(MLContext ml)
        => ml.Transforms.Text.TokenizeIntoCharactersAsKeys(Tokens, nameof(Text.Content))
            .Append(ml.Transforms.Conversion.MapKeyToValue(Tokens))
            .Append(ml.Transforms.Conversion.MapValueToKey(nameof(Text.Pairs)));

    private static Split<Text> Questions(TaskRun run)
    {
        return new Split<Text>(Read("train"), Read("test"));

        List<Text> Read(string part) => TextFile.Read(run.PathOf("trec", $"TREC.{part}.all"), ' ', encoding: Encoding.Latin1);
    }

    private static Split<Text> Messages(TaskRun run)
    {
        Text[] rows = [.. TextFile.Read(run.PathOf("sms_spam", "SMSSpamCollection"), '\t', headerLines: 1).Select(TextFile.Spaced)];
        int train = (int)(rows.Length * 0.7);
        return new Split<Text>(rows[..train], rows[train..]);
    }

    private static Split<Text> Surnames(TaskRun run)
        => TaskRun.Draw(
            from file in Directory.GetFiles(run.PathOf("names"), "*.txt").Order(StringComparer.Ordinal)
            where Path.GetFileName(file) != "README.txt"
            from name in File.ReadLines(file)
            where name.Trim() != ""
            select new Text { Label = Path.GetFileNameWithoutExtension(file), Content = name.Trim(), Pairs = PairsOf(name.Trim()) },
            share: 0.2);

    private static string[] PairsOf(string name)
    {
        string marked = $"\u0002{name.ToLowerInvariant()}\u0003";
        return [.. Enumerable.Range(0, marked.Length).Select(i => marked.Substring(i, Math.Min(2, marked.Length - i)))];
    }
}

using System.Text;
using Accuracy.Data;
using Microsoft.ML;
using Microsoft.ML.Lstm;

namespace Accuracy.Tasks;

/// <summary>Classes of texts, read as words or as characters.</summary>
internal static class TextTasks
{
    private const string Tokens = "Tokens";

    public static AccuracyTask Trec { get; } = new("TREC", "accuracy", (86.8, "logistic regression on uni- and bigrams"), 89.0,
        "words; the trainer's defaults, with half of the outputs, 0.3 of the inputs and 0.1 of the tokens dropped, and a learning rate of "
        + "0.002",
        run =>
            Measure(run, Questions(run), Words,
            new() { OutputDropout = 0.5f, InputDropout = 0.3f, TokenDropout = 0.1f, LearningRate = 0.002f }));

    public static AccuracyTask Sms { get; } = new("SMS", "accuracy", (98.2, "bag of words"), 98.8,
        "words, bidirectional LSTM of 32 units, maximum over the steps",
        run => Measure(run, Messages(run), Words, new()
        {
            Bidirectional = true,
            Pooling = Pooling.Max,
            NumberOfEpochs = 8,
            LearningRate = 0.003f,
        }));

    public static AccuracyTask Names { get; } = new("names", "accuracy", (83.8, "logistic regression on character n-grams"), 84.5,
        "characters and pairs of them; the trainer's defaults, with 96 units, half of the outputs and 0.2 of the inputs dropped, a "
        + "learning rate of 0.008 and 12 epochs",
        run => Measure(run, Surnames(run), ml => Characters(ml).Append(ml.Transforms.Conversion.MapValueToKey(nameof(Text.Pairs))), new()
        {
            FeatureColumnNames = [Tokens, nameof(Text.Pairs)],
            HiddenSize = 96,
            OutputDropout = 0.5f,
            InputDropout = 0.2f,
            LearningRate = 0.008f,
            NumberOfEpochs = 12,
        }));

    /// <summary>Trains on texts and gives the accuracy in percent.</summary>
    public static double Measure(TaskRun run, Split<Text> data, Func<MLContext, IEstimator<ITransformer>> tokenize,
        LstmMulticlassTrainer.Options options)
    {
        MLContext ml = run.Context;
        Split<Text> split = run.Choose(data);
        options.FeatureColumnName = Tokens;
        var pipeline = tokenize(ml)
            .Append(ml.Transforms.Conversion.MapValueToKey(Tokens))
            .Append(ml.Transforms.Conversion.MapValueToKey(nameof(Text.Label)))
            .Append(ml.MulticlassClassification.Trainers.Lstm(run.Configure(options)));
        ITransformer model = pipeline.Fit(ml.Data.LoadFromEnumerable(split.Train));
        return 100 * ml.MulticlassClassification.Evaluate(model.Transform(ml.Data.LoadFromEnumerable(split.Test))).MicroAccuracy;
    }

    /// <summary>What is between spaces, in small letters.</summary>
    public static IEstimator<ITransformer> Words(MLContext ml)
        => ml.Transforms.Text.NormalizeText(nameof(Text.Content))
            .Append(ml.Transforms.Text.TokenizeIntoWords(Tokens, nameof(Text.Content)));

    /// <summary>Each character, as text: as keys there would be one for each of Unicode's, most of which the data does not have.</summary>
    public static IEstimator<ITransformer> Characters(MLContext ml)
        => ml.Transforms.Text.TokenizeIntoCharactersAsKeys(Tokens, nameof(Text.Content))
            .Append(ml.Transforms.Conversion.MapKeyToValue(Tokens));

    public static Split<Text> Questions(TaskRun run)
    {
        return new Split<Text>(Read("train"), Read("test"));

        List<Text> Read(string part) => TextFile.Read(run.PathOf("trec", $"TREC.{part}.all"), ' ', encoding: Encoding.Latin1);
    }

    public static Split<Text> Messages(TaskRun run)
    {
        Text[] rows = [.. TextFile.Read(run.PathOf("sms_spam", "SMSSpamCollection"), '\t', headerLines: 1).Select(TextFile.Spaced)];
        int train = (int)(rows.Length * 0.7);
        return new Split<Text>(rows[..train], rows[train..]);
    }

    public static Split<Text> Surnames(TaskRun run)
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

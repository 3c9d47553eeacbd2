// English to French: an encoder reads the words of a sentence, and a decoder writes those of another one, looking at each step at the words
// that it needs (attention). Beside it stands a dictionary that was learned from the same sentences.
using Microsoft.ML;
using Microsoft.ML.Lstm;
using Shared;
using Translator;

return Sample.Run(args, "Train an LSTM to translate sentences.",
    "two languages, a sentence and its translation a line with a tab between, gz or not; what is learned is to write the second",
    path => File.WriteAllLines(path, Grammar.MakeUp().Select(pair => $"{pair.English}\t{pair.French}")), Go);

static void Go(Sample sample)
{
    MLContext ml = sample.ML;
    Pair[] pairs = sample.DataFile is { } file ? Read(file) : [.. Grammar.MakeUp().Select(made => Pair.Of(made.English, made.French))];
    sample.Require(pairs.Length, 100, "lines with two sentences and a tab between");
    // All translations of a sentence are on one side, and those of a sentence to test with are all right.
    IGrouping<string, Pair>[] sentences = [.. pairs.GroupBy(pair => Words.Join(pair.Source))];
    int tested = Math.Min(500, sentences.Length / 10);
    Pair[] train = [.. sentences[tested..].SelectMany(sentence => sentence)], test = [.. sentences[..tested].Select(one => one.First())];
    string[][] references = [.. sentences[..tested].Select(one => one.Select(pair => Words.Join(pair.Target)).ToArray())];
    Console.WriteLine($"{train.Length:N0} pairs to learn from, {test.Length} sentences to translate that are not among them.");

    var pipeline = ml.Transforms.Conversion.MapValueToKey("SourceKeys", nameof(Pair.Source))
        .Append(ml.Transforms.Conversion.MapValueToKey("Label", nameof(Pair.Target)))
        .Append(ml.MulticlassClassification.Trainers.LstmSequenceToSequence(new LstmSequenceToSequenceTrainer.Options
        {
            FeatureColumnName = "SourceKeys",
            AttentionColumnName = nameof(Written.Attention),
        }))
        .Append(ml.Transforms.Conversion.MapKeyToValue(nameof(Written.Translation), "PredictedLabel"));
    ITransformer model = pipeline.Fit(ml.Data.LoadFromEnumerable(train));
    Written[] written =
        [.. ml.Data.CreateEnumerable<Written>(model.Transform(ml.Data.LoadFromEnumerable(test)), reuseRowObject: false)];

    foreach (Written one in written.Take(4))
        Console.WriteLine($"  {Words.Join(one.Source),-44} {Words.Join(one.Translation)}");
    Console.WriteLine("Where it looked while it wrote:");
    Console.Write(written.Where(one => one.Source.Length <= 12).MaxBy(one => one.Source.Length)?.DrawAttention());

    var dictionary = new WordByWord(train);
    TranslationMetrics lstm = Judge(written.Select(one => one.Translation));
    TranslationMetrics words = Judge(test.Select(pair => dictionary.Translate(pair.Source)));
    Console.WriteLine($"Exactly right: {lstm.ExactMatch:P1} of the sentences, word by word {words.ExactMatch:P1}.");
    Sample.End(new Figure("BLEU", lstm.Bleu, words.Bleu, "a translation word by word"),
        "sentences of your own, with --data: manythings.org/anki has pairs of many languages");

    TranslationMetrics Judge(IEnumerable<string[]> translations)
    {
        IDataView judged = ml.Data.LoadFromEnumerable(
            translations.Zip(references, (words, right) => new Judged { Text = Words.Join(words), References = right }).ToArray());
        return ml.MulticlassClassification.EvaluateTranslation(judged, nameof(Judged.References), nameof(Judged.Text));
    }
}

static Pair[] Read(string file)
{
    Pair[] pairs = [.. GzipFile.ReadLines(file).Select(line => line.Split('\t'))
        .Select(fields => Pair.Of(fields[0], fields.Length >= 2 ? fields[1] : ""))];
    return Sample.Whole(pairs, pair => pair.Source.Length > 0 && pair.Target.Length > 0, "lines without two sentences and a tab between");
}

// Learns to write by characters, from some old verses or from a text of yours, and writes on from a prompt while you watch.
using System.CommandLine;
using Microsoft.ML;
using Microsoft.ML.Lstm;
using Shared;
using TextGenerator;

const int LeastCharacters = 1000, LongText = 100_000, MostReading = 4_000_000, MostEpochs = 40;

var prompt = new Option<string>("--prompt")
{
    Description = "What the texts begin with.",
    HelpName = "TEXT",
    DefaultValueFactory = _ => "The ",
};
var epochs = new Option<int?>("--epochs")
{
    Description = $"How often the text is read; {MostEpochs} times, but long texts less often.",
    HelpName = "N",
};
var length = new Option<int>("--length")
{
    Description = "How many characters to write.",
    HelpName = "N",
    DefaultValueFactory = _ => 240,
};
return Sample.Run(args, "Train an LSTM to write.", "a text", path => File.WriteAllText(path, Verses.Text), Go, prompt, epochs, length);

void Go(Sample sample)
{
    MLContext ml = sample.ML;
    string text = sample.DataFile is { } file ? File.ReadAllText(file) : Verses.Text;
    sample.Require(text.Length, LeastCharacters, "characters");
    // The last tenth is kept to see how well the model knows what it has not read.
    string read = text[..^(text.Length / 10)], unread = text[read.Length..];
    int times = sample.Value(epochs) ?? Math.Clamp(MostReading / text.Length, 1, MostEpochs);
    float dropout = text.Length < LongText ? 0.5f : 0.1f;
    Console.WriteLine($"Reading {read.Length:N0} characters {times} times, some ten seconds for each million read ...");
    var pipeline = ml.Transforms.Text.TokenizeIntoCharactersAsKeys("Characters", nameof(Page.Text), useMarkerCharacters: false)
        .Append(ml.MulticlassClassification.Trainers.LstmLanguageModel(new()
        {
            FeatureColumnName = "Characters",
            HiddenSize = 128,
            NumberOfEpochs = times,
            BackpropagationLength = 60,
            // A short text has few pieces, and each update should be for few of them.
            BatchSize = Math.Clamp(text.Length / 10_000, 4, 32),
            LearningRate = 0.005f,
            // Nor should it be learned by heart.
            OutputDropout = dropout,
            WeightDropout = dropout,
        }));
    var model = pipeline.Fit(Row(read));

    LstmTextGenerator generator = ml.Model.CreateTextGenerator(model, nameof(Page.Text));
    foreach (float temperature in new[] { 0.3f, 0.6f, 1f })
    {
        Console.WriteLine();
        Console.WriteLine($"--- temperature {temperature} ---");
        Console.Write(sample.Value(prompt));
        var options = new GenerationOptions { Temperature = temperature, MaximumLength = sample.Value(length), Seed = 1 };
        foreach (string part in generator.GenerateParts(sample.Value(prompt), options))
            Console.Write(part);
        Console.WriteLine();
    }

    LanguageModelMetrics metrics = ml.MulticlassClassification.EvaluateLanguageModel(model.Transform(Row(unread)));
    Sample.End(new Figure("bits a character, of what it has not read,", metrics.BitsPerToken,
        new NGrams(3, [Characters(read)]).BitsPerToken([Characters(unread)]), "what followed the last two characters", LessIsBetter: true),
        "a text of yours, the longer the better, with --data; words or subwords in place of characters: docs/tasks/language-models.md");

    IDataView Row(string content) => ml.Data.LoadFromEnumerable([new Page { Text = content }]);
}

static string[] Characters(string text) => [.. text.Select(character => character.ToString())];

// Learns to write by characters, from some old verses or from a text of yours, and writes on from a prompt while you watch.
using System.CommandLine;
using Microsoft.ML;
using Microsoft.ML.Lstm;
using TextGenerator;

var dataOption = new Option<FileInfo>("--data")
{
    Description = "A text of your own. Otherwise some verses that everybody knows are learned.",
    HelpName = "FILE",
}.AcceptExistingOnly();
var promptOption = new Option<string>("--prompt")
{
    Description = "What the texts begin with.",
    HelpName = "TEXT",
    DefaultValueFactory = _ => "The ",
};
var epochsOption = new Option<int>("--epochs")
{
    Description = "How often the text is read.",
    HelpName = "N",
    DefaultValueFactory = _ => 40,
};
var lengthOption = new Option<int>("--length")
{
    Description = "How many characters to write.",
    HelpName = "N",
    DefaultValueFactory = _ => 240,
};
var root = new RootCommand("Train an LSTM to write.") { dataOption, promptOption, epochsOption, lengthOption };
root.SetAction(async (parsed, cancellation) =>
{
    string text = parsed.GetValue(dataOption) is { } file ? await File.ReadAllTextAsync(file.FullName, cancellation) : Verses.Text;
    if (text.Length < 1000)
    {
        Console.Error.WriteLine($"The text has {text.Length} characters; there is little to learn from fewer than 1,000.");
        return 1;
    }
    var ml = new MLContext(seed: 1);
    // The last tenth is kept to see how well the model knows what it has not read.
    IDataView first = Row(text[..^(text.Length / 10)]), last = Row(text[^(text.Length / 10)..]);
    var pipeline = ml.Transforms.Text.TokenizeIntoCharactersAsKeys("Characters", nameof(Page.Text), useMarkerCharacters: false)
        .Append(ml.MulticlassClassification.Trainers.LstmLanguageModel(new()
        {
            FeatureColumnName = "Characters",
            HiddenSize = 128,
            NumberOfEpochs = parsed.GetValue(epochsOption),
            BackpropagationLength = 60,
            // A short text has few pieces, and each update should be for few of them.
            BatchSize = Math.Clamp(text.Length / 10_000, 4, 32),
            LearningRate = 0.005f,
            Dropout = 0.2f,
        }));
    Console.WriteLine($"Learning {text.Length:N0} characters ...");
    var model = pipeline.Fit(first);
    foreach ((string name, IDataView part) in new[] { ("read", first), ("not read", last) })
    {
        LanguageModelMetrics metrics = ml.MulticlassClassification.EvaluateLanguageModel(model.Transform(part));
        Console.WriteLine($"{name,-9} perplexity {metrics.Perplexity:0.00}, {metrics.BitsPerToken:0.00} bits a character");
    }

    LstmTextGenerator generator = ml.Model.CreateTextGenerator(model, nameof(Page.Text));
    foreach (float temperature in new[] { 0.3f, 0.6f, 1f })
    {
        Console.WriteLine();
        Console.WriteLine($"--- temperature {temperature} ---");
        Console.Write(parsed.GetValue(promptOption));
        var options = new GenerationOptions { Temperature = temperature, MaximumLength = parsed.GetValue(lengthOption), Seed = 1 };
        await foreach (string part in generator.GenerateAsync(parsed.GetValue(promptOption)!, options, cancellation))
            Console.Write(part);
        Console.WriteLine();
    }
    return 0;

    IDataView Row(string content) => ml.Data.LoadFromEnumerable([new Page { Text = content }]);
});
return root.Parse(args).Invoke();

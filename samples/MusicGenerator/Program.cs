// Learns tunes, each a text whose words are notes, makes a new one, and writes it as a MIDI file.
using System.CommandLine;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Lstm;
using MusicGenerator;

var outOption = new Option<string>("--out")
{
    Description = "The MIDI file to write.",
    HelpName = "FILE",
    DefaultValueFactory = _ => "tune.mid",
};
var seedOption = new Option<int>("--seed")
{
    Description = "Another seed makes another tune.",
    HelpName = "N",
    DefaultValueFactory = _ => 1,
};
var root = new RootCommand("Train an LSTM on tunes, and make a new one.") { outOption, seedOption };
root.SetAction(parsed =>
{
    var ml = new MLContext(seed: 1);
    Tune[] tunes = MadeUpTunes.Make(500, seed: 1);
    IDataView known = ml.Data.LoadFromEnumerable(tunes[..450]), others = ml.Data.LoadFromEnumerable(tunes[450..]);
    // A tune has a begin and an end, which the model learns too.
    var pipeline = ml.Transforms.Conversion.MapValueToKey("Keys", nameof(Tune.Notes))
        .Append(ml.MulticlassClassification.Trainers.LstmLanguageModel(new()
        {
            FeatureColumnName = "Keys",
            HiddenSize = 96,
            NumberOfEpochs = 25,
            HasBoundaries = true,
        }));
    Console.WriteLine($"Learning {tunes.Length} tunes, {tunes.Sum(tune => tune.Notes.Length):N0} notes ...");
    var model = pipeline.Fit(known);
    LanguageModelMetrics metrics = ml.MulticlassClassification.EvaluateLanguageModel(model.Transform(others));
    Console.WriteLine($"Perplexity {metrics.Perplexity:0.00} a note, of tunes that the model does not know.");

    LstmLanguageModelTransformer language = model.LastTransformer;
    string[] names = NamesOf(model.Transform(known).Schema["Keys"]);
    var options = new GenerationOptions { Seed = parsed.GetValue(seedOption), Temperature = 0.8f, MaximumLength = 200 };
    Note[] tune = [.. language.Generate([], options).Select(key => Note.Parse(names[key - 1]))];
    Console.WriteLine();
    foreach (Note[] bar in Note.InBars(tune))
        Console.WriteLine("| " + string.Join(' ', bar.Select(note => note.ToString())));
    int sixteenths = tune.Sum(note => note.Length);
    Console.WriteLine();
    Console.WriteLine($"{tune.Length} notes, {sixteenths / 16.0:0.##} bars; ends on {tune[^1].Name}.");
    string path = Path.GetFullPath(parsed.GetValue(outOption)!);
    MidiWriter.Write(path, tune);
    Console.WriteLine($"MIDI file: {path}");
    return 0;
});
return root.Parse(args).Invoke();

static string[] NamesOf(DataViewSchema.Column keys)
{
    VBuffer<ReadOnlyMemory<char>> values = default;
    keys.GetKeyValues(ref values);
    return [.. values.DenseValues().Select(value => value.ToString())];
}

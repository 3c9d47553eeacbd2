// Learns tunes, each a text whose words are notes, makes a new one, and writes it as a MIDI file.
using System.CommandLine;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Lstm;
using MusicGenerator;
using Shared;

var seed = new Option<int>("--seed")
{
    Description = "Another seed makes another tune.",
    HelpName = "N",
    DefaultValueFactory = _ => 1,
};
return Sample.Run(args, "Train an LSTM on tunes, and make a new one.", () => MadeUpTunes.Make(500, seed: 1), Go, seed);

void Go(Sample sample, Tune[] tunes)
{
    const string beginOrEnd = "|";
    MLContext ml = sample.ML;
    tunes = [.. tunes.Where(tune => tune.Notes.Length > 0)];
    sample.Require(tunes.Length, 50, "tunes");
    foreach (string word in tunes.SelectMany(tune => tune.Notes))
        Note.Parse(word);
    Tune[] known = tunes[..^(tunes.Length / 10)], others = tunes[known.Length..];
    IDataView train = ml.Data.LoadFromEnumerable(known), test = ml.Data.LoadFromEnumerable(others);
    Console.WriteLine($"Learning {known.Length} tunes, {known.Sum(tune => tune.Notes.Length):N0} notes ...");
    // A tune has a begin and an end, which the model learns too.
    var pipeline = ml.Transforms.Conversion.MapValueToKey("Keys", nameof(Tune.Notes))
        .Append(ml.MulticlassClassification.Trainers.LstmLanguageModel(new()
        {
            FeatureColumnName = "Keys",
            HiddenSize = 96,
            NumberOfEpochs = 25,
            HasBoundaries = true,
        }));
    var model = pipeline.Fit(train);
    IDataView judged = model.Transform(test);

    string[] names = NamesOf(judged.Schema["Keys"]);
    var options = new GenerationOptions { Seed = sample.Value(seed), Temperature = 0.8f, MaximumLength = 200 };
    Note[] made = [.. model.LastTransformer.Generate([], options).Select(key => Note.Parse(names[key - 1]))];
    Console.WriteLine();
    foreach (Note[] bar in Note.InBars(made))
        Console.WriteLine("| " + string.Join(' ', bar.Select(note => note.ToString())));
    Console.WriteLine();
    Console.WriteLine($"{made.Length} notes, {made.Sum(note => note.Length) / 16.0:0.##} bars; ends on {made.LastOrDefault().Name}.");
    string path = Path.Combine(sample.Folder, "tune.mid");
    MidiWriter.Write(path, made);
    Console.WriteLine($"MIDI file: {path}");

    var counts = new NGrams(3, known.Select(WithEnds));
    Sample.End(new Figure("bits a note, of tunes that it does not know,",
        ml.MulticlassClassification.EvaluateLanguageModel(judged).BitsPerToken, counts.BitsPerToken(others.Select(WithEnds)),
        "what followed the last two notes", LessIsBetter: true),
        "--seed 2 for another tune; tunes of your own, with --data; temperatures and beams: docs/tasks/generation.md");

    static string[] WithEnds(Tune tune) => [beginOrEnd, .. tune.Notes, beginOrEnd];
}

static string[] NamesOf(DataViewSchema.Column keys)
{
    VBuffer<ReadOnlyMemory<char>> values = default;
    keys.GetKeyValues(ref values);
    return [.. values.DenseValues().Select(value => value.ToString())];
}

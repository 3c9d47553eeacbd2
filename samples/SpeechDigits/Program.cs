// Spoken digits: which one a recording is, and then strings of them, of which nobody says where one digit ends and the next begins. WAV
// files are read by NAudio, NWaves makes log-mel spectra of them, and networks read these.
using System.CommandLine;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Lstm;
using Shared;
using SpeechDigits;

var dataOption = new Option<string>("--data")
{
    Description = "A folder or zip file of recordings, digit_speaker_index.wav, such as the Free Spoken Digit Dataset; indices 0 to 4 "
        + "are to test with. Otherwise sounds are made up.",
    HelpName = "PATH",
};
var stringsOption = new Option<int?>("--strings") { Description = "Strings of digits to train on; 4000 with --data, else 1000." };
var root = new RootCommand("Train LSTMs to understand spoken digits.") { dataOption, stringsOption };
root.SetAction(parsed =>
{
    try
    {
        return Run(parsed.GetValue(dataOption), parsed.GetValue(stringsOption));
    }
    // The reader says what is wrong with the files.
    catch (Exception error) when (error is FormatException or IOException or InvalidDataException)
    {
        Console.Error.WriteLine(error.Message);
        return 1;
    }
});
return root.Parse(args).Invoke();

static int Run(string? path, int? strings)
{
    var ml = new MLContext(seed: 1);
    Warnings.Print(ml);
    Recording[] recordings = path is null ? MadeUpSpeech.Make(recordings: 25, new Random(1)) : Recording.Read(path);
    Recording[] train = [.. recordings.Where(recording => !recording.IsTest)], test = [.. recordings.Where(recording => recording.IsTest)];
    Console.WriteLine($"{train.Length} recordings to train on, {test.Length} to test with.");

    var spectra = new Spectra();
    IDataView digits = ml.Data.LoadFromEnumerable(train.Select(recording => Utterance.Of(recording, spectra)).ToArray());
    IDataView testDigits = ml.Data.LoadFromEnumerable(test.Select(recording => Utterance.Of(recording, spectra)).ToArray());
    var single = ml.Transforms.Conversion.MapValueToKey("Label", nameof(Utterance.Digit))
        .Append(ml.MulticlassClassification.Trainers.Lstm(new LstmMulticlassTrainer.Options
        {
            FeatureColumnName = nameof(Utterance.Spectra),
            FeaturesPerStep = Spectra.Bands,
            InputDropout = 0.1f,
            NumberOfEpochs = path is null ? 8 : 25,
            EpochCompleted = Print,
        }));
    MulticlassClassificationMetrics metrics = ml.MulticlassClassification.Evaluate(single.Fit(digits).Transform(testDigits));
    Console.WriteLine($"Single digits: {metrics.MicroAccuracy:P1} of {test.Length} right.");

    IDataView spoken = ml.Data.LoadFromEnumerable(
        Utterance.Strings(train, strings ?? (path is null ? 1000 : 4000), seed: 2).ToArray());
    IDataView testSpoken = ml.Data.LoadFromEnumerable(Utterance.Strings(test, path is null ? 200 : 1000, seed: 1).ToArray());
    var pipeline = ml.Transforms.Conversion.MapValueToKey("Label", nameof(Utterance.Digits))
        .Append(ml.MulticlassClassification.Trainers.LstmCtc(new LstmCtcTrainer.Options
        {
            FeatureColumnName = nameof(Utterance.Spectra),
            FeaturesPerStep = Spectra.Bands,
            // 30 ms: no digit is shorter than some of them.
            StepsPerFrame = 3,
            InputDropout = 0.1f,
            BeamSize = 8,
            NumberOfEpochs = path is null ? 8 : 20,
            EpochCompleted = Print,
        }))
        .Append(ml.Transforms.Conversion.MapKeyToValue(nameof(Understood.Said), "PredictedLabel"));
    IDataView understood = pipeline.Fit(spoken).Transform(testSpoken);
    Console.WriteLine($"Strings: {ml.MulticlassClassification.EvaluateCtc(understood)}.");
    foreach ((Utterance said, Understood heard) in ml.Data.CreateEnumerable<Utterance>(testSpoken, reuseRowObject: false)
        .Zip(ml.Data.CreateEnumerable<Understood>(understood, reuseRowObject: false)).Take(5))
        Console.WriteLine($"  {string.Join(' ', said.Digits),-14} understood as {string.Join(' ', heard.Said),-14} with probability "
            + $"{Math.Exp(heard.LogProbability):0.00}");
    return 0;
}

static void Print(EpochCompletedEventArgs epoch)
    => Console.WriteLine($"  epoch {epoch.Epoch,2} of {epoch.NumberOfEpochs}: loss {epoch.Training.Loss:0.000}, "
        + $"{epoch.Training.Accuracy:P1} right");

// Spoken digits: which one a recording is, and then strings of them, of which nobody says where one digit ends and the next begins. WAV
// files are read by NAudio, NWaves makes log-mel spectra of them, and networks read these. With --data any other sounds.
using System.CommandLine;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Lstm;
using Shared;
using SpeechDigits;

var strings = new Option<int?>("--strings")
{
    Description = "Strings of digits to train on, 0 for none; if not given, 1000 where names tell a speaker, else none.",
    HelpName = "N",
};
var heldOut = new Option<string?>("--hold-out-speaker")
{
    Description = "A speaker to test with, training on the others, where names tell a speaker.",
    HelpName = "NAME",
};
var hear = new Option<string?>("--hear") { Description = "Another WAV file, of which to say what it is.", HelpName = "FILE" };
var saved = new Option<FileInfo>("--model")
{
    Description = "A saved model to ask about the file of --hear, without training.",
    HelpName = "FILE",
}.AcceptExistingOnly();
return Sample.Run(args, "Train LSTMs to understand spoken digits.",
    "a folder or zip file of WAV files, in a folder for each label (dog/7.wav) or called by it (dog7.wav), every fifth of a label to test "
    + "with; or called label_speaker_index.wav as in the Free Spoken Digit Dataset, indices 0 to 4 to test with",
    path => Recording.Write(path, MakeUp()), Go, strings, heldOut, hear, saved);

static Recording[] MakeUp() => MadeUpSpeech.Make(recordings: 25, new Random(1));

void Go(Sample sample)
{
    MLContext ml = sample.ML;
    var spectra = new Spectra();
    if (sample.Value(saved) is { } modelFile)
    {
        string recording = sample.Value(hear) ?? throw new InvalidDataException("--model needs --hear FILE.");
        Hear(ml, LoadModel(ml, modelFile.FullName), recording, spectra);
        return;
    }
    bool isMadeUp = sample.DataFile is null;
    Recording[] recordings = isMadeUp ? MakeUp() : Recording.Read(sample.DataFile!);
    if (sample.Value(heldOut) is { } stranger)
        recordings = Recording.HoldOut(recordings, stranger);
    Recording[] train = [.. recordings.Where(recording => !recording.IsTest)], test = [.. recordings.Where(recording => recording.IsTest)];
    int labels = train.DistinctBy(recording => recording.Label).Count();
    sample.Require(labels, 2, "labels of recordings to train on");
    sample.Require(train.Length, Math.Max(20, 3 * labels), $"recordings to train on, of {labels} labels");
    sample.Require(test.Length, 5, "recordings to test with");
    Console.WriteLine($"{train.Length} recordings of {labels} labels to train on, {test.Length} to test with."
        + (isMadeUp ? "" : " Some minutes for 3,000 recordings."));

    IDataView digits = ml.Data.LoadFromEnumerable(train.Select(recording => Utterance.Of(recording, spectra)).ToArray());
    IDataView testDigits = ml.Data.LoadFromEnumerable(test.Select(recording => Utterance.Of(recording, spectra)).ToArray());
    var pipeline = ml.Transforms.Conversion.MapValueToKey("LabelKey", nameof(Utterance.Label))
        .Append(ml.MulticlassClassification.Trainers.Lstm(new LstmMulticlassTrainer.Options
        {
            LabelColumnName = "LabelKey",
            FeatureColumnName = nameof(Utterance.Spectra),
            FeaturesPerStep = Spectra.Bands,
            InputDropout = 0.1f,
            NumberOfEpochs = isMadeUp ? 8 : 25,
        }));
    var model = pipeline.Fit(digits);
    double accuracy = ml.MulticlassClassification.Evaluate(model.Transform(testDigits), "LabelKey").MicroAccuracy;
    Console.WriteLine($"Single digits: {accuracy:P1} of {test.Length} right.");
    if (Recording.WhoTests(train, test) is { } who)
        Console.WriteLine(who);

    int count = sample.Value(strings) ?? (train[0].Speaker == "" ? 0 : 1000);
    if (count > 0)
    {
        Understand(ml, Utterance.Strings(train, count, seed: 2), Utterance.Strings(test, isMadeUp ? 200 : 1000, seed: 1),
            epochs: isMadeUp ? 8 : 20);
    }

    // As a program wants it that loads the model: with the names of the labels, but without a column of labels, which it doesn't have.
    IDataView unknown = ml.Data.LoadFromEnumerable<Unknown>([]);
    ITransformer names = ml.Transforms.Conversion.MapKeyToValue(nameof(Heard.Sound), "PredictedLabel")
        .Fit(model.LastTransformer.Transform(unknown));
    var named = new TransformerChain<ITransformer>(model.LastTransformer, names);
    sample.Save(named, unknown.Schema, "digits.zip");
    if (sample.Value(hear) is { } file)
        Hear(ml, named, file, spectra);

    // Means and deviations of the bands don't tell in which order sounds came.
    var linear = ml.Transforms.Conversion.MapValueToKey("LabelKey", nameof(Utterance.Label))
        .Append(ml.Transforms.NormalizeMeanVariance(nameof(Utterance.Statistics)))
        .Append(ml.MulticlassClassification.Trainers.SdcaMaximumEntropy("LabelKey", nameof(Utterance.Statistics)));
    Sample.End(new Figure("accuracy of single digits", accuracy,
        ml.MulticlassClassification.Evaluate(linear.Fit(digits).Transform(testDigits), "LabelKey").MicroAccuracy,
        "a linear model of means and deviations of the bands"),
        "recordings of yours, with --data; beams and how frames are chosen: docs/tasks/ctc.md");
}

// A model that --model names, which may be of anything.
static ITransformer LoadModel(MLContext ml, string path)
{
    try
    {
        ITransformer model = ml.Model.Load(path, out DataViewSchema inputs);
        return inputs is [{ Name: nameof(Unknown.Spectra) }] ? model
            : throw new InvalidDataException($"{path} is no model of this sample.");
    }
    catch (Exception error) when (error is FormatException or InvalidOperationException or ArgumentException)
    {
        throw new InvalidDataException($"{path} is no model of this sample: {error.GetBaseException().Message}");
    }
}

static void Hear(MLContext ml, ITransformer model, string file, Spectra spectra)
{
    using PredictionEngine<Unknown, Heard> engine = ml.Model.CreatePredictionEngine<Unknown, Heard>(model);
    Heard heard = engine.Predict(new Unknown { Spectra = spectra.Of(Recording.ReadSamples(file)) });
    Console.WriteLine($"{file}: {heard.Sound}, with probability {heard.Score.Max():0.00}");
}

// Several digits one after the other, without a word of where each of them is.
static void Understand(MLContext ml, IEnumerable<Utterance> train, IEnumerable<Utterance> test, int epochs)
{
    IDataView spoken = ml.Data.LoadFromEnumerable(train.ToArray()), testSpoken = ml.Data.LoadFromEnumerable(test.ToArray());
    var pipeline = ml.Transforms.Conversion.MapValueToKey("LabelKeys", nameof(Utterance.Labels))
        .Append(ml.MulticlassClassification.Trainers.LstmCtc(new LstmCtcTrainer.Options
        {
            LabelColumnName = "LabelKeys",
            FeatureColumnName = nameof(Utterance.Spectra),
            FeaturesPerStep = Spectra.Bands,
            // 30 ms: no digit is shorter than some of them.
            StepsPerFrame = 3,
            InputDropout = 0.1f,
            BeamSize = 8,
            NumberOfEpochs = epochs,
        }))
        .Append(ml.Transforms.Conversion.MapKeyToValue(nameof(Understood.Said), "PredictedLabel"));
    IDataView understood = pipeline.Fit(spoken).Transform(testSpoken);
    Console.WriteLine($"Strings: {ml.MulticlassClassification.EvaluateCtc(understood, "LabelKeys")}.");
    foreach ((Utterance said, Understood heard) in ml.Data.CreateEnumerable<Utterance>(testSpoken, reuseRowObject: false)
        .Zip(ml.Data.CreateEnumerable<Understood>(understood, reuseRowObject: false)).Take(5))
        Console.WriteLine($"  {string.Join(' ', said.Labels),-14} understood as {string.Join(' ', heard.Said),-14} with probability "
            + $"{Math.Exp(heard.LogProbability):0.00}");
}

// Spoken digits: which one a recording is, and then strings of them, of which nobody says where one digit ends and the next begins. WAV
// files are read by NAudio, NWaves makes log-mel spectra of them, and networks read these.
using System.CommandLine;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Lstm;
using Shared;
using SpeechDigits;

var strings = new Option<int?>("--strings")
{
    Description = "Strings of digits to train on; 4000 with --data, else 1000.",
    HelpName = "N",
};
return Sample.Run(args, "Train LSTMs to understand spoken digits.",
    "a folder or zip file of recordings, digit_speaker_index.wav, 8,000 samples a second, such as the Free Spoken Digit Dataset; indices 0 "
    + "to 4 are to test with", path => Recording.Write(path, MakeUp()), Go, strings);

static Recording[] MakeUp() => MadeUpSpeech.Make(recordings: 25, new Random(1));

void Go(Sample sample)
{
    MLContext ml = sample.ML;
    bool isMadeUp = sample.DataFile is null;
    Recording[] recordings = isMadeUp ? MakeUp() : Recording.Read(sample.DataFile!);
    Recording[] train = [.. recordings.Where(recording => !recording.IsTest)], test = [.. recordings.Where(recording => recording.IsTest)];
    sample.Require(train.Length, 50, "recordings to train on");
    sample.Require(test.Length, 10, "recordings to test with, indices 0 to 4");
    Console.WriteLine($"{train.Length} recordings to train on, {test.Length} to test with."
        + (isMadeUp ? "" : " Some minutes for 3,000 recordings."));

    var spectra = new Spectra();
    IDataView digits = ml.Data.LoadFromEnumerable(train.Select(recording => Utterance.Of(recording, spectra)).ToArray());
    IDataView testDigits = ml.Data.LoadFromEnumerable(test.Select(recording => Utterance.Of(recording, spectra)).ToArray());
    var single = ml.Transforms.Conversion.MapValueToKey("Label", nameof(Utterance.Digit))
        .Append(ml.MulticlassClassification.Trainers.Lstm(new LstmMulticlassTrainer.Options
        {
            FeatureColumnName = nameof(Utterance.Spectra),
            FeaturesPerStep = Spectra.Bands,
            InputDropout = 0.1f,
            NumberOfEpochs = isMadeUp ? 8 : 25,
        }));
    MulticlassClassificationMetrics metrics = ml.MulticlassClassification.Evaluate(single.Fit(digits).Transform(testDigits));
    Console.WriteLine($"Single digits: {metrics.MicroAccuracy:P1} of {test.Length} right.");

    IDataView spoken = ml.Data.LoadFromEnumerable(
        Utterance.Strings(train, sample.Value(strings) ?? (isMadeUp ? 1000 : 4000), seed: 2).ToArray());
    IDataView testSpoken = ml.Data.LoadFromEnumerable(Utterance.Strings(test, isMadeUp ? 200 : 1000, seed: 1).ToArray());
    var pipeline = ml.Transforms.Conversion.MapValueToKey("Label", nameof(Utterance.Digits))
        .Append(ml.MulticlassClassification.Trainers.LstmCtc(new LstmCtcTrainer.Options
        {
            FeatureColumnName = nameof(Utterance.Spectra),
            FeaturesPerStep = Spectra.Bands,
            // 30 ms: no digit is shorter than some of them.
            StepsPerFrame = 3,
            InputDropout = 0.1f,
            BeamSize = 8,
            NumberOfEpochs = isMadeUp ? 8 : 20,
        }))
        .Append(ml.Transforms.Conversion.MapKeyToValue(nameof(Understood.Said), "PredictedLabel"));
    IDataView understood = pipeline.Fit(spoken).Transform(testSpoken);
    Console.WriteLine($"Strings: {ml.MulticlassClassification.EvaluateCtc(understood)}.");
    foreach ((Utterance said, Understood heard) in ml.Data.CreateEnumerable<Utterance>(testSpoken, reuseRowObject: false)
        .Zip(ml.Data.CreateEnumerable<Understood>(understood, reuseRowObject: false)).Take(5))
        Console.WriteLine($"  {string.Join(' ', said.Digits),-14} understood as {string.Join(' ', heard.Said),-14} with probability "
            + $"{Math.Exp(heard.LogProbability):0.00}");

    // Means and deviations of the bands don't tell in which order sounds came.
    var linear = ml.Transforms.Conversion.MapValueToKey("Label", nameof(Utterance.Digit))
        .Append(ml.Transforms.NormalizeMeanVariance(nameof(Utterance.Statistics)))
        .Append(ml.MulticlassClassification.Trainers.SdcaMaximumEntropy(featureColumnName: nameof(Utterance.Statistics)));
    Sample.End(new Figure("accuracy of single digits", metrics.MicroAccuracy,
        ml.MulticlassClassification.Evaluate(linear.Fit(digits).Transform(testDigits)).MicroAccuracy,
        "a linear model of means and deviations of the bands"),
        "recordings of yours, with --data; beams and how frames are chosen: docs/tasks/ctc.md");
}

// From phones to sound: at each step of 8 ms a network reads which phone is said and how far it is, and gives a spectrum. The spectra have
// no phases, which Griffin and Lim's way finds; what comes out is a WAV file. It hears both neighbours of a phone, as whoever speaks knows
// what comes next.
using System.Numerics.Tensors;
using Microsoft.ML;
using Microsoft.ML.Lstm;
using Shared;
using Shared.Charts;
using Shared.Sound;
using SpeechSynthesis;

return Sample.Run(args, "Train an LSTM to speak.",
    "a folder of recordings, NAME.wav (8,000 samples a second) and NAME.lab (a line for each phone: from, to, phone; in seconds)",
    folder => Recording.WriteFolder(folder, MadeUpSpeaker.Make()), Go);

static void Go(Sample sample)
{
    MLContext ml = sample.ML;
    Recording[] recordings = sample.DataFile is { } folder ? Recording.ReadFolder(folder) : [.. MadeUpSpeaker.Make()];
    sample.Require(recordings.Length, 10, "recordings");
    var sound = new Sound();
    Utterance[] utterances = [.. recordings.Select(recording => Utterance.Of(recording, sound))];
    Utterance[] train = utterances[..^(utterances.Length / 6)], test = utterances[^(utterances.Length / 6)..];
    Console.WriteLine($"{train.Length} recordings to learn from, {test.Length} to be said anew.");

    var pipeline = ml.Transforms.Conversion.MapValueToKey("PhoneKeys", nameof(Utterance.Phones))
        .Append(ml.Regression.Trainers.LstmPerStep(new LstmPerStepRegressionTrainer.Options
        {
            LabelColumnName = nameof(Utterance.Spectra),
            LabelsPerStep = Sound.Bins,
            FeatureColumnNames = ["PhoneKeys", nameof(Utterance.Places)],
            FeaturesPerStep = 2,
            Bidirectional = true,
        }));
    IDataView scored = pipeline.Fit(ml.Data.LoadFromEnumerable(train)).Transform(ml.Data.LoadFromEnumerable(test));
    float[][] said = [.. ml.Data.CreateEnumerable<Utterance>(scored, reuseRowObject: false).Select(utterance => utterance.Score)];

    string path = Path.Combine(sample.Folder, "said.wav"), original = Path.Combine(sample.Folder, "recorded.wav");
    WaveFile.Write(path, Recording.SamplingRate, sound.Synthesize(said[0]));
    WaveFile.Write(original, Recording.SamplingRate, recordings[^test.Length].Samples);
    Console.WriteLine($"It says '{string.Join(' ', recordings[^test.Length].Phones.Select(phone => phone.Name))}': {path}");
    Console.WriteLine($"What was recorded of it: {original}");

    var means = new PhoneMeans(train);
    int middle = said[0].Length / Sound.Bins / 2;
    sample.WriteChart("spectrum.svg", new Chart($"A spectrum of '{test[0].Phones[middle]}'") { XLabel = "31.25 Hz", YLabel = "dB" }
        .AddLine("mean of the phone", Ink.Pale, 0, means.Spectra(test[0]).Chunk(Sound.Bins).ElementAt(middle))
        .AddLine("recorded", Ink.Neutral, 0, test[0].Spectra.Chunk(Sound.Bins).ElementAt(middle))
        .AddLine("LSTM", Ink.Accent, 0, said[0].Chunk(Sound.Bins).ElementAt(middle)));
    Sample.End(new Figure("distance of spectra in dB",
        test.Zip(said, (utterance, spectra) => Distance(utterance.Spectra, spectra)).Average(),
        test.Average(utterance => Distance(utterance.Spectra, means.Spectra(utterance))), "the mean spectrum of each third of a phone",
        LessIsBetter: true),
        "recordings of a voice with its phones, with --data");
}

// The root of the mean square over bins, and the mean over steps.
static double Distance(float[] recorded, float[] made)
    => recorded.Chunk(Sound.Bins).Zip(made.Chunk(Sound.Bins), (one, other) => TensorPrimitives.Distance<float>(one, other)).Average()
        / Math.Sqrt(Sound.Bins);

using System.Text;

namespace Microsoft.ML.Lstm.Tests.Samples;

/// <summary>The sample that reads folders of WAV files.</summary>
[TestClass]
public sealed class SpeechDigitsTests
{
    private readonly string _folder = Directory.CreateTempSubdirectory("lstm-tests-").FullName;

    [TestCleanup]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    [TestMethod]
    public void TakesTheFolderOfASoundForItsLabel()
    {
        for (int i = 0; i < 15; i++)
        {
            Write($"bark/{i}.wav", Tone(300 + 5 * i), samplingRate: 8000, channels: 1);
            Write($"meow/{i}.WAV", Tone(900 + 5 * i), samplingRate: 16000, channels: 2);
        }
        string output = Run(expectedExitCode: 0, "--hear", Path.Combine(_folder, "sounds", "meow", "3.WAV"));
        StringAssert.Contains(output, "3.WAV: meow, with probability");
        StringAssert.Contains(output, "24 recordings of 2 labels to train on, 6 to test with");
        Assert.IsFalse(output.Contains("Strings:"), output);
        Assert.IsGreaterThan(0.9, SampleProgram.Figure(output));
        string model = Path.Combine(_folder, "digits.zip");
        Assert.IsTrue(File.Exists(model));

        // The saved model hears the same, without training.
        string meow = Path.Combine(_folder, "sounds", "meow", "3.WAV");
        string heard = SampleProgram.Run("SpeechDigits", _folder, 0, "--model", model, "--hear", meow);
        StringAssert.StartsWith(heard, $"{meow}: meow, with probability");
        StringAssert.Contains(output, heard.Trim());

        // And a program needs nothing but the spectra for it.
        new MLContext().Model.Load(model, out DataViewSchema inputs);
        Assert.AreEqual("Spectra", string.Join(", ", inputs.Select(column => column.Name)));

        StringAssert.Contains(SampleProgram.Run("SpeechDigits", _folder, 1, "--model", model), "--model needs --hear");
        StringAssert.Contains(SampleProgram.Run("SpeechDigits", _folder, 1, "--model", meow, "--hear", meow), "is no model of this sample");
    }

    [TestMethod]
    public void TakesTheNameOfAFileWithoutItsNumberForItsLabel()
    {
        for (int i = 0; i < 15; i++)
        {
            Write($"bark {i}.wav", Tone(300 + 5 * i), samplingRate: 8000, channels: 1);
            Write($"meow({i}).wav", Tone(900 + 5 * i), samplingRate: 8000, channels: 1);
        }
        StringAssert.Contains(Run(expectedExitCode: 0), "24 recordings of 2 labels to train on, 6 to test with");
    }

    [TestMethod]
    public void SaysThatEachSoundHasALabelOfItsOwn()
    {
        foreach (string name in new[] { "bark", "meow", "moo", "chirp" })
            Write($"{name}.wav", Tone(300), samplingRate: 8000, channels: 1);
        StringAssert.Contains(Run(expectedExitCode: 1), "has 4 recordings to train on, of 4 labels; at least 20 are needed");
    }

    [TestMethod]
    [DataRow("")]
    [DataRow("no sound but text")]
    public void SaysWhichFileIsNoRecording(string content)
    {
        Write("bark/1.wav", Tone(300), samplingRate: 8000, channels: 1);
        File.WriteAllText(Path.Combine(_folder, "sounds", "bark", "2.wav"), content);
        StringAssert.Contains(Run(expectedExitCode: 1), "2.wav is no WAV file");
    }

    [TestMethod]
    public void SaysWhetherTheSpeakersOfTheTestAreInTraining()
    {
        foreach (string speaker in new[] { "ann", "bob" })
        {
            for (int i = 0; i < 12; i++)
            {
                Write($"bark_{speaker}_{i}.wav", Tone(300 + 5 * i), samplingRate: 8000, channels: 1);
                Write($"meow_{speaker}_{i}.wav", Tone(900 + 5 * i), samplingRate: 8000, channels: 1);
            }
        }
        StringAssert.Contains(Run(expectedExitCode: 0, "--strings", "0"), "All speakers of the test (ann, bob) are in training too");
        string output = Run(expectedExitCode: 0, "--strings", "0", "--hold-out-speaker", "bob");
        StringAssert.Contains(output, "24 recordings of 2 labels to train on, 24 to test with");
        StringAssert.Contains(output, "Of the speakers of the test, training knows nothing of bob.");
        StringAssert.Contains(Run(expectedExitCode: 1, "--hold-out-speaker", "eve"), "No speaker is called eve; the speakers are ann, bob");
    }

    [TestMethod]
    public void SaysThatNobodyTellsTheSpeakers()
    {
        for (int i = 0; i < 15; i++)
        {
            Write($"bark/{i}.wav", Tone(300 + 5 * i), samplingRate: 8000, channels: 1);
            Write($"meow/{i}.wav", Tone(900 + 5 * i), samplingRate: 8000, channels: 1);
        }
        StringAssert.Contains(Run(expectedExitCode: 1, "--hold-out-speaker", "bob"), "names tell no speakers");
    }

    private string Run(int expectedExitCode, params string[] arguments)
        => SampleProgram.Run("SpeechDigits", _folder, expectedExitCode, ["--data", Path.Combine(_folder, "sounds"), .. arguments]);

    private static double[] Tone(double hertz)
    {
        var random = new Random((int)hertz);
        return [.. Enumerable.Range(0, 1600).Select(i => 0.4 * Math.Sin(Math.Tau * hertz * i / 8000) + 0.05 * random.NextDouble())];
    }

    // 8,000 samples a second, of which another rate has each several times.
    private void Write(string name, double[] samples, int samplingRate, short channels)
    {
        string path = Path.Combine(_folder, "sounds", name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        int copies = samplingRate / 8000 * channels, bytes = 2 * copies * samples.Length;
        using var file = new BinaryWriter(File.Create(path), Encoding.ASCII);
        file.Write("RIFF"u8);
        file.Write(36 + bytes);
        file.Write("WAVEfmt "u8);
        file.Write(16);
        file.Write((short)1);
        file.Write(channels);
        file.Write(samplingRate);
        file.Write(2 * channels * samplingRate);
        file.Write((short)(2 * channels));
        file.Write((short)16);
        file.Write("data"u8);
        file.Write(bytes);
        foreach (double sample in samples)
        {
            for (int copy = 0; copy < copies; copy++)
                file.Write((short)(32767 * sample));
        }
    }
}

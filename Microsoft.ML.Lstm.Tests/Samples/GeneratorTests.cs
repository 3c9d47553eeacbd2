using System.Globalization;
using System.Text;

namespace Microsoft.ML.Lstm.Tests.Samples;

/// <summary>The samples of language models: they write, play and recommend.</summary>
[TestClass]
public sealed class GeneratorTests
{
    private readonly string _folder = Directory.CreateTempSubdirectory("lstm-tests-").FullName;

    [TestCleanup]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    [TestMethod]
    public void WritesInTheCharactersOfAFile()
    {
        string file = Path.Combine(_folder, "text.txt");
        File.WriteAllText(file, string.Concat(Enumerable.Repeat("one two three four five\n", 80)));
        string output = SampleProgram.Run("TextGenerator", _folder, 0, "--data", file, "--epochs", "80", "--prompt", "one",
            "--length", "40");
        StringAssert.Contains(output, "one two three four five");
        double read = double.Parse(output.Split('\n').First(line => line.StartsWith("not read", StringComparison.Ordinal))
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)[3].TrimEnd(','), CultureInfo.InvariantCulture);
        Assert.IsInRange(1, 3, read);
    }

    [TestMethod]
    public void SaysThatATextIsTooShort()
    {
        string file = Path.Combine(_folder, "text.txt");
        File.WriteAllText(file, "one two three");
        StringAssert.Contains(SampleProgram.Run("TextGenerator", _folder, 1, "--data", file), "13 characters");
    }

    [TestMethod]
    public void MakesATuneAndAMidiFile()
    {
        string output = SampleProgram.Run("MusicGenerator", _folder, 0, "--out", Path.Combine(_folder, "tune.mid"));
        StringAssert.Contains(output, "8 bars");
        StringAssert.Contains(output, "ends on C");
        byte[] midi = File.ReadAllBytes(Path.Combine(_folder, "tune.mid"));
        Assert.AreEqual("MThd", Encoding.ASCII.GetString(midi, 0, 4));
        Assert.IsGreaterThan(100, midi.Length);
    }

    [TestMethod]
    public void FindsTheNextItemMoreOftenThanWhatIsPopular()
    {
        string output = SampleProgram.Run("NextItem", _folder, 0);
        double[] rates = [.. new[] { "LSTM", "what follows the last item", "the most popular" }.Select(name => double.Parse(
            output.Split('\n').First(line => line.StartsWith(name, StringComparison.Ordinal))[name.Length..]
                .Split(' ', StringSplitOptions.RemoveEmptyEntries)[0], CultureInfo.InvariantCulture))];
        Assert.IsGreaterThan(rates[1] + 0.05, rates[0]);
        Assert.IsGreaterThan(2 * rates[2], rates[0]);
    }
}

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
        StringAssert.Contains(output, "better than");
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
        string output = SampleProgram.Run("MusicGenerator", _folder, 0, "--out", _folder);
        StringAssert.Contains(output, "8 bars");
        StringAssert.Contains(output, "ends on C");
        byte[] midi = File.ReadAllBytes(Path.Combine(_folder, "tune.mid"));
        Assert.AreEqual("MThd", Encoding.ASCII.GetString(midi, 0, 4));
        Assert.IsGreaterThan(100, midi.Length);
    }

    [TestMethod]
    public void FindsTheNextItemMoreOftenThanByTheLastOne()
    {
        Assert.IsGreaterThan(1.1, SampleProgram.Figure(SampleProgram.Run("Recommendation", _folder, 0)));
    }
}

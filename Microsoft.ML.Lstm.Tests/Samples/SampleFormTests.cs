using System.Text.RegularExpressions;
using Microsoft.ML.Lstm.Tests.House;

namespace Microsoft.ML.Lstm.Tests.Samples;

/// <summary>Whoever opens a second sample finds everything where the first one has it.</summary>
[TestClass]
public sealed partial class SampleFormTests
{
    private const int MostLinesOfReadme = 30;

    [TestMethod]
    public void EveryFolderIsInTheSolutionAndTheTable()
    {
        string solution = File.ReadAllText(Path.Combine(SourceTests.Root, "LstmMl.sln"));
        string table = File.ReadAllText(Path.Combine(SourceTests.Root, "samples", "README.md"));
        Assert.IsNotEmpty(SampleFolder.All);
        AssertNone(
            from sample in SampleFolder.All
            where !solution.Contains($@"samples\{sample.Name}\{sample.Name}.csproj") || !table.Contains($"[{sample.Name}]({sample.Name})")
            select sample.Name);
    }

    [TestMethod]
    public void EverySampleReadsAUsersFileByTheSameOption()
    {
        AssertNone(SampleFolder.OfTheForm.Where(sample => !sample.Source.Contains("Sample.Run(")).Select(sample => sample.Name));
        CollectionAssert.IsSubsetOf(SampleFolder.OfAnotherForm.Keys.ToArray(), SampleFolder.All.Select(sample => sample.Name).ToArray());
        AssertNone(SampleFolder.OfAnotherForm.Keys.Where(name => !File.Exists(Path.Combine(new SampleFolder(name).Folder, "README.md"))));
    }

    [TestMethod]
    public void EveryReadmeIsShortAndHasCommandAndFigure()
    {
        Assert.IsNotEmpty(SampleFolder.OfTheForm);
        AssertNone(
            from sample in SampleFolder.OfTheForm
            let readme = sample.Readme
            where readme.Split('\n').Length > MostLinesOfReadme || !readme.Contains($"--project samples/{sample.Name}")
                || !readme.Contains("--data") || !FigurePattern().IsMatch(readme)
            select sample.Name);
    }

    /// <summary>About: whoever changes a sample by some lines need not change the table.</summary>
    [TestMethod]
    public void TheTableSaysHowLongASampleIs()
    {
        string table = File.ReadAllText(Path.Combine(SourceTests.Root, "samples", "README.md"));
        AssertNone(
            from sample in SampleFolder.OfTheForm
            let row = Regex.Match(table, $@"\[{sample.Name}\]\({sample.Name}\).* (\d+) \| [^|]+ \|$", RegexOptions.Multiline)
            where !row.Success || Math.Abs(int.Parse(row.Groups[1].Value) - sample.LinesOfCode) > 0.25 * sample.LinesOfCode
            select $"{sample.Name} has {sample.LinesOfCode} lines");
    }

    private static void AssertNone(IEnumerable<string> faults) => Assert.AreEqual("", string.Join(", ", faults));

    [GeneratedRegex("^figure: .* better than .*$", RegexOptions.Multiline)]
    private static partial Regex FigurePattern();
}

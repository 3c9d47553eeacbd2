using System.Text.RegularExpressions;
using Microsoft.ML.Lstm.Tests.House;

namespace Microsoft.ML.Lstm.Tests.Documentation;

/// <summary>
/// README and docs/ say what is true: their programs compile and run, their commands name files and options that exist, their links lead
/// somewhere. A block is left out only where the line before it says why: <c>&lt;!-- not run: REASON --&gt;</c>.
/// </summary>
[TestClass]
public sealed partial class DocumentationTests
{
    private const int MostLinesOfReadme = 150;
    private static readonly string Root = SourceTests.Root;
    private static readonly string[] Languages = ["csharp", "output", "sh", "python", "text", "csv", "json", "xml", "powershell"];

    // What pages say of ML.NET and its other packages that no test or sample calls.
    private static readonly string[] NamesOfMlNet = ["CrossValidationSplit", "DetectIidSpike", "ForecastBySsa", "MissingRealsAsNaNs",
        "PredictionEnginePool", "Preview", "TextClassification"];

    private static IEnumerable<string> Pages =>
        from path in Directory.EnumerateFiles(Root, "*.md")
            .Concat(Directory.EnumerateFiles(Path.Combine(Root, "docs"), "*.md", SearchOption.AllDirectories))
        let page = Path.GetRelativePath(Root, path).Replace('\\', '/')
        orderby page
        select page;

    private static IEnumerable<string> PagesOfSamples =>
        from path in Directory.EnumerateFiles(Path.Combine(Root, "samples"), "*.md", SearchOption.AllDirectories)
        select Path.GetRelativePath(Root, path).Replace('\\', '/');

    // Those that name parts of the library and of ML.NET, rather than of formats, data sets or other libraries.
    private static IEnumerable<string> PagesAboutTheLibrary => Pages.Where(page => page is "README.md" or "docs/getting-started.md"
        or "docs/columns.md" or "docs/concepts.md" or "docs/defaults.md" or "docs/explaining.md" or "docs/stability.md" or "docs/tuning.md"
        || page.StartsWith("docs/tasks/", StringComparison.Ordinal));

    public static IEnumerable<object[]> Programs =>
        from page in Pages
        from program in DocumentedProgram.Read(MarkdownBlock.Read(Root, page))
        select new object[] { program.ToString() };

    private static MarkdownBlock[] Blocks => [.. Pages.SelectMany(page => MarkdownBlock.Read(Root, page))];

    /// <summary>Compiles and runs a program of a page, with all its blocks.</summary>
    /// <param name="place">The page and the line where it begins.</param>
    [TestMethod]
    [DynamicData(nameof(Programs))]
    public void ProgramsRun(string place)
    {
        string page = place[..place.LastIndexOf(':')];
        DocumentedProgram.Read(MarkdownBlock.Read(Root, page)).Single(program => program.ToString() == place).Run();
    }

    [TestMethod]
    public void BlocksSayWhatTheyAreAndWhyTheyAreLeftOut() => AssertNone(
        from block in Blocks
        where !Languages.Contains(block.Language) || block.ExemptionReason?.Length < 10
        select $"{block.Page}({block.Line}): {(block.IsExempt ? "no reason" : $"the language '{block.Language}'")}");

    [TestMethod]
    public void CommandsNameFilesAndOptionsThatExist()
    {
        MarkdownBlock[] blocks =
            [.. Blocks.Concat(PagesOfSamples.SelectMany(page => MarkdownBlock.Read(Root, page))).Where(block => block.Language == "sh")];
        Assert.IsNotEmpty(blocks);
        AssertNone(
            from block in blocks
            where !block.IsExempt
            from command in ShellLine.Commands(block)
            from fault in ShellLine.FindFaults(Root, command)
            select $"{block.Page}({block.Line}): {fault}");
    }

    /// <summary>A check that finds nothing wrong anywhere is none.</summary>
    [TestMethod]
    [DataRow("dotnet run --project samples/Forecasting -- --horizon 3", "")]
    [DataRow("dotnet run --project samples/Forecasting -- --cheese 3", "samples/Forecasting has no --cheese")]
    [DataRow("dotnet run --project samples/Whether", "there is no samples/Whether")]
    [DataRow("./build/run.sh --out charts --wine", "samples/AirlinePassengers has no --wine")]
    public void CommandsOfWhichSomethingIsMissingAreFound(string command, string fault)
        => Assert.AreEqual(fault, string.Join("; ", ShellLine.FindFaults(Root, command.Split(' '))));

    [TestMethod]
    public void LinksLeadToFilesAndHeadings() => AssertNone(
        from page in Pages.Concat(PagesOfSamples)
        let text = File.ReadAllText(Path.Combine(Root, page))
        from link in LinkPattern().Matches(text)
        let parts = link.Groups[1].Value.Split('#')
        where !parts[0].Contains(':')
        let target = parts[0] == "" ? page : Path.Combine(Path.GetDirectoryName(page)!, parts[0])
        where !Path.Exists(Path.Combine(Root, target)) || (parts.Length > 1 && !Headings(target).Contains(parts[1]))
        select $"{page}: {link.Groups[1].Value}");

    /// <summary>A name that code has somewhere, the library's or that of a test or sample, is not one that was renamed.</summary>
    [TestMethod]
    public void WhatPagesNameIsThere()
    {
        HashSet<string> words = [.. NamesOfMlNet, .. from folder in (string[])["Microsoft.ML.Lstm", "Microsoft.ML.Lstm.Tests", "samples"]
            from path in Directory.EnumerateFiles(Path.Combine(Root, folder), "*.cs", SearchOption.AllDirectories)
            where !path.Contains("Documentation")
            from word in WordPattern().Matches(File.ReadAllText(path))
            select word.Value];
        AssertNone(
            from page in PagesAboutTheLibrary
            from name in NamePattern().Matches(File.ReadAllText(Path.Combine(Root, page)))
            from word in WordPattern().Matches(name.Groups[1].Value)
            where !words.Contains(word.Value)
            select $"{page}: {name.Value}: no {word.Value}");
    }

    [TestMethod]
    public void ReadmeIsShort()
        => Assert.IsLessThanOrEqualTo(MostLinesOfReadme, File.ReadAllLines(Path.Combine(Root, "README.md")).Length);

    /// <summary>The anchors of a page, as GitHub makes them.</summary>
    private static IEnumerable<string> Headings(string page)
        => from line in File.ReadLines(Path.Combine(Root, page))
           where line.StartsWith('#')
           select NotInAnchorPattern().Replace(line.TrimStart('#').Trim().ToLowerInvariant(), "").Replace(' ', '-');

    private static void AssertNone(IEnumerable<string> faults) => Assert.AreEqual("", string.Join(Environment.NewLine, faults));

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex LinkPattern();

    [GeneratedRegex("`([A-Z][A-Za-z.]+)[^`\n]*`")]
    private static partial Regex NamePattern();

    [GeneratedRegex(@"\w+")]
    private static partial Regex WordPattern();

    [GeneratedRegex(@"[^\p{L}\p{N} _-]")]
    private static partial Regex NotInAnchorPattern();
}

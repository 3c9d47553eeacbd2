using Microsoft.ML.Lstm.Tests.House;

namespace Microsoft.ML.Lstm.Tests.Samples;

/// <summary>A folder of samples/ with a program.</summary>
internal sealed record SampleFolder(string Name)
{
    private static readonly string Root = Path.Combine(SourceTests.Root, "samples");

    public static IEnumerable<SampleFolder> All => Directory.EnumerateDirectories(Root)
        .Select(folder => new SampleFolder(Path.GetFileName(folder)))
        .Where(sample => File.Exists(Path.Combine(sample.Folder, sample.Name + ".csproj")))
        .OrderBy(sample => sample.Name, StringComparer.Ordinal);

    /// <summary>Those that can't have the command line and the last lines of samples/Shared/Sample.cs, and why.</summary>
    public static IReadOnlyDictionary<string, string> OfAnotherForm { get; } = new Dictionary<string, string>
    {
        ["Accuracy"] = "an instrument, whose data is sets of public files and whose output is docs/accuracy.md",
        ["Benchmarks"] = "an instrument, which measures times on data of no meaning",
        ["Edge"] = "has no training, reads standard input, and is compiled ahead of time, without what reads command lines and draws",
        ["LstmTool"] = "the command lstm-ml, whose options are those of the mlnet command",
        ["WebApi"] = "a service, which goes on until it is stopped and gets its settings as services do",
    };

    /// <summary>All others.</summary>
    public static IEnumerable<SampleFolder> OfTheForm => All.Where(sample => !OfAnotherForm.ContainsKey(sample.Name));

    public string Folder => Path.Combine(Root, Name);

    public string Source => string.Concat(Directory.EnumerateFiles(Folder, "*.cs", SearchOption.AllDirectories).Select(File.ReadAllText));

    /// <summary>But for comments and empty lines.</summary>
    public int LinesOfCode => Source.Split('\n').Select(line => line.Trim())
        .Count(line => line != "" && !line.StartsWith("//", StringComparison.Ordinal));

    public string Readme => File.ReadAllText(Path.Combine(Folder, "README.md"));

    public override string ToString() => Name;
}

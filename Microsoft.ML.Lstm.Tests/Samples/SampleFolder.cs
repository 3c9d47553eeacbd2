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

    /// <summary>Those whose command line and last lines are as samples/Shared/Sample.cs has them.</summary>
    public static IEnumerable<SampleFolder> OfTheForm => All.Where(sample => sample.Source.Contains("Sample.Run("));

    public string Folder => Path.Combine(Root, Name);

    public string Source => string.Concat(Directory.EnumerateFiles(Folder, "*.cs", SearchOption.AllDirectories).Select(File.ReadAllText));

    /// <summary>But for comments and empty lines.</summary>
    public int LinesOfCode => Source.Split('\n').Select(line => line.Trim())
        .Count(line => line != "" && !line.StartsWith("//", StringComparison.Ordinal));

    public string Readme => File.ReadAllText(Path.Combine(Folder, "README.md"));

    public override string ToString() => Name;
}

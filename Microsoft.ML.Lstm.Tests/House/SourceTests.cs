using System.Text.RegularExpressions;

namespace Microsoft.ML.Lstm.Tests.House;

/// <summary>How the source is laid out, so that a reader finds things where the last ones were.</summary>
[TestClass]
public sealed partial class SourceTests
{
    private const int MostFilesOfAFolder = 30;
    private const int MostLines = 400;
    private const int MostCharacters = 140;
    private const int SmallFile = 25;
    internal static readonly string Root = FindRoot();
    private static readonly SourceFile[] Library = Read("Microsoft.ML.Lstm");
    private static readonly SourceFile[] All = [.. Library, .. Read("Microsoft.ML.Lstm.Tests"), .. Read("samples"), .. Read("build")];

    [TestMethod]
    public void NoLineIsLongerThan140Characters() => AssertNone(
        from file in All
        from line in file.Lines.Index()
        where line.Item.Length > MostCharacters
        select $"{file.Path}({line.Index + 1}): {line.Item.Length} characters");

    [TestMethod]
    public void NoFileIsLongerThan400Lines() => AssertNone(
        from file in Library
        where file.Lines.Length > MostLines
        select $"{file.Path}: {file.Lines.Length} lines");

    [TestMethod]
    public void NoFolderHasMoreThan30Files() => AssertNone(
        from file in Library
        group file by file.Folder into folder
        where folder.Count() > MostFilesOfAFolder
        select $"{folder.Key}: {folder.Count()} files");

    /// <summary>A type that is used in one file only, and is small, is easier to read there.</summary>
    [TestMethod]
    public void NoSmallFileHasItsOnlyUserBesideIt() => AssertNone(
        from file in Library
        where file.Lines.Length < SmallFile && file.Types.Length > 0
        let users = Library.Where(other => other != file && file.Types.Any(other.Names)).ToArray()
        where users.Length == 1 && users[0].Folder == file.Folder
        select $"{file.Path}: used by {users[0].Path} only");

    /// <summary>Users look for public types in one namespace, and for extension methods where ML.NET has its own.</summary>
    [TestMethod]
    public void NamespaceOfWhatIsInternalIsItsFolder() => AssertNone(
        from file in Library
        let expected = file.Folder.Replace('/', '.')
        where file.Namespace != expected
            && file.Namespace is not ("Microsoft.ML.Lstm" or "Microsoft.ML" or "System.Runtime.CompilerServices")
        select $"{file.Path}: {file.Namespace}, expected {expected}");

    /// <summary>The folders and types that docs/architecture.md speaks of.</summary>
    [TestMethod]
    public void WhatTheArchitectureNamesIsThere()
    {
        string document = File.ReadAllText(Path.Combine(Root, "docs", "architecture.md"));
        HashSet<string> words = [.. All.SelectMany(file => WordPattern().Matches($"{file.Path} {file.Code}")).Select(word => word.Value)];
        string[] named = [.. NamePattern().Matches(document).Select(match => match.Groups[1].Value).Distinct()];
        Assert.IsGreaterThan(50, named.Length);
        AssertNone(
            from name in named
            from word in WordPattern().Matches(name)
            where !words.Contains(word.Value) && !MadeUpPattern().IsMatch(word.Value)
            select $"{name}: no {word.Value}");
    }

    [GeneratedRegex("`([A-Z][A-Za-z./]+)`")]
    private static partial Regex NamePattern();

    [GeneratedRegex(@"\w+")]
    private static partial Regex WordPattern();

    // X stands for a name that the reader gives.
    [GeneratedRegex("^(Lstm)?X([A-Z][a-z]+)?$|^cs$")]
    private static partial Regex MadeUpPattern();

    private static void AssertNone(IEnumerable<string> faults) => Assert.AreEqual("", string.Join(Environment.NewLine, faults));

    private static SourceFile[] Read(string folder)
    {
        IEnumerable<string> paths = Directory.EnumerateFiles(Path.Combine(Root, folder), "*.cs", SearchOption.AllDirectories);
        SourceFile[] files = [.. paths.Select(SourceFile.Read)];
        Assert.IsNotEmpty(files);
        return files;
    }

    private static string FindRoot()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "LstmMl.sln")))
            folder = Path.GetDirectoryName(folder);
        return folder ?? throw new DirectoryNotFoundException("The tests are not in the folder of the sources.");
    }

    private sealed partial record SourceFile(string Path, string Folder, string[] Lines, string Code, string[] Types)
    {
        public string Namespace => NamespacePattern().Match(Code).Groups[1].Value;

        public static SourceFile Read(string path)
        {
            string text = File.ReadAllText(path), name = System.IO.Path.GetRelativePath(Root, path).Replace('\\', '/');
            string code = CommentPattern().Replace(text, "");
            string[] lines = text.ReplaceLineEndings("\n").TrimEnd('\n').Split('\n');
            string[] types = [.. TypePattern().Matches(code).Select(match => match.Groups[1].Value)];
            return new SourceFile(name, name[..name.LastIndexOf('/')], lines, code, types);
        }

        /// <summary>Whether the file's code, not its comments, has the name.</summary>
        public bool Names(string type) => Regex.IsMatch(Code, $@"(?<!\.)\b{type}\b");

        [GeneratedRegex(@"//.*")]
        private static partial Regex CommentPattern();

        [GeneratedRegex(@"^namespace ([\w.]+);", RegexOptions.Multiline)]
        private static partial Regex NamespacePattern();

        [GeneratedRegex(@"^(?:\w+ )*(?:class|struct|interface|enum|record(?: struct)?) (\w+)", RegexOptions.Multiline)]
        private static partial Regex TypePattern();
    }
}

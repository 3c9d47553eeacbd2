using System.Text.RegularExpressions;

namespace Microsoft.ML.Lstm.Tests.Documentation;

/// <summary>A command that a page shows: are its files there, and does the program that it starts know its options?</summary>
internal static partial class ShellLine
{
    private static readonly string[] Folders = ["build", "samples", "docs", "findings", "Microsoft.ML.Lstm", "Microsoft.ML.Lstm.Tests"];

    /// <summary>The commands of a block, without comments, and with lines that end in a backslash joined.</summary>
    public static IEnumerable<string[]> Commands(MarkdownBlock block)
        => from line in block.Text.Replace("\\\n", " ").Split('\n')
           let command = CommentPattern().Replace(line, "")
           where command.Trim() != ""
           select command.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

    public static IEnumerable<string> FindFaults(string root, string[] words)
    {
        foreach (string word in words)
        {
            string path = word.StartsWith("./", StringComparison.Ordinal) ? word[2..] : word.Replace('\\', '/');
            if (Folders.Contains(path.Split('/')[0]) && !Path.Exists(Path.Combine(root, path)))
                yield return $"there is no {word}";
        }
        if (FindProgram(root, words, out int firstArgument) is not { } program)
            yield break;
        string source = string.Concat(Directory.EnumerateFiles(Path.Combine(root, program), "*.cs", SearchOption.AllDirectories)
            .Concat(Directory.EnumerateFiles(Path.Combine(root, "samples", "Shared"), "*.cs"))
            .Select(File.ReadAllText));
        foreach (string option in words[firstArgument..].Where(word => word.StartsWith("--", StringComparison.Ordinal)))
        {
            if (!source.Contains($"\"{option}\"", StringComparison.Ordinal))
                yield return $"{program} has no {option}";
        }
    }

    /// <summary>The folder of the program that a command starts, if it is one of the samples.</summary>
    private static string? FindProgram(string root, string[] words, out int firstArgument)
    {
        firstArgument = 1;
        switch (words[0].TrimStart('.', '/'))
        {
            case "build/run.sh":
                return "samples/AirlinePassengers";
            case "build/accept.sh" when words is [_, "accuracy" or "benchmarks", ..]:
                return words[1] == "accuracy" ? "samples/Accuracy" : "samples/Benchmarks";
            case "lstm-ml":
                return "samples/LstmTool";
            case "dotnet" when words is [_, "run", ..] && Array.IndexOf(words, "--project") is > 0 and int project:
                firstArgument = Array.IndexOf(words, "--") is > 0 and int end ? end + 1 : words.Length;
                string program = words[project + 1].TrimEnd('/');
                return Directory.Exists(Path.Combine(root, program)) ? program : null;
            default:
                return null;
        }
    }

    [GeneratedRegex(@"(^|\s)#.*$")]
    private static partial Regex CommentPattern();
}

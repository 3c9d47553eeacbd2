using System.IO.Compression;

namespace Microsoft.ML.Lstm.Tests;

/// <summary>Long checks: CI does a few rounds of each, build/accept.sh all of them.</summary>
internal static class Acceptance
{
    /// <summary>Whether build/accept.sh runs the tests.</summary>
    public static bool IsFull { get; } = Environment.GetEnvironmentVariable("LSTM_ACCEPTANCE") == "1";

    /// <summary>How often to do something: <paramref name="few"/> times in CI, <paramref name="many"/> times in build/accept.sh.</summary>
    public static int Count(int few, int many) => IsFull ? many : few;

    /// <summary>The lines of a file of public data, unpacked where its name ends with .gz.</summary>
    /// <inheritdoc cref="FindFile"/>
    public static IReadOnlyList<string> ReadLines(string name, string run)
    {
        using Stream file = File.OpenRead(FindFile(name, run));
        using var reader = new StreamReader(name.EndsWith(".gz", StringComparison.Ordinal)
            ? new GZipStream(file, CompressionMode.Decompress) : file);
        var lines = new List<string>();
        while (reader.ReadLine() is { } line)
            lines.Add(line);
        return lines;
    }

    /// <summary>
    /// The path of a file of public data; skips the test outside build/accept.sh, and where the folder that LSTM_DATA names has no such
    /// file.
    /// </summary>
    /// <param name="name">The file in that folder.</param>
    /// <param name="run">What to call build/accept.sh with.</param>
    public static string FindFile(string name, string run)
    {
        if (!IsFull)
            Assert.Inconclusive($"It takes long: build/accept.sh {run}, with {name} in the folder that LSTM_DATA names.");
        string folder = Environment.GetEnvironmentVariable("LSTM_DATA") ?? "", path = Path.Combine(folder, name);
        if (!File.Exists(path))
            Assert.Inconclusive($"There is no {name} in the folder that LSTM_DATA names, '{folder}'.");
        return path;
    }
}

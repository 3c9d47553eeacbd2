using System.Diagnostics;

namespace Microsoft.ML.Lstm.Tests.Packages;

/// <summary>The command <c>dotnet</c>, or a program, as users run it.</summary>
internal static class DotNetCommand
{
    /// <summary>What <c>dotnet</c> prints, which has to end well.</summary>
    public static string Run(string folder, params string[] arguments)
        => RunProgram(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", folder, arguments);

    /// <summary>What a program prints, which has to end well.</summary>
    public static string RunProgram(string path, string folder, params string[] arguments)
    {
        var start = new ProcessStartInfo(path, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder,
        };
        // A user's shell has none of what the test runner and MSBuild leave to their processes.
        string[] left = [.. start.Environment.Keys.Where(name => name.StartsWith("MSBuild", StringComparison.OrdinalIgnoreCase))];
        foreach (string name in left)
            start.Environment.Remove(name);
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd() + errors.Result;
        process.WaitForExit();
        Assert.AreEqual(0, process.ExitCode, output);
        return output;
    }
}

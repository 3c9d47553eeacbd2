using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Microsoft.ML.Lstm.Tests.Samples;

/// <summary>A sample, run as users run it: as a process of its own.</summary>
internal static partial class SampleProgram
{
    /// <summary>What it prints, to either stream.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="folder">The folder to run it in.</param>
    /// <param name="expectedExitCode">What it is to end with.</param>
    /// <param name="arguments">Its arguments.</param>
    public static string Run(string name, string folder, int expectedExitCode, params string[] arguments)
    {
        string program = Path.Combine(AppContext.BaseDirectory, name + ".dll");
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet",
            ["exec", program, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder,
        };
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd() + errors.Result;
        process.WaitForExit();
        Assert.AreEqual(expectedExitCode, process.ExitCode, output);
        return output;
    }

    /// <summary>The figure that the output ends with, in units of what something simple gets.</summary>
    public static double Figure(string output)
    {
        Match figure = FigurePattern().Match(output);
        Assert.IsTrue(figure.Success, output);
        return Number(figure.Groups[1]) / Number(figure.Groups[2]);
    }

    private static double Number(Group number) => double.Parse(number.Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^figure: .* (\S+), (?:no )?better than (\S+) of ", RegexOptions.Multiline)]
    private static partial Regex FigurePattern();
}

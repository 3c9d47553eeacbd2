using System.Diagnostics;
using System.Text.RegularExpressions;
using Microsoft.ML.Lstm.Tests.House;

namespace Microsoft.ML.Lstm.Tests.Samples;

/// <summary>
/// Runs every sample as its README says, and with files as users have them: columns in another order, a value missing, too few rows.
/// build/accept.sh samples builds all of them first; <c>LSTM_SAMPLES=Weather,Tour</c> chooses some.
/// </summary>
[TestClass]
public sealed partial class SampleAcceptanceTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(15);

    private readonly string _folder = Directory.CreateTempSubdirectory("lstm-tests-").FullName;

    public TestContext TestContext { get; set; } = null!;

    [TestCleanup]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    [TestMethod]
    [TestCategory("samples")]
    public void EverySampleDoesWhatItsReadmeSays()
    {
        if (!Acceptance.IsFull)
            Assert.Inconclusive("build/accept.sh samples builds and runs all samples.");
        string[]? chosen = Environment.GetEnvironmentVariable("LSTM_SAMPLES")?.Split(',');
        List<string> faults = [];
        Print($"{"sample",-22}{"code",5}{"cpu s",7}  figure");
        // The others have tests of their own.
        foreach (SampleFolder sample in SampleFolder.OfTheForm)
        {
            if (chosen?.Contains(sample.Name) == false)
                continue;
            Run run = Start(sample);
            Print($"{sample.Name,-22}{sample.LinesOfCode,5}{run.Seconds,7:0}  {run.Figure ?? "-"}");
            if (run.ExitCode != 0)
                faults.Add($"{sample.Name}: {run.ExitCode}: {run.Errors}");
            else
                faults.AddRange(FaultsOf(sample, run).Select(fault => $"{sample.Name}: {fault}"));
        }
        Assert.AreEqual("", string.Join(Environment.NewLine, faults));
    }

    private IEnumerable<string> FaultsOf(SampleFolder sample, Run run)
    {
        if (run.Figure is null || !run.Lines[^1].StartsWith("next: ", StringComparison.Ordinal))
        {
            yield return $"ends with '{run.Lines[^1]}'";
            yield break;
        }
        bool isToBeBetter = !sample.Readme.Contains(", no better than ", StringComparison.Ordinal);
        if (isToBeBetter == run.Figure.Contains(", no better than ", StringComparison.Ordinal))
            yield return $"README says {(isToBeBetter ? "better" : "no better")}: {run.Figure}";

        // A name of its own: a file for one sample, a folder for another.
        string example = Path.Combine(_folder, $"{sample.Name}.csv");
        if (Start(sample, "--example", example) is { ExitCode: not 0 } failed)
        {
            yield return $"--example: {failed.Errors}";
            yield break;
        }
        bool isFolder = Directory.Exists(example);
        foreach ((string what, string[] arguments, bool isSame) in isFolder ? FoldersLike(example) : FilesLike(example))
        {
            Run own = Start(sample, arguments);
            // A right answer, or one clear line.
            string[] errors = [.. own.Errors.Split('\n').Where(line => line != "" && !line.StartsWith("Warning: ", StringComparison.Ordinal)
                && !line.Contains("[W:onnxruntime", StringComparison.Ordinal))];
            bool isRight = own is { ExitCode: 0, Figure: not null } && errors.Length == 0;
            bool isRefused = own.ExitCode == 1 && errors.Length == 1 && !errors[0].Contains("Exception");
            Print($"    {what}: {(isRight ? own.Figure : isRefused ? errors[0] : "FAULT")}");
            if (!isRight && !isRefused)
                yield return $"{what}: exit code {own.ExitCode}, {own.Errors}";
            else if (isSame && own.Figure != run.Figure)
                yield return $"{what}: {own.Figure ?? own.Errors} rather than {run.Figure}";
        }
        if (isFolder)
            Directory.Delete(example, recursive: true);
    }

    /// <summary>Files as users have them, with the arguments that read them, and whether the figure has to be the same.</summary>
    private IEnumerable<(string What, string[] Arguments, bool IsSame)> FilesLike(string example)
    {
        string[] lines = File.ReadAllLines(example);
        string[][] fields = [.. lines.Select(Fields)];
        if (fields.Select(row => row.Length).Distinct().Count() == 1 && fields[0].Length > 1)
        {
            yield return ("columns in another order", Own(fields.Select(row => string.Join(',', row.Reverse()))), true);
            int middle = fields.Length / 2;
            foreach (int missing in Enumerable.Range(0, fields[0].Length).TakeLast(2))
            {
                yield return ($"a missing {fields[0][missing]}", Own(lines.Select((line, row) => row != middle ? line
                    : string.Join(',', fields[row].Select((field, i) => i == missing ? "" : field)))), false);
            }
        }
        else
        {
            yield return ("the example", ["--data", example], true);
        }
        yield return ("no row", Own(lines[..1]), false);
        yield return ("one row", Own(lines[..Math.Min(2, lines.Length)]), false);
        yield return ("a row less", Own(lines[..^1]), false);
    }

    // What files of sounds and pictures keep of numbers need not be all digits, so the figure may be another.
    private IEnumerable<(string What, string[] Arguments, bool IsSame)> FoldersLike(string example)
    {
        yield return ("the example", ["--data", example], false);
        string[] files = [.. Directory.EnumerateFiles(example, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];
        byte[] first = File.ReadAllBytes(files[0]);
        File.WriteAllText(files[0], "no such thing");
        yield return ("a broken file", ["--data", example], false);
        File.WriteAllBytes(files[0], first);
        File.Delete(files[^1]);
        yield return ("a file less", ["--data", example], false);
        foreach (string file in files[1..^1])
            File.Delete(file);
        yield return ("a single file", ["--data", example], false);
        File.Delete(files[0]);
        yield return ("an empty folder", ["--data", example], false);
    }

    private string[] Own(IEnumerable<string> lines)
    {
        string path = Path.Combine(_folder, "own.csv");
        File.WriteAllLines(path, lines);
        return ["--data", path];
    }

    private Run Start(SampleFolder sample, params string[] arguments)
    {
        string program = Path.Combine(SourceTests.Root, "artifacts", "bin", sample.Name, "release", sample.Name + ".dll");
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet",
            ["exec", program, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = _folder,
        };
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync(), output = process.StandardOutput.ReadToEndAsync();
        var clock = Stopwatch.StartNew();
        double seconds = 0;
        while (!process.WaitForExit(TimeSpan.FromSeconds(0.1)))
        {
            seconds = ProcessorSeconds(process) ?? seconds;
            if (clock.Elapsed < Patience)
                continue;
            process.Kill(entireProcessTree: true);
            return new Run(-1, "", $"still running after {Patience.TotalMinutes:0} minutes", seconds);
        }
        // What it printed last.
        process.WaitForExit();
        return new Run(process.ExitCode, output.Result, errors.Result.ReplaceLineEndings("\n").Trim(), seconds);
    }

    // Linux does not tell it any more once the process is gone.
    private static double? ProcessorSeconds(Process process)
    {
        try
        {
            return process.TotalProcessorTime.TotalSeconds;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    // Fields with commas stand in quotes, and stay in them.
    private static string[] Fields(string line) => [.. FieldPattern().Matches(line).Select(field => field.Groups[1].Value)];

    private void Print(string line)
    {
        TestContext.WriteLine(line);
        Console.Error.WriteLine(line);
    }

    [GeneratedRegex("""(?:^|,)("(?:[^"]|"")*"|[^,]*)""")]
    private static partial Regex FieldPattern();

    private sealed record Run(int ExitCode, string Output, string Errors, double Seconds)
    {
        public string[] Lines { get; } = Output.ReplaceLineEndings("\n").TrimEnd().Split('\n');

        public string? Figure => Lines.LastOrDefault(line => line.StartsWith("figure: ", StringComparison.Ordinal));
    }
}

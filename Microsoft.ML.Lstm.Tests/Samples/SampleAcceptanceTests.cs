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

        string example = Path.Combine(_folder, "example.csv");
        if (Start(sample, "--example", example) is { ExitCode: not 0 } failed)
        {
            yield return $"--example: {failed.Errors}";
            yield break;
        }
        string[] lines = File.ReadAllLines(example);
        string[][] fields = [.. lines.Select(Fields)];
        if (fields.Select(row => row.Length).Distinct().Count() != 1)
            yield break;
        Run reversed = Read(sample, fields.Select(row => string.Join(',', row.Reverse())));
        if (reversed.Figure != run.Figure)
            yield return $"with columns in another order: {reversed.Figure ?? reversed.Errors} rather than {run.Figure}";
        int middle = fields.Length / 2;
        (string What, IEnumerable<string> Lines)[] files =
        [
            .. fields[0].Select((name, column) => ($"a missing {name}", lines.Select((line, row) => row != middle ? line
                : string.Join(',', fields[row].Select((field, i) => i == column ? "" : field))))).TakeLast(2),
            ("no row", lines[..1]),
            ("one row", lines[..2]),
            ("a row less", lines[..^1]),
        ];
        foreach ((string what, IEnumerable<string> file) in files)
        {
            Run own = Read(sample, file);
            // A right answer, or one clear line.
            string[] errors = [.. own.Errors.Split('\n').Where(line => line != "" && !line.StartsWith("Warning: ", StringComparison.Ordinal)
                && !line.Contains("[W:onnxruntime", StringComparison.Ordinal))];
            bool isRight = own is { ExitCode: 0, Figure: not null } && errors.Length == 0;
            bool isRefused = own.ExitCode == 1 && errors.Length == 1 && !errors[0].Contains("Exception");
            Print($"    {what}: {(isRight ? own.Figure : isRefused ? errors[0] : "FAULT")}");
            if (!isRight && !isRefused)
                yield return $"{what}: exit code {own.ExitCode}, {own.Errors}";
        }
    }

    private Run Read(SampleFolder sample, IEnumerable<string> lines)
    {
        string path = Path.Combine(_folder, "own.csv");
        File.WriteAllLines(path, lines);
        return Start(sample, "--data", path);
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

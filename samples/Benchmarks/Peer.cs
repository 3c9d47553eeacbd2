using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Benchmarks;

/// <summary>A program under <c>peers/</c> and the settings that it is started with.</summary>
internal sealed record PeerKind(string Name, string Command, string Script, IReadOnlyDictionary<string, string> Environment, bool CanTrain)
{
    private const string PythonScript = "pytorch_peer.py";

    private static string Folder => Path.Combine(AppContext.BaseDirectory, "peers");

    /// <summary>How far its answer may be from ours.</summary>
    public double Tolerance { get; init; } = Answer.Tolerance;

    /// <summary>
    /// Those that this machine may have. Tuned: OpenBLAS takes a processor that it does not know for an old one, and Debian's
    /// build shares its work among threads of its own beside PyTorch's, unless its OpenMP variant is installed.
    /// </summary>
    public static IEnumerable<PeerKind> All(string? pythonProgram, string dotnet)
    {
        var plain = new Dictionary<string, string>();
        if (BuiltProgram("TorchSharp") is { } torchSharp)
            yield return new PeerKind("TorchSharp", dotnet, torchSharp, plain, CanTrain: true);
        string python = pythonProgram ?? PythonWithTorch();
        yield return new PeerKind("PyTorch", python, PythonScript, plain, CanTrain: true);
        if (OpenMPBlas() is { } folder)
        {
            yield return new PeerKind("PyTorch tuned", python, PythonScript, new Dictionary<string, string>
            {
                ["OPENBLAS_CORETYPE"] = "SKYLAKEX",
                ["ATEN_CPU_CAPABILITY"] = "avx512",
                ["LD_LIBRARY_PATH"] = folder,
            }, CanTrain: true);
        }
        else
        {
            Console.WriteLine("PyTorch tuned is left out: Debian's libopenblas0-openmp is not installed.");
        }
        if (BuiltProgram("OnnxRuntime") is not { } onnxRuntime)
            yield break;
        yield return new PeerKind("ONNX Runtime", "dotnet", onnxRuntime, plain, CanTrain: false);
        yield return new PeerKind("ONNX Runtime int8", "dotnet", onnxRuntime,
            new Dictionary<string, string> { ["BENCHMARK_MODEL"] = OnnxModels.QuantizedExtension }, CanTrain: false)
        {
            Tolerance = Answer.QuantizedTolerance,
        };
    }

    public bool Can(Work work) => work == Work.Inference || CanTrain;

    /// <summary>Whether the program has a network for the shape.</summary>
    public bool Has(Shape shape) => !shape.IsAdaptive && (!shape.Writes || Name == "TorchSharp");

    public Process Start(int threads, Clock clock, params string[] arguments)
    {
        var start = new ProcessStartInfo(Command)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true
        };
        // A whole path stays as it is.
        start.ArgumentList.Add(Path.Combine(Folder, Script));
        foreach (string argument in arguments)
            start.ArgumentList.Add(argument);
        foreach ((string name, string value) in Environment)
            start.Environment[name] = value;
        string count = threads.ToString(CultureInfo.InvariantCulture);
        start.Environment["OMP_NUM_THREADS"] = count;
        start.Environment["OPENBLAS_NUM_THREADS"] = count;
        start.Environment["MKL_NUM_THREADS"] = count;
        start.Environment["BENCHMARK_CLOCK"] = clock.ToString();
        return Process.Start(start)!;
    }

    /// <summary>
    /// The first Python that has PyTorch: another one is often in front of the system's, which a distribution's packages are for.
    /// </summary>
    private static string PythonWithTorch()
    {
        string[] programs = ["python3", "/usr/bin/python3", "python"];
        return programs.FirstOrDefault(HasTorch) ?? programs[0];

        static bool HasTorch(string program)
        {
            try
            {
                var start = new ProcessStartInfo(program, ["-c", "import torch"]) { RedirectStandardError = true };
                using Process process = Process.Start(start)!;
                process.StandardError.ReadToEnd();
                process.WaitForExit();
                return process.ExitCode == 0;
            }
            catch (Win32Exception)
            {
                return false;
            }
        }
    }

    private static string? OpenMPBlas()
    {
        const string Libraries = "/usr/lib";
        return Directory.Exists(Libraries)
            ? Directory.EnumerateDirectories(Libraries, "*-linux-gnu")
                .Select(folder => Path.Combine(folder, "openblas-openmp"))
                .FirstOrDefault(Directory.Exists)
            : null;
    }

    /// <summary>The program of a folder of <c>peers/</c>, which is built by itself, beside this one.</summary>
    private static string? BuiltProgram(string name)
    {
        string path = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", $"{name}Peer", "release", $"{name}Peer.dll"));
        if (File.Exists(path))
            return path;
        Console.WriteLine($"{name} is left out: peers/{name} is not built.");
        return null;
    }
}

/// <summary>
/// Another library at work in a process of its own, which stays alive and waits for its turns: a line
/// <c>load FILE THREADS</c> or <c>run WORK REPETITIONS</c> on its input, a line of JSON on its output.
/// </summary>
/// <remarks>
/// Between its turns it is stopped, on Linux: thread pools go on spinning after their work, on the processors of whose turn it is.
/// </remarks>
internal sealed partial class Peer : IContender, IDisposable
{
    // Linux's numbers.
    private const int SignalContinue = 18;
    private const int SignalStop = 19;

    private readonly Process _process;
    private readonly int _threads;

    private Peer(PeerKind kind, Process process, int threads, string version)
    {
        Kind = kind;
        _process = process;
        _threads = threads;
        Version = version;
    }

    public PeerKind Kind { get; }

    public string Name => Kind.Name;

    /// <summary>What the peer says of itself.</summary>
    public string Version { get; }

    /// <summary>Starts a peer, or says why it cannot be had.</summary>
    public static Peer? TryStart(PeerKind kind, int threads, Clock clock, out string? reason)
    {
        try
        {
            Process process = kind.Start(threads, clock);
            string? hello = process.StandardOutput.ReadLine();
            if (hello is not null)
            {
                process.ErrorDataReceived += static (_, _) => { };
                process.BeginErrorReadLine();
                reason = null;
                return new Peer(kind, process, threads, JsonDocument.Parse(hello).RootElement.GetProperty("version").GetString()!);
            }
            string[] errors = process.StandardError.ReadToEnd()
                .Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            reason = errors.FirstOrDefault(line => line.Contains("Error", StringComparison.Ordinal)) ?? errors.LastOrDefault()
                ?? "it ended at once";
        }
        catch (Win32Exception)
        {
            // The error's own message names the working directory, which tables that are written must not.
            reason = $"the program {Path.GetFileName(kind.Command)} cannot be started";
        }
        return null;
    }

    public Answer Load(string problemFile)
    {
        JsonElement answer = Ask($"load {problemFile} {_threads}");
        return new Answer([.. answer.GetProperty("outputs").EnumerateArray().Select(value => value.GetSingle())],
            answer.GetProperty("loss").GetDouble(), answer.GetProperty("gradientNorm").GetDouble());
    }

    public double[] Run(Work work, int repetitions)
        => [.. Ask($"run {work} {repetitions}").GetProperty("seconds").EnumerateArray().Select(value => value.GetDouble())];

    public void Dispose()
    {
        Signal(SignalContinue);
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
    }

    private JsonElement Ask(string line)
    {
        Signal(SignalContinue);
        _process.StandardInput.WriteLine(line);
        _process.StandardInput.Flush();
        string answer = _process.StandardOutput.ReadLine() ?? throw new InvalidOperationException($"{Name} ended at '{line}'.");
        Signal(SignalStop);
        return JsonDocument.Parse(answer).RootElement;
    }

    private void Signal(int signal)
    {
        if (OperatingSystem.IsLinux())
            _ = Kill(_process.Id, signal);
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}

using System.Diagnostics;
using System.Globalization;
using Microsoft.ML.Lstm.Engine.Kernels;

namespace Benchmarks;

/// <summary>This program in further processes, and what only a new one can show: the most memory that training takes.</summary>
internal static class ChildProcess
{
    public const string TrainCommand = "train";

    private const int TrainingSteps = 5;

    private static readonly Shape Trained = Shape.Find("L");

    /// <summary>Bytes resident at the most while a process trains shape L.</summary>
    internal sealed record Figures(string Name, double PeakTrainingBytes);

    public static List<Figures> Measure(IReadOnlyList<PeerKind> peers, int threads, string folder)
    {
        string weights = Path.Combine(folder, "train.safetensors");
        new Problem(Trained).Save(weights);
        var figures = new List<Figures>
        {
            new("Microsoft.ML.Lstm", PeakBytes(Start(TrainCommand, threads.ToString(CultureInfo.InvariantCulture)))),
        };
        figures.AddRange(peers.Where(peer => peer.CanTrain)
            .Select(peer => new Figures(peer.Name, PeakBytes(peer.Start(threads, Clock.Elapsed, TrainCommand, weights)))));
        return figures;
    }

    /// <summary>In the new process: trains and prints the peak of its resident memory.</summary>
    public static void Train(int threads)
    {
        new OurEngine(new Problem(Trained), threads, CpuKernels.Best).Run(Work.Training, TrainingSteps);
        using var self = Process.GetCurrentProcess();
        Console.WriteLine(self.PeakWorkingSet64);
    }

    /// <summary>Starts this program with other arguments.</summary>
    public static Process Start(params string[] arguments) => StartWith([], arguments);

    /// <summary>Starts this program with other arguments and with variables of the environment.</summary>
    public static Process StartWith(Dictionary<string, string> environment, params string[] arguments)
        => Start(AppContext.BaseDirectory, environment, arguments);

    /// <summary>Starts a copy of this program in another folder.</summary>
    public static Process StartIn(string folder, params string[] arguments) => Start(folder, [], arguments);

    private static Process Start(string folder, Dictionary<string, string> environment, string[] arguments)
    {
        string process = Environment.ProcessPath!;
        // Under "dotnet program.dll" the process is dotnet, and the program is its first argument.
        bool isDotnet = Path.GetFileNameWithoutExtension(process).Equals("dotnet", StringComparison.OrdinalIgnoreCase);
        var start = new ProcessStartInfo(isDotnet ? process : InFolder(process)) { RedirectStandardOutput = true };
        if (isDotnet)
            start.ArgumentList.Add(InFolder(Environment.GetCommandLineArgs()[0]));
        foreach (string argument in arguments)
            start.ArgumentList.Add(argument);
        foreach ((string name, string value) in environment)
            start.Environment[name] = value;
        return Process.Start(start)!;

        string InFolder(string program) => Path.Combine(folder, Path.GetFileName(program));
    }

    /// <summary>The next line that a process prints.</summary>
    public static string ReadAnswer(Process process) => process.StandardOutput.ReadLine()
        ?? throw new InvalidOperationException(
            $"'{process.StartInfo.FileName} {string.Join(' ', process.StartInfo.ArgumentList)}' gave no answer.");

    private static double PeakBytes(Process started)
    {
        using Process process = started;
        double bytes = double.Parse(ReadAnswer(process), CultureInfo.InvariantCulture);
        process.WaitForExit();
        return bytes;
    }
}

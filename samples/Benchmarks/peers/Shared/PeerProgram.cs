using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Peers;

/// <summary>A library's network with the weights and the batch of a file that the benchmarks wrote.</summary>
internal interface IPeerProblem : IDisposable
{
    /// <summary>One step of training.</summary>
    void Train();

    /// <summary>The outputs of the whole batch.</summary>
    void Score();

    /// <summary>The output of the first sequence alone.</summary>
    float FirstOutput();

    /// <summary>What it computes before any update, to be compared; loss and norm are 0 where the library can't train.</summary>
    (float[] Outputs, double Loss, double GradientNorm) Solve();
}

/// <summary>What all peers of samples/Benchmarks do with their arguments and lines; Peer.cs there has the protocol.</summary>
internal static class PeerProgram
{
    /// <summary>
    /// With no arguments it answers lines; <c>predict FILE</c> prints one prediction of a new process, <c>train FILE</c> the peak of
    /// resident memory in bytes after a few training steps.
    /// </summary>
    /// <param name="args">The program's arguments.</param>
    /// <param name="version">Says the library's version.</param>
    /// <param name="load">Loads a file, for a number of threads.</param>
    public static void Run(string[] args, Func<string> version, Func<string, int, IPeerProblem> load)
    {
        switch (args)
        {
            case ["predict", var file]:
                using (IPeerProblem problem = load(file, 1))
                    Console.WriteLine(problem.FirstOutput());
                break;
            case ["train", var file]:
                using (IPeerProblem problem = load(file, 1))
                {
                    for (int i = 0; i < 5; i++)
                        problem.Train();
                }
                using (var self = Process.GetCurrentProcess())
                    Console.WriteLine(self.PeakWorkingSet64);
                break;
            default:
                Print(new { version = version() });
                Answer(load);
                break;
        }
    }

    private static void Answer(Func<string, int, IPeerProblem> load)
    {
        IPeerProblem? problem = null;
        bool byProcessor = Environment.GetEnvironmentVariable("BENCHMARK_CLOCK") == "Processor";
        while (Console.ReadLine() is { } line)
        {
            string[] words = line.Split(' ');
            int number = int.Parse(words[^1], CultureInfo.InvariantCulture);
            if (words[0] == "load")
            {
                problem?.Dispose();
                problem = load(string.Join(' ', words[1..^1]), number);
                (float[] outputs, double loss, double norm) = problem.Solve();
                Print(new { outputs, loss, gradientNorm = norm });
                continue;
            }
            Action work = words[1] == "Training" ? problem!.Train : problem!.Score;
            double[] seconds = new double[number];
            for (int i = 0; i < number; i++)
            {
                double start = Now();
                work();
                seconds[i] = Now() - start;
            }
            Print(new { seconds });
        }

        double Now() => byProcessor
            ? Environment.CpuUsage.TotalTime.TotalSeconds
            : Stopwatch.GetTimestamp() / (double)Stopwatch.Frequency;
    }

    private static void Print<T>(T answer)
    {
        Console.WriteLine(JsonSerializer.Serialize(answer));
        Console.Out.Flush();
    }
}

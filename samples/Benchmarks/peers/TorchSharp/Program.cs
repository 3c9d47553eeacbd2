// libtorch through TorchSharp as a peer of samples/Benchmarks. With no arguments it answers lines; Peer.cs has the protocol.
//     TorchSharpPeer predict FILE    one prediction in a new process
//     TorchSharpPeer train FILE      a few training steps, then the peak of resident memory in bytes
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using TorchSharp;
using TorchSharpPeer;

switch (args)
{
    case ["predict", var file]:
        using (var problem = new Problem(file, threads: 1))
            Console.WriteLine(problem.FirstOutput());
        break;
    case ["train", var file]:
        using (var problem = new Problem(file, threads: 1))
        {
            for (int i = 0; i < 5; i++)
                problem.Train();
        }
        using (var self = Process.GetCurrentProcess())
            Console.WriteLine(self.PeakWorkingSet64);
        break;
    default:
        Answer();
        break;
}

static void Answer()
{
    Print(new { version = $"TorchSharp {typeof(torch).Assembly.GetName().Version}, libtorch {torch.__version__}" });
    Problem? problem = null;
    bool byProcessor = Environment.GetEnvironmentVariable("BENCHMARK_CLOCK") == "Processor";
    while (Console.ReadLine() is { } line)
    {
        string[] words = line.Split(' ');
        int number = int.Parse(words[^1], CultureInfo.InvariantCulture);
        if (words[0] == "load")
        {
            problem?.Dispose();
            problem = new Problem(string.Join(' ', words[1..^1]), number);
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

static void Print<T>(T answer)
{
    Console.WriteLine(JsonSerializer.Serialize(answer));
    Console.Out.Flush();
}

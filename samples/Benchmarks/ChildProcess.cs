using System.Diagnostics;
using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Engine.Kernels;

namespace Benchmarks;

/// <summary>What only a new process can show: the time to its first prediction, and the most memory that training takes.</summary>
internal static class ChildProcess
{
    public const string PredictCommand = "predict";
    public const string TrainCommand = "train";

    private const int Starts = 5;
    private const int TrainingSteps = 5;

    private static readonly Shape Model = Shape.Find("M");
    private static readonly Shape Trained = Shape.Find("L");

    /// <summary>
    /// Milliseconds from the start of a process to the answer of a model of shape M that it has loaded, and bytes resident at the most
    /// while it trains shape L.
    /// </summary>
    internal sealed record Figures(string Name, double FirstPredictionMilliseconds, double? PeakTrainingBytes);

    public static List<Figures> Measure(IReadOnlyList<PeerKind> peers, int threads, string folder)
    {
        string model = Path.Combine(folder, "model.zip"), small = Path.Combine(folder, "model.safetensors"),
            large = Path.Combine(folder, "train.safetensors");
        SaveModel(model);
        new Problem(Model).Save(small);
        new Problem(Trained).Save(large);

        var starts = new List<(string Name, Func<string, Process> Start, bool CanTrain)>
        {
            ("Microsoft.ML.Lstm",
                mode => StartOurselves(mode, mode == PredictCommand ? model : threads.ToString(CultureInfo.InvariantCulture)), true),
        };
        foreach (PeerKind peer in peers)
            starts.Add((peer.Name, mode => peer.Start(threads, Clock.Elapsed, mode, mode == PredictCommand ? small : large),
                peer.CanTrain));

        List<double>[] times = [.. starts.Select(_ => new List<double>())];
        for (int round = 0; round < Starts; round++)
        {
            for (int i = 0; i < starts.Count; i++)
                times[i].Add(TimeToAnswer(starts[i].Start).Milliseconds);
        }
        return [.. starts.Select((start, i) =>
            new Figures(start.Name, Statistics.Median(times[i]), start.CanTrain ? PeakBytes(start.Start) : null))];
    }

    /// <summary>In the new process: loads a model with ML.NET's own call and predicts once.</summary>
    public static void Predict(string model)
    {
        var ml = new MLContext();
        ITransformer loaded = ml.Model.Load(model, out _);
        PredictionEngine<Row, Prediction> engine = ml.Model.CreatePredictionEngine<Row, Prediction>(loaded);
        Console.WriteLine(engine.Predict(NewRow(new Random(1))).Score);
    }

    /// <summary>In the new process: trains and prints the peak of its resident memory.</summary>
    public static void Train(int threads)
    {
        new OurEngine(new Problem(Trained), threads, CpuKernels.Best).Run(Work.Training, TrainingSteps);
        using var self = Process.GetCurrentProcess();
        Console.WriteLine(self.PeakWorkingSet64);
    }

    private static void SaveModel(string path)
    {
        var ml = new MLContext(seed: 1);
        var random = new Random(1);
        IDataView rows = ml.Data.LoadFromEnumerable(Enumerable.Range(0, 8).Select(_ => NewRow(random)).ToArray());
        var trainer = ml.Regression.Trainers.Lstm(new()
        {
            FeaturesPerStep = Model.I,
            HiddenSize = Model.H,
            NumberOfLayers = Model.L,
            NumberOfEpochs = 1
        });
        ml.Model.Save(trainer.Fit(rows), rows.Schema, path);
    }

    private static Row NewRow(Random random) => new()
    {
        Features = [.. Enumerable.Range(0, Row.Length).Select(_ => random.NextSingle())],
        Label = random.NextSingle(),
    };

    private static Process StartOurselves(params string[] arguments)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true };
        // Under "dotnet program.dll" the process is dotnet, and the program is its first argument.
        if (Path.GetFileNameWithoutExtension(start.FileName).Equals("dotnet", StringComparison.OrdinalIgnoreCase))
            start.ArgumentList.Add(Environment.GetCommandLineArgs()[0]);
        foreach (string argument in arguments)
            start.ArgumentList.Add(argument);
        return Process.Start(start)!;
    }

    private static (double Milliseconds, string Answer) TimeToAnswer(Func<string, Process> start, string mode = PredictCommand)
    {
        var clock = Stopwatch.StartNew();
        using Process process = start(mode);
        string? answer = process.StandardOutput.ReadLine();
        double milliseconds = clock.Elapsed.TotalMilliseconds;
        process.WaitForExit();
        return (milliseconds, answer ?? throw new InvalidOperationException($"'{process.StartInfo.FileName} ... {mode}' gave no answer."));
    }

    private static double PeakBytes(Func<string, Process> start)
        => double.Parse(TimeToAnswer(start, TrainCommand).Answer, CultureInfo.InvariantCulture);

    private sealed class Row
    {
        // Shape M's T and I.
        public const int Length = 64 * 64;

        [VectorType(Length)]
        public float[] Features { get; set; } = [];

        public float Label { get; set; }
    }

    private sealed class Prediction
    {
        public float Score { get; set; }
    }
}

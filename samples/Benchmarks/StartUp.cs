using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using System.Runtime.InteropServices;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Lstm;

namespace Benchmarks;

/// <summary>
/// The time from the start of a process to the first prediction of a model of shape M that it loads: through ML.NET, beside ML.NET's own
/// linear model of the same column, and by <see cref="SequencePredictor"/>; with a package also by the precompiled library in it.
/// </summary>
internal static class StartUp
{
    public const string Command = "predict";

    private const string Network = "network";
    private const string Linear = "linear";
    private const string Predictor = "predictor";
    private const int Turns = 9;

    private static readonly Shape Model = Shape.Find("M");

    /// <summary>
    /// Medians, in milliseconds: until the answer has come, and of the processors' time until then, which other programs hardly change;
    /// the latter of this program's own processes.
    /// </summary>
    internal sealed record Figures(string Name, double FirstPrediction, double? Processor);

    public static List<Figures> Measure(IReadOnlyList<PeerKind> peers, int threads, string folder, string? package, string? edge)
    {
        string network = Path.Combine(folder, "network.zip"), linear = Path.Combine(folder, "linear.zip"),
            weights = Path.Combine(folder, "network.safetensors");
        SaveModels(network, linear);
        new Problem(Model).Save(weights);
        var starts = new List<(string Name, Func<Process> Start, bool HasProcessorTime)>
        {
            ("Microsoft.ML.Lstm", () => ChildProcess.Start(Command, Network, network), true),
            ("ML.NET, linear", () => ChildProcess.Start(Command, Linear, linear), true),
            ("SequencePredictor", () => ChildProcess.Start(Command, Predictor, network), true),
        };
        if (package is not null)
        {
            string program = CopyWithLibraryOf(package, Path.Combine(folder, "packaged"));
            starts.Add(("Microsoft.ML.Lstm, precompiled", () => ChildProcess.StartIn(program, Command, Network, network), true));
            starts.Add(("SequencePredictor, precompiled", () => ChildProcess.StartIn(program, Command, Predictor, network), true));
        }
        if (edge is not null)
            starts.Add(("samples/Edge, AOT", () => StartEdge(edge, network), false));
        foreach (PeerKind peer in peers)
            starts.Add((peer.Name, () => peer.Start(threads, Clock.Elapsed, "predict", weights), false));

        List<double>[] elapsed = [.. starts.Select(_ => new List<double>())], processor = [.. starts.Select(_ => new List<double>())];
        for (int turn = 0; turn < Turns; turn++)
        {
            for (int i = 0; i < starts.Count; i++)
            {
                var clock = Stopwatch.StartNew();
                using Process process = starts[i].Start();
                ChildProcess.ReadAnswer(process);
                elapsed[i].Add(clock.Elapsed.TotalMilliseconds);
                if (starts[i].HasProcessorTime)
                    processor[i].Add(double.Parse(ChildProcess.ReadAnswer(process), CultureInfo.InvariantCulture));
                process.WaitForExit();
            }
        }
        return [.. starts.Select((start, i) => new Figures(start.Name, Statistics.Median(elapsed[i]),
            start.HasProcessorTime ? Statistics.Median(processor[i]) : null))];
    }

    /// <summary>In the new process: loads a model, predicts once and prints the answer, and the processors' time that it took.</summary>
    public static void Predict(string kind, string model)
    {
        Console.WriteLine(kind == Predictor ? PredictAlone(model) : PredictByMlNet(model));
        Console.WriteLine(Environment.CpuUsage.TotalTime.TotalMilliseconds.ToString(CultureInfo.InvariantCulture));
    }

    private static float PredictByMlNet(string model)
    {
        var ml = new MLContext();
        ITransformer loaded = ml.Model.Load(model, out _);
        return ml.Model.CreatePredictionEngine<Row, Prediction>(loaded).Predict(NewRow(new Random(1))).Score;
    }

    private static float PredictAlone(string model) => SequencePredictor.Load(model).Score(NewRow(new Random(1)).Features)[0];

    /// <summary>A copy of this program that has the library as a package brings it to programs on this machine.</summary>
    private static string CopyWithLibraryOf(string package, string copy)
    {
        Directory.CreateDirectory(copy);
        // Assemblies alone, and no list of files, which has native ones that nobody needs here.
        foreach (string file in Directory.EnumerateFiles(AppContext.BaseDirectory))
        {
            if (!file.EndsWith(".deps.json", StringComparison.Ordinal))
                File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        }
        const string Library = "Microsoft.ML.Lstm.dll";
        using ZipArchive archive = ZipFile.OpenRead(package);
        string entry = $"runtimes/{RuntimeInformation.RuntimeIdentifier}/lib/net10.0/{Library}";
        (archive.GetEntry(entry) ?? throw new InvalidOperationException($"'{package}' has no '{entry}'."))
            .ExtractToFile(Path.Combine(copy, Library), overwrite: true);
        return copy;
    }

    private static void SaveModels(string network, string linear)
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
        ml.Model.Save(trainer.Fit(rows), rows.Schema, network);
        ml.Model.Save(ml.Regression.Trainers.Sdca().Fit(rows), rows.Schema, linear);
    }

    private static Process StartEdge(string program, string model)
    {
        var start = new ProcessStartInfo(program, [model]) { RedirectStandardInput = true, RedirectStandardOutput = true };
        Process process = Process.Start(start)!;
        process.StandardInput.WriteLine(string.Join(',', NewRow(new Random(1)).Features.Select(value
            => value.ToString(CultureInfo.InvariantCulture))));
        process.StandardInput.Close();
        return process;
    }

    private static Row NewRow(Random random)
    {
        var row = new Row();
        foreach (ref float value in row.Features.AsSpan())
            value = random.NextSingle();
        row.Label = random.NextSingle();
        return row;
    }

    private sealed class Row
    {
        // Shape M's T and I.
        private const int Length = 64 * 64;

        [VectorType(Length)]
        public float[] Features { get; set; } = new float[Length];

        public float Label { get; set; }
    }

    private sealed class Prediction
    {
        public float Score { get; set; }
    }
}

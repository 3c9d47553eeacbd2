using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.ML;

namespace Benchmarks;

/// <summary>The parts of a training step, each its milliseconds.</summary>
internal sealed record StepParts(string Shape, int Threads, IReadOnlyDictionary<string, double> Milliseconds);

/// <summary>The best GFLOP/s of a loop of fused multiply-adds.</summary>
internal sealed record PeakFigure(string Kernels, int Threads, double Gigaflops);

/// <summary>Everything that a run found out, for the JSON file; printed line by line as it comes.</summary>
internal sealed class Report(Arguments arguments)
{
    private static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    public DateTime Date { get; } = DateTime.UtcNow;

    public string Processor { get; } = ProcessorName();

    public int Processors { get; } = Environment.ProcessorCount;

    public string System { get; } = RuntimeInformation.OSDescription;

    public string Runtime { get; } = RuntimeInformation.FrameworkDescription;

    public string MlNet { get; } = typeof(MLContext).Assembly.GetName() is { } name ? $"{name.Name} {name.Version}" : "";

    public Clock Clock { get; } = arguments.Clock;

    public string Kernels { get; } = arguments.Kernels.Name;

    /// <summary>
    /// Processes that wanted to run, a minute's average, before and after: 0 and about the number of threads on a machine left to us.
    /// </summary>
    public string[] Load { get; } = [LoadAverage(), ""];

    public List<string> Peers { get; } = [];

    public List<PeakFigure> Peaks { get; } = [];

    public List<Figure> Figures { get; } = [];

    public List<StepParts> Parts { get; } = [];

    public List<ChildProcess.Figures> Processes { get; } = [];

    public List<StartUp.Figures> Starts { get; } = [];

    /// <summary>Microseconds that an observation takes a <see cref="ForecastObservation"/>'s engine.</summary>
    public double? ObservationMicroseconds { get; private set; }

    public void PrintMachine()
    {
        Console.WriteLine($"{Processor}, {Processors} processors, {System}");
        Console.WriteLine($"{Runtime}, {MlNet}, kernels {Kernels}, load {Load[0]}");
        if (Clock == Clock.Processor)
            Console.WriteLine("Times are processor time.");
    }

    public void Add(PeakFigure peak)
    {
        Peaks.Add(peak);
        Console.WriteLine($"FMA peak of {peak.Kernels} on {Count(peak.Threads, "thread")}: {peak.Gigaflops:0} GFLOP/s");
    }

    public void AddPeer(string line)
    {
        Peers.Add(line);
        Console.WriteLine(line);
    }

    public void PrintHeader(int threads)
    {
        Console.WriteLine();
        Console.WriteLine($"{Count(threads, "thread")}. Medians, best in brackets; ratios are times as long as ours, turn by turn.");
        Console.WriteLine($"{"",-5}{"",-10}{"GFLOP/s",13}{"of peak",9}{"ms",10}{"cores ns",11}   peers: GFLOP/s, ratio");
    }

    public void Add(Figure figure)
    {
        Figures.Add(figure);
        Result ours = figure.Ours;
        string peers = string.Join("  ",
            figure.Peers.Select(peer =>
                $"{peer.Result.Name} {peer.Result.Gigaflops:0} ({peer.Result.BestGigaflops:0}), {peer.Ratio:0.00}x"));
        string cores = string.Join('-', figure.CoreDistance.Order().Select(distance => distance.ToString("0")));
        string speed = $"{ours.Gigaflops:0} ({ours.BestGigaflops:0})";
        Console.WriteLine($"{figure.Shape,-5}{figure.Work.ToString().ToLowerInvariant(),-10}{speed,13}{figure.ShareOfPeak,9:0%}"
            + $"{ours.Milliseconds,10:0.000}{cores,11}   {peers}");
        if (ours.WordsPerSecond is null)
            return;
        IEnumerable<Result> all = figure.Peers.Select(peer => peer.Result).Prepend(ours);
        string words = string.Join(", ", all.Select(result => $"{result.Name} {result.WordsPerSecond:0}"));
        Console.WriteLine($"{"",5}Words a second: {words}");
    }

    public void Add(StepParts parts) => Parts.Add(parts);

    public void PrintParts()
    {
        if (Parts.Count == 0)
            return;
        Console.WriteLine();
        Console.WriteLine("Parts of our training step in ms, medians:");
        foreach (StepParts parts in Parts)
        {
            string times = string.Join("  ", parts.Milliseconds.Select(part => $"{part.Key} {part.Value:0.000}"));
            Console.WriteLine($"{parts.Shape,-5}{Count(parts.Threads, "thread"),-12}{times}");
        }
    }

    public void Add(IReadOnlyList<ChildProcess.Figures> processes)
    {
        Processes.AddRange(processes);
        Console.WriteLine();
        Console.WriteLine($"{"",-20}{"peak memory, training L",26}");
        foreach (ChildProcess.Figures figures in processes)
            Console.WriteLine($"{figures.Name,-20}{figures.PeakTrainingBytes / (1 << 20),23:0} MB");
    }

    public void Add(IReadOnlyList<StartUp.Figures> starts)
    {
        Starts.AddRange(starts);
        Console.WriteLine();
        Console.WriteLine($"{"",-32}{"start to first prediction, M",30}{"of the processors",20}");
        foreach (StartUp.Figures figures in starts)
        {
            string processor = figures.Processor is { } milliseconds ? $"{milliseconds:0} ms" : "-";
            Console.WriteLine($"{figures.Name,-32}{figures.FirstPrediction,27:0} ms{processor,20}");
        }
    }

    public void AddObservation(double microseconds)
    {
        ObservationMicroseconds = microseconds;
        Console.WriteLine();
        Console.WriteLine($"An observation of a forecasting engine with H = {ForecastObservation.HiddenSize} and Horizon "
            + $"{ForecastObservation.Horizon}: {microseconds:0.0} us");
    }

    public void End()
    {
        Load[1] = LoadAverage();
        Console.WriteLine();
        Console.WriteLine($"Load at the end: {Load[1]}");
        if (arguments.JsonFile is { } path)
            File.WriteAllText(path, JsonSerializer.Serialize(this, Json));
        if (arguments.TablesFile is { } page)
            new Tables(this, Arguments.Portable(Environment.GetCommandLineArgs()[1..])).Write(page);
    }

    private static string Count(int count, string what) => $"{count} {what}{(count == 1 ? "" : "s")}";

    private static string ProcessorName()
    {
        string[] lines = File.Exists("/proc/cpuinfo") ? [.. File.ReadLines("/proc/cpuinfo").TakeWhile(line => line != "")] : [];
        return Find("model name") is not { } name
            ? Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER") ?? RuntimeInformation.ProcessArchitecture.ToString()
            // Virtual machines hide the name, but not these.
            : $"{name} (family {Find("cpu family")}, model {Find("model")})";

        string? Find(string key) => lines.Select(line => line.Split(':', 2)).FirstOrDefault(parts => parts[0].Trim() == key)?[1].Trim();
    }

    private static string LoadAverage() => File.Exists("/proc/loadavg") ? File.ReadAllText("/proc/loadavg").Split(' ')[0] : "unknown";
}

using System.CommandLine;
using System.CommandLine.Parsing;
using Microsoft.ML.Lstm;
using Microsoft.ML.Lstm.Engine.Kernels;

namespace Benchmarks;

/// <summary>What the command line asks for.</summary>
internal sealed record Arguments(IReadOnlyList<Shape> Shapes, IReadOnlyList<int> Threads, double Seconds, CpuKernels Kernels, Clock Clock,
    bool Peers, string? Python, string Dotnet, string? JsonFile, IReadOnlyList<WeightFormat> Formats, bool Distributed, bool StartOnly,
    string? Package, string? Edge, string? TablesFile)
{
    // Options whose value is a path of one machine.
    private static readonly string[] Paths = ["--python", "--dotnet", "--json", "--tables", "--package", "--edge"];

    /// <summary>The command line without what belongs to this machine.</summary>
    public static string Portable(IReadOnlyList<string> args)
        => string.Join(' ', args.Where((argument, i) => !Paths.Contains(argument) && (i == 0 || !Paths.Contains(args[i - 1]))));

    /// <summary>Does what the arguments say and returns the exit code.</summary>
    public static int Run(string[] args, Func<Arguments, int> measure)
    {
        var shapes = new Option<Shape[]>("--shapes")
        {
            Description = "The shapes to measure, with commas between, instead of all: "
                + $"{string.Join(',', Shape.All.Select(shape => shape.Name))}.",
            HelpName = "NAMES",
            CustomParser = result => Choose(result, Shape.All, shape => shape.Name),
        };
        var kernels = new Option<CpuKernels[]>("--kernels")
        {
            Description = $"The kernels, instead of the best of {string.Join(", ", CpuKernels.Available.Select(kernels => kernels.Name))}.",
            HelpName = "NAME",
            CustomParser = result => Choose(result, CpuKernels.Available, kernels => kernels.Name),
        };
        var threads = new Option<int?>("--threads") { Description = "This number of threads only, instead of 1 and all.", HelpName = "N" };
        var seconds = new Option<double>("--seconds")
        {
            Description = "Time for each figure, and as much again for each peer.",
            HelpName = "N",
            DefaultValueFactory = _ => 2
        };
        threads.Validators.Add(result => RequireAtLeast(result, result.GetValueOrDefault<int?>() is not < 1, "1"));
        seconds.Validators.Add(result => RequireAtLeast(result, result.GetValueOrDefault<double>() >= 0, "0"));
        var peers = new Option<bool>(
            "--peers")
        { Description = "Also run TorchSharp, PyTorch and ONNX Runtime, in turn with ours; README.md says how to install them." };
        var python = new Option<string?>("--python")
        {
            Description = "The Python that has PyTorch; otherwise it is looked for.",
            HelpName = "PROGRAM"
        };
        var dotnet = new Option<string>("--dotnet")
        {
            Description = "The dotnet that runs the peer with libtorch, which may need a newer C library than this program.",
            HelpName = "PROGRAM",
            DefaultValueFactory = _ => "dotnet"
        };
        var json = new Option<string?>("--json") { Description = "A file to write everything to as well.", HelpName = "FILE" };
        var tables = new Option<string?>("--tables")
        {
            Description = "A page in Markdown between whose marks to write the tables, such as docs/performance.md.",
            HelpName = "FILE"
        };
        var weights = new Option<WeightFormat[]>("--weights")
        {
            Description = "Also score with weights of these formats, in turn with floats: BFloat16, Int8.",
            HelpName = "FORMATS",
            CustomParser = result => Choose(result, [WeightFormat.BFloat16, WeightFormat.Int8], format => format.ToString()),
        };
        var processorTime = new Option<bool>(
            "--processor-time")
        {
            Description =
            "Time one thread by the processor's time that it had, for a machine that is busy with other things."
        };
        var distributed = new Option<bool>("--distributed")
        {
            Description = "Measure a training step of the ranks that mpirun has started, beside one of rank 0 alone, instead.",
        };
        var micro = new Option<bool>("--micro") { Description = "Measure single kernels by BenchmarkDotNet instead." };
        var start = new Option<bool>("--start")
        {
            Description = "Measure only the time from the start of a process to its first prediction."
        };
        var package = new Option<string?>("--package")
        {
            Description = "A package of the library, for that time too: with the precompiled library in it.",
            HelpName = "FILE"
        };
        var edge = new Option<string?>("--edge")
        {
            Description = "The program of samples/Edge, compiled ahead of time, for that time too.",
            HelpName = "PROGRAM"
        };
        var pipeline = new Option<bool>("--pipeline") { Description = "Measure the way of rows through ML.NET instead." };
        var rows = new Option<int>("--rows")
        {
            Description = "The rows of --pipeline.",
            HelpName = "N",
            DefaultValueFactory = _ => 1_000_000
        };
        rows.Validators.Add(result => RequireAtLeast(result, result.GetValueOrDefault<int>() >= 1, "1"));
        var count = new Argument<int>("THREADS");
        var train = new Command(ChildProcess.TrainCommand) { count };
        var rowCount = new Argument<int>("ROWS");
        var score = new Command(Pipeline.ScoreCommand) { rowCount };
        var fit = new Command(Pipeline.FitCommand) { rowCount };
        var megabits = new Argument<double>("MEGABITS");
        var milliseconds = new Argument<double>("MILLISECONDS");
        var spaces = new Argument<string[]>("NAMESPACES") { Arity = new ArgumentArity(2, 2) };
        var link = new Command(NetworkLink.Command) { megabits, milliseconds, spaces };
        train.Hidden = score.Hidden = fit.Hidden = link.Hidden = true;
        var root = new RootCommand("Measure this library's kernels and networks, and other libraries beside them.")
        {
            shapes, threads, seconds, kernels, processorTime, peers, python, dotnet, json, tables, weights, micro, distributed, start,
            package, edge, pipeline, rows, train, score, fit, link,
        };

        train.SetAction(parsed => ChildProcess.Train(parsed.GetValue(count)));
        score.SetAction(parsed => Pipeline.Score(parsed.GetValue(rowCount)));
        fit.SetAction(parsed => Pipeline.Fit(parsed.GetValue(rowCount)));
        link.SetAction(parsed => NetworkLink.Run(parsed.GetValue(megabits), parsed.GetValue(milliseconds), parsed.GetValue(spaces)![0],
            parsed.GetValue(spaces)![1]));
        root.Validators.Add(result =>
        {
            if (result.GetValue(processorTime) && result.GetValue(threads) is > 1)
                result.AddError("--processor-time is for one thread.");
        });
        root.SetAction(parsed =>
        {
            if (parsed.GetValue(micro))
            {
                MicroBenchmarks.Run();
                return 0;
            }
            int[] counts = parsed.GetValue(threads) is { } only
                ? [only]
                : parsed.GetValue(processorTime)
                ? [1]
                : [.. new[] { 1, Environment.ProcessorCount }.Distinct()];
            if (parsed.GetValue(pipeline))
            {
                Pipeline.Run(parsed.GetValue(rows), counts);
                return 0;
            }
            return measure(new Arguments(parsed.GetValue(shapes) is { Length: > 0 } chosen ? chosen : Shape.All, counts,
                parsed.GetValue(seconds), parsed.GetValue(kernels) is [var width] ? width : CpuKernels.Best,
                parsed.GetValue(processorTime) ? Clock.Processor : Clock.Elapsed, parsed.GetValue(peers), parsed.GetValue(python),
                parsed.GetValue(dotnet)!, parsed.GetValue(json), parsed.GetValue(weights) ?? [], parsed.GetValue(distributed),
                parsed.GetValue(start), parsed.GetValue(package), parsed.GetValue(edge), parsed.GetValue(tables)));
        });
        return root.Parse(args).Invoke();
    }

    private static T[] Choose<T>(ArgumentResult result, IReadOnlyList<T> all, Func<T, string> nameOf)
    {
        string[] names = [.. result.Tokens.SelectMany(token => token.Value.Split(',', StringSplitOptions.RemoveEmptyEntries))];
        foreach (string name in names)
        {
            if (!all.Any(item => Matches(item, name)))
                result.AddError($"There is no '{name}'; there are {string.Join(", ", all.Select(nameOf))}.");
        }
        return [.. all.Where(item => names.Any(name => Matches(item, name)))];

        bool Matches(T item, string name) => nameOf(item).Equals(name, StringComparison.OrdinalIgnoreCase);
    }

    private static void RequireAtLeast(OptionResult result, bool holds, string least)
    {
        if (!holds)
            result.AddError($"{result.Option.Name} must be at least {least}.");
    }
}

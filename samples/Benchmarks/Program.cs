// Measures this library on the shapes of docs/performance.md: GFLOP/s of a training step and of inference as a share of what the
// processors can do at all, and with --peers other libraries in turn with it. README.md says more.
using Benchmarks;
using Microsoft.ML.Lstm.Engine.Kernels;

// Before the command line is understood, which takes time that the start-up of a program without one does not take.
if (args is [StartUp.Command, var kind, var model])
{
    StartUp.Predict(kind, model);
    return 0;
}
return Arguments.Run(args, Measure);

static int Measure(Arguments arguments)
{
    if (arguments.Distributed)
        return DistributedSteps.Measure(arguments);
    var report = new Report(arguments);
    report.PrintMachine();
    foreach (CpuKernels kernels in CpuKernels.Available.Where(kernels => kernels.Lanes > 1 && !arguments.StartOnly))
    {
        foreach (int threads in arguments.Threads)
            report.Add(new PeakFigure(kernels.Name, threads, FmaPeak.Best(kernels, threads)));
    }

    string folder = Directory.CreateTempSubdirectory("lstm-benchmarks-").FullName;
    try
    {
        List<PeerKind> present = [];
        if (arguments.Peers)
        {
            foreach (PeerKind kind in PeerKind.All(arguments.Python, arguments.Dotnet))
            {
                using Peer? peer = Peer.TryStart(kind, threads: 1, arguments.Clock, out string? reason);
                report.AddPeer(peer is null ? $"{kind.Name} is left out: {reason}" : $"{kind.Name}: {peer.Version}");
                if (peer is not null)
                    present.Add(kind);
            }
        }
        if (!arguments.StartOnly)
        {
            foreach (int threads in arguments.Threads)
                MeasureShapes(arguments, report, threads, present, folder);
            report.PrintParts();
            report.Add(ChildProcess.Measure(present, arguments.Threads[0], folder));
            report.AddObservation(ForecastObservation.Measure());
        }
        report.Add(StartUp.Measure(present, arguments.Threads[0], folder, arguments.Package, arguments.Edge));
        report.End();
        return 0;
    }
    catch (InvalidOperationException e)
    {
        // A peer that ended, or that computes something else.
        Console.Error.WriteLine(e.Message);
        return 1;
    }
    finally
    {
        Directory.Delete(folder, recursive: true);
    }
}

static void MeasureShapes(Arguments arguments, Report report, int threads, IReadOnlyList<PeerKind> kinds, string folder)
{
    report.PrintHeader(threads);
    // Another number of threads is another process: some libraries read it only when they start.
    List<Peer> peers = [.. kinds.Select(kind => Peer.TryStart(kind, threads, arguments.Clock, out _)).OfType<Peer>()];
    try
    {
        foreach (Shape shape in arguments.Shapes)
        {
            var problem = new Problem(shape);
            string file = Path.Combine(folder, shape.Name + ".safetensors");
            problem.Save(file);
            var ours = new OurEngine(problem, threads, arguments.Kernels, arguments.Clock);
            Answer answer = ours.Solve();
            var able = new List<Peer>();
            foreach (Peer peer in peers.Where(peer => peer.Kind.Has(shape) && shape.Works.Any(work => peer.Kind.Can(work))))
            {
                double difference = peer.Load(file).DifferenceFrom(answer);
                // Whichever of the two is wrong, times of another computation are nothing to compare with.
                if (difference <= peer.Kind.Tolerance)
                    able.Add(peer);
                else
                    report.AddPeer($"{peer.Name} is left out of {shape.Name} on {threads} threads: it computes something else than we do, "
                        + $"the largest difference is {difference:G2}.");
            }
            OurEngine[] formats = [.. arguments.Formats
                .Select(format => new OurEngine(problem, threads, arguments.Kernels, arguments.Clock, format))];
            foreach (Work work in shape.Works)
            {
                // Weights of fewer bits score only.
                IContender[] others = [.. able.Where(peer => peer.Kind.Can(work)), .. work == Work.Inference ? formats : []];
                report.Add(Figure.Measure(shape, work, threads, arguments.Kernels, ours, others, arguments.Seconds));
            }
            if (shape.Works.Contains(Work.Training))
                report.Add(new StepParts(shape.Name, threads,
                    ours.Parts.Where(part => part.Value.Count > 0)
                        .ToDictionary(part => part.Key, part => Statistics.Median(part.Value) * 1e3)));
        }
    }
    finally
    {
        foreach (Peer peer in peers)
            peer.Dispose();
    }
}

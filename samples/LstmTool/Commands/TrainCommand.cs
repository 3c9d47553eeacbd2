using System.CommandLine;
using System.Runtime.InteropServices;
using LstmTool.Projects;
using LstmTool.Reports;
using LstmTool.Tasks;
using Microsoft.ML.Lstm;

namespace LstmTool.Commands;

/// <summary>A command that trains: reads, searches, measures, writes.</summary>
internal sealed class TrainCommand
{
    private readonly TrainArguments _arguments;
    private readonly Func<TaskRequest, LearningTask> _create;
    private readonly string _usualName;

    // What is left to do when mpirun ends this rank; null for a process by itself.
    private volatile Action? _leave;

    private TrainCommand(Command command, Func<TaskRequest, LearningTask> create)
    {
        (_arguments, _create) = (new TrainArguments(command, command.Name), create);
        _usualName = $"Sample{string.Concat(command.Name.Split('-').Select(word => char.ToUpperInvariant(word[0]) + word[1..]))}";
        command.SetAction(parsed => Run(parsed));
    }

    public static Command Create(string name, string description, Func<TaskRequest, LearningTask> create)
    {
        var command = new Command(name, description);
        _ = new TrainCommand(command, create);
        return command;
    }

    private int Run(ParseResult parsed)
    {
        using var interrupted = new CancellationTokenSource();
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        int code = 0;
        int failure = Cli.Guard(() => code = Run(parsed, interrupted.Token));
        return failure != 0 ? failure : code;

        // The second time ends the process, and where there are ranks, which mpirun kills a second later, the first.
        void Stop(PosixSignalContext context)
        {
            if (_leave is { } leave)
            {
                leave();
                Console.Error.WriteLine("Stopped, by Ctrl-C or since a rank has ended; nothing was written.");
                return;
            }
            context.Cancel = !interrupted.IsCancellationRequested;
            interrupted.Cancel();
        }
    }

    private int Run(ParseResult parsed, CancellationToken interrupted)
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        string name = _arguments.NameOf(parsed) ?? _usualName;
        using Communicator? ranks = MpiRun.Start();
        if (ranks is not null)
            _leave = () => { };
        if (ranks is { Rank: > 0 })
            return Assist(parsed, name, ranks, clock);
        // Before anything takes time: whether the results can be written.
        using var output = new OutputFolder(_arguments.OutputOf(parsed), name);
        if (ranks is not null)
            _leave = output.Dispose;
        using var log = _arguments.LogFileOf(parsed) is { } path ? new LogFile(path) : null;
        LearningTask task = MpiRun.Read(ranks, () => _create(_arguments.RequestOf(parsed)));
        var view = new RunView(task, log, ranks);
        view.ShowData();
        TrainedTask trained;
        try
        {
            trained = view.Train(name, clock.Elapsed, interrupted);
        }
        catch (OperationCanceledException)
        {
            string reason = interrupted.IsCancellationRequested ? "Stopped" : "The time was over";
            Console.Error.WriteLine($"{reason} before there was a model; nothing was written.");
            return interrupted.IsCancellationRequested ? Cli.Interrupted : Cli.Failed;
        }
        view.ShowResults(trained);
        ConsumptionProject.Write(trained, output.Path, OutputFolder.Mark);
        WriteReport(trained, Path.Combine(output.Path, ReportPage.FileName));
        output.Commit();
        view.ShowFiles(output.Target, trained);
        if (!trained.WasInterrupted)
            return 0;
        Console.Error.WriteLine($"Stopped; the best model so far is {Path.Combine(output.Target, ConsumptionProject.ModelFile)}.");
        return Cli.Interrupted;
    }

    /// <summary>Takes turns at the trainings of the search; what comes of them is rank 0's.</summary>
    private int Assist(ParseResult parsed, string name, Communicator ranks, System.Diagnostics.Stopwatch clock)
    {
        LearningTask task = MpiRun.Read(ranks, () => _create(_arguments.RequestOf(parsed)));
        try
        {
            new TaskRun(task, name) { Ranks = ranks }.Run(clock.Elapsed, CancellationToken.None);
        }
        // Rank 0 says so, or trains once.
        catch (OperationCanceledException)
        {
        }
        // Rank 0 may be in the middle of a training, and mpirun ends it before it hears of this.
        catch (Exception error) when (Cli.IsExpected(error) && !Cli.MessageOf(error).StartsWith("Rank ", StringComparison.Ordinal))
        {
            MpiRun.Complain($"Error of rank {ranks.Rank}: {Cli.MessageOf(error)}");
            throw;
        }
        return 0;
    }

    // A model is worth more than what is said of it: it is kept whatever the report meets.
    private static void WriteReport(TrainedTask trained, string path)
    {
        try
        {
            ReportPage.Write(trained, path);
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            Console.Error.WriteLine($"No report could be written: {Cli.MessageOf(error)}");
            File.Delete(path);
        }
    }
}

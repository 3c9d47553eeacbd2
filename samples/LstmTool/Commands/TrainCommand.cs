using System.CommandLine;
using System.Runtime.InteropServices;
using LstmTool.Projects;
using LstmTool.Reports;
using LstmTool.Tasks;

namespace LstmTool.Commands;

/// <summary>A command that trains: reads, searches, measures, writes.</summary>
internal sealed class TrainCommand
{
    private readonly TrainArguments _arguments;
    private readonly Func<TaskRequest, LearningTask> _create;
    private readonly string _usualName;

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

        // The second time ends the process.
        void Stop(PosixSignalContext context)
        {
            context.Cancel = !interrupted.IsCancellationRequested;
            interrupted.Cancel();
        }
    }

    private int Run(ParseResult parsed, CancellationToken interrupted)
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        string name = _arguments.NameOf(parsed) ?? _usualName;
        // Before anything takes time: whether the results can be written.
        using var output = new OutputFolder(_arguments.OutputOf(parsed), name);
        using var log = _arguments.LogFileOf(parsed) is { } path ? new LogFile(path) : null;
        LearningTask task = _create(_arguments.RequestOf(parsed));
        var view = new RunView(task, log);
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

using System.CommandLine;
using System.Reflection;
using LstmTool.Tasks;

namespace LstmTool.Commands;

/// <summary>The command line.</summary>
internal static class Cli
{
    /// <summary>Exit codes: 0 all right, 1 the command failed and said why, 2 the command line is wrong, 130 ended by Ctrl-C.</summary>
    public const int Failed = 1, WrongArguments = 2, Interrupted = 130;

    /// <summary>Runs a command.</summary>
    /// <param name="args">The arguments of the process.</param>
    /// <returns>The exit code.</returns>
    public static int Run(string[] args)
    {
        MpiRun.LetRank0Speak();
        var root = new RootCommand("Trains recurrent networks on files of sequences: point at a file, name a column, and get a model, "
            + "its metrics beside baselines, a report and a project that uses it. Under mpirun the ranks share the search for settings.");
        root.Subcommands.Add(TrainCommand.Create("forecasting", "Forecasts the next values of a column, of one series or of many.",
            ForecastingTask.Create));
        root.Subcommands.Add(TrainCommand.Create("classification", "Tells classes of sequences apart: texts, curves, recordings.",
            ClassificationTask.Create));
        root.Subcommands.Add(TrainCommand.Create("regression", "Predicts a number for each sequence.", RegressionTask.Create));
        root.Subcommands.Add(TrainCommand.Create("labeling", "Labels each step of sequences: words of sentences, states of a machine.",
            LabelingTask.Create));
        root.Subcommands.Add(TrainCommand.Create("anomaly-detection", "Finds values that those before them do not let expect.",
            AnomalyDetectionTask.Create));
        root.Subcommands.Add(ConvertCommand.Create());
        root.Subcommands.Add(InfoCommand.Create());
        ParseResult parsed = root.Parse(args);
        int code = parsed.Invoke();
        return parsed.Errors.Count > 0 ? WrongArguments : code;
    }

    /// <summary>Runs what a command does, and turns what is wrong with files and data into one line.</summary>
    public static int Guard(Action action)
    {
        try
        {
            action();
            return 0;
        }
        catch (Exception error) when (IsExpected(error))
        {
            Console.Error.WriteLine($"Error: {MessageOf(error)}");
            return Failed;
        }
    }

    /// <summary>Whether an error is one of the user's files, data or machine, which the message says all about.</summary>
    public static bool IsExpected(Exception error) => Unwrapped(error) is IOException or InvalidDataException or FormatException
        or InvalidOperationException or ArgumentOutOfRangeException or UnauthorizedAccessException or NotSupportedException;

    /// <summary>What is wrong, in one line, in which a character that is not shown, as one of a wrong encoding, has its number.</summary>
    public static string MessageOf(Exception error)
        => string.Concat(string.Join(' ', Unwrapped(error).Message.Split(['\r', '\n'],
            StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            .Select(character => char.IsControl(character) ? $"\\u{(int)character:X4}" : character.ToString()));

    /// <summary>What reflection and ML.NET's workers have wrapped.</summary>
    private static Exception Unwrapped(Exception error)
    {
        bool isWrapper = error is TargetInvocationException or AggregateException
            || error.Message.Contains("encountered exception", StringComparison.Ordinal);
        return isWrapper && error.InnerException is { } inner ? Unwrapped(inner) : error;
    }
}

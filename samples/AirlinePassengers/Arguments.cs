using System.CommandLine;
using System.CommandLine.Parsing;
using System.Diagnostics.CodeAnalysis;

namespace AirlinePassengers;

/// <summary>The arguments of the command line.</summary>
internal sealed record Arguments(int Seed, int Threads, string OutputFolder, string? JsonFile, string? ModelToLoad)
{
    public const string LoadCommand = "load";

    private const int WrongUsage = 2;

    // The most threads that the trainer allows.
    private const int MostThreads = 1024;

    /// <summary>False if the program has nothing more to do: help was asked for, or the arguments are wrong.</summary>
    public static bool TryParse(string[] args, [NotNullWhen(true)] out Arguments? arguments, out int exitCode)
    {
        Option<int> seed = Number("--seed", "What the network's first weights are drawn with.", least: 0, most: int.MaxValue, byDefault: 1);
        Option<int> threads = Number("--threads", "Threads that train; the result is the same with any number.", least: 1,
            most: MostThreads, byDefault: Environment.ProcessorCount);
        var folder = new Option<string>("--out")
        {
            Description = "The folder for model.zip and forecast.svg.",
            HelpName = "FOLDER",
            DefaultValueFactory = _ => "."
        };
        var json = new Option<string?>("--json") { Description = "A file to write the figures to as well.", HelpName = "FILE" };
        Argument<FileInfo> model = new Argument<FileInfo>("MODEL") { Description = "The model.zip to load." }.AcceptExistingOnly();
        var load = new Command(LoadCommand, "Load a saved model and print its next forecast, as the second process does.") { model };
        var root = new RootCommand(
            "Train an LSTM on monthly airline passengers, compare its forecasts with simple ones, and save it.") { seed, threads, folder,
            json, load };

        // Help and the version are actions too, so one of these is called only if the program is to run.
        bool run = false;
        root.SetAction(_ => run = true);
        load.SetAction(_ => run = true);

        ParseResult parsed = root.Parse(args);
        foreach (ParseError error in parsed.Errors)
            Console.Error.WriteLine(error.Message);
        if (parsed.Errors.Count > 0)
            Console.Error.WriteLine("--help says what there is.");
        exitCode = parsed.Errors.Count > 0 ? WrongUsage : parsed.Invoke();
        arguments = run
            ? new Arguments(parsed.GetValue(seed), parsed.GetValue(threads), parsed.GetValue(folder)!, parsed.GetValue(json),
                parsed.GetValue(model)?.FullName)
            : null;
        return run;
    }

    private static Option<int> Number(string name, string description, int least, int most, int byDefault) => new(name)
    {
        Description = description,
        HelpName = "N",
        DefaultValueFactory = _ => byDefault,
        CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            if (!int.TryParse(text, out int number) || number < least || number > most)
                result.AddError($"{name} must be a whole number from {least} to {most}, not '{text}'.");
            return number;
        },
    };
}

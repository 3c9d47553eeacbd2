using System.CommandLine;
using LstmTool.Data;
using LstmTool.Projects;
using LstmTool.Tasks;

namespace LstmTool.Commands;

/// <summary>The options of the commands that train.</summary>
internal sealed class TrainArguments
{
    private const int MostSeconds = 7 * 24 * 3600;

    private readonly Option<string> _dataset = new("--dataset", "-d")
    {
        Description = "The file to learn from: CSV, TSV, JSON lines or, for labeling, CoNLL columns.",
        HelpName = "FILE",
        Required = true,
    };

    private readonly Option<string?> _label = Text("--label-col", "COLUMN", "The column to predict, by name or by number from 0 on.");
    private readonly Option<string?> _time = Text("--time-col", "COLUMN", "The column of times; found by its values if not given.");
    private readonly Option<string?> _series = Text("--series-col", "COLUMN",
        "The column that tells apart series, or sequences whose steps are rows; found if not given.");

    private readonly Option<string?> _value = Text("--value-col", "COLUMN",
        "The column of values to watch; the first of numbers if not given.");

    private readonly Option<string?> _known = Text("--known-cols", "COLUMNS",
        "Columns that are known ahead, such as prices and holidays, with commas between.");

    private readonly Option<string?> _ignore = Text("--ignore-cols", "COLUMNS", "Columns to leave out, with commas between.");
    private readonly Option<string?> _keep = Text("--keep-cols", "COLUMNS",
        "Columns to learn from though they look like ids of rows, with commas between.");

    private readonly Option<int?> _horizon = Count("--horizon", "How many steps to forecast; 1 if not given.", most: 10_000);
    private readonly Option<int?> _features = Count("--features-per-step",
        "How many columns of numbers make a step of a sequence; found by their names if not given.", most: 65_536);

    private readonly Option<int?> _seconds = Count("--train-time", "Seconds for training; 60 if not given.", MostSeconds);
    private readonly Option<string?> _validation = Text("--validation-dataset", "FILE",
        "A file whose rows settings are chosen by, instead of a part of --dataset.");

    private readonly Option<string?> _test = Text("--test-dataset", "FILE",
        "A file whose rows only the metrics are from, instead of a part of --dataset.");

    private readonly Option<string?> _split = Text("--split-by", "COLUMN",
        "A column of times or numbers to split by: the last fifth of the rows is unseen, and the last fifth of the others validates.");

    private readonly Option<string?> _name = Text("--name", "NAME", "The name of the project and its folder.");
    private readonly Option<string?> _output = new("--output", "-o")
    {
        Description = "The folder to write the project's folder into; this one if not given.",
        HelpName = "FOLDER",
    };

    private readonly Option<string?> _log = Text("--log-file", "FILE", "A file for everything that the trainers say.");
    private readonly Option<string?> _separator = Text("--separator", "CHARACTER",
        "What is between fields: , ; | tab or space; found if not given.");

    private readonly Option<bool?> _header = new("--has-header")
    {
        Description = "Whether the first line names the columns; found if not given.",
    };

    private readonly Option<bool?> _quote = new("--allow-quote")
    {
        Description = "Whether fields in quotes may hold separators; true, but for tabs.",
    };

    private readonly Option<bool?> _comma = new("--decimal-comma")
    {
        Description = "Numbers are written as 20,7; false: as 1,234.5.",
    };

    private readonly Option<int?> _seed = Count("--seed", "The seed of everything drawn; 1 if not given.", int.MaxValue);
    private readonly Option<int?> _threads = Count("--threads", "Threads that train; one a processor if not given.", most: 1024);

    public TrainArguments(Command command, string task)
    {
        bool isForecasting = task == "forecasting", isDetection = task == "anomaly-detection";
        bool hasTimes = isForecasting || isDetection;
        Option?[] options =
        [
            _dataset, _label, hasTimes ? _time : null, _series, isDetection ? _value : null, hasTimes ? _known : null,
            isForecasting ? _horizon : null, hasTimes || task == "labeling" ? null : _features, _seconds,
            hasTimes ? null : _validation, hasTimes ? null : _test, hasTimes || task == "labeling" ? null : _split, _ignore,
            hasTimes || task == "labeling" ? null : _keep, _name, _output, _log, _separator, _header, _quote, _comma, _seed, _threads,
        ];
        foreach (Option option in options.OfType<Option>())
            command.Options.Add(option);
        if (!isDetection)
        {
            // The label is the last column of CoNLL's files.
            _label.Required = task != "labeling";
        }
        _separator.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && SeparatorOf(token.Value) is null)
                result.AddError($"--separator must be one character, tab or space, not '{token.Value}'.");
        });
        _name.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !IsName(token.Value))
                result.AddError($"--name must be letters, digits and underscores, a letter first, not '{token.Value}'.");
            else if (result.Tokens is [var taken] && ConsumptionProject.IsTaken(taken.Value))
                result.AddError($"--name must not be '{taken.Value}': the code of the project has that for something else.");
        });
    }

    public TaskRequest RequestOf(ParseResult parsed)
    {
        string?[] names =
        [
            parsed.GetValue(_label), Given(parsed, _time), parsed.GetValue(_series), Given(parsed, _value), Given(parsed, _split),
        ];
        string[] known = Split(Given(parsed, _known)), keep = Split(Given(parsed, _keep));
        return new TaskRequest(parsed.GetValue(_dataset)!)
        {
            Reading = new ReadOptions
            {
                Separator = parsed.GetValue(_separator) is { } separator ? SeparatorOf(separator) : null,
                HasHeader = parsed.GetValue(_header),
                AllowQuoting = parsed.GetValue(_quote),
                DecimalComma = parsed.GetValue(_comma),
                // A number of a column says nothing of the first line, which may have that number in a field.
                Names = [.. names.OfType<string>().Concat(known).Concat(keep).Where(name => !Dataset.TryParseIndex(name, out _))],
                Ignore = Split(parsed.GetValue(_ignore)),
            },
            Label = names[0],
            Time = names[1],
            Series = names[2],
            Value = names[3],
            SplitBy = names[4],
            Known = known,
            Keep = keep,
            Horizon = Given(parsed, _horizon) ?? 1,
            FeaturesPerStep = Given(parsed, _features),
            TrainTime = TimeSpan.FromSeconds(parsed.GetValue(_seconds) ?? 60),
            ValidationDataset = Given(parsed, _validation),
            TestDataset = Given(parsed, _test),
            Seed = parsed.GetValue(_seed) ?? 1,
            Threads = parsed.GetValue(_threads),
        };
    }

    public string? NameOf(ParseResult parsed) => parsed.GetValue(_name);

    public string OutputOf(ParseResult parsed) => parsed.GetValue(_output) ?? ".";

    public string? LogFileOf(ParseResult parsed) => parsed.GetValue(_log);

    private static T? Given<T>(ParseResult parsed, Option<T?> option)
        => parsed.CommandResult.Command.Options.Contains(option) ? parsed.GetValue(option) : default;

    private static bool IsName(string name) => name.Length is > 0 and <= 100 && char.IsAsciiLetter(name[0])
        && name.All(character => char.IsAsciiLetterOrDigit(character) || character == '_');

    private static char? SeparatorOf(string text) => text switch
    {
        "tab" or "\\t" => '\t',
        "space" => ' ',
        "comma" => ',',
        "semicolon" => ';',
        [var one] when one is not ('"' or '\n' or '\r') => one,
        _ => null,
    };

    private static string[] Split(string? names)
        => names?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [];

    private static Option<string?> Text(string name, string helpName, string description)
        => new(name) { Description = description, HelpName = helpName };

    private static Option<int?> Count(string name, string description, int most)
    {
        var option = new Option<int?>(name) { Description = description, HelpName = "N" };
        option.Validators.Add(result =>
        {
            // The parser reports what is no number.
            if (result.Tokens is [var token] && int.TryParse(token.Value, out int count) && (count < 1 || count > most))
                result.AddError($"{name} must be from 1 to {most}.");
        });
        return option;
    }
}

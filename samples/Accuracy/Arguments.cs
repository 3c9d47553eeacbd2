using System.CommandLine;
using System.CommandLine.Parsing;
using Accuracy.Tasks;
using Microsoft.ML.Lstm;

namespace Accuracy;

/// <summary>What to train on and how often.</summary>
internal sealed class Arguments
{
    private readonly Option<string?> _data = Text("--data", "DIR", "The folder of the data sets; README.md says what is in it.");
    private readonly Option<string[]> _tasks = new("--task")
    {
        Description = "Tasks or families of tasks, with commas between or each by itself, instead of all: "
            + $"{string.Join(',', AccuracyTask.All.Select(task => task.Name))}; families: "
            + $"{string.Join(',', AccuracyTask.All.Select(task => task.Family).OfType<string>().Distinct())}.",
        HelpName = "NAMES"
    };

    private readonly Option<string?> _settings = Text("--setting", "NAMES",
        $"What the trainers are told, with commas between, instead of all: {string.Join(", ", SettingNames)}.");
    private readonly Option<int?> _seeds = Count("--seeds", "Seeds to train with, from 1 on; 3 if not given.");
    private readonly Option<string?> _json = Text("--json", "FILE", "A file to write everything to as well.");
    private readonly Option<int?> _threads = Count("--threads", "Threads that train, instead of one a processor.");
    private readonly Option<CellType?> _cell = new("--cell")
    {
        Description = "The recurrent cell, instead of the LSTM: Gru or Rnn.",
        HelpName = "NAME"
    };

    private readonly Option<bool> _validate = new("--validate")
    {
        Description = "Measure with a part of the training rows, held out, instead of the test set: for choosing settings."
    };

    private readonly Option<bool> _intervals = new("--intervals")
    {
        Description = "Measure intervals of 80 and 90 percent too, which takes a training each, with the first seed."
    };

    private readonly Option<string?> _train = Text("--train", "FILE",
        "A data set of your own to train on, with the trainers' default settings.");

    private readonly Option<string?> _test = Text("--test", "FILE", "What to measure that with.");
    private readonly Option<string?> _format = Text("--format", "NAME", $"The format of both: {string.Join(", ", UnseenTask.Formats)}.");
    private readonly Option<string?> _label = Text("--label", "NAME", "The column of classes of a csv file, instead of the last.");
    private readonly Option<string?> _csv = Text("--csv", "FILE",
        "Series of your own to forecast, with the default settings: a file with a line of names, then a row a time step.");

    private readonly Option<string?> _target = Text("--target", "COLUMNS", "The columns to forecast, with commas between.");
    private readonly Option<string?> _series = Text("--series", "COLUMN",
        "The column of the names of many series, of each of which the last values are measured with, as many as --horizon says.");

    private readonly Option<int?> _horizon = Count("--horizon", "How many steps ahead; 1 if not given.");
    private readonly Option<int?> _season = Count("--season", "The rows of a season; found by the time between rows if not given.");
    private readonly Option<string?> _split = Text("--split", "A,B,C",
        "Rows to train on, to validate on and to measure with; 70, 10 and 20 percent of the file if not given.");

    private readonly Option<string?> _sets = Text("--sets", "FILE",
        "A file with a line of --csv or --train and what goes with it for each of many data sets of your own, files from its folder.");

    private readonly Option<WeightFormat> _weights = new("--weights")
    {
        Description = "The format that weights are rounded to before anything is measured: "
            + $"{string.Join(", ", Enum.GetNames<WeightFormat>())}.",
        HelpName = "NAME",
    };

    public Arguments()
    {
        Root = new RootCommand("Train and measure on data sets with published figures, or on some of your own.") { _data, _tasks,
            _settings, _seeds, _threads, _cell, _weights, _validate, _intervals, _json, _train, _test, _format, _label, _csv, _target,
            _series, _horizon, _season, _split, _sets };
        Root.Validators.Add(Check);
    }

    public RootCommand Root { get; }

    private static IEnumerable<string> SettingNames => Enum.GetNames<Setting>().Select(name => name.ToLowerInvariant());

    /// <summary>An option that is a count.</summary>
    public static Option<int?> Count(string name, string description)
    {
        var option = new Option<int?>(name) { Description = description, HelpName = "N" };
        option.Validators.Add(result =>
        {
            // The parser reports what is no number.
            if (result.Tokens is [var token] && int.TryParse(token.Value, out int count) && count < 1)
                result.AddError($"{name} must be 1 or more.");
        });
        return option;
    }

    /// <summary>What to run.</summary>
    /// <exception cref="FormatException">A file of the user's is not what it should be.</exception>
    public IEnumerable<AccuracyTask> TasksOf(ParseResult parsed)
    {
        string[] chosen = Chosen(parsed.GetValue(_tasks));
        IEnumerable<AccuracyTask> all = parsed.GetValue(_sets) is { } sets ? OwnSets(sets)
            : Own(parsed, "") is { } own ? [own] : AccuracyTask.All;
        return all.Where(task => chosen.Length == 0 || chosen.Contains(task.Name) || chosen.Contains(task.Family));
    }

    public IReadOnlyList<Setting> SettingsOf(ParseResult parsed) => parsed.GetValue(_settings) is { } names
        ? [.. Chosen([names]).Select(name => Enum.Parse<Setting>(name, ignoreCase: true))]
        : Enum.GetValues<Setting>();

    public TaskRun RunOf(ParseResult parsed, Setting setting, int seed)
        => new(parsed.GetValue(_data) ?? "", setting, seed, parsed.GetValue(_threads), parsed.GetValue(_validate))
        {
            Cell = parsed.GetValue(_cell),
            Weights = parsed.GetValue(_weights),
            MeasuresIntervals = parsed.GetValue(_intervals) && seed == 1,
        };

    public int SeedsOf(ParseResult parsed) => parsed.GetValue(_seeds) ?? 3;

    public string? JsonOf(ParseResult parsed) => parsed.GetValue(_json);

    public bool HasManyOwn(ParseResult parsed) => parsed.GetValue(_sets) is not null;

    /// <summary>The tasks of a file of data sets, one after the other.</summary>
    private IEnumerable<AccuracyTask> OwnSets(string path)
    {
        string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        foreach ((int number, string line) in File.ReadLines(path).Index().Where(line => line.Item.Trim() != ""))
        {
            ParseResult parsed = Root.Parse(line);
            if (parsed.Errors.Count > 0)
                throw new FormatException($"{path}({number + 1}): {parsed.Errors[0].Message}");
            yield return Own(parsed, folder) ?? throw new FormatException($"{path}({number + 1}): expected --csv or --train.");
        }
    }

    /// <summary>The data set of the user; null if there is none.</summary>
    private AccuracyTask? Own(ParseResult parsed, string folder)
    {
        string PathOf(Option<string?> option) => Path.Combine(folder, parsed.GetValue(option)!);
        return parsed.GetValue(_csv) is not null
            ? new UnseenForecast(PathOf(_csv), Chosen([parsed.GetValue(_target)!]), parsed.GetValue(_series),
                parsed.GetValue(_horizon) ?? 1, parsed.GetValue(_season), parsed.GetValue(_split)).ToTask()
            : parsed.GetValue(_train) is not null
            ? UnseenTask.Create(PathOf(_train), PathOf(_test), parsed.GetValue(_format)!, parsed.GetValue(_label))
            : null;
    }

    private void Check(CommandResult result)
    {
        foreach (string unknown in Chosen([result.GetValue(_settings) ?? ""]).Where(name => name != "" && !SettingNames.Contains(name)))
            result.AddError($"--setting: there is none called '{unknown}'; there are {string.Join(", ", SettingNames)}.");
        if (result.GetValue(_sets) is not null)
            return;
        if (result.GetValue(_csv) is not null)
        {
            if (result.GetValue(_target) is null)
                result.AddError("Give --target with --csv.");
            if (result.GetValue(_series) is not null && Chosen([result.GetValue(_target) ?? ""]).Length != 1)
                result.AddError("With --series there can be only one column in --target.");
            if (result.GetValue(_split) is { } parts && RowSplit.Parse(parts) is null)
                result.AddError($"--split must be three numbers of rows, 1 or more, with commas between, not '{parts}'.");
            return;
        }
        string?[] own = [result.GetValue(_train), result.GetValue(_test), result.GetValue(_format)];
        if (own.Any(value => value is not null) ? own.Contains(null) : result.GetValue(_data) is null)
            result.AddError("Give --data, or --csv, or all of --train, --test and --format, or --sets.");
        if (result.GetValue(_format) is { } name && !UnseenTask.Formats.Contains(name))
            result.AddError($"--format must be one of {string.Join(", ", UnseenTask.Formats)}, not '{name}'.");
        foreach (string unknown in Chosen(result.GetValue(_tasks))
            .Where(name => !AccuracyTask.All.Any(task => task.Name == name || task.Family == name)))
            result.AddError($"--task: there is none called '{unknown}'; there are "
                + $"{string.Join(", ", AccuracyTask.All.Select(task => task.Name))}.");
    }

    private static Option<string?> Text(string name, string helpName, string description)
        => new(name) { Description = description, HelpName = helpName };

    private static string[] Chosen(string[]? names)
        => [.. (names ?? []).SelectMany(some => some.Split(',', StringSplitOptions.TrimEntries))];
}

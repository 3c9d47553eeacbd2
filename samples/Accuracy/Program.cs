using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
using Accuracy;
using Accuracy.Tasks;

var data = new Option<string?>("--data") { Description = "The folder of the data sets; README.md says what is in it.", HelpName = "DIR" };
var tasks = new Option<string[]>(
    "--task")
{
    Description =
    $"The tasks, with commas between or each by itself, instead of all: {string.Join(',', AccuracyTask.All.Select(task => task.Name))}.",
    HelpName = "NAMES"
};
var seeds = new Option<int?>("--seeds") { Description = "Seeds to train with, from 1 on; 3 if not given.", HelpName = "N" };
var json = new Option<string?>("--json") { Description = "A file to write everything to as well.", HelpName = "FILE" };
var threads = new Option<int?>("--threads") { Description = "Threads that train, instead of one a processor.", HelpName = "N" };
var validate = new Option<bool>(
    "--validate")
{ Description = "Measure with a sixth of the training rows, held out, instead of the test set." };
var train = new Option<string?>("--train")
{
    Description = "A data set of your own to train on, with the trainers' default settings.",
    HelpName = "FILE"
};
var test = new Option<string?>("--test") { Description = "What to measure that with.", HelpName = "FILE" };
var format = new Option<string?>("--format")
{
    Description = $"The format of both: {string.Join(", ", UnseenTask.Formats)}.",
    HelpName = "NAME"
};
var label = new Option<string?>("--label") { Description = "The column of classes of a csv file, instead of the last.", HelpName = "NAME" };
var csv = new Option<string?>(
    "--csv")
{
    Description =
    $"With --task {UnseenForecast.Name}: a file with a line of names, then a row a time step, to forecast with the default settings.",
    HelpName = "FILE"
};
var target = new Option<string?>("--target") { Description = "The columns to forecast, with commas between.", HelpName = "COLUMNS" };
var horizon = new Option<int?>("--horizon") { Description = "How many steps ahead; 1 if not given.", HelpName = "N" };
var split = new Option<string?>(
    "--split")
{
    Description = "Rows to train on, to validate on and to measure with; 70, 10 and 20 percent of the file if not given.",
    HelpName = "A,B,C"
};
RequireOneOrMore(seeds);
RequireOneOrMore(threads);
RequireOneOrMore(horizon);
var root = new RootCommand("Train and measure on data sets with published figures, or on one of your own.") { data, tasks, seeds, threads,
    validate, json, train, test, format, label, csv, target, horizon, split };
root.Validators.Add(result =>
{
    if (result.GetValue(csv) is not null || result.GetValue(tasks) is [UnseenForecast.Name])
    {
        if (result.GetValue(csv) is null || result.GetValue(target) is null || result.GetValue(tasks) is not [UnseenForecast.Name])
            result.AddError($"Give all of --task {UnseenForecast.Name}, --csv and --target.");
        if (result.GetValue(split) is { } parts && RowSplit.Parse(parts) is null)
            result.AddError($"--split must be three numbers of rows, 1 or more, with commas between, not '{parts}'.");
        return;
    }
    string?[] own = [result.GetValue(train), result.GetValue(test), result.GetValue(format)];
    if (own.Any(value => value is not null) ? own.Contains(null) : result.GetValue(data) is null)
        result.AddError("Give --data, or all of --train, --test and --format.");
    if (result.GetValue(format) is { } name && !UnseenTask.Formats.Contains(name))
        result.AddError($"--format must be one of {string.Join(", ", UnseenTask.Formats)}, not '{name}'.");
    foreach (string unknown in Chosen(result.GetValue(tasks)).Where(task => AccuracyTask.All.All(known => known.Name != task)))
        result.AddError($"--task: there is none called '{unknown}'; there are "
            + $"{string.Join(", ", AccuracyTask.All.Select(task => task.Name))}.");
});
root.SetAction(parsed => Run(
    parsed.GetValue(csv) is { } csvFile
        ? [UnseenForecast.Create(csvFile, Chosen([parsed.GetValue(target)!]), parsed.GetValue(horizon) ?? 1, parsed.GetValue(split))]
    : parsed.GetValue(train) is { } trainFile
        ? [UnseenTask.Create(trainFile, parsed.GetValue(test)!, parsed.GetValue(format)!, parsed.GetValue(label))]
        : [.. AccuracyTask.All.Where(task =>
            Chosen(parsed.GetValue(tasks)) is var chosen && (chosen.Length == 0 || chosen.Contains(task.Name)))],
    seed => new TaskRun(parsed.GetValue(data) ?? "", seed, parsed.GetValue(threads), parsed.GetValue(validate)),
        parsed.GetValue(seeds) ?? 3, parsed.GetValue(json)));
var rows = new Option<int?>("--rows")
{
    Description = "Texts to make up and train on.",
    HelpName = "N",
    DefaultValueFactory = _ => 200_000
};
var megabytes = new Option<int?>("--megabytes")
{
    Description = "The buffer that they go through.",
    HelpName = "N",
    DefaultValueFactory = _ => 64
};
RequireOneOrMore(rows);
RequireOneOrMore(megabytes);
var streaming = new Command("streaming", "Train on texts that are read anew each epoch, and tell how much memory that takes.") { rows,
    megabytes, threads };
streaming.SetAction(parsed => StreamedTexts.Run(parsed.GetValue(rows)!.Value, parsed.GetValue(megabytes)!.Value, parsed.GetValue(threads)));
root.Subcommands.Add(streaming);
return root.Parse(args).Invoke();

static void RequireOneOrMore(Option<int?> option) => option.Validators.Add(result =>
{
    // The parser reports what is no number.
    if (result.Tokens is [var token] && int.TryParse(token.Value, out int count) && count < 1)
        result.AddError($"{option.Name} must be 1 or more.");
});

static string[] Chosen(string[]? names) => [.. (names ?? []).SelectMany(some => some.Split(',', StringSplitOptions.TrimEntries))];

static int Run(IEnumerable<AccuracyTask> tasks, Func<int, TaskRun> runOf, int seeds, string? json)
{
    var results = new List<Result>();
    int failures = 0;
    foreach (AccuracyTask task in tasks)
    {
        Console.WriteLine($"{task.Name}: {task.Settings}");
        try
        {
            Result result = Result.Of(task, runOf, seeds, (seed, measured, seconds) =>
                Console.WriteLine($"  seed {seed}: {measured.Figure:G4} in {seconds:0} "
                    + $"s{(measured.Note == "" ? "" : $" ({measured.Note})")}"));
            results.Add(result);
            string bar = double.IsNaN(result.Aim) ? "" : $"; to be reached {result.Aim:G4}, {result.BaselineMethod} {result.Baseline:G4}";
            Console.WriteLine($"  {result.Metric} {result.Mean:G4} (mean of {seeds}){bar}");
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            Console.WriteLine($"  skipped: {error.Message}");
        }
        catch (FormatException error)
        {
            Console.WriteLine($"  failed: {error.Message}");
            failures++;
        }
    }
    if (json is not null)
        File.WriteAllText(json,
            JsonSerializer.Serialize(results,
            new JsonSerializerOptions { WriteIndented = true, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals }));
    return failures == 0 ? 0 : 1;
}

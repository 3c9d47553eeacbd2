using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
using Accuracy;
using Accuracy.Tasks;

var arguments = new Arguments();
arguments.Root.SetAction(parsed => Run(arguments, parsed));
Option<int?> rows = Arguments.Count("--rows", "Texts to make up and train on."),
    megabytes = Arguments.Count("--megabytes", "The buffer that they go through."),
    threads = Arguments.Count("--threads", "Threads that train, instead of one a processor.");
(rows.DefaultValueFactory, megabytes.DefaultValueFactory) = (_ => 200_000, _ => 64);
var streaming = new Command("streaming", "Train on texts that are read anew each epoch, and tell how much memory that takes.") { rows,
    megabytes, threads };
streaming.SetAction(parsed => StreamedTexts.Run(parsed.GetValue(rows)!.Value, parsed.GetValue(megabytes)!.Value, parsed.GetValue(threads)));
arguments.Root.Subcommands.Add(streaming);
return arguments.Root.Parse(args).Invoke();

static int Run(Arguments arguments, ParseResult parsed)
{
    var results = new List<Result>();
    int failures = 0;
    foreach (AccuracyTask task in arguments.TasksOf(parsed))
    {
        Console.WriteLine(task.Name);
        try
        {
            Bar[] bars = [.. task.MeasureBars(arguments.RunOf(parsed, Setting.Untouched, seed: 1))];
            foreach (Setting setting in arguments.SettingsOf(parsed).Intersect(task.Settings))
            {
                Console.WriteLine($" {setting.ToString().ToLowerInvariant()}{(setting == Setting.Tuned ? $": {task.Tuned}" : "")}");
                Result result = Result.Of(task, setting, seed => arguments.RunOf(parsed, setting, seed), arguments.SeedsOf(parsed), bars,
                    (seed, measured, seconds) =>
                    {
                        if (seed == 1 && measured.Choices != "")
                            Console.WriteLine($"  chosen: {measured.Choices}");
                        string note = Result.Note(measured) is { Length: > 0 } remarks ? $" ({remarks})" : "";
                        Console.WriteLine($"  seed {seed}: {measured.Figure:G4} in {seconds:0.0} s of a processor{note}");
                    });
                results.Add(result);
                Console.WriteLine(Report.Line(result));
            }
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            Console.WriteLine($"  skipped: {error.Message}");
        }
        catch (Exception error) when (error is FormatException || arguments.HasManyOwn(parsed))
        {
            Console.WriteLine($"  failed: {error.Message}");
            failures++;
        }
    }
    if (results.Count > 1)
    {
        Console.WriteLine();
        foreach (string line in arguments.HasManyOwn(parsed) ? Report.Shares(results) : Report.Table(results))
            Console.WriteLine(line);
    }
    if (arguments.JsonOf(parsed) is { } json)
        File.WriteAllText(json,
            JsonSerializer.Serialize(results,
            new JsonSerializerOptions { WriteIndented = true, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals }));
    return failures == 0 ? 0 : 1;
}

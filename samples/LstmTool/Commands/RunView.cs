using System.Globalization;
using LstmTool.Data;
using LstmTool.Search;
using LstmTool.Tasks;
using Microsoft.ML.Lstm;
using Spectre.Console;

namespace LstmTool.Commands;

/// <summary>What a run says: tables and progress on a terminal, lines without colours anywhere else.</summary>
internal sealed class RunView
{
    private readonly LearningTask _task;
    private readonly LogFile? _log;
    private readonly Communicator? _ranks;
    private readonly IAnsiConsole _console;

    public RunView(LearningTask task, LogFile? log, Communicator? ranks)
    {
        (_task, _log, _ranks) = (task, log, ranks);
        // What mpirun gives a rank is a terminal, whatever becomes of what is written there.
        bool isTerminal = !Console.IsOutputRedirected && ranks is null;
        _console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = isTerminal ? AnsiSupport.Detect : AnsiSupport.No,
            Interactive = isTerminal ? InteractionSupport.Detect : InteractionSupport.No,
            Out = new AnsiConsoleOutput(Console.Out),
        });
        // What is no terminal has no width, and a line is a line.
        if (!isTerminal)
            _console.Profile.Width = 1000;
        task.Context.Log += (_, entry) => _log?.Write($"{entry.Kind}: {entry.Message}");
    }

    private TableBorder Border => _console.Profile.Capabilities.Interactive ? TableBorder.Rounded : TableBorder.None;

    public void ShowData()
    {
        DatasetFacts facts = _task.Facts;
        Say($"{_task.Name}: {facts.Path}, {facts.Format}, {Count(facts.Rows, "row")}");
        var table = new Spectre.Console.Table { Border = Border };
        foreach (string head in (string[])["column", "kind", "read as", "missing", "first value"])
            table.AddColumn(head);
        const int most = 30;
        foreach (ColumnFacts column in facts.Columns.Take(most))
            table.AddRow([.. new[]
            {
                column.Name, KindOf(column.Kind), column.Role,
                column.Missing == 0 ? "" : column.Missing.ToString(CultureInfo.InvariantCulture), column.Example,
            }.Select(Markup.Escape)]);
        _console.Write(table);
        if (facts.Columns.Count > most)
            Say($"... and {facts.Columns.Count - most} more columns");
        Say("Inferred:");
        foreach (Inference inference in facts.Inferred)
            Say($"  {inference.What}{(inference.Override == "" ? "" : $" ({inference.Override})")}");
        string known = _task.Folds.Count == 0
            ? $"{facts.Parts.Train} to train on, {facts.Parts.Validation} to choose settings by"
            : $"{facts.Parts.Train + facts.Parts.Validation} to train on and to choose settings by, each third in turn";
        Say($"  rows: {known}, {facts.Parts.Unseen} unseen until the end; {facts.Parts.How}");
    }

    /// <summary>Trains with a running table.</summary>
    public TrainedTask Train(string name, TimeSpan spent, CancellationToken interrupted)
    {
        double seconds = _task.Request.TrainTime.TotalSeconds;
        Say(string.Create(CultureInfo.InvariantCulture,
            $"Training for up to {seconds} s")
            + (_ranks is null ? "; Ctrl-C ends it and keeps the best model so far." : $", the search on {_ranks.Size} ranks."));
        if (!_console.Profile.Capabilities.Interactive)
            return new TaskRun(_task, name) { TrialEnded = trial => Say($"  {Line(trial)}"), Ranks = _ranks }.Run(spent, interrupted)!;
        var table = new Spectre.Console.Table { Border = TableBorder.Rounded };
        table.AddColumns("settings", "validation", "seconds");
        return _console.Live(table).Start(live =>
        {
            string now = "";
            var clock = System.Diagnostics.Stopwatch.StartNew();
            return new TaskRun(_task, name)
            {
                TrialBegins = what =>
                {
                    now = what;
                    Progress("");
                },
                TrialEnded = trial =>
                {
                    _log?.Write(Line(trial));
                    table.AddRow(Markup.Escape(trial.Name), Markup.Escape(trial.Shown),
                        trial.Seconds.ToString("0.0", CultureInfo.InvariantCulture));
                    live.Refresh();
                },
                EpochCompleted = epoch => Progress($", epoch {epoch.Epoch}"
                    + (epoch.NumberOfMembers > 1 ? $" of network {epoch.Member} of {epoch.NumberOfMembers}" : "")),
            }.Run(spent, interrupted)!;

            void Progress(string epoch)
            {
                double share = Math.Min(1, (spent + clock.Elapsed).TotalSeconds / seconds);
                int full = (int)(20 * share);
                table.Caption(Markup.Escape(string.Create(CultureInfo.InvariantCulture,
                    $"{new string('█', full)}{new string('░', 20 - full)} {100 * share:0} % of the time: {now}{epoch}")));
                live.Refresh();
            }
        });
    }

    public void ShowResults(TrainedTask trained)
    {
        foreach (string warning in trained.Warnings)
            Console.Error.WriteLine($"Warning: {warning}");
        Comparison comparison = trained.Comparison;
        Say("");
        Say($"On the {Count(trained.Dataset.Parts.Unseen, "row")} that nothing was trained on or chosen by:");
        var table = new Spectre.Console.Table { Border = Border };
        table.AddColumn("");
        foreach (Metric metric in comparison.Metrics)
            table.AddColumn(new Spectre.Console.TableColumn(Markup.Escape(metric.Name)).RightAligned());
        foreach (Contender contender in comparison.Contenders)
            table.AddRow([Markup.Escape(contender.Name), .. contender.Figures.Select(figure =>
                double.IsNaN(figure) ? "" : figure.ToString("G4", CultureInfo.InvariantCulture))]);
        _console.Write(table);
        Say(comparison.Verdict);
        foreach (string note in trained.Notes)
            Say(note);
        Say(trained.SavedModel);
    }

    public void ShowFiles(string folder, TrainedTask trained)
    {
        string seconds = trained.Elapsed.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture);
        Say($"Written to {folder} after {seconds} s; see what it predicts with");
        Say($"  dotnet run --project {folder}");
        if (Path.Combine(folder, Reports.ReportPage.FileName) is var report && File.Exists(report))
            Say($"and how good it is in {report}");
    }

    private void Say(string line)
    {
        _log?.Write(line);
        _console.WriteLine(line);
    }

    private static string Line(Trial trial) => string.Create(CultureInfo.InvariantCulture,
        $"{trial.Name}: {trial.Shown} in {trial.Seconds:0.0} s{(trial.WasStopped ? ", stopped" : "")}");

    private static string KindOf(ColumnKind kind) => kind switch
    {
        ColumnKind.Numbers => "list of numbers",
        ColumnKind.Texts => "list of texts",
        _ => kind.ToString().ToLowerInvariant(),
    };

    private static string Count(int count, string what)
        => string.Create(CultureInfo.InvariantCulture, $"{count:#,0} {what}{(count == 1 ? "" : "s")}");
}

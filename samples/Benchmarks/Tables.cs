using System.Globalization;
using System.Text;

namespace Benchmarks;

/// <summary>The figures of a run as the tables of docs/performance.md, in Markdown.</summary>
/// <param name="report">The figures.</param>
/// <param name="command">The arguments that make them.</param>
internal sealed class Tables(Report report, string command)
{
    private const string Begin = "<!-- tables -->";
    private const string End = "<!-- end of tables -->";

    /// <summary>Replaces what a page has between its marks, or writes a page of the tables alone where there is none.</summary>
    public void Write(string path)
    {
        string page = File.Exists(path) ? File.ReadAllText(path) : $"{Begin}\n{End}\n";
        int begin = page.IndexOf(Begin, StringComparison.Ordinal), end = page.IndexOf(End, StringComparison.Ordinal);
        if (begin < 0 || end < begin)
            throw new InvalidOperationException($"'{path}' has no place for tables between '{Begin}' and '{End}'.");
        File.WriteAllText(path, $"{page[..begin]}{Begin}\n{Text()}\n{page[end..]}");
    }

    private string Text()
    {
        var text = new StringBuilder();
        string peaks = string.Join(", ", report.Peaks.Select(peak => $"{peak.Gigaflops:0} ({peak.Kernels}, {Threads(peak.Threads)})"));
        text.Append(CultureInfo.InvariantCulture, $"""
            One run on {report.Date:yyyy-MM-dd} of

            ```sh
            dotnet run -c Release --project samples/Benchmarks -- {command}
            ```

            {report.Processor}, {report.Processors} processors, {report.System}; {string.Join("; ", [report.Runtime, .. report.Peers])}.
            {report.Load[0]} programs wanted to run at its start, {report.Load[1]} at its end; times are
            {(report.Clock == Clock.Processor ? "the processor's" : "those that passed")}.
            A loop of nothing but multiply-adds reaches, in GFLOP/s: {peaks}.

            """);
        foreach (IGrouping<(int, Work), Figure> figures in report.Figures.GroupBy(figure => (figure.Threads, figure.Work)))
            AddFigures(text, figures.Key.Item1, figures.Key.Item2, [.. figures]);
        AddTable(text, ["parts of a training step, ms", .. PartNames],
            report.Parts.Select(parts => (string[])[$"{parts.Shape}, {Threads(parts.Threads)}",
                .. PartNames.Select(name => parts.Milliseconds.TryGetValue(name, out double ms) ? Number(ms, "0.00") : "")]));
        AddTable(text, ["training L", "peak memory, MB"],
            report.Processes.Select(process => (string[])[process.Name, Number(process.PeakTrainingBytes / (1 << 20), "0")]));
        AddTable(text, ["start to first prediction, M", "ms", "ms of the processors"],
            report.Starts.Select(start => (string[])[start.Name, Number(start.FirstPrediction, "0"),
                start.Processor is { } processor ? Number(processor, "0") : ""]));
        return text.ToString().TrimEnd();
    }

    private string[] PartNames => [.. report.Parts.SelectMany(parts => parts.Milliseconds.Keys).Distinct()];

    private static void AddFigures(StringBuilder text, int threads, Work work, Figure[] figures)
    {
        string[] peers = [.. figures.SelectMany(figure => figure.Peers).Select(peer => peer.Result.Name).Distinct()];
        string name = work == Work.Training ? "training step" : "inference";
        // A single thread by the processor's time has no distance between processors.
        bool hasDistance = threads > 1;
        AddTable(text,
            [$"{name}, {Threads(threads)}", "this library", "best", "of peak", "ms", .. peers,
                .. hasDistance ? ["cores, ns"] : (ReadOnlySpan<string>)[]],
            figures.Select(figure => (string[])
            [
                figure.Shape, Number(figure.Ours.Gigaflops, "0"), Number(figure.Ours.BestGigaflops, "0"),
                figure.ShareOfPeak.ToString("0%", CultureInfo.InvariantCulture), Number(figure.Ours.Milliseconds, "0.000"),
                .. peers.Select(peer => figure.Peers.FirstOrDefault(found => found.Result.Name == peer) is { } found
                    ? $"{Number(found.Result.Gigaflops, "0")} ({Number(found.Ratio, "0.00")})"
                    : ""),
                .. hasDistance
                    ? [string.Join('-', figure.CoreDistance.Order().Select(distance => Number(distance, "0")))]
                    : (ReadOnlySpan<string>)[],
            ]));
        foreach (Figure figure in figures.Where(figure => figure.Ours.WordsPerSecond is not null))
        {
            IEnumerable<Result> all = figure.Peers.Select(peer => peer.Result).Prepend(figure.Ours);
            string words = string.Join(", ", all.Select(result => $"{result.Name} {result.WordsPerSecond:0}"));
            text.Append(CultureInfo.InvariantCulture, $"\n{figure.Shape} in words a second: {words}.\n");
        }
    }

    private static void AddTable(StringBuilder text, string[] header, IEnumerable<string[]> rows)
    {
        string[][] all = [.. rows];
        if (all.Length == 0)
            return;
        text.Append('\n');
        foreach (string[] row in (string[][])[header, [.. header.Select(_ => "--")], .. all])
            text.Append(CultureInfo.InvariantCulture, $"| {string.Join(" | ", row)} |\n");
    }

    private static string Threads(int count) => count == 1 ? "1 thread" : $"{count} threads";

    private static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}

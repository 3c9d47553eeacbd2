using Accuracy.Tasks;

namespace Accuracy;

/// <summary>The figures of one task with one setting, one for each seed, beside those of other methods.</summary>
internal sealed record Result(string Task, Setting Setting, Metric Metric, string? Settings, double Aim, IReadOnlyList<Bar> Bars,
    IReadOnlyList<Bar> Published, double[] Figures, double[] Seconds, string[] Notes)
{
    // What any forecaster or classifier is asked to be better than, without a model that is fitted.
    private static readonly string[] Simple = ["naive", "seasonal naive", "drift", "1-NN Euclidean", "1-NN DTW"];

    // So that a method without any error can be compared with.
    private const double LeastErrors = 0.5;

    public double Mean => Figures.Average();

    /// <summary>Whether <see cref="Aim"/> is reached; null where there is none.</summary>
    public bool? IsReached => double.IsNaN(Aim) ? null : Metric.IsReached(Mean, Aim);

    /// <summary>
    /// The error as a share of that of the best simple method: an error itself, or what an accuracy lacks of 100.5 percent. NaN if there is
    /// none to compare with.
    /// </summary>
    public double RelativeError
    {
        get
        {
            double best = Best(Metric, Bars)?.Figure ?? double.NaN;
            return Metric.HigherIsBetter ? (100 + LeastErrors - Mean) / (100 + LeastErrors - best) : Mean / best;
        }
    }

    /// <summary>By how many standard errors the best simple method is better, with the last seed; NaN if that is not known.</summary>
    public double StandardErrorsBehind { get; init; } = double.NaN;

    /// <summary>Remarks on a run, and how long training went on.</summary>
    public static string Note(Measurement measured)
        => string.Join("; ", ((string[])[measured.Note, measured.Course]).Where(text => text != ""));

    /// <summary>Runs a task with seeds 1 to <paramref name="seeds"/>.</summary>
    /// <param name="task">The task.</param>
    /// <param name="setting">The setting.</param>
    /// <param name="runOf">A run, by its seed.</param>
    /// <param name="seeds">How many seeds.</param>
    /// <param name="bars">Figures of simple methods.</param>
    /// <param name="report">Is told of each seed.</param>
    public static Result Of(AccuracyTask task, Setting setting, Func<int, TaskRun> runOf, int seeds, IReadOnlyList<Bar> bars,
        Action<int, Measurement, double> report)
    {
        double[] figures = new double[seeds], seconds = new double[seeds];
        string[] notes = new string[seeds];
        IReadOnlyList<Bar> byTheWay = [];
        Func<Bar, double>? standardErrors = null;
        for (int seed = 1; seed <= seeds; seed++)
        {
            // What a busy machine does beside is not counted.
            TimeSpan began = Environment.CpuUsage.TotalTime;
            Measurement measured = task.Run(runOf(seed));
            (figures[seed - 1], notes[seed - 1]) = (measured.Figure, Note(measured));
            seconds[seed - 1] = (Environment.CpuUsage.TotalTime - began).TotalSeconds;
            (byTheWay, standardErrors) = (measured.Bars, measured.StandardErrorsBehind);
            report(seed, measured, seconds[seed - 1]);
        }
        bars = [.. byTheWay, .. bars];
        return new Result(task.Name, setting, task.Metric, setting == Setting.Tuned ? task.Tuned : null, task.AimOf(setting, bars), bars,
            task.Published, figures, seconds, notes)
        {
            StandardErrorsBehind = Best(task.Metric, bars) is { } best && standardErrors is not null ? standardErrors(best) : double.NaN,
        };
    }

    private static Bar? Best(Metric metric, IEnumerable<Bar> bars)
    {
        Bar[] simple = [.. bars.Where(bar => Simple.Contains(bar.Method) && double.IsFinite(bar.Figure))];
        return metric.HigherIsBetter ? simple.MaxBy(bar => bar.Figure) : simple.MinBy(bar => bar.Figure);
    }
}

using Accuracy.Tasks;

namespace Accuracy;

/// <summary>The figures of one task, one for each seed.</summary>
internal sealed record Result(string Task, string Metric, double Baseline, string BaselineMethod, double Aim, string Settings,
    double[] Figures, double[] Seconds, string[] Notes)
{
    public double Mean => Figures.Average();

    /// <summary>Runs a task with seeds 1 to <paramref name="seeds"/>.</summary>
    public static Result Of(AccuracyTask task, Func<int, TaskRun> runOf, int seeds, Action<int, Measurement, double> report)
    {
        double[] figures = new double[seeds], seconds = new double[seeds];
        string[] notes = new string[seeds];
        for (int seed = 1; seed <= seeds; seed++)
        {
            var clock = System.Diagnostics.Stopwatch.StartNew();
            Measurement measured = task.Run(runOf(seed));
            (figures[seed - 1], notes[seed - 1], seconds[seed - 1]) = (measured.Figure, measured.Note, clock.Elapsed.TotalSeconds);
            report(seed, measured, seconds[seed - 1]);
        }
        return new Result(task.Name, task.Metric, task.Baseline.Figure, task.Baseline.Method, task.Aim, task.Settings, figures, seconds,
            notes);
    }
}

using Accuracy.Data;

namespace Accuracy.Tasks;

/// <summary>Sets of the Monash forecasting archive, many series each.</summary>
internal static class PanelTasks
{
    public static IReadOnlyList<AccuracyTask> All { get; } =
    [
        Task("hospital", "hospital.tsf", horizon: 12, season: 12, new(Untouched: 0.80, Best: 0.765)),
        Task("tourism", "tourism_monthly.tsf", horizon: 24, season: 12, new(Untouched: 1.56, Best: 1.47)),
        Task("electricity", "electricity_weekly.tsf", horizon: 8, season: 52, new(Untouched: 0.88, Best: 0.84)),
    ];

    private static AccuracyTask Task(string name, string fileName, int horizon, int season, Aims aims)
        => new(name, PanelProblem.Metric,
            run => new PanelProblem(TsfFile.Read(run.PathOf("monash", fileName)), horizon, season).Measure(run))
        {
            Family = "panels",
            Aims = aims,
        };
}

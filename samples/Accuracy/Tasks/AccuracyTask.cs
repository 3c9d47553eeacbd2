namespace Accuracy.Tasks;

/// <summary>A data set with figures to compare with.</summary>
/// <param name="Name">Its name on the command line.</param>
/// <param name="Metric">What is measured.</param>
/// <param name="Run">Trains and measures once.</param>
internal sealed record AccuracyTask(string Name, Metric Metric, Func<TaskRun, Measurement> Run)
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<AccuracyTask> All { get; } =
    [
        .. SeriesTasks.All, .. TextTasks.All, .. TaggingTasks.All, .. ForecastTasks.All, AirlineTask.Task, .. WindowTasks.All,
        .. PanelTasks.All, .. AnomalyTasks.All,
    ];

    /// <summary>A name for several tasks on the command line.</summary>
    public string? Family { get; init; }

    /// <summary>The settings of <see cref="Setting.Tuned"/> in words; null where there are none.</summary>
    public string? Tuned { get; init; }

    /// <summary>The settings that there are.</summary>
    public IEnumerable<Setting> Settings => Enum.GetValues<Setting>().Where(setting => setting != Setting.Tuned || Tuned is not null);

    /// <summary>The figure to reach with each setting.</summary>
    public Aims Aims { get; init; } = new();

    /// <summary>The figure to reach where it depends on those of simple methods.</summary>
    public Func<Setting, IReadOnlyList<Bar>, double>? AimFromBars { get; init; }

    /// <summary>Figures that others published, with what they are from.</summary>
    public IReadOnlyList<Bar> Published { get; init; } = [];

    /// <summary>Measures simple methods, for as much as a run does not do that by the way.</summary>
    public Func<TaskRun, IEnumerable<Bar>> MeasureBars { get; init; } = _ => [];

    public double AimOf(Setting setting, IReadOnlyList<Bar> bars)
        => AimFromBars is not null ? AimFromBars(setting, bars) : Aims.Of(setting);
}

/// <summary>The figures to reach with each setting; NaN for none.</summary>
internal sealed record Aims(double Untouched = double.NaN, double Best = double.NaN, double Tuned = double.NaN)
{
    public double Of(Setting setting) => setting switch
    {
        Setting.Untouched => Untouched,
        Setting.Best => Best,
        _ => Tuned,
    };
}

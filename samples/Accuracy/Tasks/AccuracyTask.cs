namespace Accuracy.Tasks;

/// <summary>A data set with a published figure to compare with.</summary>
/// <param name="Name">Its name on the command line.</param>
/// <param name="Metric">The metric: an accuracy in percent, the higher the better, or an error, the lower the better.</param>
/// <param name="Baseline">The result of a simple method, and the method.</param>
/// <param name="Aim">The result to reach.</param>
/// <param name="Settings">A description of the training.</param>
/// <param name="Run">Trains and measures once.</param>
internal sealed record AccuracyTask(string Name, string Metric, (double Figure, string Method) Baseline, double Aim, string Settings,
    Func<TaskRun, Measurement> Run)
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<AccuracyTask> All { get; } =
    [
        SeriesTasks.JapaneseVowels, SeriesTasks.SyntheticControl, SeriesTasks.Mnist,
        TextTasks.Trec, TextTasks.Sms, TextTasks.Names,
        TaggingTasks.PartsOfSpeech, TaggingTasks.Chunks,
        ForecastTasks.OilTemperature, ForecastTasks.Transformer, ForecastTasks.Temperatures, ForecastTasks.Sunspots, AirlineTask.Task,
        AnomalyTasks.MachineTemperature, AnomalyTasks.Taxi,
    ];
}

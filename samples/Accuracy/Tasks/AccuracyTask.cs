namespace Accuracy.Tasks;

/// <summary>A data set with a published figure to compare with.</summary>
/// <param name="Name">What the command line calls it.</param>
/// <param name="Metric">What is measured: accuracies in percent, the more the better, or errors, the less the better.</param>
/// <param name="Baseline">A figure of a simple method, and which.</param>
/// <param name="Aim">What is to be reached.</param>
/// <param name="Settings">How it is trained, in words.</param>
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

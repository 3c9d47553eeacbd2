using LstmTool.Data;
using LstmTool.Search;
using Microsoft.ML;
using Microsoft.ML.Lstm;

namespace LstmTool.Tasks;

/// <summary>What a run of the tool has made: all that its messages, its report and its project say.</summary>
/// <param name="Context">Where everything was made.</param>
/// <param name="Task">The task's name on the command line.</param>
/// <param name="Name">The name of the project.</param>
/// <param name="Dataset">What is known of the data.</param>
/// <param name="Columns">The columns that the model reads and adds.</param>
internal sealed record TrainedTask(MLContext Context, string Task, string Name, DatasetFacts Dataset, TaskColumns Columns)
{
    /// <summary>The seed of everything drawn.</summary>
    public required int Seed { get; init; }

    /// <summary>The settings that were tried, in their order.</summary>
    public required IReadOnlyList<Trial> Trials { get; init; }

    /// <summary>The chosen settings.</summary>
    public required Settings Chosen { get; init; }

    /// <summary>The pipeline that is saved, trained on all rows if the time allowed it.</summary>
    public required ITransformer Model { get; init; }

    /// <summary>
    /// What <see cref="Model"/> is, as the comparison names it. Of a training that may put a baseline in the network's place it need not be
    /// what was chosen and measured.
    /// </summary>
    public required string Saved { get; init; }

    /// <summary>What <see cref="Model"/> was trained on, in words.</summary>
    public required string TrainedOn { get; init; }

    /// <summary>The pipeline that did not see <see cref="Unseen"/>, by which the metrics are.</summary>
    public required ITransformer MeasuredModel { get; init; }

    /// <summary>The rows that <see cref="MeasuredModel"/> was trained on.</summary>
    public required IDataView Seen { get; init; }

    /// <summary>The rows that nothing was chosen by.</summary>
    public required IDataView Unseen { get; init; }

    /// <summary><see cref="Unseen"/> with the columns that <see cref="MeasuredModel"/> adds.</summary>
    public required IDataView Scored { get; init; }

    /// <summary>The metrics on <see cref="Unseen"/>, of the network and of baselines.</summary>
    public required Comparison Comparison { get; init; }

    /// <summary>How <see cref="MeasuredModel"/> was trained: curves and choices.</summary>
    public TrainingReport? Report { get; init; }

    /// <summary>How <see cref="Model"/> was trained.</summary>
    public TrainingReport? SavedReport { get; init; }

    /// <summary>All rows, typed.</summary>
    public required Table Table { get; init; }

    /// <summary>How the file lies.</summary>
    public required FileLayout Layout { get; init; }

    /// <summary>What the consumption project has to know.</summary>
    public required TaskCode Code { get; init; }

    /// <summary>What else there is to say, line by line.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>What was warned of in the training of <see cref="Model"/> and outside of all trainings, line by line.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>Whether validation rows chose between settings; there may have been time for one training alone.</summary>
    public bool IsValidated => Trials.Any(trial => double.IsFinite(trial.Error));

    /// <summary>Whether the user ended the training.</summary>
    public bool WasInterrupted { get; init; }

    /// <summary>The options of <see cref="Model"/> that were set and chosen, with the reason.</summary>
    public required IReadOnlyList<OptionChoice> Settings { get; init; }

    /// <summary>How long everything took.</summary>
    public TimeSpan Elapsed { get; init; }

    /// <summary>Whether <see cref="Model"/> is what was chosen and measured, but for the rows that it knows.</summary>
    public bool SavesWhatWasChosen => Saved == Comparison.Chosen;

    /// <summary>What is saved, in a sentence.</summary>
    public string SavedModel => SavesWhatWasChosen
        ? $"The saved model ({Saved}) was trained on {TrainedOn}."
        : $"What was chosen on validation rows and measured is {Comparison.Chosen}; trained again on {TrainedOn}, the saved model is "
            + $"{Saved}.";
}

/// <summary>The columns of a task, null for those that it does not have.</summary>
internal sealed record TaskColumns
{
    /// <summary>What is to be predicted, as the file has it: a number, a text (class), texts (labels of steps).</summary>
    public string? Label { get; init; }

    /// <summary>The column of the trainer's label: keys for classes and labels of steps.</summary>
    public string? TrainerLabel { get; init; }

    /// <summary>The columns of the sequence as the trainer reads them.</summary>
    public IReadOnlyList<string> Features { get; init; } = [];

    /// <summary>The words as texts, where the sequence is a text; a vector of texts.</summary>
    public string? Words { get; init; }

    /// <summary>The column of times.</summary>
    public string? Time { get; init; }

    /// <summary>The column of the names of series.</summary>
    public string? Series { get; init; }

    /// <summary>The column of forecasts, a vector as long as the horizon.</summary>
    public string? Forecast { get; init; }

    /// <summary>The lower ends of the intervals.</summary>
    public string? Lower { get; init; }

    /// <summary>The upper ends of the intervals.</summary>
    public string? Upper { get; init; }

    /// <summary>How many steps are forecast.</summary>
    public int Horizon { get; init; }

    /// <summary>The share of values that an interval is to hold.</summary>
    public double ConfidenceLevel { get; init; }

    /// <summary>Classification and labelling: the predicted label as text; regression: none.</summary>
    public string? PredictedLabel { get; init; }

    /// <summary>The score: probabilities of the classes (slot names are the classes), or the value of a regression.</summary>
    public string? Score { get; init; }

    /// <summary>Anomaly detection: alert, score, p-value, expected value, upper and lower bound.</summary>
    public string? Anomaly { get; init; }

    /// <summary>The weights of attention over the steps, where the network has them.</summary>
    public string? Attention { get; init; }
}

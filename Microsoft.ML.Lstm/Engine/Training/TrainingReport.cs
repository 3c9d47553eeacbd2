using System.Globalization;
using System.Text.Json.Serialization;
using Microsoft.ML.Lstm.Engine.Training;

namespace Microsoft.ML.Lstm;

/// <summary>
/// How a model was trained: what was chosen from the data and why, how the losses went, why training ended, and how the network does
/// beside simple baselines. It is saved with the model.
/// </summary>
public sealed class TrainingReport
{
    // A report has to stay small beside a small network.
    internal const int MaxEpochs = 10_000;

    /// <summary>What <see cref="Winner"/> is where the network alone is the best.</summary>
    public const string Network = "network";

    /// <summary>What <see cref="Winner"/> is where a mixture of the network and baselines is the best.</summary>
    internal const string Mixture = "mixture";

    [JsonConstructor]
    internal TrainingReport()
    {
    }

    /// <summary>The seed that the weights, the order of the rows and the rows held out were drawn with.</summary>
    [JsonInclude]
    public int Seed { get; internal set; }

    /// <summary>The options that were <see langword="null"/> and have been chosen from the data.</summary>
    [JsonInclude]
    public IReadOnlyList<OptionChoice> Choices { get; internal set; } = [];

    /// <summary>The losses of each epoch; of a training of more than 10,000 epochs, of the last 10,000.</summary>
    [JsonInclude]
    public IReadOnlyList<ReportedEpoch> Epochs { get; internal set; } = [];

    /// <summary>The most epochs that the training could have taken.</summary>
    [JsonInclude]
    public int NumberOfEpochs { get; internal set; }

    /// <summary>
    /// The epoch, counted from 1, whose weights are the model's; 0 for the weights that training began with or that it had when it was
    /// cancelled in the first epoch.
    /// </summary>
    [JsonInclude]
    public int KeptEpoch { get; internal set; }

    /// <summary>Why training ended before its last epoch, half a sentence; <see langword="null"/> where it did not.</summary>
    [JsonInclude]
    public string? EndReason { get; internal set; }

    /// <summary>
    /// The metric of <see cref="Error"/> and <see cref="Baselines"/>, such as <c>RMSE</c> or <c>error rate</c>, of which less is better;
    /// <see langword="null"/> where nothing was compared.
    /// </summary>
    [JsonInclude]
    public string? Metric { get; internal set; }

    /// <summary>The error of the network on the rows held out; <see langword="null"/> where it was not measured.</summary>
    [JsonInclude]
    public double? Error { get; internal set; }

    /// <summary>The errors of baselines on the same rows; where none were held out, on each training row by the others.</summary>
    [JsonInclude]
    public IReadOnlyList<BaselineError> Baselines { get; internal set; } = [];

    /// <summary>
    /// What had the least error: <see cref="Network"/>, the name of a baseline, or that of a mixture; <see langword="null"/> where nothing
    /// was compared.
    /// </summary>
    [JsonInclude]
    public string? Winner { get; internal set; }

    /// <summary>How much the rows held out can tell, in brackets for the log; empty where that is not known. It is not saved.</summary>
    internal string Extent { get; set; } = "";

    /// <summary>The trainings of the networks whose results are averaged; empty for a single network.</summary>
    [JsonInclude]
    public IReadOnlyList<TrainingReport> Members { get; internal set; } = [];

    /// <summary>The report of a training.</summary>
    internal static TrainingReport Of(TrainedNetwork trained, int seed, OptionChoices choices)
    {
        TrainingCourse course = trained.Course;
        return new TrainingReport
        {
            Seed = seed,
            Choices = [.. choices.All],
            Epochs =
            [
                .. course.TrainingLosses.Select((loss, i) => new ReportedEpoch(i + 1, loss)
                {
                    ValidationLoss = i < course.ValidationLosses.Count ? course.ValidationLosses[i] : null,
                }).TakeLast(MaxEpochs),
            ],
            NumberOfEpochs = trained.NumberOfEpochs,
            KeptEpoch = trained.KeptEpoch,
            EndReason = trained.Ended,
        };
    }

    /// <summary>The report of models whose results are averaged; null where that of one is not known.</summary>
    internal static TrainingReport? Of(IReadOnlyList<TrainingReport?> models)
    {
        if (models.Contains(null))
            return null;
        TrainingReport[] members = [.. models.SelectMany(model => model!.Members.Count == 0 ? [model] : model.Members)];
        return new TrainingReport { Seed = members[0].Seed, Choices = members[0].Choices, Members = members };
    }

    /// <summary>Logs the network beside the baselines, where there are some: as a warning with advice where one of them beats it.</summary>
    /// <param name="monitor">The log.</param>
    /// <param name="advice">What to do where a baseline errs less; null where the model is what errs least anyway.</param>
    internal void LogErrors(ITrainingMonitor monitor, string? advice)
    {
        if (DescribeErrors() is not { } errors)
            return;
        // A mixture has the network in it.
        bool isBeaten = Baselines.Any(one => one.Name != Mixture && one.Error < Error);
        if (isBeaten && advice is not null)
            monitor.Warn($"{errors} {advice}");
        else
            monitor.Info(errors);
    }

    /// <summary>The network beside the baselines in one line; null where there are no baselines.</summary>
    internal string? DescribeErrors()
    {
        if (Baselines.Count == 0)
            return null;
        string baselines = string.Join(", ", Baselines.Select(one => string.Create(CultureInfo.InvariantCulture,
            $"{one.Name} {one.Error:G4}")));
        return Error is null
            ? $"No rows were held out to measure the network on; {Metric} of each row by the others: {baselines}."
            : string.Create(CultureInfo.InvariantCulture, $"{Metric} on the rows held out{Extent}: {Network} {Error:G4}, {baselines}; ")
                + $"the best is {Winner}.";
    }
}

/// <summary>The losses of an epoch.</summary>
/// <param name="Epoch">The epoch, counted from 1.</param>
/// <param name="TrainingLoss">The loss of the training data, gathered during the epoch.</param>
public sealed record ReportedEpoch(
    int Epoch,
    [property: JsonNumberHandling(JsonNumberHandling.AllowNamedFloatingPointLiterals)] double TrainingLoss)
{
    /// <summary>The loss of the validation data after the epoch; <see langword="null"/> without any.</summary>
    [JsonInclude]
    [JsonNumberHandling(JsonNumberHandling.AllowNamedFloatingPointLiterals)]
    public double? ValidationLoss { get; internal set; }
}

/// <summary>An option that was chosen from the data.</summary>
/// <param name="Option">The name of the option.</param>
/// <param name="Value">Its value, as a text in the invariant culture.</param>
/// <param name="Reason">What in the data led to it.</param>
public sealed record OptionChoice(string Option, string Value, string Reason);

/// <summary>The error of a baseline.</summary>
/// <param name="Name">The name of the baseline.</param>
/// <param name="Error">Its error, in the metric of <see cref="TrainingReport.Metric"/>.</param>
public sealed record BaselineError(
    string Name,
    [property: JsonNumberHandling(JsonNumberHandling.AllowNamedFloatingPointLiterals)] double Error)
{
    /// <summary>
    /// The weight of the baseline in what had the least error, from 0 to 1; the network has the rest. A forecaster has it with
    /// <see cref="LstmForecastingEstimator.Options.FallBackToBaseline"/> only.
    /// </summary>
    [JsonInclude]
    public double Weight { get; internal set; }
}

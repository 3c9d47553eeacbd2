namespace Microsoft.ML.Lstm;

/// <summary>When training stops before its last epoch. The model of the best epoch is returned.</summary>
/// <remarks>Without validation data the training data are measured again after each epoch, one more pass forward.</remarks>
public sealed class EarlyStoppingOptions
{
    /// <summary>
    /// The metric to watch, one that the task has (see <see cref="EarlyStoppingMetric"/>). Default:
    /// <see cref="EarlyStoppingMetric.Loss"/>.
    /// </summary>
    public EarlyStoppingMetric Metric = EarlyStoppingMetric.Loss;

    /// <summary>
    /// Epochs in a row without improvement after which training stops; at least 1. <see langword="null"/>, the default: chosen from the
    /// data (at present 10).
    /// </summary>
    public int? Patience;

    /// <summary>By how much the metric must become better to count as an improvement; 0 or more and finite. Default: 0.</summary>
    public double MinimumDelta;

    /// <summary>Says that training goes on to its last epoch, whatever the data.</summary>
    /// <returns>Options of which nothing else has an effect.</returns>
    public static EarlyStoppingOptions Off() => new() { IsOff = true };

    /// <summary>Whether training never stops early.</summary>
    internal bool IsOff { get; private init; }

    /// <summary>
    /// The rule that is chosen from the data: where the metric stalls the learning rate falls to zero over a third of the epochs so far.
    /// </summary>
    /// <param name="rule">What the trainer asks for.</param>
    internal static EarlyStoppingOptions ThenDecay(StallRule rule)
        => new() { Decays = true, MinimumDelta = rule.SmallestGain, FewestUpdates = rule.FewestUpdates };

    /// <summary>Whether the learning rate falls to zero before training stops.</summary>
    internal bool Decays { get; private init; }

    /// <summary>Whether training stops at three times its best epoch at the latest.</summary>
    internal bool EndsAtThreefold { get; init; }

    /// <summary>Weight updates without a gain after which the metric has stalled at the earliest, where the learning rate then falls.
    /// </summary>
    internal int FewestUpdates { get; private init; } = StallRule.Usual.FewestUpdates;

    /// <summary>Throws for the first option that is out of range.</summary>
    /// <param name="metrics">The metrics of the task.</param>
    internal void Validate(IReadOnlyList<EarlyStoppingMetric> metrics)
    {
        Require(metrics.Contains(Metric), Metric, nameof(Metric), "one of " + string.Join(", ", metrics));
        Require(Patience is null or >= 1, Patience, nameof(Patience), "1 or more");
        Require(MinimumDelta >= 0 && double.IsFinite(MinimumDelta), MinimumDelta, nameof(MinimumDelta), "0 or more and finite");

        static void Require(bool holds, object? value, string option, string range)
            => TrainingOptions.Require(holds, value, $"{nameof(TrainingOptions.EarlyStopping)}.{option}", range);
    }

    internal EarlyStoppingOptions Copy() => (EarlyStoppingOptions)MemberwiseClone();
}

/// <summary>When a validation loss has stalled, for trainers that find out by it how long to train.</summary>
/// <param name="SmallestGain">By how much it has to fall; below this it has nowhere to fall to.</param>
/// <param name="FewestUpdates">Weight updates without such a gain, at least.</param>
internal readonly record struct StallRule(double SmallestGain, int FewestUpdates)
{
    /// <summary>The rule for tasks whose loss falls from the beginning on.</summary>
    public static StallRule Usual { get; } = new(SmallestGain: 0, FewestUpdates: 250);
}

/// <summary>A metric that early stopping can watch: of the validation data, or of the training data where there is none.</summary>
public enum EarlyStoppingMetric
{
    /// <summary>The mean loss.</summary>
    Loss,

    /// <summary>The root of the mean squared error, in the label's unit; for regression.</summary>
    RootMeanSquaredError,

    /// <summary>The mean absolute error, in the label's unit; for regression.</summary>
    MeanAbsoluteError,

    /// <summary>The share of labels that are predicted right; for classification and sequence labelling. Higher is better.</summary>
    Accuracy,

    /// <summary>The area under the receiver operating characteristic; for binary classification. Higher is better.</summary>
    AreaUnderRocCurve,
}

namespace Microsoft.ML.Lstm;

/// <summary>The metrics after an epoch, and a way to stop training.</summary>
public sealed class EpochCompletedEventArgs : EventArgs
{
    internal EpochCompletedEventArgs(int epoch, int numberOfEpochs, EpochMetrics training, EpochMetrics? validation, double learningRate,
        TimeSpan elapsed, bool isBest)
    {
        Epoch = epoch;
        NumberOfEpochs = numberOfEpochs;
        Training = training;
        Validation = validation;
        LearningRate = learningRate;
        Elapsed = elapsed;
        IsBest = isBest;
    }

    /// <summary>Which of the <see cref="NumberOfMembers"/> networks is being trained, counted from 1.</summary>
    public int Member { get; internal init; } = 1;

    /// <summary>
    /// How many networks are trained one after the other, each from its first epoch on, and averaged; 1 unless
    /// <see cref="TrainingOptions.Effort"/> is <see cref="TrainingEffort.Best"/>.
    /// </summary>
    public int NumberOfMembers { get; internal init; } = 1;

    /// <summary>The epoch that just ended, counted from 1.</summary>
    public int Epoch { get; }

    /// <summary>The most epochs that training takes.</summary>
    public int NumberOfEpochs { get; }

    /// <summary>
    /// The metrics of the training data, gathered during the epoch (with dropout, and with weights that still changed).
    /// </summary>
    public EpochMetrics Training { get; }

    /// <summary>The metrics of the validation data after the epoch; <see langword="null"/> without validation data.</summary>
    public EpochMetrics? Validation { get; }

    /// <summary>The learning rate of the epoch's last batch.</summary>
    public double LearningRate { get; }

    /// <summary>Time since training began.</summary>
    public TimeSpan Elapsed { get; }

    /// <summary>
    /// Whether this epoch's model is the one to keep so far: the best by the validation data or, with early stopping and no
    /// validation data, by the training data. With neither, it is always true.
    /// </summary>
    public bool IsBest { get; }

    /// <summary>
    /// Set to <see langword="true"/> to stop here. <c>Fit</c> then returns the best model so far; of several networks those that have been
    /// trained, with the best so far of this one.
    /// </summary>
    public bool Cancel { get; set; }
}

/// <summary>Weighted means over a set of sequences. A metric that does not apply to the task is <see langword="null"/>.</summary>
/// <param name="Loss">The mean loss, of targets as the network sees them (scaled to unit variance where the trainer does so).</param>
public sealed record EpochMetrics(double Loss)
{
    /// <summary>The root of the mean squared error, in the label's unit.</summary>
    public double? RootMeanSquaredError { get; init; }

    /// <summary>The mean absolute error, in the label's unit.</summary>
    public double? MeanAbsoluteError { get; init; }

    /// <summary>The share of labels that are predicted right, of sequences or of steps, from 0 to 1.</summary>
    public double? Accuracy { get; init; }

    /// <summary>The area under the receiver operating characteristic, from 0 to 1.</summary>
    public double? AreaUnderRocCurve { get; init; }

    /// <summary>The value of <paramref name="metric"/>; <see langword="null"/> where it does not apply to the task.</summary>
    /// <param name="metric">The metric.</param>
    public double? this[EarlyStoppingMetric metric] => metric switch
    {
        EarlyStoppingMetric.Loss => Loss,
        EarlyStoppingMetric.RootMeanSquaredError => RootMeanSquaredError,
        EarlyStoppingMetric.MeanAbsoluteError => MeanAbsoluteError,
        EarlyStoppingMetric.Accuracy => Accuracy,
        EarlyStoppingMetric.AreaUnderRocCurve => AreaUnderRocCurve,
        _ => null,
    };
}

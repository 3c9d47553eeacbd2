namespace Microsoft.ML.Lstm;

/// <summary>What is known after an epoch, and the way to stop.</summary>
public sealed class EpochCompletedEventArgs : EventArgs
{
    internal EpochCompletedEventArgs(int epoch, int numberOfEpochs, EpochMetrics training, EpochMetrics? validation, double learningRate, TimeSpan elapsed, bool isBest)
    {
        Epoch = epoch;
        NumberOfEpochs = numberOfEpochs;
        Training = training;
        Validation = validation;
        LearningRate = learningRate;
        Elapsed = elapsed;
        IsBest = isBest;
    }

    /// <summary>The epoch that just ended, counted from 1.</summary>
    public int Epoch { get; }

    /// <summary>The number of epochs training takes at the most.</summary>
    public int NumberOfEpochs { get; }

    /// <summary>Figures of the training data, gathered while the epoch went on (with dropout, and with weights that still changed).</summary>
    public EpochMetrics Training { get; }

    /// <summary>Figures of the validation data after the epoch; <see langword="null"/> without validation data.</summary>
    public EpochMetrics? Validation { get; }

    /// <summary>The learning rate of the epoch's last batch.</summary>
    public double LearningRate { get; }

    /// <summary>Time since training began.</summary>
    public TimeSpan Elapsed { get; }

    /// <summary>
    /// Whether this epoch's model is the one to keep so far: the best by the validation data or, with early stopping and no
    /// validation data, by the training data. Without either each epoch's model is.
    /// </summary>
    public bool IsBest { get; }

    /// <summary>Set to <see langword="true"/> to stop here. <c>Fit</c> then returns the best model so far.</summary>
    public bool Cancel { get; set; }
}

/// <summary>Weighted means over a set of sequences.</summary>
/// <param name="Loss">The mean loss, of targets as the network sees them (scaled to unit variance where the trainer does so).</param>
/// <param name="RootMeanSquaredError">The root of the mean squared error, in the label's unit.</param>
/// <param name="MeanAbsoluteError">The mean absolute error, in the label's unit.</param>
public sealed record EpochMetrics(double Loss, double RootMeanSquaredError, double MeanAbsoluteError);

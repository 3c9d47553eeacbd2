using System.Globalization;

namespace Microsoft.ML.Lstm.Engine.Training;

/// <summary>The course of a training so far, and what the log says about it at the end.</summary>
internal sealed class TrainingCourse
{
    // Training has exploded where the loss is above this many times the initial loss ...
    private const double Explosion = 10;

    // ... or above the initial loss and this many times the best loss.
    private const double Relapse = 3;

    // The loss hardly changes where it changes by less than this share in the last tenth of the epochs.
    private const double SmallestChange = 0.01;

    // The loss has risen where it is above the best loss by more than this share.
    private const double Rise = 0.05;

    /// <summary>The epoch whose model is kept; 0 for no model, or the initial one.</summary>
    public int KeptEpoch { get; set; }

    /// <summary>Epochs since the last improvement.</summary>
    public int EpochsWithoutGain { get; set; }

    /// <summary>The watched metric of the kept epoch, negated where higher is better; infinite while there is none.</summary>
    public double KeptMetric { get; set; } = double.PositiveInfinity;

    /// <summary>The epochs that the schedule goes by since training has stalled; 0 before.</summary>
    public int PlannedEpochs { get; set; }

    /// <summary>The loss of the initial weights on some of the training data.</summary>
    public double InitialLoss { get; set; } = double.NaN;

    /// <summary>The error of the linear model that training began with on the rows held out; null without one.</summary>
    public double? LinearError { get; set; }

    /// <summary>The biases of the output layer with that linear model alone; empty without one.</summary>
    public float[] LinearBiases { get; set; } = [];

    /// <summary>The loss of the training data in each epoch so far.</summary>
    public List<double> TrainingLosses { get; init; } = [];

    /// <summary>The loss of the validation data after each epoch so far; empty without any.</summary>
    public List<double> ValidationLosses { get; init; } = [];

    /// <summary>Epochs that have ended.</summary>
    public int Epochs => TrainingLosses.Count;

    private string What => ValidationLosses.Count > 0 ? "validation" : "training";

    private List<double> Losses => ValidationLosses.Count > 0 ? ValidationLosses : TrainingLosses;

    /// <summary>Adds the losses of an epoch.</summary>
    public void Add(EpochMetrics training, EpochMetrics? validation)
    {
        TrainingLosses.Add(training.Loss);
        if (validation is not null)
            ValidationLosses.Add(validation.Loss);
    }

    /// <summary>Says in one line which epoch's model is kept, and how the loss developed.</summary>
    /// <param name="numberOfEpochs">The most epochs that training could have taken.</param>
    /// <param name="why">Why training ended before that, if it did.</param>
    public string Describe(int numberOfEpochs, string? why)
    {
        string ended = $"Training ended after epoch {Epochs} of {numberOfEpochs}{(why is null ? "" : $", {why}")}";
        if (KeptEpoch == 0 || KeptEpoch > Losses.Count)
            return ended + ".";
        return string.Create(CultureInfo.InvariantCulture,
            $"{ended}. The model of epoch {KeptEpoch} is kept, with a {What} loss of {Losses[KeptEpoch - 1]:G5}: {Trend()}.");
    }

    /// <summary>
    /// A warning where the loss of the kept model shows that training has exploded, although it stayed finite; else null.
    /// </summary>
    public string? DescribeExplosion()
    {
        if (KeptEpoch == 0 || KeptEpoch > TrainingLosses.Count)
            return null;
        double kept = TrainingLosses[KeptEpoch - 1], best = TrainingLosses.Min();
        if (!(kept > Explosion * InitialLoss || (kept > InitialLoss && kept > Relapse * best)))
            return null;
        return string.Create(CultureInfo.InvariantCulture,
            $"Training has exploded: the training loss is {kept:G5} in epoch {KeptEpoch}, whose model is kept, and was {InitialLoss:G5} "
            + $"before the first weight update"
            + $"{(best < InitialLoss ? $" and {best:G5} in epoch {TrainingLosses.IndexOf(best) + 1}" : "")}. "
            + $"The model is of no use; a lower LearningRate, a GradientClipNorm or validation data to choose the best epoch by may help.");
    }

    private string Trend()
    {
        double last = Losses[^1], best = Losses.Min();
        int bestEpoch = Losses.IndexOf(best) + 1;
        // Negative losses (of a density, say) have no shares, so it goes by their size.
        if (last - best > Rise * Math.Abs(best))
        {
            int since = Epochs - bestEpoch;
            string risen = string.Create(CultureInfo.InvariantCulture,
                $"since epoch {bestEpoch}, which had the least, the loss has risen to {last:G5}");
            return 10 * since > 3 * Epochs ? risen + ", so fewer epochs would do" : risen;
        }
        int before = Epochs - 1 - Math.Max(1, Epochs / 10);
        if (before < 0)
            return "one epoch does not tell whether more would make it less";
        return Losses[before] - last > SmallestChange * Math.Abs(Losses[before])
            ? "the loss was still falling, so more epochs may make it less"
            : "the loss hardly changed any more";
    }
}

using System.Globalization;

namespace Microsoft.ML.Lstm.Engine.Training;

/// <summary>What is known of the epochs of a training so far, and what there is to say of them at its end.</summary>
internal sealed class TrainingCourse
{
    // Of the loss of the weights that training began with: beyond this it has exploded.
    private const double Explosion = 10;

    // What is no better than the beginning, and this much worse than it once was, has got lost on the way.
    private const double Loss = 3;

    // A change of the loss by less than this share within the last tenth of the epochs is none.
    private const double SmallestChange = 0.01;

    // From this share above the best epoch's on, a loss has risen.
    private const double Rise = 0.05;

    /// <summary>The epoch whose model is kept; 0 for none, or the initial one.</summary>
    public int KeptEpoch { get; set; }

    /// <summary>Epochs since the last that was the best.</summary>
    public int EpochsWithoutGain { get; set; }

    /// <summary>The figure of the kept epoch, the less the better; infinite while there is none.</summary>
    public double KeptMetric { get; set; } = double.PositiveInfinity;

    /// <summary>The loss of the weights that training began with, on some of the training data.</summary>
    public double InitialLoss { get; set; } = double.NaN;

    /// <summary>The loss of the training data in each epoch so far.</summary>
    public List<double> TrainingLosses { get; init; } = [];

    /// <summary>The loss of the validation data after each epoch so far; empty without any.</summary>
    public List<double> ValidationLosses { get; init; } = [];

    /// <summary>Epochs that have ended.</summary>
    public int Epochs => TrainingLosses.Count;

    private string What => ValidationLosses.Count > 0 ? "validation" : "training";

    private List<double> Losses => ValidationLosses.Count > 0 ? ValidationLosses : TrainingLosses;

    /// <summary>Notes an epoch's losses.</summary>
    public void Add(EpochMetrics training, EpochMetrics? validation)
    {
        TrainingLosses.Add(training.Loss);
        if (validation is not null)
            ValidationLosses.Add(validation.Loss);
    }

    /// <summary>Which epoch's model was kept, and how the loss went on, in one line.</summary>
    /// <param name="numberOfEpochs">The epochs that there would have been at the most.</param>
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
    /// What to warn of where the loss of the model that is kept says that training has exploded, though it stayed finite; null where it
    /// says no such thing.
    /// </summary>
    public string? DescribeExplosion()
    {
        if (KeptEpoch == 0 || KeptEpoch > TrainingLosses.Count)
            return null;
        double kept = TrainingLosses[KeptEpoch - 1], best = TrainingLosses.Min();
        if (!(kept > Explosion * InitialLoss || (kept > InitialLoss && kept > Loss * best)))
            return null;
        return string.Create(CultureInfo.InvariantCulture,
            $"Training has exploded: the training loss is {kept:G5} in epoch {KeptEpoch}, whose model is kept, and was {InitialLoss:G5} "
            + $"before the first weight "
            + $"update{(best < InitialLoss ? $" and {best:G5} in epoch {TrainingLosses.IndexOf(best) + 1}" : "")}. The model is of no "
            + $"use; a lower LearningRate, a GradientClipNorm or validation data to choose the best epoch by may help.");
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

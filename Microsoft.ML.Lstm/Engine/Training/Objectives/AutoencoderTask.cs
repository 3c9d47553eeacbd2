using System.Globalization;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Series;

namespace Microsoft.ML.Lstm.Engine.Training.Objectives;

/// <summary>Reconstructs sequences from a code of a few numbers, and finds the error beyond which one counts as strange.</summary>
/// <param name="encodingSize">C: numbers of a code.</param>
/// <param name="falsePositiveRate">The share of sequences like those measured that may be beyond it.</param>
internal sealed class AutoencoderTask(int encodingSize, double falsePositiveRate) : TrainingTask
{
    // A rate that was given as a float may be a little less than the decimal number that was meant.
    private const double RateTolerance = 1e-6;

    /// <summary>The score beyond which a sequence counts as strange; known after training.</summary>
    public float Threshold { get; private set; }

    public override Action<Objective, ITrainingMonitor>? Calibrate => (measured, monitor) =>
    {
        IReadOnlyList<(float Score, float Weight)> scores = ((ReconstructionObjective)measured).Scores;
        Threshold = ThresholdOf(scores, falsePositiveRate);
        double needed = ScoresFor(falsePositiveRate);
        if (scores.Count < needed && double.IsFinite(needed))
            monitor.Warn(string.Create(CultureInfo.InvariantCulture,
                $"A rate of {100 * falsePositiveRate:0.####} percent of usual sequences beyond the threshold needs the scores of "
                + $"{needed:0} of them; there are {scores.Count}, so it is estimated and may be missed."));
    };

    public override NetworkShape WithOutputs(NetworkShape shape, TrainingData data)
        => shape with { OutputSize = encodingSize, HasDecoder = true };

    public override Objective CreateObjective(SequenceModel model, TrainingData training)
        => new ReconstructionObjective(model.InputScaler, MeanWeight(training, stepOutputs: false, (sequence, _) => sequence.Weight));

    /// <summary>
    /// The smallest of the scores such that, of n of them and a new one like them, the share that is equal or greater is at most
    /// <paramref name="rate"/>: a new one is then beyond it with at most that probability (split conformal prediction; Vovk et al. 2005,
    /// Lei et al. 2018). Where there are too few for that, so that even the greatest would be exceeded more often, the estimate of an
    /// exponential tail above their median, but no less than the greatest; for a rate of 0 the greatest.
    /// </summary>
    /// <param name="scores">The scores, at least one, and how much each counts; the new one counts as their mean.</param>
    /// <param name="rate">From 0 to below 1.</param>
    public static float ThresholdOf(IReadOnlyList<(float Score, float Weight)> scores, double rate)
    {
        (float Score, float Weight)[] descending = [.. scores.OrderByDescending(entry => entry.Score)];
        double total = WeightOf(descending);
        double allowed = rate * (1 + RateTolerance) * (total + total / descending.Length);
        float threshold = descending[0].Score;
        if (descending[0].Weight > allowed)
            return rate > 0 && descending.Length > 1 ? Math.Max(threshold, Extrapolate(descending, rate)) : threshold;
        double beyond = 0;
        foreach ((float score, float weight) in descending)
        {
            beyond += weight;
            if (beyond > allowed)
                break;
            threshold = score;
        }
        return threshold;
    }

    /// <summary>Scores that a rate needs: of fewer, a new one is greater than all with a greater probability.</summary>
    private static double ScoresFor(double rate) => Math.Ceiling(1 / (rate * (1 + RateTolerance)) - 1);

    /// <summary>
    /// The score that is exceeded with the probability <paramref name="rate"/> if scores above the median of these are exponentially
    /// distributed.
    /// </summary>
    private static float Extrapolate((float Score, float Weight)[] descending, double rate)
    {
        (float Score, float Weight)[] upper = descending[..(descending.Length / 2)];
        double median = descending[upper.Length].Score, weight = WeightOf(upper), mean = WeightOf(descending) / descending.Length;
        // The new one may be among those above, too.
        double share = (weight + mean) / (WeightOf(descending) + mean);
        double excess = upper.Sum(entry => entry.Weight * (entry.Score - median)) / weight;
        return (float)Math.Min(median + new ScoreTail((float)share, (float)excess).Distance(rate), float.MaxValue);
    }

    private static double WeightOf((float Score, float Weight)[] scores) => scores.Sum(entry => (double)entry.Weight);
}

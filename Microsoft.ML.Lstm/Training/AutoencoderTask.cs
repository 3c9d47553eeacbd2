using Microsoft.ML.Lstm.Network;

namespace Microsoft.ML.Lstm.Training;

/// <summary>Reconstructs sequences from a code of a few numbers, and finds the error beyond which one counts as strange.</summary>
/// <param name="encodingSize">C: numbers of a code.</param>
/// <param name="falsePositiveRate">The share of sequences like those measured that may be beyond it.</param>
internal sealed class AutoencoderTask(int encodingSize, double falsePositiveRate) : TrainingTask
{
    // A rate that was given as a float may be a little less than the decimal number that was meant.
    private const double RateTolerance = 1e-6;

    /// <summary>The score beyond which a sequence counts as strange; known after training.</summary>
    public float Threshold { get; private set; }

    public override Action<Objective>? Calibrate => measured => Threshold = ThresholdOf(((ReconstructionObjective)measured).Scores, falsePositiveRate);

    public override NetworkShape WithOutputs(NetworkShape shape, TrainingData data) => shape with { OutputSize = encodingSize, HasDecoder = true };

    public override Objective CreateObjective(SequenceModel model, TrainingData training)
        => new ReconstructionObjective(training.FeatureSize, MeanWeight(training, stepOutputs: false, (sequence, _) => sequence.Weight));

    /// <summary>
    /// The smallest of the scores such that, of n of them and a new one like them, the share that is equal or greater is at most
    /// <paramref name="rate"/>: a new one is then beyond it with at most that probability (split conformal prediction; Vovk et al. 2005, Lei et al. 2018).
    /// The greatest score when even that is too much to ask of so few.
    /// </summary>
    /// <param name="scores">The scores, at least one, and how much each counts; the new one counts as their mean.</param>
    /// <param name="rate">From 0 to below 1.</param>
    public static float ThresholdOf(IReadOnlyList<(float Score, float Weight)> scores, double rate)
    {
        (float Score, float Weight)[] descending = [.. scores.OrderByDescending(entry => entry.Score)];
        double total = descending.Sum(entry => (double)entry.Weight);
        double allowed = rate * (1 + RateTolerance) * (total + total / descending.Length);
        float threshold = descending[0].Score;
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
}

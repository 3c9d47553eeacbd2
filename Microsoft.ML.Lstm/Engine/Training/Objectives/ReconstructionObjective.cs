using System.Globalization;
using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Training.Objectives;

/// <summary>
/// Reconstruction of sequences from a code of a few numbers. After training it finds the threshold above which an error is an anomaly.
/// </summary>
/// <param name="encodingSize">Numbers of a code.</param>
/// <param name="falsePositiveRate">The share of usual sequences that may be above the threshold.</param>
internal sealed class AutoencoderTask(int encodingSize, double falsePositiveRate) : TrainingTask
{
    // A rate that comes from a float may be a little below the decimal number that was meant.
    private const double RateTolerance = 1e-6;

    /// <summary>The score above which a sequence is an anomaly; set after training.</summary>
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
        => shape with { OutputSize = encodingSize, Head = Head.Autoencoder };

    public override Objective CreateObjective(SequenceModel model, TrainingData training)
        => new ReconstructionObjective(model.InputScaler, MeanWeight(training, stepOutputs: false, (sequence, _) => sequence.Weight));

    /// <summary>
    /// The smallest score that a new score exceeds with a probability of at most <paramref name="rate"/> (split conformal prediction; Vovk
    /// et al. 2005, Lei et al. 2018). With so few scores that even the greatest is exceeded more often, it is estimated by an exponential
    /// tail above the median, but is no less than the greatest score; for a rate of 0 it is the greatest score.
    /// </summary>
    /// <param name="scores">The scores, at least one, and their weights; the new score has the mean weight.</param>
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

    /// <summary>The number of scores that a rate needs: a new score exceeds the greatest of fewer with a higher probability.</summary>
    private static double ScoresFor(double rate) => Math.Ceiling(1 / (rate * (1 + RateTolerance)) - 1);

    /// <summary>
    /// The score that a new score exceeds with probability <paramref name="rate"/> if scores above the median are exponentially
    /// distributed.
    /// </summary>
    private static float Extrapolate((float Score, float Weight)[] descending, double rate)
    {
        (float Score, float Weight)[] upper = descending[..(descending.Length / 2)];
        double median = descending[upper.Length].Score, weight = WeightOf(upper), mean = WeightOf(descending) / descending.Length;
        // The new score may be above the median, too.
        double share = (weight + mean) / (WeightOf(descending) + mean);
        double excess = upper.Sum(entry => entry.Weight * (entry.Score - median)) / weight;
        return (float)Math.Min(median + new ExponentialTail((float)share, (float)excess).Distance(rate), float.MaxValue);
    }

    private static double WeightOf((float Score, float Weight)[] scores) => scores.Sum(entry => (double)entry.Weight);
}

/// <summary>
/// The mean squared error of a reconstructed step's features, scaled as the network sees them. A batch's loss is the mean over its steps,
/// so that long and short sequences learn alike. A sequence's score is the mean over its steps.
/// </summary>
/// <param name="scaler">The scaling of the F features; features that never varied don't count.</param>
/// <param name="meanWeight">The mean weight of the training data.</param>
internal sealed class ReconstructionObjective(AffineScaler scaler, double meanWeight) : Objective(stepOutputs: true, meanWeight)
{
    private readonly int _varying = Math.Max(scaler.Size - scaler.Constants.Count(), 1);
    private readonly List<(float Score, float Weight)> _scores = [];
    private SequenceBatch _batch = null!;
    private float[] _errors = [];
    private float[] _stepErrors = [];

    public override EpochMetrics Metrics => new(MeanLoss);

    /// <summary>The scores of all sequences since <see cref="Reset"/>, and their weights.</summary>
    public IReadOnlyList<(float Score, float Weight)> Scores => _scores;

    public override void Reset()
    {
        base.Reset();
        _scores.Clear();
    }

    public override void Combine(Communicator ranks)
    {
        base.Combine(ranks);
        (float, float)[] all = ranks.GatherAll<(float, float)>(_scores.ToArray());
        _scores.Clear();
        _scores.AddRange(all);
    }

    public override float WeightOf(TrainingSequence sequence, int step) => sequence.Weight;

    public override void Differentiate(int row, Span<float> outputs)
    {
        ReadOnlySpan<float> target = Reconstruction.TargetOf(SequenceOf(row).Features.Span, scaler.Size, StepOf(row));
        double error = Reconstruction.ErrorOf(outputs, target, scaler);
        SetLoss(row, error);
        _errors[row] = (float)error;
        double share = 2 * ShareOf(row) / _varying;
        for (int i = 0; i < scaler.Size; i++)
            outputs[i] = scaler.IsConstant(i) ? 0 : (float)(share * ((double)outputs[i] - target[i]));
    }

    protected override void BeginRows(SequenceBatch batch)
    {
        _batch = batch;
        FloatBuffer.Require(ref _errors, Rows);
        FloatBuffer.Require(ref _stepErrors, batch.MaxLength);
    }

    protected override void AddToMetrics(int row, float weight)
    {
        int t = StepOf(row), sequence = row - _batch.FirstRow(t), length = _batch.Length(sequence);
        if (t < length - 1)
            return;
        for (int step = 0; step < length; step++)
            _stepErrors[length - 1 - step] = _errors[_batch.FirstRow(step) + sequence];
        _scores.Add((Reconstruction.ScoreOf(_stepErrors.AsSpan(0, length)), weight));
    }
}

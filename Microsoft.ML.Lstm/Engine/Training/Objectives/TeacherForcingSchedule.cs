namespace Microsoft.ML.Lstm;

/// <summary>
/// How often a decoder reads the true token before each while it trains, and how often the token that it would have written itself
/// (scheduled sampling; Bengio, Vinyals, Jaitly and Shazeer 2015). When it writes there is no true token, so a decoder that always read it
/// may not know how to go on after a mistake.
/// </summary>
public abstract class TeacherForcingSchedule
{
    /// <summary>The share of tokens that are the true ones, ε, at a moment of the training.</summary>
    /// <param name="epoch">Epochs done so far, with fractions: 0 before the first batch, 1.5 in the middle of the second epoch.</param>
    /// <param name="numberOfEpochs">Epochs the training will take at the most.</param>
    /// <returns>The share, from 0 to 1.</returns>
    public abstract double GetShare(double epoch, int numberOfEpochs);

    /// <summary>Always the true token: plain teacher forcing.</summary>
    public static TeacherForcingSchedule Always { get; } = new ConstantSchedule(1);

    /// <summary>The same share all the time.</summary>
    /// <param name="share">The share, from 0 to 1.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="share"/> is out of its range.</exception>
    public static TeacherForcingSchedule Constant(double share)
    {
        ThrowIfNotShare(share, nameof(share));
        return new ConstantSchedule(share);
    }

    /// <summary>The share falls linearly from 1 to <paramref name="lastShare"/>, and then stays there: max(ε, 1 − c·i).</summary>
    /// <param name="lastShare">ε, from 0 to 1.</param>
    /// <param name="decayShare">The part of all epochs over which it falls, above 0 and at most 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
    public static TeacherForcingSchedule LinearDecay(double lastShare, double decayShare = 1)
    {
        ThrowIfNotShare(lastShare, nameof(lastShare));
        if (!(decayShare is > 0 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(decayShare), decayShare, "Must be above 0 and at most 1.");
        return new LinearSchedule(lastShare, decayShare);
    }

    /// <summary>
    /// The share falls along an S: k / (k + e^(i / k)) after i epochs. It is k / (k + 1) at first and a half after k·ln k epochs.
    /// </summary>
    /// <param name="k">k, 1 or more: the larger, the later it falls.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="k"/> is out of its range.</exception>
    public static TeacherForcingSchedule InverseSigmoidDecay(double k)
    {
        if (!(k >= 1) || double.IsInfinity(k))
            throw new ArgumentOutOfRangeException(nameof(k), k, "Must be 1 or more.");
        return new InverseSigmoidSchedule(k);
    }

    private static void ThrowIfNotShare(double share, string name)
    {
        if (!(share is >= 0 and <= 1))
            throw new ArgumentOutOfRangeException(name, share, "Must be from 0 to 1.");
    }

    private sealed class ConstantSchedule(double share) : TeacherForcingSchedule
    {
        public override double GetShare(double epoch, int numberOfEpochs) => share;
    }

    private sealed class LinearSchedule(double lastShare, double decayShare) : TeacherForcingSchedule
    {
        public override double GetShare(double epoch, int numberOfEpochs)
            => Math.Max(lastShare, 1 - (1 - lastShare) * epoch / Math.Max(decayShare * numberOfEpochs, 1e-9));
    }

    private sealed class InverseSigmoidSchedule(double k) : TeacherForcingSchedule
    {
        // As 1 / (1 + e^(i/k) / k), which is 0 where the power is infinite.
        public override double GetShare(double epoch, int numberOfEpochs) => 1 / (1 + Math.Exp(epoch / k) / k);
    }
}

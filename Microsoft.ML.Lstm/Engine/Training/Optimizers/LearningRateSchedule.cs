namespace Microsoft.ML.Lstm;

/// <summary>How the learning rate changes while a network trains.</summary>
public abstract class LearningRateSchedule
{
    /// <summary>The factor on the learning rate at a moment of the training.</summary>
    /// <param name="epoch">Epochs done so far, with fractions: 0 before the first batch, 1.5 in the middle of the second epoch.</param>
    /// <param name="numberOfEpochs">Epochs the training will take at the most.</param>
    /// <returns>The factor, 0 or more.</returns>
    public abstract double GetFactor(double epoch, int numberOfEpochs);

    /// <summary>The learning rate stays as it is.</summary>
    public static LearningRateSchedule Constant { get; } = new ConstantSchedule();

    /// <summary>The learning rate is multiplied by <paramref name="factor"/> after every <paramref name="epochs"/> epochs.</summary>
    /// <param name="epochs">Epochs between two changes, at least 1.</param>
    /// <param name="factor">The factor, above 0 and at most 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
    public static LearningRateSchedule StepDecay(int epochs, double factor = 0.1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(epochs, 1);
        ThrowIfNotFactor(factor, nameof(factor));
        return new StepSchedule(epochs, factor);
    }

    /// <summary>The learning rate is multiplied by <paramref name="factor"/> after every epoch.</summary>
    /// <param name="factor">The factor, above 0 and at most 1.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="factor"/> is out of its range.</exception>
    public static LearningRateSchedule ExponentialDecay(double factor) => StepDecay(1, factor);

    /// <summary>
    /// The learning rate stays as it is for some epochs, and is multiplied by <paramref name="factor"/> after each of them from the last
    /// one on (Zaremba et al. 2014).
    /// </summary>
    /// <param name="factor">The factor, above 0 and at most 1.</param>
    /// <param name="firstEpochs">Epochs with the whole learning rate, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
    public static LearningRateSchedule ExponentialDecay(double factor, int firstEpochs)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(firstEpochs, 1);
        ThrowIfNotFactor(factor, nameof(factor));
        return new StepSchedule(1, factor) { FirstEpochs = firstEpochs };
    }

    /// <summary>
    /// The learning rate rises linearly during the first epochs, then falls along half a cosine (Loshchilov and Hutter
    /// 2017) to <paramref name="minimumFactor"/> of itself at the last epoch.
    /// </summary>
    /// <param name="warmupEpochs">Epochs of the rise, 0 or more; fractions are allowed.</param>
    /// <param name="minimumFactor">The factor at the end, from 0 to 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
    public static LearningRateSchedule Cosine(double warmupEpochs = 0, double minimumFactor = 0)
    {
        if (!(warmupEpochs >= 0) || double.IsInfinity(warmupEpochs))
            throw new ArgumentOutOfRangeException(nameof(warmupEpochs), warmupEpochs, "Must be 0 or more.");
        if (!(minimumFactor is >= 0 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(minimumFactor), minimumFactor, "Must be from 0 to 1.");
        return new CosineSchedule(warmupEpochs, minimumFactor);
    }

    /// <summary>
    /// The learning rate stays as it is and then falls linearly to zero over the last part of the training (warmup-stable-decay, Hu et al.
    /// 2024, here without warmup).
    /// </summary>
    /// <param name="decayShare">The share of the epochs over which it falls, above 0 and at most 1.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="decayShare"/> is out of its range.</exception>
    public static LearningRateSchedule StableThenDecay(double decayShare = 0.25)
    {
        ThrowIfNotFactor(decayShare, nameof(decayShare));
        return new StableSchedule(decayShare);
    }

    /// <summary>
    /// The learning rate rises linearly over the first part of the training and then falls linearly, from 1 / <paramref name="ratio"/> of
    /// itself and back to that (slanted triangular learning rates, Howard and Ruder 2018), for models whose training goes on with another
    /// task.
    /// </summary>
    /// <param name="cutFraction">The share of the epochs over which it rises, above 0 and below 1.</param>
    /// <param name="ratio">How many times as large the highest rate is as the lowest, 1 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
    public static LearningRateSchedule SlantedTriangular(double cutFraction = 0.1, double ratio = 32)
    {
        if (!(cutFraction is > 0 and < 1))
            throw new ArgumentOutOfRangeException(nameof(cutFraction), cutFraction, "Must be above 0 and below 1.");
        if (!(ratio >= 1) || double.IsInfinity(ratio))
            throw new ArgumentOutOfRangeException(nameof(ratio), ratio, "Must be 1 or more.");
        return new TriangularSchedule(cutFraction, ratio);
    }

    private static void ThrowIfNotFactor(double factor, string name)
    {
        if (!(factor is > 0 and <= 1))
            throw new ArgumentOutOfRangeException(name, factor, "Must be above 0 and at most 1.");
    }

    private sealed class ConstantSchedule : LearningRateSchedule
    {
        public override double GetFactor(double epoch, int numberOfEpochs) => 1;

        public override string ToString() => nameof(Constant);
    }

    private sealed class StableSchedule(double decayShare) : LearningRateSchedule
    {
        public override double GetFactor(double epoch, int numberOfEpochs)
            => Math.Clamp((numberOfEpochs - epoch) / (decayShare * numberOfEpochs), 0, 1);

        public override string ToString() => nameof(StableThenDecay);
    }

    private sealed class TriangularSchedule(double cutFraction, double ratio) : LearningRateSchedule
    {
        public override double GetFactor(double epoch, int numberOfEpochs)
        {
            double done = Math.Clamp(epoch / Math.Max(numberOfEpochs, 1e-9), 0, 1);
            double height = done < cutFraction ? done / cutFraction : (1 - done) / (1 - cutFraction);
            return (1 + height * (ratio - 1)) / ratio;
        }

        public override string ToString() => nameof(SlantedTriangular);
    }

    private sealed class StepSchedule(int epochs, double factor) : LearningRateSchedule
    {
        public int FirstEpochs { get; init; } = 1;

        public override double GetFactor(double epoch, int numberOfEpochs)
            => Math.Pow(factor, Math.Floor(Math.Max(0, epoch - FirstEpochs + 1) / epochs));

        public override string ToString() => nameof(StepDecay);
    }

    private sealed class CosineSchedule(double warmupEpochs, double minimumFactor) : LearningRateSchedule
    {
        // So that the very first batch is not lost to a learning rate of zero.
        private const double FirstWarmupFactor = 0.01;

        public override double GetFactor(double epoch, int numberOfEpochs)
        {
            if (epoch < warmupEpochs)
                return FirstWarmupFactor + (1 - FirstWarmupFactor) * epoch / warmupEpochs;
            double progress = Math.Clamp((epoch - warmupEpochs) / Math.Max(numberOfEpochs - warmupEpochs, 1e-9), 0, 1);
            return minimumFactor + (1 - minimumFactor) * 0.5 * (1 + Math.Cos(Math.PI * progress));
        }

        public override string ToString() => nameof(Cosine);
    }
}

namespace Microsoft.ML.Lstm.Engine.Series;

/// <summary>
/// What is usual in a series: two and a half deviations around the mean of its values, older ones fading exponentially. By it a value is
/// unusual although the rows before it lead one to expect it, as in a failure that comes slowly, or lasts.
/// </summary>
internal sealed class UsualValue
{
    // Usual values change more slowly than the scores that p-values go by.
    private const int HistoryOfScores = 3;

    // In a series that repeats itself no value is much farther from the mean, so what is nearer tells nothing.
    private const double UsualDistance = 2.5;

    // However far out, a value counts as at most so many deviations, so that single ones hardly change what is usual, and many do.
    private const double LargestDistance = 4;

    private readonly int _history;

    /// <summary>Begins with what the training data says of a series; without any values for one that it does not have.</summary>
    /// <param name="model">The model, of one target.</param>
    /// <param name="series">The number of the series, from 1; 0 for one that is not in the training data.</param>
    /// <param name="scores">About how many scores p-values go by; 0 for what training found, for good.</param>
    public UsualValue(ForecastModel model, int series, int scores)
    {
        _history = HistoryOfScores * scores;
        RowScaling scaling = model.Scaling;
        // Without a change, the series has too few values in the training data, or a single one.
        if (series > 0 && scaling.Changes[series] > 0)
            State = new UsualState(scaling.Levels[series], (double)scaling.Deviations[series] * scaling.Deviations[series],
                Math.Max(_history, ResidualCalibration.EnoughResiduals));
    }

    /// <summary>What is known so far.</summary>
    public UsualState State { get; set; }

    /// <summary>Whether there are enough values to tell.</summary>
    public bool IsKnown => State is { Count: >= ResidualCalibration.EnoughResiduals, Variance: > 0 };

    /// <summary>The deviation of the values.</summary>
    public double Deviation => Math.Sqrt(State.Variance);

    /// <summary>The lowest value that is usual.</summary>
    public double Lower => State.Mean - UsualDistance * Deviation;

    /// <summary>The highest value that is usual.</summary>
    public double Upper => State.Mean + UsualDistance * Deviation;

    /// <summary>
    /// The distance of a value from the usual ones, in deviations, with its sign; 0 while there are too few values to tell.
    /// </summary>
    public double DistanceOf(double value) => IsKnown ? (value - Math.Clamp(value, Lower, Upper)) / Deviation : 0;

    /// <summary>Adds a value to those that are usual.</summary>
    public void Follow(double value)
    {
        if (_history == 0)
            return;
        (double mean, double variance, double count) = State;
        double change = value - mean;
        if (IsKnown)
        {
            double largest = LargestDistance * Deviation;
            change = Math.Clamp(change, -largest, largest);
        }
        count = Math.Min(count + 1, _history);
        mean += change / count;
        variance += (change * change * (1 - 1 / count) - variance) / count;
        State = new UsualState(mean, variance, count);
    }
}

/// <summary>The state of a <see cref="UsualValue"/>.</summary>
/// <param name="Mean">The mean of the values.</param>
/// <param name="Variance">Their variance.</param>
/// <param name="Count">How many there are, but at most as many as they are followed by.</param>
internal readonly record struct UsualState(double Mean, double Variance, double Count);

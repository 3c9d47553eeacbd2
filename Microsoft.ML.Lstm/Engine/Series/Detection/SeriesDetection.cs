namespace Microsoft.ML.Lstm;

/// <summary>What a detector says of a row of a series, see <see cref="SeriesPredictor.Observe(ReadOnlySpan{float}, DateTimeOffset?, string,
/// ReadOnlySpan{float}, ReadOnlySpan{float})"/>. Where there is no forecast to compare the row with, numbers are NaN.</summary>
public readonly struct SeriesDetection
{
    internal SeriesDetection(bool isAlert, double score, double pValue, double expectedValue, double upperBound, double lowerBound)
    {
        (IsAlert, Score, PValue) = (isAlert, score, pValue);
        (ExpectedValue, UpperBound, LowerBound) = (expectedValue, upperBound, lowerBound);
    }

    /// <summary>Whether the value is so far from what was expected that it gives an alert.</summary>
    public bool IsAlert { get; }

    /// <summary>How far the value is from what was expected, and from what is usual, in robust deviations.</summary>
    public double Score { get; }

    /// <summary>The probability of such a score when nothing is wrong.</summary>
    public double PValue { get; }

    /// <summary>The forecast of the value.</summary>
    public double ExpectedValue { get; }

    /// <summary>Above it a value gives an alert.</summary>
    public double UpperBound { get; }

    /// <summary>Below it a value gives an alert.</summary>
    public double LowerBound { get; }

    internal static SeriesDetection None { get; } = Expecting(double.NaN);

    internal static SeriesDetection Expecting(double value) => new(false, double.NaN, double.NaN, value, double.NaN, double.NaN);
}

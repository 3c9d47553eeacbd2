using Microsoft.ML.Lstm.Engine.Training;

namespace Microsoft.ML.Lstm.Engine.Series.Choices;

/// <summary>
/// What is known of series when the options are chosen that are null; the rows of <see cref="DataFacts"/> are the series.
/// </summary>
internal sealed record SeriesFacts : DataFacts
{
    private const int EnoughForKurtosis = 30;

    /// <param name="lengths">The steps of each series.</param>
    public SeriesFacts(IEnumerable<int> lengths)
        : base(lengths)
    {
    }

    /// <summary>H: how many steps ahead a forecast goes.</summary>
    public required int Horizon { get; init; }

    /// <summary>The period of the series, in rows; 1 for none.</summary>
    public int Period { get; init; } = 1;

    /// <summary>The layout whose linear forecasts are the best on the validation rows; null where it was not looked for.</summary>
    public LayoutCandidate? Choice { get; init; }

    /// <summary>The kurtosis of the changes from row to row, the median over the series: 3 for a normal distribution.</summary>
    public double Kurtosis { get; init; } = 3;

    /// <summary>
    /// The kurtosis of the changes of a series; 3 where there are too few. Beyond a handful of rows it tells heavy tails.
    /// </summary>
    /// <param name="values">The values, NaN where one is missing.</param>
    public static double KurtosisOf(ReadOnlySpan<float> values)
    {
        double squares = 0, fourths = 0;
        int count = 0;
        for (int t = 1; t < values.Length; t++)
        {
            double change = (double)values[t] - values[t - 1], square = change * change;
            if (double.IsFinite(square * square))
                (squares, fourths, count) = (squares + square, fourths + square * square, count + 1);
        }
        return squares > 0 && count >= EnoughForKurtosis ? fourths * count / (squares * squares) : 3;
    }
}

namespace Microsoft.ML.Lstm;

/// <summary>How well the next items of sequences are predicted, from <c>EvaluateNextItem</c>.</summary>
/// <remarks>
/// The rank of a row is the place of its item among the k that the model predicts, 1 for the most probable one. Items that the model does
/// not predict, unknown ones too, have none and count 0.
/// </remarks>
public sealed class NextItemMetrics
{
    internal NextItemMetrics(long[] hits, long rows, long withoutItem, long unscored)
    {
        NumberOfRows = rows;
        NumberOfRowsWithoutItem = withoutItem;
        NumberOfUnscoredRows = unscored;
        double[] rates = new double[hits.Length], reciprocals = new double[hits.Length];
        long found = 0;
        double sum = 0;
        for (int i = 0; i < hits.Length; i++)
        {
            found += hits[i];
            sum += hits[i] / (i + 1.0);
            rates[i] = (double)found / rows;
            reciprocals[i] = sum / rows;
        }
        (HitRates, MeanReciprocalRanks) = (rates, reciprocals);
    }

    /// <summary>Rows that count.</summary>
    public long NumberOfRows { get; }

    /// <summary>Rows that are left out since they have no item: a missing key, or an empty text.</summary>
    public long NumberOfRowsWithoutItem { get; }

    /// <summary>
    /// Rows that are left out since the model predicts nothing for them: it could not score them, or all items are left out.
    /// </summary>
    public long NumberOfUnscoredRows { get; }

    /// <summary>The share of rows whose item is among the first 1, 2, ... k predictions.</summary>
    public IReadOnlyList<double> HitRates { get; }

    /// <summary>The share of rows whose item is among all k predictions.</summary>
    public double HitRate => HitRates[^1];

    /// <summary>The mean of 1 / rank, where ranks beyond 1, 2, ... k count 0.</summary>
    public IReadOnlyList<double> MeanReciprocalRanks { get; }

    /// <summary>The mean of 1 / rank, where ranks beyond k count 0 (MRR at k).</summary>
    public double MeanReciprocalRank => MeanReciprocalRanks[^1];
}

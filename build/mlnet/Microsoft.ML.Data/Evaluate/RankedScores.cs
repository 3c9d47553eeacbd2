using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>Scores of examples that are positive or not, and how well the order of the scores tells them apart.</summary>
internal sealed class RankedScores
{
    private readonly List<(float Score, bool IsPositive)> _rows = [];

    public long Positives { get; private set; }

    public long Negatives => _rows.Count - Positives;

    public void Add(float score, bool isPositive)
    {
        _rows.Add((score, isPositive));
        Positives += isPositive ? 1 : 0;
    }

    /// <summary>The highest score first; equal ones as they came.</summary>
    public IEnumerable<bool> Ranked() => _rows.OrderByDescending(r => r.Score).Select(r => r.IsPositive);

    /// <summary>The share of pairs of a positive and a negative in which the positive has the higher score; a tie is half a pair.</summary>
    public double AreaUnderRocCurve()
    {
        Contracts.CheckParam(Positives > 0, "PosSample", "AUC is not defined when there is no positive class in the data");
        Contracts.CheckParam(Negatives > 0, "NegSample", "AUC is not defined when there is no negative class in the data");
        double pairs = 0;
        long above = 0;
        foreach (IGrouping<float, bool> ties in _rows.GroupBy(r => r.Score, r => r.IsPositive).OrderByDescending(g => g.Key))
        {
            long positives = ties.LongCount(isPositive => isPositive);
            pairs += (above + positives / 2.0) * (ties.LongCount() - positives);
            above += positives;
        }
        return pairs / ((double)Positives * Negatives);
    }

    /// <summary>By the trapezoid rule over the recall; of all rows, where ML.NET takes a sample of those beyond 100,000.</summary>
    public double AreaUnderPrecisionRecallCurve()
    {
        double area = 0;
        double lastPrecision = 1;
        (long found, long seen) = (0, 0);
        foreach (bool isPositive in Ranked())
        {
            seen++;
            found += isPositive ? 1 : 0;
            double precision = (double)found / seen;
            if (isPositive)
                area += (lastPrecision + precision) / 2 / Positives;
            lastPrecision = precision;
        }
        return area;
    }
}

namespace Microsoft.ML.Lstm.Tests.Engine.Reference;

/// <summary>
/// A linear-chain conditional random field in double: by its definition, over all paths, for small sequences; and its loss by the plain
/// recursion in logs, for sequences of any length.
/// </summary>
internal sealed class ReferenceCrf(int labels, double[] transitions, double[] start, double[] end)
{
    public double[] Transitions => transitions;

    public double[] Start => start;

    public double[] End => end;

    /// <summary>Every path of <paramref name="steps"/> labels: the first step's label varies fastest.</summary>
    public IEnumerable<int[]> Paths(int steps)
    {
        int[] path = new int[steps];
        int t;
        do
        {
            yield return [.. path];
            for (t = 0; t < steps && ++path[t] == labels; t++)
                path[t] = 0;
        }
        while (t < steps);
    }

    public double Score(double[] emissions, int[] path)
    {
        double score = start[path[0]] + end[path[^1]];
        for (int t = 0; t < path.Length; t++)
            score += emissions[t * labels + path[t]] + (t > 0 ? transitions[path[t - 1] * labels + path[t]] : 0);
        return score;
    }

    /// <summary>−log P(known labels), by summing over all paths.</summary>
    public double LossOverPaths(double[] emissions, int[] known)
    {
        int[][] paths = [.. Paths(known.Length)];
        return LogSumExp(paths.Select(path => Score(emissions, path)))
            - LogSumExp(paths.Where(path => path.Zip(known, (y, k) => k < 0 || k == y).All(same => same))
                .Select(path => Score(emissions, path)));
    }

    /// <summary>The probability of each label at each step, by summing over all paths.</summary>
    public double[] MarginalsOverPaths(double[] emissions)
    {
        int[][] paths = [.. Paths(emissions.Length / labels)];
        double logPartition = LogSumExp(paths.Select(path => Score(emissions, path)));
        double[] marginals = new double[emissions.Length];
        foreach (int[] path in paths)
        {
            for (int t = 0; t < path.Length; t++)
                marginals[t * labels + path[t]] += Math.Exp(Score(emissions, path) - logPartition);
        }
        return marginals;
    }

    /// <summary>The best path; among equally good ones the one with the lowest labels, compared from the last step on.</summary>
    public int[] BestPath(double[] emissions)
        => Paths(emissions.Length / labels).MaxBy(path => Score(emissions, path))!;

    /// <summary>−log P(known labels).</summary>
    public double Loss(double[] emissions, int[] known)
        => LogSum(emissions, [.. known.Select(_ => -1)]) - LogSum(emissions, known);

    /// <summary>log of the summed exponentials of the paths through the known labels.</summary>
    private double LogSum(double[] emissions, int[] known)
    {
        double[] alpha = [];
        for (int t = 0; t < known.Length; t++)
        {
            double[] before = alpha;
            alpha = [.. Enumerable.Range(0, labels).Select(j => known[t] >= 0 && known[t] != j
                ? double.NegativeInfinity
                : emissions[t * labels + j] + (t == 0 ? start[j] : LogSumExp(before.Select((a, i) => a + transitions[i * labels + j]))))];
        }
        return LogSumExp(alpha.Zip(end, (a, e) => a + e));
    }

    private static double LogSumExp(IEnumerable<double> values)
    {
        double[] all = [.. values];
        double largest = all.Max();
        return double.IsNegativeInfinity(largest) ? largest : largest + Math.Log(all.Sum(x => Math.Exp(x - largest)));
    }
}

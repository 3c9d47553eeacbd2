namespace Microsoft.ML.Lstm.Engine.Parameters;

/// <summary>
/// The clusters of classes of an adaptive softmax (Grave et al. 2017): the head tells the most frequent classes, the shortlist, and each
/// cluster of rarer ones, a tail, from one another; a tail tells its classes from one another by a projection of the head's input to fewer
/// numbers. p(class) is the head's probability of the class or, in a tail, that of the tail times the tail's probability of the class.
/// </summary>
/// <remarks>Classes keep their numbers; a cluster numbers its own in ascending order.</remarks>
internal sealed class AdaptiveSoftmaxShape : IEquatable<AdaptiveSoftmaxShape>
{
    /// <param name="shortlist">The classes of the head, counted from 1.</param>
    /// <param name="tails">The tails, at least one.</param>
    /// <exception cref="ArgumentException">A class is in no cluster, or in several.</exception>
    public AdaptiveSoftmaxShape(KeySubset shortlist, ValueList<TailCluster> tails)
    {
        (Shortlist, Tails) = (shortlist, tails);
        // Without an array of all classes, which a file may claim to be any number.
        int next = 1;
        foreach ((int first, int count) in Clusters.SelectMany(classes => classes.Known).OrderBy(run => run.First))
        {
            if (first != next)
                throw Misplaced();
            next += count;
        }
        if (tails.Count == 0 || next != OutputSize + 1 || Clusters.Any(classes => classes.KeyCount != OutputSize || classes.Count == 0))
            throw Misplaced();

        static ArgumentException Misplaced()
            => new("Clusters of classes were expected, none of them empty, with each class in one of them.", nameof(tails));
    }

    /// <summary>The classes of the head.</summary>
    public KeySubset Shortlist { get; }

    /// <summary>The tails, the most frequent first.</summary>
    public ValueList<TailCluster> Tails { get; }

    /// <summary>O: the number of classes.</summary>
    public int OutputSize => Shortlist.KeyCount;

    /// <summary>Outputs of the head: the classes of the shortlist and, behind them, the tails.</summary>
    public int HeadSize => Shortlist.Count + Tails.Count;

    /// <summary>The classes of the first cluster, of the first two, and so on, but of all.</summary>
    public int[] Cutoffs =>
        [.. Enumerable.Range(0, Tails.Count).Select(tails => Shortlist.Count + Tails.Take(tails).Sum(tail => tail.Classes.Count))];

    /// <summary>The clusters by frequency.</summary>
    /// <param name="counts">How often each class occurs.</param>
    /// <param name="cutoffs">How many of the most frequent classes are in the first cluster, in the first two, and so on, as
    /// PyTorch has it; ascending, from 1 to below the number of classes.</param>
    /// <param name="inputSize">K: the width of the head's input.</param>
    /// <param name="factor">By how much the projection of a tail is smaller than that of the tail before, and of the first than K; 1 or
    /// more.</param>
    public static AdaptiveSoftmaxShape ByFrequency(
        IReadOnlyList<long> counts, ReadOnlySpan<int> cutoffs, int inputSize, double factor)
    {
        // Equally frequent classes in the order of their numbers: the sort is stable.
        int[] byFrequency = [.. Enumerable.Range(0, counts.Count).OrderByDescending(number => counts[number]).Select(number => number + 1)];
        var tails = new TailCluster[cutoffs.Length];
        for (int i = 0; i < tails.Length; i++)
        {
            int end = i + 1 < cutoffs.Length ? cutoffs[i + 1] : counts.Count;
            tails[i] = new TailCluster(SubsetOf(byFrequency[cutoffs[i]..end]), Math.Max(1, (int)(inputSize / Math.Pow(factor, i + 1))));
        }
        return new AdaptiveSoftmaxShape(SubsetOf(byFrequency[..cutoffs[0]]), new ValueList<TailCluster>(tails));

        KeySubset SubsetOf(int[] keys) => KeySubset.Of(counts.Count, keys)
            ?? throw new ArgumentOutOfRangeException(nameof(cutoffs), "The last cutoff has to be less than the number of classes.");
    }

    /// <summary>Where a class, from 0, is: its cluster, 0 for the shortlist and then the tails, and its index there.</summary>
    public (int Cluster, int Index) Find(int number)
    {
        int cluster = 0, place = Shortlist.NumberOf(number + 1);
        while (place == 0)
            place = Tails[cluster++].Classes.NumberOf(number + 1);
        return (cluster, place - 1);
    }

    /// <summary>The clusters of classes with other numbers, of the same order; new ones are in the last tail.</summary>
    /// <param name="classes">For each class the number that it had, from 0; negative for a new class.</param>
    public AdaptiveSoftmaxShape Renumber(int[] classes)
    {
        var members = Enumerable.Range(1, classes.Length)
            .ToLookup(key => classes[key - 1] is var number and >= 0 ? Find(number).Cluster : Tails.Count);
        return new AdaptiveSoftmaxShape(KeySubset.Of(classes.Length, members[0])!, new ValueList<TailCluster>(
            [.. Tails.Select((tail, i) => tail with { Classes = KeySubset.Of(classes.Length, members[i + 1])! })]));
    }

    private IEnumerable<KeySubset> Clusters => [Shortlist, .. Tails.Select(tail => tail.Classes)];

    public bool Equals(AdaptiveSoftmaxShape? other)
        => other is not null && Shortlist.Equals(other.Shortlist) && Tails.Equals(other.Tails);

    public override bool Equals(object? obj) => Equals(obj as AdaptiveSoftmaxShape);

    public override int GetHashCode() => HashCode.Combine(Shortlist, Tails.Count);
}

/// <summary>A cluster of classes behind a projection.</summary>
/// <param name="Classes">The classes, counted from 1.</param>
/// <param name="Size">Numbers that the head's input is projected to.</param>
internal readonly record struct TailCluster(KeySubset Classes, int Size);

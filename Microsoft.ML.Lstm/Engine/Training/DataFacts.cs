using System.Globalization;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Training;

/// <summary>What is known of the training data when the options are chosen that are null.</summary>
internal record DataFacts
{
    // Half of the period of an oscillation, or a whole one, is about one to four steps, or its steps are like those beside them.
    private const int NearSteps = 4;

    /// <param name="lengths">The steps of each row.</param>
    public DataFacts(IEnumerable<int> lengths)
    {
        int[] sorted = [.. lengths];
        Array.Sort(sorted);
        Rows = sorted.Length;
        if (Rows == 0)
            return;
        (ShortestRow, LongestRow) = (sorted[0], sorted[^1]);
        MedianSteps = sorted[Rows / 2];
        TotalSteps = sorted.Sum(length => (long)length);
    }

    /// <summary>Rows to train on, before any are held out: sequences, or series.</summary>
    public int Rows { get; }

    /// <summary>Steps of the shortest row.</summary>
    public int ShortestRow { get; }

    /// <summary>Steps of the longest row.</summary>
    public int LongestRow { get; }

    /// <summary>The median of the rows' steps; of an even number of rows the upper one.</summary>
    public int MedianSteps { get; }

    /// <summary>Steps of all rows together.</summary>
    public long TotalSteps { get; }

    /// <summary>The mean of the rows' steps.</summary>
    public double MeanSteps => Rows == 0 ? 0 : (double)TotalSteps / Rows;

    /// <summary>F: numbers of a step.</summary>
    public int Features { get; init; }

    /// <summary>S: static features of a row.</summary>
    public int StaticFeatures { get; init; }

    /// <summary>For each column of tokens, how many different ones there are.</summary>
    public IReadOnlyList<int> Vocabularies { get; init; } = [];

    /// <summary>Whether words are read by their characters.</summary>
    public bool HasCharacters { get; init; }

    /// <summary>Numbers to predict for a row; 0 where classes are predicted, or nothing.</summary>
    public int Targets { get; init; }

    /// <summary>Classes to tell apart, for a row or for each step; 0 where numbers are predicted, or nothing.</summary>
    public int Classes { get; init; }

    /// <summary>Whether the rows are read anew each epoch, so that none of them can be held out.</summary>
    public bool IsStreamed { get; init; }

    /// <summary>Whether there are validation rows beside these.</summary>
    public bool HasValidation { get; init; }

    /// <summary>
    /// W: rows of the windows of a series that the sequences are, in the order of time, so that they overlap; 0 where they are none.
    /// </summary>
    public int WindowRows { get; init; }

    /// <summary>Whether all rows have as many steps, of numbers alone.</summary>
    public bool HasFixedSteps => Rows > 0 && ShortestRow == LongestRow && Vocabularies.Count == 0;

    /// <summary>
    /// The share of the variance of the numbers that is the mean of all rows, step by step, where all have as many steps; 0 where they
    /// don't, and where numbers are predicted. In curves that share no course it is near 0, in those that all but share one near 1.
    /// </summary>
    public double ShareOfMeanCurve { get; init; }

    /// <summary>
    /// The magnitude of the mean correlation, over the rows, of a number with that of one to four steps later, the largest of these, where
    /// all rows have as many steps. In curves and signals it is above 0.5, in fast oscillations too, in numbers that only stand one behind
    /// the other near 0. 1 where rows are of several lengths, where numbers are predicted, and where all numbers are 0 or 1: marks of
    /// letters, say, whose order may tell more than their places.
    /// </summary>
    public double CorrelationOfSteps { get; init; } = 1;

    /// <summary>The network whose training is continued; null for a new one.</summary>
    public NetworkShape? Initial { get; init; }

    /// <summary>The network whose layers begin those of a new one, with another output layer; null for none.</summary>
    public NetworkShape? Encoder { get; init; }

    /// <summary>The facts of sequences.</summary>
    public static DataFacts Of(TrainingData data)
    {
        DataFacts facts = OfSizes(data);
        return data is SequenceSet set && data is { FeatureSize: > 0, TargetSize: 0 } && facts.HasFixedSteps
            ? facts with { ShareOfMeanCurve = ShareOf(set), CorrelationOfSteps = CorrelationOf(set) }
            : facts;
    }

    private static DataFacts OfSizes(TrainingData data) => new(data.Sequences.Select(data.LengthOf))
    {
        Features = data.FeatureSize,
        StaticFeatures = data.StaticSize,
        Vocabularies = data.Vocabularies,
        HasCharacters = data.Words is not null,
        Targets = data.TargetSize,
        IsStreamed = data is StreamedSequences,
    };

    /// <summary>The mean over the features of the share of the variance between steps.</summary>
    private static double ShareOf(SequenceSet set)
    {
        int features = set.FeatureSize, numbers = set[0].Features.Length;
        double[] sums = new double[numbers], squares = new double[features];
        foreach (TrainingSequence sequence in set.Sequences)
        {
            ReadOnlySpan<float> row = sequence.Features.Span;
            for (int i = 0; i < numbers; i++)
            {
                sums[i] += row[i];
                squares[i % features] += (double)row[i] * row[i];
            }
        }
        double shares = 0;
        for (int f = 0; f < features; f++)
        {
            double[] ofFeature = [.. Enumerable.Range(0, numbers / features).Select(t => sums[t * features + f] / set.Count)];
            double mean = ofFeature.Average(), between = ofFeature.Average(value => (value - mean) * (value - mean));
            double all = squares[f] / set.Count / ofFeature.Length - mean * mean;
            shares += between > 0 && all > 0 ? Math.Min(between / all, 1) : 0;
        }
        return shares / features;
    }

    /// <summary>
    /// The magnitude of the mean, over all numbers, of their correlation with those some steps later: of that distance where it is largest.
    /// </summary>
    private static double CorrelationOf(SequenceSet set)
    {
        int features = set.FeatureSize, numbers = set[0].Features.Length, distances = Math.Min(NearSteps, numbers / features - 1);
        double[] sums = new double[numbers], squares = new double[numbers], differences = new double[numbers];
        double[][] products = [.. Enumerable.Range(1, distances).Select(distance => new double[numbers - distance * features])];
        bool areMarks = true;
        // Differences from the first row, so that of a number that never varies no rounding is left.
        ReadOnlySpan<float> first = set[0].Features.Span;
        foreach (TrainingSequence sequence in set.Sequences)
        {
            ReadOnlySpan<float> row = sequence.Features.Span;
            for (int i = 0; i < numbers; i++)
            {
                areMarks &= row[i] is 0 or 1;
                double difference = differences[i] = (double)row[i] - first[i];
                sums[i] += difference;
                squares[i] += difference * difference;
            }
            foreach (double[] sum in products)
            {
                for (int i = 0; i < sum.Length; i++)
                    sum[i] += differences[i] * differences[numbers - sum.Length + i];
            }
        }
        return areMarks ? 1 : products.Max(MeanCorrelation) ?? 1;

        double? MeanCorrelation(double[] sum)
        {
            double[] known = [.. sum.Select((product, i) => Correlation(product, i, numbers - sum.Length + i)).Where(double.IsFinite)];
            return known.Length == 0 ? null : Math.Abs(known.Average());
        }

        double Correlation(double product, int i, int j)
            => (product - sums[i] * sums[j] / set.Count) / Math.Sqrt(Variation(i) * Variation(j));

        double Variation(int i) => squares[i] - sums[i] * sums[i] / set.Count;
    }

    /// <summary>The number of rows and their sizes, in words.</summary>
    public string Describe()
    {
        string lengths = ShortestRow == LongestRow ? $"{ShortestRow}" : $"{ShortestRow} to {LongestRow}";
        string[] inputs =
        [
            .. new[] { Number(Features, "feature"), Number(Vocabularies.Count, "token"), HasCharacters ? "a word's characters" : "" }
                .Where(text => text != ""),
        ];
        return $"{Rows} sequences of {lengths} steps with {string.Join(" and ", inputs)} each";

        static string Number(int count, string what) => count == 0 ? "" : count == 1 ? $"1 {what}" : $"{count} {what}s";
    }
}

/// <summary>Collects which options were chosen from the data, with their values and the reasons.</summary>
internal sealed class OptionChoices
{
    private readonly List<OptionChoice> _choices = [];

    /// <summary>The choices so far; of two for an option only the last.</summary>
    public IReadOnlyList<OptionChoice> All => _choices;

    /// <summary>Notes what an option was set to.</summary>
    /// <param name="option">The name of the option.</param>
    /// <param name="value">Its value.</param>
    /// <param name="reason">What in the data led to it: half a sentence without a full stop.</param>
    /// <returns>The value, for <c>Option ??= choices.Note(nameof(Option), value, reason)</c>.</returns>
    public T Note<T>(string option, T value, string reason)
    {
        _choices.RemoveAll(choice => choice.Option == option);
        string text = string.Create(CultureInfo.InvariantCulture, $"{value}");
        _choices.Add(new OptionChoice(option, text, reason));
        return value;
    }

    /// <summary>All choices in one line for the log; null where there are none.</summary>
    public string? Describe() => _choices.Count == 0 ? null
        : $"Chosen from the data: {string.Join(", ", _choices.Select(choice => $"{choice.Option} {choice.Value} ({choice.Reason})"))}.";
}

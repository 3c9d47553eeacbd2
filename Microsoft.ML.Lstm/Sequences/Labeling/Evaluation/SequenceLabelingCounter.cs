namespace Microsoft.ML.Lstm.Sequences.Labeling.Evaluation;

/// <summary>Counts the labels and spans of sequences, one sequence at a time.</summary>
/// <param name="known">The labels that can be predicted; null where they are unknown.</param>
internal sealed class SequenceLabelingCounter(IReadOnlySet<string>? known = null)
{
    private readonly Dictionary<string, Tally> _labels = [];
    private readonly Dictionary<string, Tally> _spanTypes = [];
    private readonly Dictionary<string, SpanTag> _tags = [];
    private long _missingLabels;
    private long _unscored;

    /// <summary>The figures of all sequences so far.</summary>
    public SequenceLabelingMetrics Metrics => new(Scores(_labels), Scores(_spanTypes))
    {
        NumberOfMissingLabels = _missingLabels,
        NumberOfUnseenLabels = known is null ? 0 : _labels.Where(entry => !known.Contains(entry.Key)).Sum(entry => entry.Value.Support),
        NumberOfUnscoredSequences = _unscored,
    };

    /// <summary>Adds a sequence.</summary>
    /// <param name="labels">The label of each step; a step without one, <see langword="null"/>, is counted as missing and otherwise left
    /// out.</param>
    /// <param name="predicted">As many predicted labels; <see langword="null"/> is a wrong label outside of spans.</param>
    public void Add(ReadOnlySpan<string?> labels, ReadOnlySpan<string?> predicted)
    {
        if (labels.Length != predicted.Length)
            throw new ArgumentException($"{predicted.Length} predicted labels for {labels.Length} steps.", nameof(predicted));
        var spans = new SpanReader();
        var predictedSpans = new SpanReader();
        for (int t = 0; t < labels.Length; t++)
        {
            if (labels[t] is not { } label)
            {
                _missingLabels++;
                continue;
            }
            CountLabel(label, predicted[t]);
            CountSpans(spans.Read(TagOf(label), t), predictedSpans.Read(TagOf(predicted[t]), t));
        }
        CountSpans(spans.Read(SpanTag.Outside, labels.Length), predictedSpans.Read(SpanTag.Outside, labels.Length));
    }

    /// <summary>Adds a sequence that may have no prediction; then all its labels and spans count as not found.</summary>
    public void AddSequence(string?[] labels, string?[] predicted)
    {
        bool isUnscored = predicted.Length == 0 && labels.Length > 0;
        _unscored += isUnscored ? 1 : 0;
        Add(labels, isUnscored ? new string?[labels.Length] : predicted);
    }

    private void CountLabel(string label, string? predicted)
    {
        Find(_labels, label).Support++;
        if (predicted is not null)
            Find(_labels, predicted).Predicted++;
        if (predicted == label)
            Find(_labels, label).Correct++;
    }

    /// <summary>Counts the spans that end at this step: one of the data, a predicted one, both or none.</summary>
    private void CountSpans(Span? span, Span? predicted)
    {
        if (span is not null)
            Find(_spanTypes, span.Value.Type).Support++;
        if (predicted is not null)
            Find(_spanTypes, predicted.Value.Type).Predicted++;
        if (span is not null && span == predicted)
            Find(_spanTypes, span.Value.Type).Correct++;
    }

    private SpanTag TagOf(string? label)
    {
        if (label is null)
            return SpanTag.Outside;
        if (!_tags.TryGetValue(label, out SpanTag tag))
            _tags.Add(label, tag = SpanTag.Parse(label));
        return tag;
    }

    private static Tally Find(Dictionary<string, Tally> tallies, string name)
    {
        if (!tallies.TryGetValue(name, out Tally? tally))
            tallies.Add(name, tally = new());
        return tally;
    }

    private static SequenceLabelingScore[] Scores(Dictionary<string, Tally> tallies)
        => [.. tallies.OrderBy(entry => entry.Key, StringComparer.Ordinal)
            .Select(entry => new SequenceLabelingScore(entry.Key, entry.Value.Support, entry.Value.Predicted, entry.Value.Correct))];

    private sealed class Tally
    {
        public long Support { get; set; }

        public long Predicted { get; set; }

        public long Correct { get; set; }
    }

    /// <summary>A span, given by its first step and its type; two spans that end at the same step are equal if both agree.</summary>
    private readonly record struct Span(int First, string Type);

    /// <summary>Joins the tags of a sequence to spans.</summary>
    private struct SpanReader()
    {
        private SpanTag _before = SpanTag.Outside;
        private int _first;

        /// <summary>Goes on to step <paramref name="step"/> and gives the span that ended before it, if one did.</summary>
        public Span? Read(SpanTag tag, int step)
        {
            SpanTag before = _before;
            _before = tag;
            if (tag.Continues(before))
                return null;
            Span? ended = before.IsOutside ? null : new(_first, before.Type);
            _first = step;
            return ended;
        }
    }
}

using Microsoft.ML.Lstm.Engine.Training;

namespace Microsoft.ML.Lstm.Engine.Series;

/// <summary>
/// Series to learn forecasting from, cut into windows of W steps each of which gives a forecast; before them go up to W more, on which
/// the state warms up, so that it is as long-sighted as later, when it goes through whole series. The cuts are elsewhere in each epoch.
/// </summary>
/// <param name="layout">The layout of the steps.</param>
/// <param name="series">The series.</param>
/// <param name="ranges">For each series, the steps whose forecasts count, and the step from which on values are not to be learned
/// from.</param>
/// <param name="staticSize">S: static features of a series.</param>
/// <param name="vocabularies">The number of series, where the network is told them apart; else none.</param>
internal sealed class SeriesWindows(ForecastLayout layout, IReadOnlyList<EncodedSeries> series, IReadOnlyList<Range> ranges, int staticSize,
    int[] vocabularies)
    : TrainingData(layout.FeatureSize, staticSize, targetSize: 0, vocabularies, keys: null)
{
    private int? _count;

    public override int Count => _count ??= Sequences.Count();

    public override IEnumerable<TrainingSequence> Sequences
        => Enumerable.Range(0, series.Count).SelectMany(index => Cut(index, layout.WindowSize));

    public override IEnumerable<SequenceSet> Sets(Random? random) => [ToSet(random)];

    /// <summary>The windows, in memory.</summary>
    public SequenceSet ToSet(Random? random = null)
    {
        var set = new SequenceSet(FeatureSize, StaticSize, TargetSize, [.. Vocabularies]);
        for (int index = 0; index < series.Count; index++)
        {
            int first = random is null ? layout.WindowSize : random.Next(1, layout.WindowSize + 1);
            foreach (TrainingSequence sequence in Cut(index, first))
                set.Add(sequence);
        }
        return set;
    }

    /// <summary>The windows of a series, the first of which gives <paramref name="first"/> forecasts.</summary>
    private IEnumerable<TrainingSequence> Cut(int index, int first)
    {
        EncodedSeries steps = series[index];
        (int begin, int end) = (ranges[index].Start.Value, ranges[index].End.Value);
        // The last value has nothing behind it to learn.
        int last = end - 1;
        for (int from = begin, to = Math.Min(begin + first, last); from < last; from = to, to = Math.Min(to + layout.WindowSize, last))
        {
            int start = Math.Max(0, from - layout.WindowSize);
            yield return new TrainingSequence
            {
                Features = steps.Features[(start * FeatureSize)..(to * FeatureSize)],
                Tokens = Vocabularies.Count > 0 ? [.. Enumerable.Repeat(steps.Series, to - start)] : [],
                Statics = steps.Statics,
                Window = new SeriesWindow(steps, start, from - start, end),
            };
        }
    }
}

/// <summary>The steps of a series that a sequence is made of, and what comes after each.</summary>
/// <param name="Series">The series.</param>
/// <param name="Start">The step of the series that is the sequence's first.</param>
/// <param name="FirstForecast">The first step, of the sequence's own, whose forecast counts; those before it only warm up the
/// state.</param>
/// <param name="LearnableEnd">Values of the series from here on are not to be learned from.</param>
internal sealed record SeriesWindow(EncodedSeries Series, int Start, int FirstForecast, int LearnableEnd);

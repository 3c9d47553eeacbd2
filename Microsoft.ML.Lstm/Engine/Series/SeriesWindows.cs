using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Training;

namespace Microsoft.ML.Lstm.Engine.Series;

/// <summary>
/// Training data for forecasts: series cut into windows of W steps, each of which gives a forecast. Up to W further steps before a window
/// warm up the state, so that it looks back as far as in scoring, which runs through whole series. The cuts differ from epoch to epoch.
/// </summary>
/// <param name="layout">The layout of the steps.</param>
/// <param name="series">The series.</param>
/// <param name="ranges">For each series, the steps whose forecasts count; values at the end of the range and beyond are not learned
/// from.</param>
/// <param name="staticSize">S: static features of a series.</param>
/// <param name="vocabularies">The number of series where each has an embedding; else empty.</param>
internal sealed class SeriesWindows(
    ForecastLayout layout, IReadOnlyList<EncodedSeries> series, IReadOnlyList<Range> ranges, int staticSize, int[] vocabularies)
    : TrainingData(layout.FeatureSize, staticSize, targetSize: 0, vocabularies, keys: null)
{
    private int? _count;

    public override int Count => _count ??= Sequences.Count();

    public override IEnumerable<TrainingSequence> Sequences
        => Enumerable.Range(0, series.Count).SelectMany(index => Cut(index, layout.WindowSize));

    public override IEnumerable<SequenceSet> Sets(Random? random) => [ToSet(random)];

    /// <summary>All windows, in memory.</summary>
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
        int begin = ranges[index].Start.Value, end = ranges[index].End.Value;
        // The last step has no later value to learn.
        int last = end - 1;
        for (int from = begin, to = Math.Min(begin + first, last); from < last; from = to, to = Math.Min(to + layout.WindowSize, last))
        {
            int start = Math.Max(0, from - layout.WindowSize);
            yield return new SeriesWindow(steps, start, from - start, end)
            {
                Steps = to - start,
                Tokens = Vocabularies.Count > 0 ? [.. Enumerable.Repeat(steps.Series, to - start)] : [],
                Statics = steps.Statics,
            };
        }
    }
}

/// <summary>
/// The steps of a window of a series, and where in the series it lies. Their features are put together when they are asked for.
/// </summary>
internal sealed class SeriesWindow(EncodedSeries series, int start, int firstForecast, int learnableEnd) : TrainingSequence
{
    private AffineScaler? _scaler;

    /// <summary>The series.</summary>
    public EncodedSeries Series { get; } = series;

    /// <summary>T: steps of the window.</summary>
    public int Steps { get; init; }

    /// <summary>The step of the series that the window begins with.</summary>
    public int Start { get; } = start;

    /// <summary>The first step of the window whose forecast counts; the steps before it only warm up the state.</summary>
    public int FirstForecast { get; } = firstForecast;

    /// <summary>The step of the series from which on values are not learned from.</summary>
    public int LearnableEnd { get; } = learnableEnd;

    public override int FeatureCount => Steps * Series.FeatureSize;

    public override void CopyFeaturesTo(Span<float> destination)
    {
        int size = Series.FeatureSize;
        for (int t = 0; t < Steps; t++)
            Series.CopyFeaturesTo(Start + t, destination.Slice(t * size, size));
        _scaler?.Apply(destination[..FeatureCount]);
    }

    // Many windows share the values of a series, which stay as they are.
    public override void ScaleFeatures(AffineScaler scaler) => _scaler = scaler.IsIdentity ? null : scaler;
}

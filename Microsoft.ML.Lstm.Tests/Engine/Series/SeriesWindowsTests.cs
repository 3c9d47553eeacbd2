using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Series;
using Microsoft.ML.Lstm.Engine.Training;
using Microsoft.ML.Lstm.Tests.Engine.Training;

namespace Microsoft.ML.Lstm.Tests.Engine.Series;

/// <summary>
/// Cutting series into windows: each forecast is learned once an epoch, and only from values that may be learned from.
/// </summary>
[TestClass]
public sealed class SeriesWindowsTests
{
    private const int WindowSize = 4;

    [TestMethod]
    [DataRow(0, 20, 20)]
    [DataRow(0, 13, 20)]
    [DataRow(0, 2, 20)]
    [DataRow(7, 20, 20)]
    [DataRow(12, 16, 20)]
    [DataRow(19, 20, 20)]
    [DataRow(0, 1, 20)]
    [DataRow(0, 0, 20)]
    public void EachStepOfTheRangeIsLearnedOnceWhateverThePhase(int begin, int end, int steps)
    {
        ForecastLayout layout = SeriesSample.Layout(windowSize: WindowSize);
        EncodedSeries series = SeriesSample.Series(layout, steps);
        var windows = new SeriesWindows(layout, [series], [begin..end], staticSize: 0, []);
        var random = new Random(5);
        var phases = new HashSet<int>();
        for (int epoch = 0; epoch < 60; epoch++)
        {
            SequenceSet set = windows.ToSet(epoch == 0 ? null : random);
            int[] times = new int[steps];
            var objective = new ForecastObjective(layout, 0.9);
            foreach (TrainingSequence sequence in set.Sequences)
            {
                var window = (SeriesWindow)sequence;
                int length = sequence.FeatureCount / layout.FeatureSize;
                Assert.AreEqual(end, window.LearnableEnd);
                // No features from the end of the range on, and at most W steps of warm-up.
                Assert.IsLessThan(end, window.Start + length);
                Assert.AreEqual(Math.Min(window.Start + window.FirstForecast, WindowSize), window.FirstForecast);
                Assert.IsInRange(1, WindowSize, length - window.FirstForecast);
                CollectionAssert.AreEqual(series.Features[(window.Start * layout.FeatureSize)..((window.Start
                    + length) * layout.FeatureSize)], FeaturesOf(sequence));
                for (int t = 0; t < length; t++)
                    times[window.Start + t] += objective.WeightOf(sequence, t) > 0 ? 1 : 0;
            }
            phases.Add(set.Count == 0 ? 0 : set[0].FeatureCount / layout.FeatureSize - ((SeriesWindow)set[0]).FirstForecast);
            for (int t = 0; t < steps; t++)
                Assert.AreEqual(t >= begin && t < end - 1 ? 1 : 0, times[t], $"epoch {epoch}, step {t}");
        }
        Assert.HasCount(Math.Clamp(end - 1 - begin, 1, WindowSize), phases);
    }

    [TestMethod]
    [DynamicData(nameof(ForecastObjectiveTests.Losses), typeof(ForecastObjectiveTests))]
    public void ValidationValuesAreNeverLearnedFrom(ForecastLoss loss)
    {
        ForecastLayout layout = SeriesSample.Layout(loss, windowSize: WindowSize);
        const int TrainingRows = 13;
        EncodedSeries series = SeriesSample.Series(layout, 20), changed = SeriesSample.Series(layout, 20);
        // If one of them were read, the loss would be NaN.
        Array.Fill(changed.Values, float.PositiveInfinity, TrainingRows, 20 - TrainingRows);
        Array.Fill(changed.Features, float.PositiveInfinity, TrainingRows * layout.FeatureSize, (20 - TrainingRows) * layout.FeatureSize);
        for (int seed = 0; seed < 10; seed++)
        {
            SequenceSet expected = Windows(series), actual = Windows(changed);
            Assert.HasCount(expected.Count, actual.Sequences);
            for (int i = 0; i < expected.Count; i++)
            {
                CollectionAssert.AreEqual(FeaturesOf(expected[i]), FeaturesOf(actual[i]));
                CollectionAssert.AreEqual(Gradients(expected[i]), Gradients(actual[i]));
            }

            SequenceSet Windows(EncodedSeries one) => new SeriesWindows(layout, [one], [0..TrainingRows], staticSize: 0, [])
                .ToSet(new Random(seed));
        }

        double[] Gradients(TrainingSequence sequence)
        {
            var run = new ObjectiveRun([sequence], [sequence.FeatureCount / layout.FeatureSize], stepOutputs: true);
            return [.. run.Differentiate(new ForecastObjective(layout, 0.9), run.DrawOutputs(layout.OutputSize, scale: 3))
                .SelectMany(g => g)];
        }
    }

    [TestMethod]
    public void EachSeriesHasItsTokenAndItsStatics()
    {
        ForecastLayout layout = SeriesSample.Layout(windowSize: WindowSize);
        EncodedSeries[] all = [SeriesSample.Series(layout, 7), SeriesSample.Series(layout, 1, number: 2),
            SeriesSample.Series(layout, 5, number: 3)];
        var windows = new SeriesWindows(layout, all, [0..7, 0..1, 0..5], staticSize: 0, [3]);
        Assert.AreEqual(3, windows.Count);
        TrainingSequence[] sequences = [.. windows.Sequences];
        CollectionAssert.AreEqual(new[] { 1, 1, 3 }, sequences.Select(sequence => sequence.Tokens.Distinct().Single()).ToArray());
        foreach (TrainingSequence sequence in sequences)
            Assert.HasCount(sequence.FeatureCount / layout.FeatureSize, sequence.Tokens);
        Assert.IsTrue(new SeriesWindows(layout, all, [0..7, 0..1, 0..5], staticSize: 0,
            []).Sequences.All(sequence => sequence.Tokens.Length == 0));
    }

    [TestMethod]
    public void AScaledWindowLeavesTheSeriesAsItIs()
    {
        ForecastLayout layout = SeriesSample.Layout(windowSize: WindowSize);
        EncodedSeries series = SeriesSample.Series(layout, 6);
        TrainingSequence window = new SeriesWindows(layout, [series], [0..6], staticSize: 0, []).Sequences.Last();
        window.ScaleFeatures(new AffineScaler([1], [2]));
        CollectionAssert.AreEqual(new float[] { -2, 0, 2, 4, 6 }, FeaturesOf(window));
        CollectionAssert.AreEqual(new float[] { 0, 1, 2, 3, 4, 5 }, series.Features);
    }

    [TestMethod]
    public void TheSameSeedCutsAtTheSamePlaces()
    {
        ForecastLayout layout = SeriesSample.Layout(windowSize: WindowSize);
        EncodedSeries[] all = [.. Enumerable.Range(1, 5).Select(number => SeriesSample.Series(layout, 30, number, number))];
        var windows = new SeriesWindows(layout, all, [.. all.Select(series => 0..series.Steps)], staticSize: 0, []);
        int[] Starts(int seed) => [.. windows.Sets(new Random(seed)).Single().Sequences.Select(sequence => ((SeriesWindow)sequence).Start)];
        CollectionAssert.AreEqual(Starts(1), Starts(1));
        CollectionAssert.AreNotEqual(Starts(1), Starts(2));
    }

    [TestMethod]
    public void WindowsOfManyLagsTakeFewTimesTheMemoryOfTheValues()
    {
        const int Steps = 100_000, Lags = 100;
        var layout = new ForecastLayout
        {
            Targets = 1,
            Horizon = 1,
            Lags = Lags,
            WindowSize = Lags,
            Scaling = SeriesScaling.Series,
            WindowDecides = true,
        };
        var rows = new SeriesRows(layout.RowSize) { Series = 1, Statics = [] };
        for (int t = 0; t < Steps; t++)
            rows.Add([(float)Math.Sin(t)]);
        var data = new ForecastData(layout, [rows], [Steps], 0.9, EmbedSeries: false, Refit: false) { ShowsIntervals = true };
        RowScaling scaling = SeriesStatistics.Of(data);
        long before = GC.GetAllocatedBytesForCurrentThread();
        var encoded = EncodedSeries.Encode(layout, scaling, rows);
        SequenceSet set = new SeriesWindows(layout, [encoded], [0..Steps], staticSize: 0, []).ToSet(new Random(1));
        // Written out, the lags take 100 times the memory of the values, and in windows with their warm-up twice as much again.
        Assert.IsLessThan(10 * Steps * sizeof(float), GC.GetAllocatedBytesForCurrentThread() - before);
        var window = (SeriesWindow)set[set.Count - 2];
        float[] features = FeaturesOf(window), expected = new float[Lags];
        for (int lag = 0; lag < Lags; lag++)
            expected[lag] = (float)((rows[window.Start + 150 - lag][0] - (double)scaling.Levels[1]) / scaling.Deviations[1]);
        CollectionAssert.AreEqual(expected, features[(150 * Lags)..(151 * Lags)]);
    }

    private static float[] FeaturesOf(TrainingSequence sequence)
    {
        float[] features = new float[sequence.FeatureCount];
        sequence.CopyFeaturesTo(features);
        return features;
    }
}

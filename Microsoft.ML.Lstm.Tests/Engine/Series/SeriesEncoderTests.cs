using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Series;

namespace Microsoft.ML.Lstm.Tests.Engine.Series;

/// <summary>The features of a series' steps, its levels and scales, against a plain recomputation in double from all rows so far.</summary>
[TestClass]
public sealed class SeriesEncoderTests
{
    private const int Rows = 23;

    public static IEnumerable<object[]> Layouts =>
        from scaling in Enum.GetValues<SeriesScaling>()
        from shape in new (int Targets, int Lags, int Past, int Known, int Calendar, bool Missing)[] { (1, 1, 0, 0, 0, false),
            (1, 5, 1, 2, 4, true), (3, 9, 2, 1, 0, true), (2, 2, 0, 3, 8, false) }
        select new object[] { scaling, shape.Targets, shape.Lags, shape.Past, shape.Known, shape.Calendar, shape.Missing };

    [TestMethod]
    [DynamicData(nameof(Layouts))]
    public void FeaturesAreThoseOfTheDefinition(SeriesScaling scaling, int targets, int lags, int past, int known, int calendar,
        bool missing)
    {
        var sample = new Sample(Layout(scaling, targets, lags, past, known, calendar, missing), series: 2);
        var encoder = new SeriesEncoder(sample.Layout, sample.Scaling, series: 2);
        for (int t = 0; t < Rows; t++)
        {
            float[] features = sample.Encode(encoder, t);
            (double[] expected, double[] levels, double[] scales) = sample.Expect(t);
            AssertNear(levels, encoder.Levels, $"level of step {t}");
            AssertNear(scales, encoder.Scales, $"scale of step {t}");
            AssertNear(expected, features, $"feature of step {t}");
        }
        encoder.Reset();
        AssertNear(sample.Expect(0).Features, sample.Encode(encoder, 0), "feature of the first step, again");
    }

    [TestMethod]
    [DynamicData(nameof(Layouts))]
    public void TheFutureMovesNoFeatureButWhatIsKnown(SeriesScaling scaling, int targets, int lags, int past, int known, int calendar,
        bool missing)
    {
        ForecastLayout layout = Layout(scaling, targets, lags, past, known, calendar, missing);
        Sample sample = new(layout, series: 1), changed = new(layout, series: 1);
        const int Now = 11;
        foreach (float[] row in changed.Numbers[(Now + 1)..])
            row.AsSpan(0, targets + past).Fill(1e10f);
        foreach (float[] row in changed.Numbers[(Now + 1 + layout.Horizon)..])
            row.AsSpan().Fill(-1e10f);
        var encoders = new[] { sample, changed }.Select(one => (Sample: one, Encoder: new SeriesEncoder(layout, one.Scaling, series: 1)))
            .ToArray();
        for (int t = 0; t <= Now; t++)
        {
            float[][] features = [.. encoders.Select(one => one.Sample.Encode(one.Encoder, t))];
            CollectionAssert.AreEqual(features[0], features[1]);
            CollectionAssert.AreEqual(encoders[0].Encoder.Levels.ToArray(), encoders[1].Encoder.Levels.ToArray());
            CollectionAssert.AreEqual(encoders[0].Encoder.Scales.ToArray(), encoders[1].Encoder.Scales.ToArray());
        }
    }

    [TestMethod]
    [DynamicData(nameof(Layouts))]
    public void AStateGoesOnAnywhere(SeriesScaling scaling, int targets, int lags, int past, int known, int calendar, bool missing)
    {
        var sample = new Sample(Layout(scaling, targets, lags, past, known, calendar, missing), series: 2);
        var encoder = new SeriesEncoder(sample.Layout, sample.Scaling, series: 2);
        var other = new SeriesEncoder(sample.Layout, sample.Scaling, series: 2);
        for (int t = 0; t < Rows; t++)
        {
            float[] state = new float[encoder.StateLength];
            encoder.CopyStateTo(state);
            // A restored state replaces the rows before.
            for (int i = 0; i < t % 3; i++)
                sample.Encode(other, Rows - 1 - i);
            other.CopyStateFrom(state);
            Assert.AreEqual(encoder.Count, other.Count);
            CollectionAssert.AreEqual(sample.Encode(encoder, t), sample.Encode(other, t), $"step {t}");
            CollectionAssert.AreEqual(encoder.Levels.ToArray(), other.Levels.ToArray());
            CollectionAssert.AreEqual(encoder.Scales.ToArray(), other.Scales.ToArray());
        }
    }

    [TestMethod]
    [DataRow(SeriesScaling.Window)]
    [DataRow(SeriesScaling.LastValue)]
    [DataRow(SeriesScaling.Series)]
    [DataRow(SeriesScaling.None)]
    public void HugeAndFlatSeriesStayFinite(SeriesScaling scaling)
    {
        ForecastLayout layout = Layout(scaling, targets: 1, lags: 4, past: 1, known: 1, calendar: 0, missing: true);
        var sample = new Sample(layout, series: 0);
        foreach (float[] values in new float[][] { [1e30f, -1e30f, 1e30f, 3e38f, -3e38f, 0], [7, 7, 7, 7, 7, 7, 7],
            [1e30f, 1e30f, 1e30f, 1e30f], [1e-40f, 0, 1e-40f, -1e-40f] })
        {
            var encoder = new SeriesEncoder(layout, sample.Scaling, series: 0);
            foreach (float value in values)
            {
                float[] features = new float[layout.FeatureSize];
                encoder.Encode([value, value, value], [value, value], [], features);
                Assert.IsTrue(features.All(feature => Math.Abs(feature) <= 1e18f), $"{value} gives {string.Join(' ', features)}");
                Assert.IsTrue(float.IsFinite(encoder.Levels[0]));
                Assert.IsTrue(encoder.Scales[0] > 0 && float.IsFinite(encoder.Scales[0]), $"{value} gives {encoder.Scales[0]}");
            }
        }
    }

    [TestMethod]
    public void AFlatWindowIsMeasuredByTheChangeOfTheTrainingData()
    {
        ForecastLayout layout = Layout(SeriesScaling.Window, targets: 1, lags: 1, past: 0, known: 0, calendar: 0, missing: false);
        var sample = new Sample(layout, series: 1);
        var encoder = new SeriesEncoder(layout, sample.Scaling, series: 1);
        Assert.AreEqual(sample.Scaling.Changes[1], encoder.Scales[0]);
        for (int n = 1; n <= 10; n++)
        {
            encoder.Encode([5], [], [], new float[layout.FeatureSize]);
            Assert.AreEqual(5, encoder.Levels[0]);
            Assert.AreEqual(sample.Scaling.Changes[1] / Math.Sqrt(Math.Min(n, layout.WindowSize) + 1), encoder.Scales[0], 1e-6);
        }
    }

    private static ForecastLayout Layout(SeriesScaling scaling, int targets, int lags, int past, int known, int calendar, bool missing)
        => new()
        {
            Targets = targets,
            PastCovariates = past,
            KnownCovariates = known,
            CalendarFeatures = calendar,
            Horizon = 4,
            Lags = lags,
            WindowSize = 7,
            Scaling = scaling,
            HasMissing = missing,
        };

    private static void AssertNear(double[] expected, ReadOnlySpan<float> actual, string what)
    {
        Assert.AreEqual(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
            Assert.AreEqual(expected[i], actual[i], 1e-5 * Math.Max(1, Math.Abs(expected[i])), $"{what}, {i}");
    }

    /// <summary>Rows with missing values, and their expected features.</summary>
    private sealed class Sample
    {
        private readonly int _series;
        private readonly float[][] _calendar;

        public Sample(ForecastLayout layout, int series)
        {
            (Layout, _series) = (layout, series);
            var random = new Random(7);
            float Draw(float from, float to) => from + (to - from) * random.NextSingle();
            float[] Many(int count, float from, float to) => [.. Enumerable.Range(0, count).Select(_ => Draw(from, to))];
            int covariates = layout.PastCovariates + layout.KnownCovariates;
            Scaling = new RowScaling(new AffineScaler(Many(covariates, -1, 1), Many(covariates, 0.5f, 2)), AffineScaler.Identity(0),
                Many(3 * layout.Targets, -2, 2), Many(3 * layout.Targets, 0.5f, 2), Many(3 * layout.Targets, 0.2f, 1),
                    new float[3 * layout.Targets]);
            // The first row is missing, some numbers of all kinds, and a stretch longer than the window.
            Numbers = [.. Enumerable.Range(0, Rows).Select(t => Many(layout.RowSize, -3, 3))];
            _calendar = [.. Enumerable.Range(0, Rows).Select(_ => Many(layout.CalendarFeatures, -1, 1))];
            for (int t = 0; t < Rows; t++)
            {
                for (int i = 0; i < layout.RowSize; i++)
                {
                    if (t == 0 || (i == 0 && t is > 12 and < 21) || random.Next(5) == 0)
                        Numbers[t][i] = t % 3 == 0 ? float.NaN : t % 3 == 1 ? float.PositiveInfinity : float.NegativeInfinity;
                }
            }
        }

        public ForecastLayout Layout { get; }

        public RowScaling Scaling { get; }

        public float[][] Numbers { get; }

        private int Targets => Layout.Targets;

        public float[] Encode(SeriesEncoder encoder, int t)
        {
            float[] future = [.. Numbers.Skip(t + 1).Take(Layout.Horizon).SelectMany(row => row[^Layout.KnownCovariates..])];
            float[] features = new float[Layout.FeatureSize];
            // Earlier content must not matter.
            Array.Fill(features, float.NaN);
            encoder.Encode(Numbers[t], future, _calendar[t], features);
            return features;
        }

        public (double[] Features, double[] Levels, double[] Scales) Expect(int t)
        {
            double[] levels = new double[Targets], scales = new double[Targets];
            var features = new List<double>();
            for (int d = 0; d < Targets; d++)
            {
                double[] values = [.. Enumerable.Range(0, t + 1).Select(s => Filled(s, d))];
                int unit = _series * Targets + d;
                double[] window = values[Math.Max(0, values.Length - Layout.WindowSize)..];
                double mean = window.Average();
                (levels[d], scales[d]) = Layout.Scaling switch
                {
                    SeriesScaling.None => (Scaling.Levels[d], Scaling.Deviations[d]),
                    SeriesScaling.Series => (Scaling.Levels[unit], Scaling.Deviations[unit]),
                    SeriesScaling.LastValue => (values[^1], Scaling.Changes[unit]),
                    _ =>
                        (mean, Math.Sqrt((window.Sum(x => (x - mean) * (x - mean))
                        + (double)Scaling.Changes[unit] * Scaling.Changes[unit]) / (window.Length + 1))),
                };
                for (int lag = 0; lag < Layout.Lags; lag++)
                    features.Add(lag <= t ? (values[t - lag] - levels[d]) / scales[d] : 0);
            }
            for (int i = Targets; i < Layout.RowSize; i++)
                features.Add(Covariate(i, Filled(t, i)));
            double[] known = [.. Enumerable.Range(Layout.RowSize - Layout.KnownCovariates, Layout.KnownCovariates)
                .Select(i => Filled(t, i))];
            for (int h = 1; h <= Layout.Horizon; h++)
            {
                for (int k = 0; k < known.Length; k++)
                {
                    int i = Layout.RowSize - known.Length + k;
                    if (t + h < Rows && float.IsFinite(Numbers[t + h][i]))
                        known[k] = Numbers[t + h][i];
                    features.Add(Covariate(i, known[k]));
                }
            }
            features.AddRange(_calendar[t].Select(x => (double)x));
            if (Layout.HasMissing)
                features.AddRange(Numbers[t][..(Targets + Layout.PastCovariates)].Select(x => float.IsFinite(x) ? 0.0 : 1));
            return ([.. features], levels, scales);
        }

        private double Covariate(int column, double value)
            => (value - Scaling.Covariates.Offset[column - Targets]) * Scaling.Covariates.Scale[column - Targets];

        /// <summary>The last value; before the first, the mean.</summary>
        private double Filled(int t, int column)
        {
            for (int s = t; s >= 0; s--)
            {
                if (float.IsFinite(Numbers[s][column]))
                    return Numbers[s][column];
            }
            return column < Targets ? Scaling.Levels[_series * Targets + column] : Scaling.Covariates.Offset[column - Targets];
        }
    }
}

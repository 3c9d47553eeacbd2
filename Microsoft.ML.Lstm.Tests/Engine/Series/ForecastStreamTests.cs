using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Series;
using Microsoft.ML.Lstm.Engine.Series.Baselines;
using Microsoft.ML.Lstm.Tests.Engine.Kernels;

namespace Microsoft.ML.Lstm.Tests.Engine.Series;

/// <summary>Forecasts of one series row by row: the same as in training, from any state on, without allocations.</summary>
[TestClass]
public sealed class ForecastStreamTests
{
    private const int Rows = 30;

    private static readonly ForecastLayout Layout = new()
    {
        Targets = 2,
        PastCovariates = 1,
        KnownCovariates = 2,
        CalendarFeatures = 4,
        Horizon = 5,
        Lags = 3,
        WindowSize = 8,
        Scaling = SeriesScaling.Window,
        HasMissing = true,
    };

    public static IEnumerable<object[]> Cases
        => from cell in Enum.GetValues<CellType>() from loss in Enum.GetValues<ForecastLoss>() select new object[] { cell, loss };

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void ScoringSeesWhatTrainingSees(CellType cell, ForecastLoss loss)
    {
        ForecastLayout layout = Layout with { Loss = loss };
        ForecastModel model = ForecastModels.Create(layout, cell, layers: 2, statics: 2, series: 3, embeddingSize: 4);
        var network = new SequenceNetwork(model.Network.Parameters, NetworkPasses.Forward);
        SeriesRows rows = Sample(series: 2);
        // In training a whole series is one sequence of encoded steps.
        var encoded = EncodedSeries.Encode(layout, model.Scaling, rows);
        var batch = new SequenceBatch(network.Shape);
        Span<float> features = batch.Add(Rows);
        for (int t = 0; t < Rows; t++)
            encoded.CopyFeaturesTo(t, features.Slice(t * layout.FeatureSize, layout.FeatureSize));
        Enumerable.Repeat(2, Rows).ToArray().CopyTo(batch.Tokens(0));
        encoded.Statics.CopyTo(batch.Statics(0));
        batch.Pack();
        var runner = new NetworkBatchRunner(network, new WorkerTeam(1));
        runner.Forward(batch, keep: false);

        var stream = new ForecastStream(model, [network], series: 2);
        float[] forecast = new float[3 * layout.Values];
        for (int t = 0; t < Rows; t++)
        {
            Step(stream, rows, t);
            stream.CopyForecastTo(forecast);
            for (int i = 0; i < layout.Values; i++)
            {
                int unit = t * layout.Targets + i % layout.Targets, width = layout.OutputsPerValue;
                var expected = ForecastLossDescription.Of(loss).Read(runner.Output(t).Slice(i * width, width), encoded.Levels[unit],
                    encoded.Scales[unit]);
                Assert.AreEqual(expected, stream[i]);
                Assert.AreEqual((float)expected.Point, forecast[i]);
                Assert.AreEqual((float)(expected.Lower - 0.5f * (i + 1) * expected.Spread), forecast[layout.Values + i]);
                Assert.AreEqual((float)(expected.Upper + 0.75f * (i + 1) * expected.Spread), forecast[2 * layout.Values + i]);
            }
        }
    }

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void AStateGoesOnInAnotherStream(CellType cell, ForecastLoss loss)
    {
        ForecastLayout layout = Layout with { Loss = loss };
        ForecastModel model = ForecastModels.Create(layout, cell, layers: 2, statics: 2);
        var network = new SequenceNetwork(model.Network.Parameters, NetworkPasses.Forward);
        ForecastStream stream = new(model, [network], series: 1), other = new(model, [network], series: 1);
        Assert.IsFalse(stream.HasForecast);
        SeriesRows rows = Sample(series: 1);
        float[] state = new float[stream.StateLength], expected = new float[3 * layout.Values], actual = new float[expected.Length];
        Assert.AreEqual(stream.StateLength, ForecastStream.StateLengthOf(model));
        for (int t = 0; t < Rows; t++)
        {
            Step(stream, rows, t);
            stream.CopyStateTo(state);
            Step(other, rows, Rows - 1 - t);
            other.CopyStateFrom(state);
            Assert.IsTrue(other.HasForecast);
            AssertSameForecast();
            if (t == Rows - 1)
                continue;
            // One more row from the restored state.
            Step(other, rows, t + 1);
            other.CopyForecastTo(actual);
            ForecastStream goesOn = new(model, [network], series: 1);
            goesOn.CopyStateFrom(state);
            Step(goesOn, rows, t + 1);
            goesOn.CopyForecastTo(expected);
            CollectionAssert.AreEqual(expected, actual);
        }

        void AssertSameForecast()
        {
            stream.CopyForecastTo(expected);
            other.CopyForecastTo(actual);
            CollectionAssert.AreEqual(expected, actual);
        }
    }

    [TestMethod]
    [DataRow(CellType.Lstm, SeriesScaling.Window)]
    [DataRow(CellType.Gru, SeriesScaling.LastValue)]
    [DataRow(CellType.Rnn, SeriesScaling.Series)]
    public void AnObservationAllocatesNothing(CellType cell, SeriesScaling scaling)
    {
        ForecastLayout layout = Layout with { Scaling = scaling, Horizon = 24, Loss = ForecastLoss.Quantile };
        ForecastModel model = ForecastModels.Create(layout, cell, hiddenSize: 64, statics: 2, embeddingSize: 3);
        model = model with { Intervals = model.Intervals with { Adaptation = WidthAdaptation.Of(0.9, layout.Horizon, rows: 5) } };
        var stream = new ForecastStream(model, model.Pack(), series: 1);
        SeriesRows rows = Sample(series: 1);
        float[] forecast = new float[3 * layout.Values], state = new float[stream.StateLength],
            future = new float[layout.Horizon * layout.KnownCovariates];
        void Work()
        {
            for (int t = 0; t < Rows; t++)
            {
                stream.Step(rows[t], rows.KnownAfter(t, layout, future), rows.CalendarOf(t), rows.Statics);
                stream.CopyForecastTo(forecast);
            }
            stream.CopyStateTo(state);
            stream.CopyStateFrom(state);
        }
        Work();
        Assert.AreEqual(0, Allocations.Of(Work));
    }

    [TestMethod]
    public void NetworksAreAveragedAndMixedWithBaselines()
    {
        ForecastModel one = ForecastModels.Create(Layout with { Lags = 1, Loss = ForecastLoss.Quantile }, statics: 2);
        ForecastModel two = ForecastModels.Create(Layout with { WindowSize = 4, Scaling = SeriesScaling.LastValue }, CellType.Gru,
            statics: 2);
        double[] weights = [0.25, 0, 0, 0, 0.125];
        var mixed = new ForecastModel([one.Networks[0], two.Networks[0]], one.Intervals) { Baselines = new BaselineMixture(6, weights) };
        mixed = mixed with { Intervals = mixed.Intervals with { Adaptation = WidthAdaptation.Of(0.9, Layout.Horizon, rows: 5) } };
        ForecastStream first = new(one, one.Pack(), 1), second = new(two, two.Pack(), 1), both = new(mixed, mixed.Pack(), 1);
        BaselineHistory[] histories = [new(6), new(6)];
        var baselines = new BaselineForecasts(6, Layout.Horizon);
        SeriesRows rows = Sample(series: 1);
        float[] state = new float[both.StateLength], forecast = new float[3 * Layout.Values], again = new float[forecast.Length];
        for (int t = 0; t < Rows; t++)
        {
            Step(first, rows, t);
            Step(second, rows, t);
            Step(both, rows, t);
            for (int d = 0; d < Layout.Targets; d++)
            {
                histories[d].Add(rows[t][d]);
                histories[d].Forecast(mixed.Baselines.NewTheta(), baselines);
                for (int h = 0; h < Layout.Horizon && histories[d].HasValue; h++)
                {
                    int i = h * Layout.Targets + d;
                    double network = (first[i].Point + second[i].Point) / 2;
                    double point = 0.625 * network + 0.25 * baselines[Baseline.Naive, h + 1] + 0.125 * baselines[Baseline.Theta, h + 1];
                    Assert.AreEqual(point, both[i].Point, 1e-9);
                    Assert.AreEqual(point - network + (first[i].Lower + second[i].Lower) / 2, both[i].Lower, 1e-9);
                    Assert.AreEqual((first[i].Spread + second[i].Spread) / 2, both[i].Spread, 1e-9);
                }
            }
            both.CopyForecastTo(forecast);
            both.CopyStateTo(state);
            both = new(mixed, mixed.Pack(), 1, mixed.Baselines.NewTheta());
            both.CopyStateFrom(state);
            both.CopyForecastTo(again);
            CollectionAssert.AreEqual(forecast, again);
        }
        void Work()
        {
            for (int t = 0; t < Rows; t++)
            {
                both.Step(rows[t], [], rows.CalendarOf(t), rows.Statics);
                both.CopyForecastTo(forecast);
            }
        }
        for (int i = 0; i < 20; i++)
            Work();
        Assert.AreEqual(0, Allocations.Of(Work));
    }

    [TestMethod]
    [DataRow(new float[] { 1, 2, 3 })]
    [DataRow(new float[] { 3, 1, 2 })]
    [DataRow(new float[] { 2, 3, 1 })]
    [DataRow(new float[] { 1e18f, 2, -1e18f })]
    [DataRow(new float[] { -1e30f, 1e30f, 2 })]
    public void QuantilesAreSorted(float[] outputs)
    {
        var output = ForecastLossDescription.Of(ForecastLoss.Quantile).Read(outputs, level: 10, scale: 2);
        float[] sorted = [.. outputs.Order()];
        Assert.AreEqual(10 + 2.0 * sorted[1], output.Point);
        Assert.AreEqual(10 + 2.0 * sorted[0], output.Lower);
        Assert.AreEqual(10 + 2.0 * sorted[2], output.Upper);
        Assert.AreEqual(2, output.Spread);
    }

    [TestMethod]
    [DataRow(-1e30f, 1e-3)]
    [DataRow(0f, 1e-3 + 0.69314718055994531)]
    [DataRow(5f, 1e-3 + 5.0067153484891179)]
    [DataRow(1e30f, 1.0000000150474662e30)]
    public void DeviationsArePositiveAndFinite(float output, double deviation)
        => Assert.AreEqual(deviation, ForecastLossDescription.Of(ForecastLoss.Gaussian).Read([0, output], level: 0, scale: 1).Spread,
            1e-12 * Math.Max(1, deviation));

    private static void Step(ForecastStream stream, SeriesRows rows, int t)
        => stream.Step(rows[t], rows.KnownAfter(t, Layout, new float[Layout.Horizon * Layout.KnownCovariates]), rows.CalendarOf(t),
            rows.Statics);

    private static SeriesRows Sample(int series)
    {
        var random = new Random(series);
        float[] Draw(int count) => [.. Enumerable.Range(0, count).Select(_ => 10 * random.NextSingle() - 5)];
        var rows = new SeriesRows(Layout.RowSize) { Series = series, Statics = Draw(2) };
        for (int t = 0; t < Rows; t++)
        {
            float[] row = Draw(Layout.RowSize);
            if (t % 7 == 3)
                row[t % row.Length] = float.NaN;
            rows.Add(row);
        }
        rows.Calendar = Draw(Rows * Layout.CalendarFeatures);
        return rows;
    }
}

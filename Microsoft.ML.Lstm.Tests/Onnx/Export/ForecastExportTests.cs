using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Lstm.Engine.Series;
using Microsoft.ML.Lstm.Onnx;
using Microsoft.ML.Lstm.Onnx.Export;
using Microsoft.ML.Lstm.Tests.Engine.Series;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Microsoft.ML.Lstm.Tests.Onnx.Export;

/// <summary>ONNX Runtime forecasts as ours, whatever the rows of a series are measured by.</summary>
[TestClass]
public sealed class ForecastExportTests
{
    private const int Known = 2, Statics = 2, Series = 4;

    public static IEnumerable<object[]> Layouts =>
        from loss in Enum.GetValues<ForecastLoss>()
        from scaling in Enum.GetValues<SeriesScaling>()
        from windowDecides in new[] { false, true }
        from lags in new[] { 1, 3 }
        select new object[] { loss, scaling, windowDecides, lags };

    [TestMethod]
    [TestCategory("onnx")]
    [DynamicData(nameof(Layouts))]
    public void EachSeriesIsForecastAsByOurs(ForecastLoss loss, SeriesScaling scaling, bool windowDecides, int lags)
    {
        ForecastLayout layout = new()
        {
            Targets = 2,
            PastCovariates = 1,
            KnownCovariates = Known,
            CalendarFeatures = 4,
            Horizon = 5,
            Lags = lags,
            WindowSize = 12,
            Scaling = scaling,
            Loss = loss,
            HasMissing = true,
            WindowDecides = windowDecides,
        };
        ForecastModel model = ForecastModels.Create(layout, layers: 2, statics: Statics, series: Series, embeddingSize: 3);
        ForecastNetwork network = model.Networks[0] with { Scaling = Units(model.Scaling, layout.Targets) };
        ForecastIntervals intervals = windowDecides
            ? model.Intervals with { UsualChanges = [0.5f, 2], Powers = [1, 0.5f] }
            : model.Intervals;
        AssertSame(model with { Networks = [network], Intervals = intervals }, hasSeries: true);
    }

    [TestMethod]
    public void TheOnlySeriesNeedsNoNumber()
    {
        AssertSame(ForecastModels.Create(new ForecastLayout
        {
            Targets = 1,
            Horizon = 3,
            Lags = 2,
            WindowSize = 6,
            Scaling = SeriesScaling.Window,
            WindowDecides = true,
        }), hasSeries: false);
    }

    // Of series 1 and 2 the training data tells all, of 3 nothing, and 4 was constant there; 0 is none of them.
    private static RowScaling Units(RowScaling scaling, int targets)
    {
        float[] deviations = [.. scaling.Deviations], changes = [.. scaling.Changes],
            sizes = [.. Enumerable.Range(0, changes.Length).Select(i => 0.5f + 0.01f * i)];
        for (int target = 0; target < targets; target++)
        {
            changes[3 * targets + target] = 0;
            deviations[4 * targets + target] = changes[4 * targets + target] = 0;
        }
        return scaling with { Deviations = deviations, Changes = changes, Sizes = sizes };
    }

    private static void AssertSame(ForecastModel model, bool hasSeries)
    {
        ForecastLayout layout = model.Layout;
        var rows = new List<(int Series, float[][] Rows)>();
        for (int series = hasSeries ? 0 : 1; series <= (hasSeries ? Series : 1); series++)
        {
            for (int kind = 0; kind < 8; kind++)
                rows.Add((series, Rows(layout, kind, level: 1 + 0.5f * series * layout.Targets)));
        }
        int steps = rows.Max(one => one.Rows.Length), width = layout.RowSize - layout.KnownCovariates;
        var random = new Random(31);
        float[] calendar = Draw(rows.Count * steps * layout.CalendarFeatures), statics = Draw(rows.Count * Statics);
        int ahead = steps + layout.Horizon - 1;

        using InferenceSession session = OnnxRun.Load(Write(model, hasSeries));
        var inputs = new List<NamedOnnxValue>
        {
            Floats("Targets", [rows.Count, steps, layout.Targets], Padded(row => row[..layout.Targets], steps, layout.Targets)),
            NamedOnnxValue.CreateFromTensor("Lengths",
                new DenseTensor<long>(rows.Select(one => (long)(one.Rows.Length - layout.Horizon)).ToArray(), [rows.Count])),
        };
        if (layout.PastCovariates > 0)
            inputs.Add(Floats("Past", [rows.Count, steps, layout.PastCovariates],
                Padded(row => row[layout.Targets..width], steps, layout.PastCovariates)));
        if (layout.KnownCovariates > 0)
            inputs.Add(Floats("Known", [rows.Count, ahead, Known], Padded(row => row[width..], ahead, Known)));
        if (layout.CalendarFeatures > 0)
            inputs.Add(Floats("Calendar", [rows.Count, steps, layout.CalendarFeatures], calendar));
        if (model.Network.Shape.StaticSize > 0)
            inputs.Add(Floats("Statics", [rows.Count, Statics], statics));
        if (hasSeries)
            inputs.Add(NamedOnnxValue.CreateFromTensor("Series",
                new DenseTensor<uint>(rows.Select(one => (uint)one.Series).ToArray(), [rows.Count, 1])));
        using IDisposableReadOnlyCollection<DisposableNamedOnnxValue> results = session.Run(inputs);
        float[][] actual = [.. results.Select(result => result.AsTensor<float>().ToArray())];

        SequenceNetwork[] networks = model.Pack();
        float[] expected = new float[3 * layout.Values];
        int forecasts = 0;
        for (int i = 0; i < rows.Count; i++)
        {
            var stream = new ForecastStream(model, networks, rows[i].Series);
            float[][] all = rows[i].Rows;
            for (int t = 0; t < all.Length - layout.Horizon; t++)
            {
                float[] future = [.. all.Skip(t + 1).Take(layout.Horizon).SelectMany(row => row[width..])];
                stream.Step(all[t], future, Part(calendar, i * steps + t, layout.CalendarFeatures),
                    model.Network.Shape.StaticSize > 0 ? Part(statics, i, Statics) : []);
            }
            if (stream.HasForecast)
                stream.CopyForecastTo(expected);
            else
                Array.Fill(expected, float.NaN);
            forecasts += stream.HasForecast ? 1 : 0;
            double scale = expected.Where(float.IsFinite).Select(Math.Abs).DefaultIfEmpty(1).Max();
            for (int j = 0; j < expected.Length; j++)
                Assert.AreEqual(expected[j], actual[j / layout.Values][i * layout.Values + j % layout.Values], 1e-5 * scale,
                    $"series {rows[i].Series}, kind {i % 8}, value {j}");
        }

        Assert.IsGreaterThan(rows.Count * 3 / 4, forecasts);

        float[] Draw(int count) => [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() * 2 - 1)];

        float[] Part(float[] values, int index, int size) => values[(index * size)..((index + 1) * size)];

        float[] Padded(Func<float[], float[]> part, int time, int size)
        {
            float[] values = new float[rows.Count * time * size];
            Array.Fill(values, float.NaN);
            for (int i = 0; i < rows.Count; i++)
            {
                for (int t = 0; t < Math.Min(rows[i].Rows.Length, time); t++)
                    part(rows[i].Rows[t]).CopyTo(values, (i * time + t) * size);
            }
            return values;
        }

        static NamedOnnxValue Floats(string name, int[] dimensions, float[] values)
            => NamedOnnxValue.CreateFromTensor(name, new DenseTensor<float>(values, dimensions));
    }

    private static byte[] Write(ForecastModel model, bool hasSeries)
    {
        ForecastLayout layout = model.Layout;
        var file = new OnnxFile("forecast");
        string Add(string name, params OnnxAxis[] axes) => file.AddInput(new OnnxValue(name, TensorProto.Types.DataType.Float, axes));
        var forecast = new ForecastValues(file, model, new ForecastInputs(
            [Add("Targets", OnnxAxis.Batch, OnnxAxis.Time, layout.Targets)],
            layout.PastCovariates > 0 ? [Add("Past", OnnxAxis.Batch, OnnxAxis.Time, layout.PastCovariates)] : [],
            layout.KnownCovariates > 0 ? [Add("Known", OnnxAxis.Batch, "time_ahead", Known)] : [],
            layout.CalendarFeatures > 0 ? Add("Calendar", OnnxAxis.Batch, OnnxAxis.Time, layout.CalendarFeatures) : null,
            model.Network.Shape.StaticSize > 0 ? Add("Statics", OnnxAxis.Batch, Statics) : null,
            hasSeries ? file.AddInput(new OnnxValue("Series", TensorProto.Types.DataType.Uint32, OnnxAxis.Batch, 1)) : null,
            file.AddLengths()), skipsMissing: false);
        file.AddOutput("Forecast", forecast.Point);
        file.AddOutput("Lower", forecast.Lower);
        file.AddOutput("Upper", forecast.Upper);
        var stream = new MemoryStream();
        file.Write(stream);
        return stream.ToArray();
    }

    /// <summary>Rows of a kind, and as many more as the horizon has, of which the known covariates are read alone.</summary>
    private static float[][] Rows(ForecastLayout layout, int kind, float level)
    {
        var random = new Random(kind);
        int count = kind == 0 ? 1 : 8 + 7 * kind;
        double walk = level;
        return [.. Enumerable.Range(0, count + layout.Horizon).Select(t =>
        {
            walk += random.NextDouble() - 0.5;
            float[] row = [.. Enumerable.Range(0, layout.RowSize).Select(_ => random.NextSingle())];
            for (int d = 0; d < layout.Targets; d++)
            {
                row[d] = kind switch
                {
                    // Others are as in training, some with missing values.
                    2 => level,
                    3 => t < 20 ? 0 : (float)walk,
                    4 => 1000 * (float)walk,
                    5 => 0.001f * (float)walk,
                    6 => t % 9 == 0 ? 7 : level,
                    7 => t < 5 ? float.NaN : t < 30 ? 0 : t == 33 ? 0 : (float)walk,
                    _ => (float)walk + d,
                };
            }
            for (int i = 0; i < row.Length && kind is 1 or 4; i++)
            {
                if (random.Next(5) == 0)
                    row[i] = random.Next(2) == 0 ? float.NaN : float.PositiveInfinity;
            }
            return row;
        })];
    }
}

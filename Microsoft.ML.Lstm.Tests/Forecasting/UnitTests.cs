using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Tests.Anomalies;
using Microsoft.ML.Lstm.Tests.Series;

namespace Microsoft.ML.Lstm.Tests.Forecasting;

/// <summary>
/// The unit of measurement changes nothing: with units of a power of two results are the same to the last bit, with others except for
/// rounding.
/// </summary>
[TestClass]
[TestCategory("units")]
public sealed class UnitTests
{
    private static readonly string[] Kinds = ["wave", "offset", "negative", "still", "zeros", "cycle", "shops"];

    public static IEnumerable<object[]> Cases =>
        from scaling in Enum.GetValues<SeriesScaling>()
        from kind in Kinds
        select new object[] { scaling, kind };

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void ForecastsInUnitsOfAPowerOfTwoAreTheSameBits(SeriesScaling scaling, string kind)
    {
        foreach (ForecastLoss loss in Enum.GetValues<ForecastLoss>().Take(Acceptance.Count(1 + (int)scaling % 2, 4)))
        {
            float[][] expected = Forecast(Rows(kind, 1, 1), scaling, loss);
            foreach (float unit in new[] { 1024, 1 / 1024f })
            {
                float[][] actual = Forecast(Rows(kind, unit, 1 / unit), scaling, loss);
                for (int t = 0; t < expected.Length; t++)
                    CollectionAssert.AreEqual(expected[t].Select(value => value * unit).ToArray(), actual[t],
                        $"{loss}, row {t}, unit {unit}");
            }
        }
    }

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void AlertsInUnitsOfAPowerOfTwoAreTheSameBits(SeriesScaling scaling, string kind)
    {
        double[][] expected = Detect(Rows(kind, 1, 1), scaling);
        foreach (float unit in new[] { 1024, 1 / 1024f })
        {
            double[][] actual = Detect(Rows(kind, unit, 1 / unit), scaling);
            for (int t = 0; t < expected.Length; t++)
                CollectionAssert.AreEqual(expected[t].Select((value, i) => i >= DetectorRun.Expected ? value * unit : value).ToArray(),
                    actual[t], $"row {t}, unit {unit}");
        }
    }

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void InUnitsOfAThousandErrorsAreEqualToOnePercent(SeriesScaling scaling, string kind)
    {
        UnitRow[] rows = Rows(kind, 1, 1);
        double Error(float unit) => Forecast(Rows(kind, unit, 1), scaling, ForecastLoss.SquaredError)
            .SelectMany((forecast, t) =>
                Enumerable.Range(0, 3)
                .Where(h => t + 1 + h < rows.Length && rows[t].Shop == rows[t + 1 + h].Shop)
                .Select(h => Math.Abs((double)forecast[h] / unit - rows[t + 1 + h].Value))).Average();
        int Alerts(float unit) => DetectorRun.Alerts(Detect(Rows(kind, unit, 1), scaling)).Length;
        double expected = Error(1);
        int alerts = Alerts(1);
        foreach (float unit in new[] { 1000, 1 / 1000f })
        {
            Assert.AreEqual(expected, Error(unit), 0.01 * expected, $"unit {unit}");
            Assert.AreEqual(alerts, Alerts(unit), 1, $"unit {unit}");
        }
    }

    /// <summary>The points and the ends of the intervals after each row.</summary>
    private static float[][] Forecast(UnitRow[] rows, SeriesScaling scaling, ForecastLoss loss)
    {
        var ml = new MLContext(1);
        IDataView data = ml.Data.LoadFromEnumerable(rows);
        LstmForecastingTransformer model = ml.Forecasting.ForecastByLstm(ForecastRun.Options(options =>
        {
            Use(options, scaling);
            // With lags of its own, a linear forecast of a series that repeats itself exactly is a matter of rounding.
            (options.LossFunction, options.Horizon, options.NumberOfLags) = (loss, 12, 1);
        })).Fit(data);
        return [.. ml.Data.CreateEnumerable<ReadingForecast>(model.WithoutHistory().Transform(data), reuseRowObject: false)
            .Select(forecast => forecast.Forecast.Concat(forecast.Lower).Concat(forecast.Upper).ToArray())];
    }

    private static double[][] Detect(UnitRow[] rows, SeriesScaling scaling)
    {
        var ml = new MLContext(1);
        IDataView data = ml.Data.LoadFromEnumerable(rows);
        var options = new LstmAnomalyEstimator.Options
        {
            InputColumnName = "Value",
            WindowSize = 24,
            HiddenSize = 10,
            NumberOfEpochs = 3,
            Seed = 1
        };
        Use(options, scaling);
        return [.. ml.Transforms.DetectAnomalyByLstm(options).Fit(data).WithoutHistory().Transform(data).GetColumn<double[]>("Anomaly")];
    }

    private static void Use(SeriesEstimatorOptions options, SeriesScaling scaling)
    {
        (options.Scaling, options.SeriesColumnName, options.StaticFeatureColumnName) = (scaling, "Shop", "Size");
        (options.PastCovariateColumnNames, options.KnownCovariateColumnNames) = (["Past", "Still"], ["Known"]);
    }

    /// <param name="kind">The series.</param>
    /// <param name="unit">The unit of the values.</param>
    /// <param name="other">The unit of the covariates and static features.</param>
    private static UnitRow[] Rows(string kind, float unit, float other)
    {
        var random = new Random(3);
        int shops = kind == "shops" ? 4 : 1;
        return
        [
            .. from t in Enumerable.Range(0, 140)
               from shop in Enumerable.Range(0, shops)
               let wave = MathF.Sin(t * MathF.Tau / 12)
               let noise = random.NextSingle()
               let value = kind switch
               {
                   "wave" => wave + 0.3f * noise,
                   "offset" => 1e6f + 3 * (wave + 0.3f * noise),
                   "negative" => -40 + 10 * wave - noise,
                   "still" => t == 130 ? 60 : 50f,
                   "zeros" => t is > 40 and < 100 ? 0 : 5 + wave,
                   // Exactly as long as the horizon of the forecasts.
                   "cycle" => (t % 12) switch { < 3 => 1, < 7 => 2.5f, _ => 2f },
                   _ => (float)Math.Pow(10, shop) * (3 + wave + 0.3f * noise),
               }
               // The last shop has few training rows.
               where shop < 3 || t > 137
               select new UnitRow
               {
                   Shop = $"shop {shop}",
                   Value = unit * value,
                   Past = other * (wave + random.NextSingle()),
                   Still = other * 7,
                   Known = other * random.Next(2),
                   Size = other * shop,
               },
        ];
    }

    private sealed class UnitRow
    {
        public string Shop { get; set; } = "";

        public float Value { get; set; }

        public float Past { get; set; }

        public float Still { get; set; }

        public float Known { get; set; }

        public float Size { get; set; }
    }
}

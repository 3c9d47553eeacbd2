using Microsoft.ML.Lstm.Tests.Series;

namespace Microsoft.ML.Lstm.Tests.Forecasting;

/// <summary>Small forecasts for tests.</summary>
internal static class ForecastRun
{
    public const int Horizon = 6;

    /// <summary>Options of a network that trains in a moment.</summary>
    public static LstmForecastingEstimator.Options Options(Action<LstmForecastingEstimator.Options>? change = null)
    {
        var options = new LstmForecastingEstimator.Options
        {
            TargetColumnNames = ["Value"],
            LowerBoundColumnName = "Lower",
            UpperBoundColumnName = "Upper",
            Horizon = Horizon,
            WindowSize = 24,
            HiddenSize = 10,
            NumberOfEpochs = 3,
            Seed = 1,
        };
        change?.Invoke(options);
        return options;
    }

    public static LstmForecastingTransformer Fit(MLContext ml, IEnumerable<Reading> rows,
        Action<LstmForecastingEstimator.Options>? change = null)
        => ml.Forecasting.ForecastByLstm(Options(change)).Fit(ml.Data.LoadFromEnumerable(rows));

    /// <summary>The forecasts after each row, with their bounds.</summary>
    public static ReadingForecast[] Transform(MLContext ml, ITransformer model, IEnumerable<Reading> rows)
        => [.. ml.Data.CreateEnumerable<ReadingForecast>(model.Transform(ml.Data.LoadFromEnumerable(rows)), reuseRowObject: false)];

    public static void AssertSame(ReadingForecast expected, ReadingForecast actual)
    {
        CollectionAssert.AreEqual(expected.Forecast, actual.Forecast);
        CollectionAssert.AreEqual(expected.Lower, actual.Lower);
        CollectionAssert.AreEqual(expected.Upper, actual.Upper);
    }

    /// <summary>The forecast values that <paramref name="rows"/> allow to check, with the values that came.</summary>
    public static IEnumerable<(ReadingForecast Forecast, int Step, float Value)> Compare(ReadingForecast[] forecasts, Reading[] rows) =>
        from t in Enumerable.Range(0, forecasts.Length)
        from h in Enumerable.Range(0, forecasts[t].Forecast.Length)
        where t + 1 + h < rows.Length
        select (forecasts[t], h, rows[t + 1 + h].Value);
}

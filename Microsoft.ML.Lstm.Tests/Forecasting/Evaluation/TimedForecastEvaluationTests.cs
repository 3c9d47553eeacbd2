using Microsoft.ML.Lstm.Tests.Series;

namespace Microsoft.ML.Lstm.Tests.Forecasting.Evaluation;

/// <summary>Forecasts that are compared with values by a column of times.</summary>
[TestClass]
public sealed class TimedForecastEvaluationTests
{
    private const float None = float.NaN;
    private static readonly DateTime Start = new(2024, 1, 1);
    private readonly MLContext _ml = new(seed: 1);

    [TestMethod]
    public void AForecastIsComparedWithTheRowOfItsTime()
    {
        // Hour 3 is left out.
        IDataView data = Data([0, 1, 2, 4, 5], [1, 2, 4, 8, 10], [[2, 3], [5, 0], [6, 7], [None, 1], [1, 1]]);
        ForecastMetrics metrics = _ml.Forecasting.EvaluateForecast(data, "Value", "Forecast", timeColumnName: "Time");

        // One hour ahead 2 for 2 and 5 for 4; two ahead 3 for 4 and 7 for 8. Of hour 3 there are the forecasts 6 and 0.
        AssertFigures(metrics.PerHorizon[0], 2, 1 / 2.0);
        AssertFigures(metrics.PerHorizon[1], 2, 2 / 2.0);
        Assert.AreEqual(2, metrics.NumberOfMissingActuals);
        Assert.AreEqual(1, metrics.NumberOfMissingForecasts);
        // Naive: 1 for 2, 2 for 4; 1 for 4, 4 for 8. Drift needs two values: 3 for 4; 7 for 8.
        AssertFigures(metrics.Baselines[0].PerHorizon[0], 2, 3 / 2.0);
        AssertFigures(metrics.Baselines[0].PerHorizon[1], 2, 7 / 2.0);
        AssertFigures(metrics.Baselines[1].PerHorizon[0], 1, 1);
        AssertFigures(metrics.Baselines[1].PerHorizon[1], 1, 1);
        // Differences of values an hour apart: 1, 2 and 2.
        Assert.AreEqual(3 / 4.0 / (5 / 3.0), metrics.Overall.MeanAbsoluteScaledError, 1e-12);

        // Without times 6 is taken for a forecast of 8.
        AssertFigures(_ml.Forecasting.EvaluateForecast(data, "Value", "Forecast").PerHorizon[0], 3, 3 / 3.0);
    }

    [TestMethod]
    public void SeasonsGoByTime()
    {
        // Hour 5 is left out.
        int[] hours = [0, 1, 2, 3, 4, 6, 7];
        float[] values = [1, 5, 2, 7, 3, 4, 9];
        ForecastMetrics metrics = _ml.Forecasting.EvaluateForecast(Data(hours, values, Zeros(7, 3)), "Value", "Forecast",
            seasonality: 2, timeColumnName: "Time");
        ForecastAccuracy seasonal = Seasonal(metrics);
        // One hour ahead the errors of hours 2, 3, 4 and 7 (7 of hour 3 stands for what is missing), two ahead of 2, 3, 4 and 6,
        // three ahead of 4, 6 and 7.
        AssertFigures(seasonal.PerHorizon[0], 4, (1 + 2 + 1 + 2) / 4.0);
        AssertFigures(seasonal.PerHorizon[1], 4, (1 + 2 + 1 + 1) / 4.0);
        AssertFigures(seasonal.PerHorizon[2], 3, (2 + 2 + 2) / 3.0);
        // Differences between seasons: 1, 2, 1 and 1.
        Assert.AreEqual(6 / 4.0 / (5 / 4.0), seasonal.PerHorizon[0].MeanAbsoluteScaledError, 1e-12);

        // The gap lies between the training data and what follows.
        ForecastMetrics after = _ml.Forecasting.EvaluateForecast(Data(hours[5..], values[5..], Zeros(2, 3)), "Value", "Forecast",
            seasonality: 2, trainingData: Data(hours[..5], values[..5], Zeros(5, 3)), timeColumnName: "Time");
        AssertFigures(Seasonal(after).PerHorizon[0], 1, 9 - 7);
        AssertFigures(after.Baselines[0].PerHorizon[0], 1, 9 - 4);
        // Along the line from 1 at hour 0 to 4 at hour 6.
        AssertFigures(after.Baselines[1].PerHorizon[0], 1, 9 - 4.5);
        Assert.AreEqual(9 / (4 / 3.0), after.Overall.MeanAbsoluteScaledError, 1e-12);
    }

    [TestMethod]
    public void EachSeriesHasItsOwnGaps()
    {
        (string Series, int Hour, float Value)[] rows =
            [("a", 0, 1), ("b", 0, 10), ("a", 1, 2), ("b", 1, 20), ("b", 2, 30), ("a", 3, 5), ("a", 4, 6), ("b", 4, 50)];
        IDataView data = ForecastRow.ToData(_ml, rows.Select(row => new ForecastRow
        {
            Series = row.Series,
            Time = Start.AddHours(row.Hour),
            Value = row.Value,
            Forecast = [0, 0],
            Lower = [0, 0],
            Upper = [0, 0],
        }), 2);
        ForecastMetrics metrics = _ml.Forecasting.EvaluateForecast(data, "Value", "Forecast",
            seriesColumnName: "Series", timeColumnName: "Time");

        // a has no hour 2, b no hour 3.
        AssertFigures(metrics.PerHorizon[0], 4, (2 + 6 + 20 + 30) / 4.0);
        AssertFigures(metrics.PerHorizon[1], 3, (5 + 30 + 50) / 3.0);
        Assert.AreEqual(4, metrics.NumberOfMissingActuals);
        // Differences of values an hour apart: 1 and 1; 10 and 10.
        Assert.AreEqual((2 + 6 + 5 + (20 + 30 + 30 + 50) / 10.0) / 7, metrics.Overall.MeanAbsoluteScaledError, 1e-12);
    }

    [TestMethod]
    public void MonthsAreSteps()
    {
        // The ends of January to March, May and June.
        int[] months = [1, 2, 3, 5, 6];
        DateTime[] times = [.. months.Select(month => new DateTime(2024, month, DateTime.DaysInMonth(2024, month)))];
        IDataView data = Data(times, [1, 2, 3, 5, 6], Zeros(5, 2));
        ForecastMetrics metrics = _ml.Forecasting.EvaluateForecast(data, "Value", "Forecast", timeColumnName: "Time");
        AssertFigures(metrics.PerHorizon[0], 3, (2 + 3 + 6) / 3.0);
        AssertFigures(metrics.PerHorizon[1], 2, (3 + 5) / 2.0);
        // On the line from January on: March, May and June.
        AssertFigures(metrics.Baselines[1].Overall, 3, 0);
        Assert.AreEqual(2, metrics.NumberOfMissingActuals);
    }

    [TestMethod]
    public void OffsetsSayHowMuchTimePasses()
    {
        // In the night of the 27th of October 2024 clocks show the hour from 2 twice; the second row after it is left out.
        TimeSpan summer = TimeSpan.FromHours(2), winter = TimeSpan.FromHours(1);
        DateTimeOffset[] times =
        [
            new(2024, 10, 27, 0, 0, 0, summer), new(2024, 10, 27, 1, 0, 0, summer), new(2024, 10, 27, 2, 0, 0, summer),
            new(2024, 10, 27, 2, 0, 0, winter), new(2024, 10, 27, 4, 0, 0, winter),
        ];
        IDataView data = ForecastRow.ToData(_ml, times.Select((time, i) => new ForecastRow
        {
            Offset = time,
            Value = i + 1,
            Forecast = [0, 0],
            Lower = [0, 0],
            Upper = [0, 0],
        }), 2);
        ForecastMetrics metrics = _ml.Forecasting.EvaluateForecast(data, "Value", "Forecast", timeColumnName: "Offset");
        AssertFigures(metrics.PerHorizon[0], 3, (2 + 3 + 4) / 3.0);
        AssertFigures(metrics.PerHorizon[1], 3, (3 + 4 + 5) / 3.0);

        IDataView training = _ml.Transforms.CopyColumns("Offset", "Time").Fit(data).Transform(data);
        Assert.Contains("time column 'Offset': expected DateTimeOffset, as in the evaluated data, got DateTime",
            Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _ml.Forecasting.EvaluateForecast(
                data, "Value", "Forecast", trainingData: training, timeColumnName: "Offset")).Message);
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(5)]
    public void GapsAreAsRowsOfMissingValues(int seasonality)
    {
        var random = new Random(seasonality);
        for (int trial = 0; trial < 20; trial++)
        {
            // Gaps are shorter and longer than the horizon and a season together.
            var hours = new List<int> { 0 };
            while (hours.Count < 40)
                hours.Add(hours[^1] + (random.Next(6) == 0 ? 1 + random.Next(40) : 1));
            float[] values = [.. hours.Select(_ => random.Next(9) == 0 ? None : random.Next(50))];
            float[][] forecasts = [.. hours.Select(_ => new float[] { random.Next(50), random.Next(50), random.Next(50) })];
            Dictionary<int, int> rowOfHour = hours.Index().ToDictionary(row => row.Item, row => row.Index);
            int?[] all = [.. Enumerable.Range(0, hours[^1] + 1)
                .Select(hour => rowOfHour.TryGetValue(hour, out int row) ? row : (int?)null)];
            IDataView filled = ForecastRow.ToData(_ml,
                [.. all.Select(row => row is { } at ? values[at] : None)],
                [.. all.Select(row => row is { } at ? forecasts[at] : [None, None, None])]);

            ForecastMetrics expected = _ml.Forecasting.EvaluateForecast(filled, "Value", "Forecast", seasonality: seasonality);
            ForecastMetrics actual = _ml.Forecasting.EvaluateForecast(Data([.. hours], values, forecasts), "Value", "Forecast",
                seasonality: seasonality, timeColumnName: "Time");
            Assert.AreEqual(WithoutFirstLine(expected), WithoutFirstLine(actual));
        }

        // Left out: missing forecasts at missing rows, which the data with gaps does not have.
        static string WithoutFirstLine(ForecastMetrics metrics)
            => metrics.ToString()[metrics.ToString().IndexOf('\n', StringComparison.Ordinal)..];
    }

    [TestMethod]
    [Timeout(20_000, CooperativeCancellation = true)]
    public void AGapOfThousandsOfYearsTakesNoTime()
    {
        DateTime end = DateTime.MaxValue.Date;
        DateTime[] times = [.. Enumerable.Range(0, 4).Select(t => Start.AddMilliseconds(t)), end, end.AddMilliseconds(1)];
        ForecastMetrics metrics = _ml.Forecasting.EvaluateForecast(Data(times, [1, 2, 3, 4, 5, 6], Zeros(6, 2)), "Value", "Forecast",
            seasonality: 3, timeColumnName: "Time");
        AssertFigures(metrics.PerHorizon[0], 4, (2 + 3 + 4 + 6) / 4.0);
        Assert.AreEqual(3, metrics.NumberOfMissingActuals);
    }

    [TestMethod]
    public void TimesThatAreNotLaterAreRefused()
    {
        Refused("Row 2 (counted from 0) of the data to evaluate has the time 2024-01-01 01:00:00 that a row of the series before it "
            + "already has.", [0, 1, 1, 2], []);
        Refused("Row 3 (counted from 0) of the data to evaluate has the time 2024-01-01 01:00:00, but a row of the series before it has "
            + "2024-01-01 02:00:00.", [0, 1, 2, 1], []);
        Refused("Row 1 (counted from 0) of the training data has the time 2024-01-01 00:00:00 that", [1, 2, 3], [0, 0]);
        Refused("Row 0 (counted from 0) of the data to evaluate has the time 2024-01-01 01:00:00 that", [1, 2, 3], [0, 1]);

        void Refused(string message, int[] hours, int[] trainingHours)
        {
            IDataView? training = trainingHours.Length == 0 ? null : Zero(trainingHours);
            StringAssert.StartsWith(Assert.ThrowsExactly<InvalidOperationException>(() => _ml.Forecasting.EvaluateForecast(
                Zero(hours), "Value", "Forecast", trainingData: training, timeColumnName: "Time")).Message, message);
        }

        IDataView Zero(int[] hours) => Data(hours, new float[hours.Length], Zeros(hours.Length, 1));
    }

    [TestMethod]
    public void RowsWithoutATimeAreLeftOutWithAWarning()
    {
        var warnings = new List<string>();
        _ml.Log += (_, entry) => warnings.Add(entry.Message);
        IDataView data = Data([Start, default, Start.AddHours(1), Start.AddHours(2)], [1, 100, 2, 3], Zeros(4, 1));
        AssertFigures(_ml.Forecasting.EvaluateForecast(data, "Value", "Forecast", timeColumnName: "Time").Overall, 2, (2 + 3) / 2.0);
        const string warning = "Skipped 1 rows of the data to evaluate: 1 with no time in column 'Time', but the default one.";
        Assert.ContainsSingle(message => message.Contains(warning, StringComparison.Ordinal), warnings);
    }

    [TestMethod]
    public void AWrongTimeColumnIsNamed()
    {
        IDataView data = Data([0, 1], [1, 2], Zeros(2, 1));
        Refused<ArgumentOutOfRangeException>("Could not find time column 'Nope'", "Nope");
        Refused<ArgumentOutOfRangeException>("Schema mismatch for time column 'Value': expected DateTime or DateTimeOffset", "Value");
        Refused<ArgumentException>("The name of the time column is empty", "");

        void Refused<T>(string message, string column)
            where T : Exception
            => StringAssert.StartsWith(Assert.ThrowsExactly<T>(
                () => _ml.Forecasting.EvaluateForecast(data, "Value", "Forecast", timeColumnName: column)).Message, message);
    }

    [TestMethod]
    public void AForecasterSaysWhetherItsStepsGoAcrossGaps()
    {
        Reading[] hours = Reading.Wave(140), rare = [.. hours.Where((_, t) => t is not (50 or 120))];
        Assert.AreEqual(3, MissingActuals(rare, rare.Length - 39));
        // No night has rows, so that the forecast after the last row of a day is of the next morning.
        Reading[] days = [.. hours.Where((_, t) => t % 24 is > 5 and < 20)];
        Assert.AreEqual(0, MissingActuals(days, 60));

        long MissingActuals(Reading[] rows, int trainingRows)
        {
            IDataView train = _ml.Data.LoadFromEnumerable(rows[..trainingRows]), test = _ml.Data.LoadFromEnumerable(rows[trainingRows..]);
            LstmForecastingEstimator estimator = _ml.Forecasting.ForecastByLstm(ForecastRun.Options(
                options => (options.TimeColumnName, options.Horizon, options.NumberOfEpochs) = ("Time", 3, 1)));
            LstmForecastingTransformer model = estimator.Fit(train);
            SchemaShape.Column promised = estimator.GetOutputSchema(test.Schema.ToShape()).Single(column => column.Name == "Forecast");
            CollectionAssert.AreEqual(promised.Annotations.Select(annotation => annotation.Name).ToArray(),
                model.Transform(test).Schema["Forecast"].Annotations.Schema.Select(annotation => annotation.Name).ToArray());
            using var file = new MemoryStream();
            _ml.Model.Save(model, train.Schema, file);
            ITransformer loaded = _ml.Model.Load(file, out _);
            ForecastMetrics metrics = Evaluate(model);
            Assert.AreEqual(metrics.ToString(), Evaluate(loaded).ToString());
            return metrics.NumberOfMissingActuals;

            ForecastMetrics Evaluate(ITransformer forecaster) => _ml.Forecasting.EvaluateForecast(
                forecaster.Transform(test), "Value", "Forecast", trainingData: train, timeColumnName: "Time");
        }
    }

    private static ForecastAccuracy Seasonal(ForecastMetrics metrics)
        => metrics.Baselines.Single(baseline => baseline.Name == "seasonal naive");

    private IDataView Data(int[] hours, float[] values, float[][] forecasts)
        => Data([.. hours.Select(hour => Start.AddHours(hour))], values, forecasts);

    private IDataView Data(DateTime[] times, float[] values, float[][] forecasts)
        => ForecastRow.ToData(_ml, times.Select((time, i) => new ForecastRow
        {
            Time = time,
            Value = values[i],
            Forecast = forecasts[i],
            Lower = forecasts[i],
            Upper = forecasts[i],
        }), forecasts[0].Length);

    private static float[][] Zeros(int rows, int horizon) => [.. Enumerable.Range(0, rows).Select(_ => new float[horizon])];

    private static void AssertFigures(ForecastFigures figures, long count, double absolute)
    {
        Assert.AreEqual(count, figures.NumberOfForecasts);
        Assert.AreEqual(absolute, figures.MeanAbsoluteError, 1e-12);
    }
}

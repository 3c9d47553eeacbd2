using Microsoft.ML.Lstm.Engine.Series;
using Microsoft.ML.Lstm.Engine.Series.Baselines;
using Microsoft.ML.Lstm.Tests.Series;

namespace Microsoft.ML.Lstm.Tests.Forecasting;

/// <summary>Forecasters beside the baselines: the report, the fallback, and several networks.</summary>
[TestClass]
public sealed class BaselineTrainingTests
{
    [TestMethod]
    [DataRow(ForecastLoss.SquaredError, "RMSSE")]
    [DataRow(ForecastLoss.Quantile, "MASE")]
    public void TheReportAndTheLogSayHowTheNetworkDoes(ForecastLoss loss, string metric)
    {
        var ml = new MLContext(1);
        var log = new List<string>();
        ml.Log += (_, entry) => log.Add(entry.Message);
        LstmForecastingTransformer model = ForecastRun.Fit(ml, Reading.Wave(300), options =>
            (options.LossFunction, options.TimeColumnName) = (loss, "Time"));
        TrainingReport report = model.TrainingReport!;
        Assert.AreEqual(metric, report.Metric);
        string[] names = ["naive", "drift", "seasonal naive", "exponential smoothing", "theta", "mixture"];
        CollectionAssert.AreEqual(names, report.Baselines.Select(one => one.Name).ToArray());
        Assert.IsTrue(report.Baselines.All(one => one.Error > 0 && double.IsFinite(one.Error)));
        double least = report.Baselines.Select(one => one.Error).Append(report.Error!.Value).Min();
        Assert.AreEqual(least, report.Baselines.SingleOrDefault(one => one.Name == report.Winner)?.Error ?? report.Error);
        Assert.IsTrue(log.Exists(line => line.Contains(report.DescribeErrors()!, StringComparison.Ordinal)));
        Assert.IsNull(model.Model.Baselines);
        // The last fifth of 300 rows is held out: a forecast after each row, but for the last one.
        StringAssert.Contains(report.DescribeErrors(), $"{metric} on the rows held out (60 forecasts within 2.5 seasons of 24 rows): ");
    }

    [TestMethod]
    public void SeasonsAreCountedWhereThereAreFew()
    {
        LstmForecastingTransformer model = ForecastRun.Fit(new MLContext(1), Reading.Wave(600), options =>
            (options.TimeColumnName, options.NumberOfEpochs) = ("Time", 1));
        StringAssert.Contains(model.TrainingReport!.DescribeErrors(), " on the rows held out (120 forecasts): ");
    }

    [TestMethod]
    public void TheLastValueReplacesANetworkThatDoesWorse()
    {
        (MLContext ml, List<string> warnings) = SeriesRun.Listen();
        // Steps at random, of which each lasts.
        var random = new Random(1);
        Reading[] rows = Reading.Wave(400);
        float level = 0;
        for (int t = 0; t < rows.Length; t++)
            rows[t].Value = level = random.Next(30) == 0 ? random.Next(100) : level;
        void Change(LstmForecastingEstimator.Options options) => options.NumberOfEpochs = 1;
        LstmForecastingTransformer network = ForecastRun.Fit(ml, rows[..300], Change);
        // The line with the errors is a warning, which says what to do.
        SeriesRun.AssertOne(warnings, network.TrainingReport!.DescribeErrors()! + " With FallBackToBaseline the best of them forecasts. "
            + "More rows to learn from may help the network.");
        warnings.Clear();
        LstmForecastingTransformer winner = ForecastRun.Fit(ml, rows[..300], options =>
        {
            Change(options);
            options.FallBackToBaseline = true;
        });
        SeriesRun.AssertNone(warnings, "on the rows held out");
        Assert.AreNotEqual(TrainingReport.Network, winner.TrainingReport!.Winner);
        Assert.AreEqual(network.TrainingReport.Winner, winner.TrainingReport.Winner);
        Assert.IsNotNull(winner.Model.Baselines);
        Assert.AreEqual(1, winner.Model.Baselines.NetworkWeight + winner.TrainingReport.Baselines.Sum(one => one.Weight), 1e-9);
        Reading[] later = rows[300..];
        ReadingForecast[] forecasts = ForecastRun.Transform(ml, winner, later);
        Assert.IsLessThan(Error(ForecastRun.Transform(ml, network, later)), Error(forecasts));
        var pairs = ForecastRun.Compare(forecasts, later).ToArray();
        // The intervals are those of the winner.
        Assert.IsInRange(0.85, 1, pairs.Average(pair =>
            pair.Forecast.Lower[pair.Step] <= pair.Value && pair.Value <= pair.Forecast.Upper[pair.Step] ? 1.0 : 0));

        double Error(ReadingForecast[] of)
            => ForecastRun.Compare(of, later).Average(pair => Math.Pow(pair.Forecast.Forecast[pair.Step] - pair.Value, 2));
    }

    /// <summary>From the first seasons the theta method does not know yet that there are any.</summary>
    [TestMethod]
    public void IntervalsOfTheThetaMethodAreOfItsErrorsWithASeason()
    {
        var ml = new MLContext(1);
        Reading[] rows = Reading.Wave(200, noise: 0.2f);
        for (int t = 0; t < rows.Length; t++)
            rows[t].Value += 0.01f * t;
        LstmForecastingTransformer model = ForecastRun.Fit(ml, rows, options =>
        {
            options.NumberOfEpochs = 1;
            options.LearningRate = 1;
            options.ValidationFraction = 0.2f;
            options.FallBackToBaseline = true;
            options.ConfidenceLevel = 0.9f;
            options.TimeColumnName = "Time";
        });
        Assert.AreEqual("theta", model.TrainingReport!.Winner);
        ReadingForecast last = ForecastRun.Transform(ml, model, rows)[^1];
        float[] widths = [.. last.Upper.Zip(last.Lower, (upper, lower) => upper - lower)];
        Assert.IsTrue(Array.TrueForAll(widths, width => width is > 0.1f and < 0.5f), string.Join(" ", widths));
    }

    [TestMethod]
    public void ANewSeriesIsForecastFromItsFirstValueOn()
    {
        var ml = new MLContext(1);
        LstmForecastingTransformer model = ForecastRun.Fit(ml, [.. Reading.Wave(80, shop: "a"), .. Reading.Wave(80, shop: "b")],
            options => (options.SeriesColumnName, options.Effort) = ("Shop", TrainingEffort.Best));
        LstmForecastingTransformer alone = With(model, new BaselineMixture(12, [0, 0, 0.5, 0, 0.5]));
        Reading[] rows = Reading.Wave(30, shop: "new");
        (rows[0].Value, rows[5].Value) = (float.NaN, float.NaN);
        ReadingForecast[] forecasts = ForecastRun.Transform(ml, alone, rows);
        // Before the first value there is none; then, for lack of a season, the last value for the seasonal naive forecast.
        Assert.IsTrue(float.IsNaN(forecasts[0].Forecast[0]));
        Assert.AreEqual(rows[1].Value, forecasts[1].Forecast[0], 1e-6);
        Assert.IsTrue(forecasts.Skip(1).All(row => row.Forecast.All(float.IsFinite) && row.Lower.All(float.IsFinite)));
        // Another mixture of another series in between moves nothing.
        ReadingForecast[] mixed = ForecastRun.Transform(ml, alone,
            [.. rows.Zip(Reading.Wave(30, shop: "other")).SelectMany(pair => new[] { pair.First, pair.Second })]);
        for (int t = 0; t < rows.Length; t++)
            ForecastRun.AssertSame(forecasts[t], mixed[2 * t]);
    }

    [TestMethod]
    [DataRow(TrainingEffort.Default, 3)]
    [DataRow(TrainingEffort.Best, 1)]
    [DataRow(TrainingEffort.Best, 9)]
    public void AsManyNetworksAreTrainedAsAreAskedFor(TrainingEffort effort, int number)
    {
        // Without validation rows none is left out.
        LstmForecastingTransformer model = ForecastRun.Fit(new MLContext(1), Reading.Wave(80), options =>
            (options.Effort, options.NumberOfNetworks, options.NumberOfEpochs, options.ValidationFraction) = (effort, number, 2, 0));
        Assert.HasCount(number, model.Model.Networks);
        Assert.HasCount(number, model.Model.Networks.Select(network => network.Network.Parameters.Values.Sum()).Distinct());
        if (effort == TrainingEffort.Default)
            Assert.HasCount(1, model.Model.Networks.Select(network => network.Layout.Loss).Distinct());
    }

    [TestMethod]
    [DataRow(TrainingEffort.Default, 2)]
    [DataRow(TrainingEffort.Best, null)]
    public void ACheckpointHoldsASingleNetwork(TrainingEffort effort, int? number)
    {
        string path = Path.GetTempFileName();
        try
        {
            Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Fit(number));
            Assert.HasCount(1, Fit(1).Model.Networks);
        }
        finally
        {
            File.Delete(path);
        }

        LstmForecastingTransformer Fit(int? networks) => ForecastRun.Fit(new MLContext(1), Reading.Wave(80), options =>
            (options.Effort, options.NumberOfNetworks, options.CheckpointPath, options.NumberOfEpochs) = (effort, networks, path, 2));
    }

    [TestMethod]
    public void SeveralNetworksAreTrainedFromDifferentSeedsAndSettings()
    {
        var ml = new MLContext(1);
        Reading[] rows = Reading.Wave(300, noise: 1);
        void Change(LstmForecastingEstimator.Options options)
            => (options.Effort, options.NumberOfEpochs, options.Horizon, options.NumberOfLags) = (TrainingEffort.Best, 60, 2, 1);
        LstmForecastingTransformer best = ForecastRun.Fit(ml, rows, Change);
        Assert.IsGreaterThan(1, best.Model.Networks.Count);
        Assert.HasCount(best.Model.Networks.Count, best.TrainingReport!.Members);
        Assert.HasCount(best.Model.Networks.Count, best.Model.Networks.Select(network => network.Network.Parameters.Values[0]).Distinct());
        Assert.IsTrue(best.TrainingReport.Members.All(member => member.Error > 0));
        Assert.ThrowsExactly<NotSupportedException>(() => best.ExportToOnnx(new MemoryStream()));

        // The refitted networks are others, and as many.
        LstmForecastingTransformer refitted = ForecastRun.Fit(ml, rows, options =>
        {
            Change(options);
            options.RefitOnAllData = true;
        });
        Assert.HasCount(best.Model.Networks.Count, refitted.Model.Networks);
        Assert.AreNotEqual(best.Model.Network.Parameters.Values[0], refitted.Model.Network.Parameters.Values[0]);

        // An option that is given stays as it is, and so there are fewer networks.
        LstmForecastingTransformer given = ForecastRun.Fit(ml, rows, options =>
        {
            (options.Effort, options.LossFunction, options.Scaling) = (TrainingEffort.Best, ForecastLoss.AbsoluteError,
                SeriesScaling.Series);
        });
        Assert.IsTrue(given.Model.Networks.All(network => network.Layout is
        {
            Loss: ForecastLoss.AbsoluteError,
            Scaling: SeriesScaling.Series,
        }));
    }

    [TestMethod]
    public void TheBestEffortReadsForecastsOfTheThetaMethodWhereSeriesNeedOtherSmoothing()
    {
        // Half of the series stay where they are and half wander, which weights of lags that all series share can't do justice to.
        var random = new Random(5);
        var rows = new List<Reading>();
        for (int i = 0; i < 16; i++)
        {
            double level = 50;
            Reading[] series = Reading.Wave(60, shop: $"s{i}");
            foreach (Reading row in series)
            {
                double noise = random.NextDouble() - 0.5;
                level += i % 2 == 0 ? noise : 0;
                row.Value = (float)(level + (i % 2 == 0 ? 0 : 4 * noise));
            }
            rows.AddRange(series);
        }
        var ml = new MLContext(1);
        LstmForecastingTransformer Fit(TrainingEffort effort) => ForecastRun.Fit(ml, rows,
            options => (options.SeriesColumnName, options.Effort, options.WindowSize) = ("Shop", effort, null));
        Assert.IsNull(Fit(TrainingEffort.Default).Model.Layout.ThetaSeason);
        LstmForecastingTransformer best = Fit(TrainingEffort.Best);
        Assert.IsTrue(best.Model.Networks.All(network => network.Layout.ThetaSeason >= 1));
        StringAssert.Contains(best.TrainingReport!.Choices.Single(choice => choice.Option == "Inputs").Value, "theta");
        IReadOnlyList<double> weights = best.Model.Weights;
        Assert.HasCount(best.Model.Networks.Count, weights);
        Assert.AreEqual(1, weights.Sum(), 1e-9);
        Assert.ThrowsExactly<NotSupportedException>(() => best.ExportToOnnx(new MemoryStream()));
        ForecastModel single = best.Model with { Networks = [best.Model.Networks[0]], Weights = [] };
        var alone = new LstmForecastingTransformer(ml, single, best.Settings, new Dictionary<string, SeriesState>());
        StringAssert.Contains(
            Assert.ThrowsExactly<NotSupportedException>(() => alone.ExportToOnnx(new MemoryStream())).Message, "theta");

        // A saved model has the same weights and forecasts.
        using var file = new MemoryStream();
        ml.Model.Save(best, null, file);
        var loaded = (LstmForecastingTransformer)ml.Model.Load(file, out _);
        CollectionAssert.AreEqual(weights.ToArray(), loaded.Model.Weights.ToArray());
        ReadingForecast[] expected = ForecastRun.Transform(ml, best.WithoutHistory(), rows);
        ReadingForecast[] actual = ForecastRun.Transform(ml, loaded.WithoutHistory(), rows);
        for (int t = 0; t < expected.Length; t++)
            ForecastRun.AssertSame(expected[t], actual[t]);
    }

    [TestMethod]
    public void ACancelledTrainingKeepsTheNetworksSoFar()
    {
        var ml = new MLContext(1);
        using var cancel = new CancellationTokenSource();
        int epochs = 0;
        LstmForecastingTransformer model = ForecastRun.Fit(ml, Reading.Wave(300), options =>
        {
            (options.Effort, options.CancellationToken) = (TrainingEffort.Best, cancel.Token);
            options.EpochCompleted = _ =>
            {
                // In the second network.
                if (++epochs == 5)
                    cancel.Cancel();
            };
        });
        Assert.AreEqual(5, epochs);
        Assert.IsLessThanOrEqualTo(2, model.Model.Networks.Count);
        Assert.IsTrue(ForecastRun.Transform(ml, model, Reading.Wave(10)).All(row => row.Forecast.All(float.IsFinite)));
    }

    [TestMethod]
    public void WhatComesBeforeTheFirstEpochIsCancelledToo()
    {
        var ml = new MLContext(1);
        using var cancel = new CancellationTokenSource();
        var log = new List<string>();
        ml.Log += (_, entry) => log.Add(entry.Message);
        Assert.ThrowsExactly<OperationCanceledException>(() => ForecastRun.Fit(ml, Rows(),
            options => options.CancellationToken = cancel.Token));
        Assert.IsFalse(log.Exists(line => line.Contains("Training on", StringComparison.Ordinal)), string.Join('\n', log));

        IEnumerable<Reading> Rows()
        {
            foreach (Reading row in Reading.Wave(300))
                yield return row;
            cancel.Cancel();
        }
    }

    [TestMethod]
    public void SeveralNetworksHaveNoCheckpoint()
    {
        LstmForecastingEstimator.Options options = ForecastRun.Options();
        (options.Effort, options.CheckpointPath) = (TrainingEffort.Best, "checkpoint");
        Assert.AreEqual("CheckpointPath", Assert.ThrowsExactly<ArgumentOutOfRangeException>(
            () => new MLContext().Forecasting.ForecastByLstm(options)).ParamName);
    }

    private static LstmForecastingTransformer With(LstmForecastingTransformer model, BaselineMixture baselines)
        => new(new MLContext(), model.Model with { Baselines = baselines }, model.Settings, new Dictionary<string, SeriesState>());
}

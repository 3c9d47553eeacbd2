using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Series;
using Microsoft.ML.Lstm.Tests.Forecasting;

namespace Microsoft.ML.Lstm.Tests.Series;

/// <summary>Forecasters and detectors that begin with the networks of others, for other columns, horizons and series.</summary>
[TestClass]
public sealed class SeriesFineTuningTests
{
    private const float AsGoodAsFrozen = 1e-30f;

    private static readonly MLContext Ml = new(seed: 1);

    [TestMethod]
    public void ColumnsStepsAndSeriesAreFoundByName()
    {
        SeriesTransformer first = Reload(Fit(SeriesRun.Forecaster, Shops("a", "b"), null, options =>
        {
            (options.SeriesColumnName, options.EmbedSeries, options.TimeColumnName) = ("Shop", true, "Time");
            (options.KnownCovariateColumnNames, options.PastCovariateColumnNames) = (["Promotion"], ["Other"]);
            options.NumberOfLags = 2;
        }), Shops("a"));
        const int horizon = 9;
        SeriesTransformer second = Fit(SeriesRun.Forecaster, Shops("c", "b", "a"), first, options =>
        {
            (options.SeriesColumnName, options.TimeColumnName, options.NumberOfLags) = ("Shop", "Time", 3);
            (options.KnownCovariateColumnNames, options.PastCovariateColumnNames) = (["Trend", "Promotion"], []);
            ((LstmForecastingEstimator.Options)options).Horizon = horizon;
            AlmostFrozen(options);
        });
        (ParameterSet before, ParameterSet after) = (first.Model.Network.Parameters, second.Model.Network.Parameters);
        int old = ForecastRun.Horizon, calendar = first.Model.Layout.CalendarFeatures;
        Assert.IsGreaterThan(0, calendar);
        Assert.AreEqual(calendar, second.Model.Layout.CalendarFeatures);

        // Lags, the past covariate, the known one now and ahead, calendar; then lags, two known ones now and ahead, calendar.
        int[] columns =
        [
            0, 1, -1,
            .. Enumerable.Range(0, horizon + 1).SelectMany(step => (int[])[-1, step <= old ? 3 + step : -1]),
            .. Enumerable.Range(3 + old + 1, calendar),
        ];
        Assert.HasCount(second.Model.Layout.FeatureSize, columns);
        int hidden = before.Shape.HiddenSize;
        Parameter input = after.Find("weight_ih_l0"), head = after.Find("head.weight");
        for (int column = 0; column < columns.Length; column++)
        {
            for (int row = 0; row < input.Rows; row++)
                AssertNear(columns[column] < 0 ? 0 : before.Row(before.Find(input.Name), row)[columns[column]],
                    after.Row(input, row)[column], $"input {column}");
            for (int row = 0; row < horizon; row++)
                AssertNear(columns[column] < 0 ? 0 : before.Row(before.Find(head.Name), Math.Min(row, old - 1))[hidden + columns[column]],
                    after.Row(head, row)[hidden + column], $"step {row}, input {column}");
        }
        Assert.IsTrue(before["weight_hh_l0"].SequenceEqual(after["weight_hh_l0"]));
        Assert.IsTrue(before["head.bias"].SequenceEqual(after["head.bias"][..old]));
        foreach ((int row, int known) in new[] { (0, 0), (1, 0), (2, 2), (3, 1) })
            Assert.IsTrue(before.Row(before.Embeddings[0], known).SequenceEqual(after.Row(after.Embeddings[0], row)), $"series {row}");
        // Units of what is known stay.
        Assert.AreEqual(first.Model.Scaling.Changes[1], second.Model.Scaling.Changes[3]);
        Assert.AreEqual(first.Model.Scaling.Covariates.Offset[1], second.Model.Scaling.Covariates.Offset[1]);
    }

    [TestMethod]
    [DataRow(SeriesRun.Forecaster, SeriesRun.Forecaster)]
    [DataRow(SeriesRun.Forecaster, SeriesRun.Detector)]
    [DataRow(SeriesRun.Detector, SeriesRun.Forecaster)]
    [DataRow(SeriesRun.Detector, SeriesRun.Detector)]
    public void FrozenLayersKeepTheirBitsOnAnyNumberOfThreads(string begun, string goesOn)
    {
        SeriesTransformer first = Reload(Fit(begun, Reading.Wave(200), null), Reading.Wave(200));
        SeriesTransformer[] second = [.. new[] { 1, 3 }.Select(threads => Fit(goesOn, Reading.Wave(200, seed: 2, level: 3), first,
            options => (options.FrozenLayers, options.NumberOfThreads) = (["rnn"], threads)))];
        (ParameterSet before, ParameterSet after) = (first.Model.Network.Parameters, second[0].Model.Network.Parameters);
        CollectionAssert.AreEqual(after.Values, second[1].Model.Network.Parameters.Values);
        foreach (string name in new[] { "weight_ih_l0", "weight_hh_l0", "bias_l0" })
            Assert.IsTrue(before[name].SequenceEqual(after[name]), name);
        // The first step ahead is what both forecast.
        Assert.IsFalse(before.Row(before.Find("head.weight"), 0).SequenceEqual(after.Row(after.Find("head.weight"), 0)));
        double[][] results = SeriesRun.Transform(Ml, SeriesRun.WithoutHistory(second[0]), Reading.Wave(100, seed: 2, level: 3));
        Assert.IsTrue(results[50..].All(row => row.All(double.IsFinite)));
        SeriesRun.AssertSame(results, SeriesRun.Transform(Ml, SeriesRun.WithoutHistory(Reload(second[0], Reading.Wave(9))),
            Reading.Wave(100, seed: 2, level: 3)));
    }

    [TestMethod]
    public void ARateOfALayerIsAShareOfTheLearningRate()
    {
        SeriesTransformer first = Fit(SeriesRun.Forecaster, Reading.Wave(200), null);
        float[] Moves(Dictionary<string, float>? rates)
        {
            ParameterSet after = Fit(SeriesRun.Forecaster, Reading.Wave(200), first, options =>
            {
                (options.LayerLearningRates, options.NumberOfEpochs, options.BatchSize) = (rates, 1, 1000);
                options.LearningRateSchedule = LearningRateSchedule.Constant;
            }).Model.Network.Parameters;
            return [.. after["weight_hh_l0"].ToArray().Zip(first.Model.Network.Parameters["weight_hh_l0"].ToArray(), (a, b) => a - b)];
        }

        float[] usual = Moves(null), slow = Moves(new() { ["l0"] = 0.25f });
        // Of several updates the later gradients differ.
        Assert.IsInRange(0.2, 0.3, slow.Sum(Math.Abs) / usual.Sum(Math.Abs));
        Assert.IsTrue(usual.Any(move => Math.Abs(move) > 1e-4f));
    }

    [TestMethod]
    public void AFewRowsOfANewSeriesSufficeForANetworkThatKnowsOthers()
    {
        Reading[] shops = [.. Enumerable.Range(0, 6).SelectMany(i => Reading.Wave(300, seed: i, shop: $"{i}", scale: 1 + i))];
        Reading[] wave = Reading.Wave(300, seed: 9, shop: "new", level: 20, scale: 3);
        SeriesTransformer first = Fit(SeriesRun.Forecaster, shops, null,
            options => (options.SeriesColumnName, options.NumberOfEpochs, options.NumberOfLags) = ("Shop", 25, 1));
        double with = ErrorOf(first), without = ErrorOf(null);
        Assert.IsLessThan(0.5 * without, with);

        double ErrorOf(SeriesTransformer? initial)
        {
            SeriesTransformer model = Fit(SeriesRun.Forecaster, wave[..120], initial,
                options => (options.SeriesColumnName, options.NumberOfEpochs, options.NumberOfLags) = ("Shop", 4, 1));
            return ForecastRun.Compare(ForecastRun.Transform(Ml, model, wave[120..]), wave[120..])
                .Average(pair => Math.Abs(pair.Value - pair.Forecast.Forecast[pair.Step]));
        }
    }

    [TestMethod]
    public void WhatTheDataDoesNotTellStaysAsItWasLearned()
    {
        Reading[] varied = Reading.Wave(200), constant = Reading.Wave(60, seed: 2);
        foreach (Reading row in constant)
            row.Promotion = 0;
        Action<SeriesEstimatorOptions> change = options => (options.KnownCovariateColumnNames, options.NumberOfLags) = (["Promotion"], 1);
        SeriesTransformer first = Fit(SeriesRun.Forecaster, varied, null, change);
        SeriesTransformer second = Fit(SeriesRun.Forecaster, constant, first, change + AlmostFrozen);
        Assert.IsTrue(first.Model.Network.Parameters.Values.AsSpan().SequenceEqual(second.Model.Network.Parameters.Values));
        Assert.AreEqual(first.Model.Scaling.Covariates.Scale[0], second.Model.Scaling.Covariates.Scale[0]);
        Assert.IsGreaterThan(0f, second.Model.Scaling.Covariates.Scale[0]);
    }

    [TestMethod]
    public void AllNetworksGoOnAndAreTrainedAgainOnAllRows()
    {
        SeriesTransformer first = Fit(SeriesRun.Forecaster, Reading.Wave(200), null,
            options => (options.Effort, options.NumberOfEpochs, options.WindowSize) = (TrainingEffort.Best, 1, null));
        Assert.IsGreaterThan(1, first.Model.Networks.Count);
        SeriesTransformer second = Fit(SeriesRun.Forecaster, Reading.Wave(200, seed: 2), first, options =>
        {
            (options.NumberOfEpochs, options.FrozenLayers, options.WindowSize) = (1, ["weight_hh_l0"], null);
            ((LstmForecastingEstimator.Options)options).RefitOnAllData = true;
        });
        Assert.IsGreaterThan(1, second.Model.Networks.Count);
        foreach (ForecastNetwork network in second.Model.Networks)
        {
            Assert.IsTrue(first.Model.Networks.Any(one => one.Network.Parameters["weight_hh_l0"]
                .SequenceEqual(network.Network.Parameters["weight_hh_l0"])));
        }
        var error = Assert.ThrowsExactly<ArgumentException>(() => Fit(SeriesRun.Forecaster, Reading.Wave(200), first,
            options => (options.CheckpointPath, options.WindowSize) = (Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid()}.st"), null)));
        StringAssert.Contains(error.Message, "a checkpoint holds a single one");
    }

    [TestMethod]
    public void WhatDiffersIsSaid()
    {
        SeriesTransformer first = Fit(SeriesRun.Forecaster, Reading.Wave(100), null);
        Refuse("CellType is Lstm, expected Gru", options => options.CellType = CellType.Gru);
        Refuse("HiddenSize is 10, expected 7", options => options.HiddenSize = 7);
        Refuse("NumberOfLayers is 1, expected 2", options => options.NumberOfLayers = 2);
        Refuse("EmbedSeries is False, expected True", options => (options.SeriesColumnName, options.EmbedSeries) = ("Shop", true));
        Refuse("outputs of the loss for each value is 1, expected 3",
            options => ((LstmForecastingEstimator.Options)options).LossFunction = ForecastLoss.Quantile);
        Refuse("None of the targets Other, Promotion",
            options => ((LstmForecastingEstimator.Options)options).TargetColumnNames = ["Other", "Promotion"]);
        Refuse("the nearest name is 'head'", options => options.FrozenLayers = ["heat"]);
        // A single target is the same by any name.
        Fit(SeriesRun.Forecaster, Reading.Wave(100), first,
            options => ((LstmForecastingEstimator.Options)options).TargetColumnNames = ["Other"]);

        void Refuse(string says, Action<SeriesEstimatorOptions> change) => StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentException>(() => Fit(SeriesRun.Forecaster, Reading.Wave(100), first, change)).Message, says);
    }

    private static void AlmostFrozen(SeriesEstimatorOptions options)
        => (options.LearningRate, options.NumberOfEpochs) = (AsGoodAsFrozen, 1);

    private static void AssertNear(float expected, float actual, string what) => Assert.AreEqual(expected, actual, 1e-20f, what);

    private static Reading[] Shops(params string[] names) => [.. names.SelectMany(name =>
    {
        Reading[] rows = Reading.Wave(120, seed: name[0], shop: name, level: name[0] - 'a');
        for (int i = 0; i < rows.Length; i++)
            rows[i].Trend = i;
        return rows;
    })];

    private static SeriesTransformer Reload(SeriesTransformer model, Reading[] rows)
    {
        using var stream = new MemoryStream();
        Ml.Model.Save(model, Ml.Data.LoadFromEnumerable(rows).Schema, stream);
        return (SeriesTransformer)Ml.Model.Load(stream, out _);
    }

    private static SeriesTransformer Fit(string kind, IEnumerable<Reading> rows, SeriesTransformer? initial,
        Action<SeriesEstimatorOptions>? change = null)
    {
        IDataView data = Ml.Data.LoadFromEnumerable(rows);
        IEstimator<SeriesTransformer> estimator = SeriesRun.Estimator(Ml, kind, options =>
        {
            // Open sizes are those of the initial model.
            if (initial is not null)
                options.HiddenSize = null;
            change?.Invoke(options);
        });
        return estimator is LstmForecastingEstimator forecaster ? forecaster.Fit(data, null, initial)
            : ((LstmAnomalyEstimator)estimator).Fit(data, null, initial);
    }
}

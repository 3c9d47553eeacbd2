using Microsoft.ML.Lstm.Tests.Engine.Distributed;

namespace Microsoft.ML.Lstm.Tests.Series;

/// <summary>Forecasters and detectors that several ranks train.</summary>
[TestClass]
public sealed class DistributedSeriesTests
{
    // What the order of summation changes in a few epochs.
    private const double Tolerance = 2e-4;

    [TestMethod]
    [DataRow(SeriesRun.Forecaster, 2, false)]
    [DataRow(SeriesRun.Forecaster, 3, false)]
    [DataRow(SeriesRun.Forecaster, 2, true)]
    [DataRow(SeriesRun.Detector, 2, false)]
    [DataRow(SeriesRun.Detector, 3, false)]
    public void RanksTrainWhatOneProcessTrains(string kind, int size, bool refits)
    {
        void Change(SeriesEstimatorOptions options)
        {
            if (options is LstmForecastingEstimator.Options forecaster)
                forecaster.RefitOnAllData = refits;
        }

        Fitted alone = Fit(null, kind, Change);
        Fitted[] ranks = ThreadRanks.Run(size, rank => Fit(rank, kind, Change));
        Fitted[] again = ThreadRanks.Run(size, rank => Fit(rank, kind, Change));

        Assert.IsGreaterThan(refits ? 3 : 2, alone.Losses.Length);
        AssertNear(alone.Losses, ranks[0].Losses);
        for (int t = 0; t < alone.Outputs.Length; t++)
            AssertNear(alone.Outputs[t], ranks[0].Outputs[t]);
        foreach (Fitted other in ranks[1..].Concat(again))
            AssertSame(ranks[0], other);
        // Rank 0 alone calls back.
        Assert.IsTrue(ranks[1..].All(other => other.Losses.Length == 0));
    }

    [TestMethod]
    [DataRow(SeriesRun.Forecaster, 2, false)]
    [DataRow(SeriesRun.Forecaster, 3, true)]
    [DataRow(SeriesRun.Detector, 2, false)]
    public void RanksTakeTurnsAtSeveralNetworks(string kind, int size, bool refits)
    {
        void Change(SeriesEstimatorOptions options)
        {
            options.Effort = TrainingEffort.Best;
            if (options is LstmForecastingEstimator.Options forecaster)
                forecaster.RefitOnAllData = refits;
        }

        Fitted alone = Fit(null, kind, Change);
        Fitted[] ranks = ThreadRanks.Run(size, rank => Fit(rank, kind, Change));

        // Each network is trained by one rank, as one process trains it.
        if (kind == SeriesRun.Forecaster)
            Assert.IsGreaterThan(1, alone.Model.Model.Networks.Count);
        foreach (Fitted rank in ranks)
        {
            AssertSame(alone, rank);
            CollectionAssert.AreEqual(ReportsOf(alone), ReportsOf(rank));
        }
        Assert.IsNotEmpty(ranks[0].Losses);
        Assert.IsLessThan(alone.Losses.Length, ranks[0].Losses.Length);

        static string[] ReportsOf(Fitted fitted) =>
        [
            .. fitted.Model.TrainingReport!.Members.Prepend(fitted.Model.TrainingReport).Select(one => string.Join(' ', one.Seed,
                one.KeptEpoch, one.NumberOfEpochs, one.Error, string.Join(' ', one.Epochs), string.Join(' ', one.Choices))),
        ];
    }

    [TestMethod]
    [DataRow(2)]
    [DataRow(4)]
    public void RanksTakeTurnsAtTheFoldsOfABacktest(int size)
    {
        (BacktestResult alone, int epochs) = Backtest(null);

        foreach ((BacktestResult result, int own) in ThreadRanks.Run(size, rank => Backtest(rank)))
        {
            Assert.IsLessThan(epochs, own);
            Assert.AreEqual(alone.ToString(), result.ToString());
            Assert.AreEqual(alone.Metrics.Overall.MeanAbsoluteError, result.Metrics.Overall.MeanAbsoluteError);
            foreach ((BacktestFold expected, BacktestFold actual) in alone.Folds.Zip(result.Folds))
            {
                Assert.AreEqual(expected.Metrics.Overall.MeanAbsoluteError, actual.Metrics.Overall.MeanAbsoluteError);
                SeriesRun.AssertSame(SeriesRun.Read(expected.ScoredHoldOutSet), SeriesRun.Read(actual.ScoredHoldOutSet));
            }
        }
    }

    [TestMethod]
    public void TheEstimatorOfABacktestInTurnsTrainsAlone()
    {
        foreach (Task<(BacktestResult, int)> task in ThreadRanks.Try(2, rank => Backtest(rank, estimator: rank)))
            StringAssert.Contains(task.Exception!.InnerException!.Message, "give the Communicator to the backtest alone");
    }

    [TestMethod]
    public void ACancelledRankEndsItsTurns()
    {
        using var stop = new CancellationTokenSource();
        Fitted[] ranks = ThreadRanks.Run(2, rank => Fit(rank, SeriesRun.Forecaster, options =>
        {
            options.Effort = TrainingEffort.Best;
            options.EpochCompleted = epoch =>
            {
                if (epoch.Epoch == 2)
                    stop.Cancel();
            };
            options.CancellationToken = rank.Rank == 0 ? stop.Token : default;
        }));

        AssertSame(ranks[0], ranks[1]);
        Assert.AreEqual("when it was cancelled", ranks[0].Model.TrainingReport!.EndReason);
        Assert.HasCount(2, ranks[0].Model.TrainingReport!.Epochs);
    }

    [TestMethod]
    [DataRow(SeriesRun.Forecaster)]
    [DataRow(SeriesRun.Detector)]
    public void RankZeroAloneLogs(string kind)
    {
        // So few rows that a detector warns of its scores.
        Fitted[] ranks = ThreadRanks.Run(2, rank => Fit(rank, kind, rows: 40));

        Assert.IsNotEmpty(ranks[0].Log);
        Assert.IsEmpty(ranks[1].Log, string.Join('\n', ranks[1].Log));
    }

    [TestMethod]
    public void ACancellationOfOneRankEndsAllWithTheSameNetwork()
    {
        using var stop = new CancellationTokenSource();
        Fitted[] ranks = ThreadRanks.Run(2, rank => Fit(rank, SeriesRun.Forecaster, options =>
        {
            ((LstmForecastingEstimator.Options)options).RefitOnAllData = true;
            options.NumberOfEpochs = 10;
            options.EpochCompleted = epoch =>
            {
                if (epoch.Epoch == 2)
                    stop.Cancel();
            };
            options.CancellationToken = rank.Rank == 1 ? stop.Token : default;
        }));

        // Neither trains again on all rows, which rank 0 alone would wait for.
        Assert.AreEqual("when it was cancelled", ranks[0].Model.TrainingReport!.EndReason);
        Assert.IsLessThan(10, ranks[0].Model.TrainingReport!.Epochs.Count);
        AssertSame(ranks[0], ranks[1]);
    }

    private static (BacktestResult Result, int Epochs) Backtest(Communicator? ranks, Communicator? estimator = null)
    {
        var ml = new MLContext(seed: 1);
        int epochs = 0;
        BacktestResult result = ml.Forecasting.Backtest(ml.Data.LoadFromEnumerable(Reading.Wave(150)),
            SeriesRun.Estimator(ml, SeriesRun.Forecaster,
                options => (options.EpochCompleted, options.Communicator) = (_ => epochs++, estimator)),
            new BacktestOptions { TargetColumnNames = ["Value"], NumberOfFolds = 3, RowsPerFold = 20, Communicator = ranks });
        return (result, epochs);
    }

    private static void AssertNear(double[] expected, double[] actual)
    {
        Assert.HasCount(expected.Length, actual);
        for (int i = 0; i < expected.Length; i++)
            Assert.AreEqual(expected[i], actual[i], Tolerance * Math.Max(1, Math.Abs(expected[i])));
    }

    private static void AssertSame(Fitted expected, Fitted actual)
    {
        Assert.HasCount(expected.Model.Model.Networks.Count, actual.Model.Model.Networks);
        foreach ((var one, var other) in expected.Model.Model.Networks.Zip(actual.Model.Model.Networks))
            CollectionAssert.AreEqual(one.Network.Parameters.Values, other.Network.Parameters.Values);
        SeriesRun.AssertSame(expected.Outputs, actual.Outputs);
    }

    private static Fitted Fit(Communicator? ranks, string kind, Action<SeriesEstimatorOptions>? change = null, int rows = 150)
    {
        var ml = new MLContext(seed: 1);
        var losses = new List<double>();
        var log = new List<string>();
        ml.Log += (_, entry) =>
        {
            if (entry.Kind is Runtime.ChannelMessageKind.Info or Runtime.ChannelMessageKind.Warning)
                log.Add(entry.RawMessage);
        };
        Reading[] data = [.. Reading.Wave(rows, shop: "a"), .. Reading.Wave(rows - 10, seed: 2, shop: "b", level: 3)];
        data[20].Value = float.NaN;
        SeriesTransformer model = SeriesRun.Fit(ml, kind, data, options =>
        {
            (options.Communicator, options.NumberOfLayers, options.SeriesColumnName, options.EmbedSeries) = (ranks, 2, "Shop", true);
            (options.Dropout, options.OutputDropout) = (0.2f, 0.1f);
            options.EpochCompleted = epoch =>
            {
                losses.Add(epoch.Training.Loss);
                if (epoch.Validation is { } validation)
                    losses.Add(validation.Loss);
            };
            change?.Invoke(options);
        });
        string[] logged = [.. log];
        return new Fitted(model, [.. losses], SeriesRun.Transform(ml, model, Reading.Wave(30, seed: 3, shop: "a")), logged);
    }

    private sealed record Fitted(SeriesTransformer Model, double[] Losses, double[][] Outputs, string[] Log);
}

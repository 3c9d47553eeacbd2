using Microsoft.ML.Lstm.MlNet;
using Microsoft.ML.Lstm.Tests.Sequences;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm.Tests.MlNet;

/// <summary>What a host is told while a network trains.</summary>
[TestClass]
public sealed class HostMonitorTests
{
    [TestMethod]
    public void ProgressChannelGetsMetricsAndProgress()
    {
        var host = new ProgressHost(((IHostEnvironment)new MLContext()).Register("test"));
        using (IChannel channel = host.Start("Training"))
        using (var monitor = new HostMonitor(host, channel, 10))
        {
            CollectionAssert.AreEqual((string[])["training loss", "training RMSE", "training accuracy", "training AUC", "validation loss",
                "validation RMSE", "validation accuracy", "validation AUC"], host.Header!.MetricNames.ToArray());
            CollectionAssert.AreEqual((string[])["epochs", "batches"], host.Header.UnitNames.ToArray());
            monitor.EpochCompleted(new EpochCompletedEventArgs(1, 10,
                new EpochMetrics(0.5) { RootMeanSquaredError = 5, MeanAbsoluteError = 4 }, null, 0.01, TimeSpan.FromSeconds(1), true));
            monitor.EpochCompleted(new EpochCompletedEventArgs(2, 10,
                new EpochMetrics(0.25) { RootMeanSquaredError = 3, MeanAbsoluteError = 2 },
                new EpochMetrics(0.75) { RootMeanSquaredError = 7, MeanAbsoluteError = 6 }, 0.01, TimeSpan.FromSeconds(2), true));
            monitor.BatchCompleted(3, 4, 9);
            Assert.AreEqual("2/10 epochs, 4/9 batches", host.Report());
        }
        CollectionAssert.AreEqual((double?[])[0.5, 5, null, null, null, null, null, null, 1, null, 10], host.Checkpoints[0]);
        CollectionAssert.AreEqual((double?[])[0.25, 3, null, null, 0.75, 7, null, null, 2, null, 10], host.Checkpoints[1]);
        Assert.IsTrue(host.IsDisposed);
    }

    [TestMethod]
    [TestCategory("context-growth")]
    public void AnMLContextDoesNotGrowWithWhatIsTrainedOnIt()
    {
        var ml = new MLContext(seed: 1);
        Example[] rows = Example.Make(2);
        // 100 epochs each, so that the full run has 200,000.
        LstmRegressionTrainer.Options options = SmallOptions.Create(options =>
            (options.HiddenSize, options.NumberOfEpochs, options.NumberOfThreads) = (1, 100, 1));
        int fits = Acceptance.Count(200, 2_000);
        long before = 0;
        for (int fit = 0; fit < fits; fit++)
        {
            if (fit == fits / 20 + 50)
                before = Memory();
            ml.Regression.Trainers.Lstm(options).Fit(AnyTrainer.Data(ml, rows));
        }
        // The heap's own ups and downs are some ten KB; 0.1.0 kept 40 KB of each fit.
        Assert.IsLessThan(150_000, Memory() - before);
        GC.KeepAlive(ml);

        static long Memory()
        {
            for (int i = 0; i < 3; i++)
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
            }
            return GC.GetTotalMemory(forceFullCollection: true);
        }
    }

    /// <summary>A host that keeps what its progress channel is told.</summary>
    private sealed class ProgressHost(IHost inner) : IHost, IProgressChannel, IProgressEntry
    {
        private readonly string[] _progress = new string[2];
        private Action<IProgressEntry>? _fill;

        public ProgressHeader? Header { get; private set; }

        public List<double?[]> Checkpoints { get; } = [];

        public bool IsDisposed { get; private set; }

        public Random Rand => inner.Rand;

        public ComponentCatalog ComponentCatalog => inner.ComponentCatalog;

        public string ContextDescription => inner.ContextDescription;

        public string Report()
        {
            _fill!(this);
            return string.Join(", ", _progress);
        }

        public IHost Register(string name, int? seed = null, bool? verbose = null) => inner.Register(name, seed, verbose);

        public IChannel Start(string name) => inner.Start(name);

        public IPipe<TMessage> StartPipe<TMessage>(string name) => inner.StartPipe<TMessage>(name);

        public TException Process<TException>(TException ex)
            where TException : Exception
            => inner.Process(ex);

        public IProgressChannel StartProgressChannel(string name) => this;

        public void SetHeader(ProgressHeader header, Action<IProgressEntry> fillAction)
        {
            Header = header;
            _fill = fillAction;
        }

        public void Checkpoint(params double?[] values) => Checkpoints.Add(values);

        public void SetProgress(int index, double value) => throw new NotSupportedException();

        public void SetProgress(int index, double value, double lim) => _progress[index] = $"{value}/{lim} {Header!.UnitNames[index]}";

        public void SetMetric(int index, double value) => throw new NotSupportedException();

        public void Dispose() => IsDisposed = true;
    }
}

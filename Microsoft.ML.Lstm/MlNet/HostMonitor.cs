using System.Globalization;
using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Engine.Training;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm.MlNet;

/// <summary>
/// Reports training to a host: after each epoch a line of its log and a checkpoint of its progress channel. Stops training when the host is
/// canceled.
/// </summary>
/// <remarks>
/// An MLContext keeps all reports of its progress channels for as long as it lives, and shows them to nobody. So no channel is opened for
/// it.
/// </remarks>
internal sealed class HostMonitor : ITrainingMonitor, IDisposable
{
    private const int WatchMilliseconds = 50;

    private static readonly (string Name, Func<EpochMetrics, double?> Of)[] Figures =
    [
        ("loss", metrics => metrics.Loss),
        ("RMSE", metrics => metrics.RootMeanSquaredError),
        ("accuracy", metrics => metrics.Accuracy),
        ("AUC", metrics => metrics.AreaUnderRocCurve),
    ];

    private static readonly string[] Metrics =
    [
        .. Figures.Select(figure => "training " + figure.Name),
        .. Figures.Select(figure => "validation " + figure.Name),
    ];

    private static readonly string[] Units = ["epochs", "batches"];

    private readonly IHost _host;
    private readonly IChannel? _channel;
    private readonly IProgressChannel? _progress;
    private readonly CancellationTokenSource _abandoned = new();
    private readonly Timer _watch;
    private int? _numberOfEpochs;
    private TimeSpan _lastElapsed;
    private int _epochs;
    private int _batch;
    private int _batches;

    /// <param name="host">The host.</param>
    /// <param name="channel">Its log.</param>
    /// <param name="numberOfEpochs">The epochs; null where the data decide.</param>
    /// <param name="tells">Whether anything is logged: of processes that train together one does.</param>
    public HostMonitor(IHost host, IChannel channel, int? numberOfEpochs, bool tells = true)
    {
        _host = host;
        _channel = tells ? channel : null;
        _numberOfEpochs = numberOfEpochs;
        if (host is not HostEnvironmentBase<LocalEnvironment>)
        {
            _progress = host.StartProgressChannel("Training");
            _progress.SetHeader(new ProgressHeader(Metrics, Units), Report);
        }
        // A host can be asked whether it was canceled, but raises no event.
        _watch = new Timer(_ => Watch(), null, WatchMilliseconds, WatchMilliseconds);
    }

    public CancellationToken Abandoned => _abandoned.Token;

    public void BatchCompleted(int epoch, int batch, int batches)
    {
        _batch = batch;
        _batches = batches;
        _host.CheckAlive();
    }

    public void EpochCompleted(EpochCompletedEventArgs epoch)
    {
        _epochs = epoch.Epoch;
        _numberOfEpochs = epoch.NumberOfEpochs;
        _batch = 0;
        EpochMetrics training = epoch.Training;
        EpochMetrics? validation = epoch.Validation;
        _progress?.Checkpoint([.. Figures.Select(figure => figure.Of(training)),
            .. Figures.Select(figure => validation is null ? null : figure.Of(validation)),
            _epochs, null, _numberOfEpochs]);

        string validationText = validation is null ? "" : $"; validation {Describe(validation)}";
        string member = epoch.NumberOfMembers > 1 ? $"Network {epoch.Member} of {epoch.NumberOfMembers}: " : "";
        double seconds = (epoch.Elapsed - _lastElapsed).TotalSeconds;
        _lastElapsed = epoch.Elapsed;
        Info(string.Create(CultureInfo.InvariantCulture,
            $"{member}Epoch {epoch.Epoch}/{epoch.NumberOfEpochs}: training {Describe(training)}{validationText}; {seconds:0.00} s"));
    }

    private static string Describe(EpochMetrics metrics) => string.Join(", ",
        from figure in Figures
        let value = figure.Of(metrics)
        where value is not null
        select string.Create(CultureInfo.InvariantCulture, $"{figure.Name} {value:G5}"));

    public void Info(string message) => _channel?.Info(MessageSensitivity.None, message);

    public void Warn(string message) => _channel?.Warning(MessageSensitivity.None, message);

    public void Dispose()
    {
        _watch.Dispose();
        _progress?.Dispose();
    }

    private void Watch()
    {
        if (_host is ICancelable { IsCanceled: true })
            _abandoned.Cancel();
    }

    // The host calls this method at any time, from a thread of its own.
    private void Report(IProgressEntry entry)
    {
        // Where the size of the data decides the number of epochs, it is not known before the first epoch has ended.
        if (_numberOfEpochs is { } all)
            entry.SetProgress(0, _epochs, all);
        entry.SetProgress(1, _batch, _batches);
    }
}

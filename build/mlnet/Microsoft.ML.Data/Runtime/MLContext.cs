using Microsoft.ML.Runtime;

namespace Microsoft.ML;

/// <summary>Where every ML.NET program starts: the catalogs, the log and the seed.</summary>
public sealed class MLContext : IHostEnvironmentInternal
{
    private readonly Host _root;
    private readonly int? _seed;

    public MLContext(int? seed = null)
    {
        _seed = seed;
        _root = new(seed, e => Log?.Invoke(this, e));
        BinaryClassification = new(this);
        MulticlassClassification = new(this);
        Regression = new(this);
        AnomalyDetection = new(this);
        Forecasting = new(this);
        Transforms = new(this);
        Model = new(this);
        Data = new(this);
    }

    public event EventHandler<LoggingEventArgs> Log;

    public BinaryClassificationCatalog BinaryClassification { get; }

    public MulticlassClassificationCatalog MulticlassClassification { get; }

    public RegressionCatalog Regression { get; }

    public AnomalyDetectionCatalog AnomalyDetection { get; }

    public ForecastingCatalog Forecasting { get; }

    public TransformsCatalog Transforms { get; }

    public ModelOperationsCatalog Model { get; }

    public DataOperationsCatalog Data { get; }

    public ComponentCatalog ComponentCatalog => _root.ComponentCatalog;

    string IExceptionContext.ContextDescription => _root.ContextDescription;

    int? IHostEnvironmentInternal.Seed => _seed;

    IHost IHostEnvironment.Register(string name, int? seed, bool? verbose) => _root.Register(name, seed, verbose);

    IChannel IChannelProvider.Start(string name) => _root.Start(name);

    IPipe<TMessage> IChannelProvider.StartPipe<TMessage>(string name) => _root.StartPipe<TMessage>(name);

    IProgressChannel IProgressChannelProvider.StartProgressChannel(string name) => _root.StartProgressChannel(name);

    TException IExceptionContext.Process<TException>(TException ex) => _root.Process(ex);

    internal void CancelExecution() => _root.CancelExecution();
}

public class LoggingEventArgs : EventArgs
{
    public LoggingEventArgs(string message, ChannelMessageKind kind, string source)
    {
        RawMessage = message;
        Kind = kind;
        Source = source;
    }

    public string Source { get; }

    public ChannelMessageKind Kind { get; }

    public string RawMessage { get; }

    public string Message => $"[Source={Source}, Kind={Kind}] {RawMessage}";
}

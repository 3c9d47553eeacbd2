using System.Diagnostics;

namespace Microsoft.ML.Runtime;

/// <summary>The environment of one component. All hosts of a context share its log, its catalog and whether it was cancelled.</summary>
internal sealed class Host : IHost, IHostEnvironmentInternal, ICancelable
{
    private readonly string _name;
    private readonly Host _root;
    private readonly Random _seeds;
    private readonly Action<LoggingEventArgs> _log;
    private volatile bool _cancelled;

    /// <summary>The root of a context; without a seed its random numbers differ from run to run.</summary>
    public Host(int? seed, Action<LoggingEventArgs> log)
    {
        _root = this;
        _seeds = seed is int given ? new(given) : new();
        _log = log;
        Seed = seed;
        Rand = new(_seeds.Next());
        ComponentCatalog = new();
        ComponentCatalog.RegisterAssembly(typeof(Host).Assembly);
    }

    private Host(Host root, string name, int seed)
    {
        _root = root;
        _name = name;
        Rand = new(seed);
        Seed = root.Seed;
        ComponentCatalog = root.ComponentCatalog;
    }

    public Random Rand { get; }

    public int? Seed { get; }

    public ComponentCatalog ComponentCatalog { get; }

    public string ContextDescription => "HostEnvironment";

    public bool IsCanceled => _root._cancelled;

    public void CancelExecution() => _root._cancelled = true;

    public IHost Register(string name, int? seed = null, bool? verbose = null)
    {
        Contracts.CheckNonEmpty(name, nameof(name));
        lock (_root._seeds)
            return new Host(_root, name, seed ?? _root._seeds.Next());
    }

    public IChannel Start(string name) => new Channel(this, _name is null ? name : $"{_name}; {name}");

    public IPipe<TMessage> StartPipe<TMessage>(string name) =>
        throw this.ExceptNotSupp("The stand-in has no pipes other than channels.");

    public IProgressChannel StartProgressChannel(string name) => new ProgressChannel();

    public TException Process<TException>(TException ex)
        where TException : Exception =>
        Contracts.Mark(ex);

    private sealed class Channel : IChannel
    {
        private readonly Host _host;
        private readonly string _source;
        private readonly Stopwatch _watch = Stopwatch.StartNew();

        public Channel(Host host, string source)
        {
            _host = host;
            _source = source;
            Send(ChannelMessageKind.Trace, "Channel started");
        }

        public string ContextDescription => _host.ContextDescription;

        public TException Process<TException>(TException ex)
            where TException : Exception =>
            Contracts.Mark(ex);

        public void Send(ChannelMessage msg) => Send(msg.Kind, msg.Message);

        public void Trace(MessageSensitivity sensitivity, string fmt) => Send(ChannelMessageKind.Trace, fmt);

        public void Trace(MessageSensitivity sensitivity, string fmt, params object[] args) => Send(ChannelMessageKind.Trace, string.Format(fmt, args));

        public void Error(MessageSensitivity sensitivity, string fmt) => Send(ChannelMessageKind.Error, fmt);

        public void Error(MessageSensitivity sensitivity, string fmt, params object[] args) => Send(ChannelMessageKind.Error, string.Format(fmt, args));

        public void Warning(MessageSensitivity sensitivity, string fmt) => Send(ChannelMessageKind.Warning, fmt);

        public void Warning(MessageSensitivity sensitivity, string fmt, params object[] args) => Send(ChannelMessageKind.Warning, string.Format(fmt, args));

        public void Info(MessageSensitivity sensitivity, string fmt) => Send(ChannelMessageKind.Info, fmt);

        public void Info(MessageSensitivity sensitivity, string fmt, params object[] args) => Send(ChannelMessageKind.Info, string.Format(fmt, args));

        public void Dispose()
        {
            Send(ChannelMessageKind.Trace, $"Channel finished. Elapsed {_watch.Elapsed:c}.");
            Send(ChannelMessageKind.Trace, "Channel disposed");
        }

        private void Send(ChannelMessageKind kind, string message) => _host._root._log(new(message, kind, _source));
    }

    /// <summary>ML.NET's context shows no progress either; the calls are only checked.</summary>
    private sealed class ProgressChannel : IProgressChannel
    {
        public void SetHeader(ProgressHeader header, Action<IProgressEntry> fillAction) => Contracts.CheckValue(header, nameof(header));

        public void Checkpoint(params double?[] values) => Contracts.CheckValue(values, nameof(values));

        public IProgressChannel StartProgressChannel(string name) => new ProgressChannel();

        public void Dispose()
        {
        }
    }
}

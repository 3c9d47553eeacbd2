using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace WebApi;

/// <summary>
/// The measurements of some meters in the text format of Prometheus, for the endpoint <c>/metrics</c>. In its place an exporter of
/// OpenTelemetry can listen to the same meters.
/// </summary>
internal sealed class PrometheusText : IDisposable
{
    private static readonly string[] Meters = [ApiMetrics.MeterName, "Microsoft.AspNetCore.Hosting"];
    private static readonly double[] Bounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

    private readonly MeterListener _listener = new();
    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, (Instrument Instrument, SortedDictionary<string, Series> Series)> _instruments
        = new(StringComparer.Ordinal);

    /// <param name="meters">Whose meters are listened to: other services in the process have their own.</param>
    public PrometheusText(IMeterFactory meters)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (Meters.Contains(instrument.Meter.Name) && ReferenceEquals(instrument.Meter.Scope, meters))
                listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.Start();
    }

    /// <summary>All measurements so far.</summary>
    public string Write()
    {
        _listener.RecordObservableInstruments();
        var text = new StringBuilder();
        lock (_lock)
        {
            foreach ((string name, (Instrument instrument, SortedDictionary<string, Series> all)) in _instruments)
            {
                if (instrument.Description is { } description)
                    text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {description}\n");
                text.Append(CultureInfo.InvariantCulture, $"# TYPE {name} {TypeOf(instrument)}\n");
                foreach ((string tags, Series series) in all)
                    Write(text, name, tags, series, instrument);
            }
        }
        return text.ToString();
    }

    public void Dispose() => _listener.Dispose();

    private static void Write(StringBuilder text, string name, string tags, Series series, Instrument instrument)
    {
        if (TypeOf(instrument) != "histogram")
        {
            text.Append(CultureInfo.InvariantCulture, $"{name}{InBraces(tags)} {series.Sum}\n");
            return;
        }
        for (int i = 0; i < Bounds.Length; i++)
            text.Append(CultureInfo.InvariantCulture, $"{name}_bucket{InBraces(With(tags, $"le=\"{Bounds[i]}\""))} {series.Below[i]}\n");
        text.Append(CultureInfo.InvariantCulture, $"{name}_bucket{InBraces(With(tags, "le=\"+Inf\""))} {series.Count}\n");
        text.Append(CultureInfo.InvariantCulture, $"{name}_sum{InBraces(tags)} {series.Sum}\n");
        text.Append(CultureInfo.InvariantCulture, $"{name}_count{InBraces(tags)} {series.Count}\n");
    }

    private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        string labels = "";
        foreach ((string key, object? tag) in tags)
            labels = With(labels, $"{NameOf(key)}=\"{Escape(Convert.ToString(tag, CultureInfo.InvariantCulture) ?? "")}\"");
        string type = TypeOf(instrument), name = NameOf(instrument.Name) + (instrument.Unit == "s" ? "_seconds" : "")
            + (type == "counter" ? "_total" : "");
        lock (_lock)
        {
            if (!_instruments.TryGetValue(name, out var found))
                _instruments[name] = found = (instrument, new(StringComparer.Ordinal));
            if (!found.Series.TryGetValue(labels, out Series? series))
                found.Series[labels] = series = new Series();
            series.Add(value, isLast: instrument is ObservableInstrument<int>);
        }
    }

    private static string TypeOf(Instrument instrument) => instrument switch
    {
        Histogram<double> => "histogram",
        Counter<long> => "counter",
        _ => "gauge",
    };

    private static string NameOf(string name) => name.Replace('.', '_').Replace('-', '_');

    private static string With(string tags, string tag) => tags == "" ? tag : $"{tags},{tag}";

    private static string InBraces(string tags) => tags == "" ? "" : $"{{{tags}}}";

    private static string Escape(string value) => value.Replace("\\", "\\\\").Replace("\"", "\\\"").Replace("\n", "\\n");

    /// <summary>The measurements with the same tags.</summary>
    private sealed class Series
    {
        public long[] Below { get; } = new long[Bounds.Length];

        public double Sum { get; private set; }

        public long Count { get; private set; }

        public void Add(double value, bool isLast)
        {
            Sum = isLast ? value : Sum + value;
            Count++;
            for (int i = 0; i < Bounds.Length; i++)
                Below[i] += value <= Bounds[i] ? 1 : 0;
        }
    }
}

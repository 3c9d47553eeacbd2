using System.Globalization;
using System.Text;

namespace Shared;

/// <summary>Lines, bands and dots over time, as an SVG picture.</summary>
/// <param name="title">The title.</param>
/// <param name="times">The times of the steps, from left to right; lines and bands start at a step by its number.</param>
/// <param name="timeFormat">The format of times on the axis.</param>
/// <param name="stepsPerTime">How many steps apart times on the axis are; null for about eight times.</param>
internal sealed class SeriesChart(string title, IReadOnlyList<DateTime> times, string timeFormat = "yyyy-MM-dd", int? stepsPerTime = null)
{
    private const int Width = 960, Height = 420;
    private const int Left = 64, Right = 24, Top = 72, Bottom = 40;
    private const int TimesOnAxis = 8;

    private readonly List<Layer> _layers = [];

    public SeriesChart AddBand(string name, string color, int first, IReadOnlyList<float> lower, IReadOnlyList<float> upper)
        => Add(new Layer(name, color, first, upper, lower, IsDots: false));

    public SeriesChart AddLine(string name, string color, int first, IReadOnlyList<float> values)
        => Add(new Layer(name, color, first, values, null, IsDots: false));

    /// <param name="name">The name in the legend.</param>
    /// <param name="color">The color of the dots.</param>
    /// <param name="values">A value for each step; NaN for no dot.</param>
    public SeriesChart AddDots(string name, string color, IReadOnlyList<float> values)
        => Add(new Layer(name, color, 0, values, null, IsDots: true));

    /// <summary>The picture, with later layers on top.</summary>
    public string ToSvg()
    {
        float[] all = [.. _layers.SelectMany(layer => layer.Values.Concat(layer.Lower ?? [])).Where(float.IsFinite)];
        (double least, double most, double tick) = Axis(all.Min(), all.Max());
        var svg = new StringBuilder();
        const string style = """font-family="DejaVu Sans, Segoe UI, Helvetica, sans-serif" font-size="13" fill="#343a40" """;
        Write($"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {Width} {Height}" {style.TrimEnd()}>""");
        Write($"""<title>{Escape(title)}</title>""");
        Write($"""<rect width="{Width}" height="{Height}" fill="white"/>""");
        for (double line = least; line <= most + tick / 2; line += tick)
        {
            Write($"""<line x1="{Left}" y1="{Y(line)}" x2="{Width - Right}" y2="{Y(line)}" stroke="#dee2e6"/>""");
            Write($"""<text x="{Left - 8}" y="{Y(line) + 4}" text-anchor="end">{Math.Round(line, 6)}</text>""");
        }
        int stride = stepsPerTime ?? Math.Max(1, (times.Count + TimesOnAxis - 1) / TimesOnAxis);
        for (int step = 0; step < times.Count; step += stride)
        {
            string time = times[step].ToString(timeFormat, CultureInfo.InvariantCulture);
            Write($"""<text x="{X(step)}" y="{Height - Bottom + 20}" text-anchor="middle">{time}</text>""");
        }

        foreach (Layer layer in _layers)
        {
            if (layer.IsDots)
            {
                foreach ((int step, float value) in layer.Points)
                    Write($"""<circle cx="{X(step)}" cy="{Y(value)}" r="4" fill="{layer.Color}"/>""");
            }
            else if (layer.Lower is { } lower)
            {
                IEnumerable<(int, float)> edge = layer.Points.Concat(layer.PointsOf(lower).Reverse());
                Write($"""<polygon points="{Points(edge)}" fill="{layer.Color}"/>""");
            }
            else
            {
                Write($"""<polyline points="{Points(layer.Points)}" fill="none" stroke="{layer.Color}" stroke-width="2"/>""");
            }
        }

        Write($"""<text x="{Left}" y="26" font-size="17">{Escape(title)}</text>""");
        int at = Left;
        foreach (Layer layer in _layers)
        {
            int height = layer.Lower is null && !layer.IsDots ? 3 : 12;
            Write($"""<rect x="{at}" y="42" width="14" height="{height}" fill="{layer.Color}"/>""");
            Write($"""<text x="{at + 20}" y="52">{Escape(layer.Name)}</text>""");
            at += 48 + 8 * layer.Name.Length;
        }
        Write($"""</svg>""");
        return svg.ToString();

        void Write(FormattableString line) => svg.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');

        string Points(IEnumerable<(int Step, float Value)> points) =>
            string.Join(' ', points.Select(point => FormattableString.Invariant($"{X(point.Step)},{Y(point.Value)}")));

        double X(int step) => Math.Round(Left + (Width - Left - Right) * (step / Math.Max(1.0, times.Count - 1)), 1);

        double Y(double value) => Math.Round(Height - Bottom - (Height - Top - Bottom) * ((value - least) / (most - least)), 1);
    }

    private SeriesChart Add(Layer layer)
    {
        _layers.Add(layer);
        return this;
    }

    // The axis runs from one round number to another, with about five lines.
    private static (double Least, double Most, double Tick) Axis(double least, double most)
    {
        double rough = Math.Max(most - least, 1e-6) / 5;
        double power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        double tick = power * (rough / power) switch { <= 1 => 1, <= 2 => 2, <= 5 => 5, _ => 10 };
        double first = Math.Floor(least / tick) * tick;
        return (first, Math.Max(first + tick, Math.Ceiling(most / tick) * tick), tick);
    }

    private static string Escape(string text) => System.Net.WebUtility.HtmlEncode(text);

    private sealed record Layer(string Name, string Color, int First, IReadOnlyList<float> Values, IReadOnlyList<float>? Lower, bool IsDots)
    {
        public IEnumerable<(int Step, float Value)> Points => PointsOf(Values);

        public IEnumerable<(int Step, float Value)> PointsOf(IReadOnlyList<float> values) =>
            values.Select((value, i) => (First + i, value)).Where(point => float.IsFinite(point.value));
    }
}

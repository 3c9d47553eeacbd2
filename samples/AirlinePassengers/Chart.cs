using System.Globalization;
using System.Text;

namespace AirlinePassengers;

/// <summary>The series and its forecasts as an SVG picture.</summary>
internal static class Chart
{
    private const int Width = 960, Height = 480;
    private const int Left = 64, Right = 24, Top = 72, Bottom = 48;
    private const int MaxPassengers = 700, PassengersPerLine = 100;

    private const string ActualColor = "#5f6b7a", ForecastColor = "#d9480f";

    /// <param name="split">The first held-out month.</param>
    /// <param name="forecasts">Forecasts by month; those from <paramref name="split"/> on are drawn.</param>
    public static string Draw(int split, IReadOnlyDictionary<int, double> forecasts)
    {
        var actual = Enumerable.Range(0, Series.Count).Select(month => (month, (double)Series.Passengers[month]));
        var forecast = forecasts.Where(entry => entry.Key >= split)
            .OrderBy(entry => entry.Key)
            .Select(entry => (entry.Key, entry.Value))
            .ToArray();
        (int nextMonth, double next) = forecast[^1];

        var svg = new StringBuilder();
        Add($"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {Width} {Height}" font-family="DejaVu Sans, Segoe UI, Helvetica, sans-serif" font-size="13" fill="#343a40">""");
        Add($"""<title>Airline passengers, actual and forecast</title>""");
        Add($"""<rect width="{Width}" height="{Height}" fill="white"/>""");
        Add($"""<rect x="{X(split)}" y="{Top}" width="{X(Series.Count) - X(split)}" height="{Height - Top - Bottom}" fill="#fff4e6"/>""");
        Add($"""<text x="{X(split) + 8}" y="{Top + 18}" fill="#a0522d">held out</text>""");

        for (int line = 0; line <= MaxPassengers; line += PassengersPerLine)
        {
            Add($"""<line x1="{Left}" y1="{Y(line)}" x2="{Width - Right}" y2="{Y(line)}" stroke="{(line == 0 ? "#343a40" : "#dee2e6")}"/>""");
            Add($"""<text x="{Left - 8}" y="{Y(line) + 4}" text-anchor="end">{line}</text>""");
        }
        for (int month = 0; month <= Series.Count; month += 12)
        {
            Add($"""<line x1="{X(month)}" y1="{Y(0)}" x2="{X(month)}" y2="{Y(0) + 5}" stroke="#343a40"/>""");
            Add($"""<text x="{X(month)}" y="{Y(0) + 20}" text-anchor="middle">{Series.Year(month)}</text>""");
        }

        Add($"""<polyline points="{Points(actual)}" fill="none" stroke="{ActualColor}" stroke-width="2"/>""");
        Add($"""<polyline points="{Points(forecast)}" fill="none" stroke="{ForecastColor}" stroke-width="2"/>""");
        Add($"""<circle cx="{X(nextMonth)}" cy="{Y(next)}" r="4" fill="{ForecastColor}"/>""");

        Add($"""<text x="{Left}" y="26" font-size="17">Airline passengers a month, in thousands</text>""");
        AddLegend(Left, ActualColor, "actual");
        AddLegend(Left + 100, ForecastColor, $"LSTM, one month ahead (dot: {Series.Name(nextMonth)})");
        Add($"""</svg>""");
        return svg.ToString();

        void AddLegend(int x, string color, string text)
        {
            Add($"""<line x1="{x}" y1="48" x2="{x + 28}" y2="48" stroke="{color}" stroke-width="2"/>""");
            Add($"""<text x="{x + 36}" y="52">{text}</text>""");
        }

        void Add(FormattableString line) => svg.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
    }

    private static string Points(IEnumerable<(int Month, double Passengers)> series) =>
        string.Join(' ', series.Select(point => FormattableString.Invariant($"{X(point.Month)},{Y(point.Passengers)}")));

    private static double X(int month) => Math.Round(Left + (Width - Left - Right) * (month / (Series.Count + 2.0)), 1);

    private static double Y(double passengers) => Math.Round(Height - Bottom - (Height - Top - Bottom) * (passengers / MaxPassengers), 1);
}

using System.Globalization;
using System.Xml;
using System.Xml.Linq;

namespace Shared.Charts;

/// <summary>How points are drawn.</summary>
internal enum Mark
{
    Line,
    Band,
    Dot,
    Bar,
    Upright,
}

/// <summary>Which part of a text is at its place.</summary>
internal enum Anchor
{
    Start,
    Middle,
    End,
}

/// <summary>The text of a chart and the marks of its legend, as elements of SVG.</summary>
/// <param name="width">The width of the chart.</param>
internal sealed class Labels(int width)
{
    public static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    // About how wide a character of the usual fonts is, in sizes of the font.
    private const double CharacterWidth = 0.56;
    private const int UsualSize = 13;

    private readonly List<XElement> _elements = [];

    public IReadOnlyList<XElement> Elements => _elements;

    /// <summary>About how many pixels a text takes.</summary>
    public static int WidthOf(string text) => WidthOf(text, UsualSize);

    /// <summary>The text without what XML can't hold: control characters, halves of surrogate pairs.</summary>
    public static string Clean(string text) => string.Concat(text.EnumerateRunes()
        .Select(rune => rune.Value > char.MaxValue || XmlConvert.IsXmlChar((char)rune.Value) ? rune.ToString() : "\uFFFD"));

    public void Add(string text, double x, double y, Anchor anchor, Ink ink, int size = UsualSize)
    {
        text = Clean(text);
        double room = anchor == Anchor.Start ? width - x - 8 : width;
        int most = Math.Max(4, (int)(room / (size * CharacterWidth)));
        if (text.Length > most)
            text = string.Concat(text.AsSpan(0, most - 1).TrimEnd('\uD83D'), "…");
        _elements.Add(new XElement(Svg + "text",
            new XAttribute("x", Number(x)),
            new XAttribute("y", Number(y)),
            anchor == Anchor.Start ? null : new XAttribute("text-anchor", anchor == Anchor.Middle ? "middle" : "end"),
            size == UsualSize ? null : new XAttribute("font-size", size),
            size == UsualSize ? null : new XAttribute("font-weight", 600),
            new XAttribute("fill", Palette.Light(ink)),
            text));
    }

    public void AddMark(Mark mark, Ink ink, bool isDashed, double x, double middle, int length)
    {
        string color = Palette.Light(ink);
        _elements.Add(mark switch
        {
            Mark.Dot => new XElement(Svg + "circle", At("cx", x + length / 2.0), At("cy", middle), At("r", 4),
                new XAttribute("fill", color)),
            Mark.Band or Mark.Bar => new XElement(Svg + "rect", At("x", x), At("y", middle - 6), At("width", length), At("height", 12),
                new XAttribute("fill", color), mark == Mark.Band ? At("fill-opacity", 0.18) : null),
            _ => new XElement(Svg + "path", new XAttribute("d", $"M{Number(x)} {Number(middle)}h{length}"), new XAttribute("fill", "none"),
                new XAttribute("stroke", color), At("stroke-width", mark == Mark.Upright ? 1 : 2),
                isDashed || mark == Mark.Upright ? new XAttribute("stroke-dasharray", SvgStyle.Dashes) : null),
        });
    }

    private static XAttribute At(string name, double value) => new(name, Number(value));

    private static int WidthOf(string text, int size) => (int)Math.Ceiling(text.Length * size * CharacterWidth);

    private static string Number(double value) => Math.Round(value, 2).ToString(CultureInfo.InvariantCulture);
}

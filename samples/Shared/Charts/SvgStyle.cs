using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Shared.Charts;

/// <summary>Makes of ScottPlot's SVG what suits light and dark, any width, and a page that has several.</summary>
internal static partial class SvgStyle
{
    private const string FontFamily = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif";

    /// <summary>The width of the lines that get dashes: the writer of SVG below ScottPlot has none, and says so on the console.</summary>
    public const float DashedWidth = 1.5f;

    /// <summary>The lengths of dashes and of what is between.</summary>
    public const string Dashes = "5 3";

    // Pixels.
    private const double Border = 5;


    /// <param name="drawn">What ScottPlot drew; it becomes part of the result.</param>
    /// <param name="width">Its width.</param>
    /// <param name="height">Its height.</param>
    /// <param name="labels">What is drawn on top.</param>
    /// <param name="id">What identifiers begin with, since all charts of a page share them.</param>
    public static XElement Apply(XElement drawn, int width, int height, IEnumerable<XElement> labels, string id)
    {
        // ScottPlot clips each thing that is drawn by itself; here is room at the border for half a line or dot.
        XElement? clip = drawn.Descendants(Labels.Svg + "clipPath").FirstOrDefault()?.Element(Labels.Svg + "rect");
        XElement[] marks = [.. drawn.Descendants().Where(element => element.Name.LocalName is "path" or "ellipse" or "circle" or "rect"
            && element.Parent!.Name.LocalName != "clipPath")];
        foreach (XElement mark in marks)
            Adapt(mark);
        var svg = new XElement(Labels.Svg + "svg",
            new XAttribute("viewBox", $"0 0 {width} {height}"),
            new XAttribute("font-family", FontFamily),
            new XAttribute("font-size", 13),
            new XElement(Labels.Svg + "rect", new XAttribute("width", width), new XAttribute("height", height),
                new XAttribute("fill", Palette.Light(Ink.Surface))),
            clip is null ? null : new XElement(Labels.Svg + "clipPath", new XAttribute("id", id), Widen(clip)),
            new XElement(Labels.Svg + "g", clip is null ? null : new XAttribute("clip-path", $"url(#{id})"), marks),
            labels);
        foreach (XElement element in svg.Descendants().ToArray())
            AddClasses(element);
        return svg;
    }

    private static XElement Widen(XElement clip)
    {
        return new XElement(clip.Name, At("x", -Border), At("y", -Border), At("width", 2 * Border), At("height", 2 * Border));

        XAttribute At(string name, double more)
            => new(name, double.Parse(clip.Attribute(name)!.Value, CultureInfo.InvariantCulture) + more);
    }

    private static void Adapt(XElement mark)
    {
        mark.Attribute("stroke-miterlimit")?.Remove();
        if ((string?)mark.Attribute("stroke-width") == DashedWidth.ToString(CultureInfo.InvariantCulture))
            mark.Add(new XAttribute("stroke-dasharray", Dashes));
        if (mark.Attribute("d") is { } path)
            path.Value = LongNumber().Replace(path.Value, match
                => Math.Round(double.Parse(match.Value, CultureInfo.InvariantCulture), 1).ToString(CultureInfo.InvariantCulture));
    }

    private static void AddClasses(XElement element)
    {
        string[] classes = [.. element.Attributes()
            .Select(attribute => Palette.ClassOf(attribute.Name.LocalName, attribute.Value)).OfType<string>()];
        if (classes.Length > 0)
            element.Add(new XAttribute("class", string.Join(' ', classes)));
    }

    [GeneratedRegex(@"\d+\.\d{2,}")]
    private static partial Regex LongNumber();
}

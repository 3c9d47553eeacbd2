using System.Globalization;
using System.Xml.Linq;
using Shared.Charts;

namespace LstmTool.Reports;

/// <summary>A column of a table.</summary>
/// <param name="Name">What stands above it.</param>
/// <param name="IsNumber">Whether it has numbers, which are aligned at their ends.</param>
internal sealed record TableHead(string Name, bool IsNumber = false);

/// <summary>The elements of which the report is made. All of it is encoded when it is written, as nodes of XML.</summary>
internal static class Html
{
    private const int Wide = 920, Narrow = 360, MostOfShort = 18;

    /// <param name="name">The name of the element.</param>
    /// <param name="content">Attributes, elements and texts; null for nothing.</param>
    public static XElement Element(string name, params object?[] content)
    {
        var element = new XElement(name);
        foreach (object? item in content)
            element.Add(item is string text ? Labels.Clean(text) : item);
        // An element without content would close itself, which browsers take for its beginning.
        if (element.IsEmpty && name is not ("br" or "hr"))
            element.Add("");
        return element;
    }

    public static XAttribute Class(string names) => new("class", names);

    /// <summary>A share from 0 to 1 for the style sheet.</summary>
    public static XAttribute Share(double share) => new("style",
        string.Create(CultureInfo.InvariantCulture, $"--share:{(double.IsFinite(share) ? Math.Clamp(share, 0, 1) : 0):0.###}"));

    public static XElement Paragraph(params object?[] content) => Element("p", content);

    public static XElement Note(params object?[] content) => Element("p", [Class("note"), .. content]);

    /// <summary>A table that is scrolled sideways by itself where the page is too narrow.</summary>
    /// <param name="label">What it has, for those who can't see it.</param>
    /// <param name="heads">The columns; the first one names the rows.</param>
    /// <param name="rows">The rows, as <see cref="Row"/> makes them.</param>
    public static XElement Table(string label, IReadOnlyList<TableHead> heads, IEnumerable<XElement> rows)
        => Scroll(label, Element("table",
            Element("thead", Element("tr",
                [.. heads.Select(head => Element("th", new XAttribute("scope", "col"), Number(head), head.Name))])),
            Element("tbody", [.. rows])));

    /// <summary>A row of a table.</summary>
    /// <param name="heads">The columns.</param>
    /// <param name="cells">A text for each, or an element: a cell, or what is in one.</param>
    /// <param name="name">Its class; null for none.</param>
    public static XElement Row(IReadOnlyList<TableHead> heads, IEnumerable<object?> cells, string? name = null)
        => Element("tr", [name is null ? null : Class(name), .. cells.Zip(heads, (cell, head) => Cell(cell, head, head == heads[0]))]);

    /// <summary>A bar in a table, for eyes alone, since the number stands beside it.</summary>
    public static XElement Bar(double share)
        => Element("td", new XAttribute("aria-hidden", "true"), Element("span", Class("bar"), Element("span", Share(share))));

    /// <summary>What may be wider than the page.</summary>
    public static XElement Scroll(string label, XElement content) => Element("div", Class("scroll"), new XAttribute("tabindex", 0),
        new XAttribute("role", "region"), new XAttribute("aria-label", Labels.Clean(label)), content);

    /// <summary>A chart in two sizes, of which the page shows the one that suits, with a caption.</summary>
    /// <param name="id">An identifier, no other figure's.</param>
    /// <param name="chart">The chart.</param>
    /// <param name="caption">What is to be seen.</param>
    /// <param name="height">The height of the large one.</param>
    /// <param name="isHalf">Whether two of these stand beside each other.</param>
    public static XElement Figure(string id, Chart chart, string caption, int height = 360, bool isHalf = false)
        => Element("figure", Sized(chart, isHalf ? Wide / 2 : Wide, height, id, "wide"), Sized(chart, Narrow, 300, id + "-n", "narrow"),
            Element("figcaption", caption));

    /// <summary>What is shown if asked for.</summary>
    public static XElement Details(string summary, params object?[] content)
        => Element("details", [Element("summary", summary), .. content]);

    private static XElement Sized(Chart chart, int width, int height, string id, string name)
    {
        XElement svg = chart.ToElement(width, height, id);
        svg.Add(Class(name));
        return svg;
    }

    private static XElement Cell(object? cell, TableHead head, bool isFirst)
        => cell is XElement { Name.LocalName: "td" or "th" } whole ? whole
            : isFirst ? Element("th", new XAttribute("scope", "row"), Number(head) ?? Short(cell), cell)
            : Element("td", Number(head), cell);

    // A name of few characters, such as a time, is not broken; a longer one may be as long as the user likes.
    private static XAttribute? Short(object? cell) => cell is string { Length: <= MostOfShort } ? Class("short") : null;

    private static XAttribute? Number(TableHead head) => head.IsNumber ? Class("number") : null;
}

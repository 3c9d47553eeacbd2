using System.Xml.Linq;

namespace Microsoft.ML.Lstm.Tests.Samples;

/// <summary>What a chart of the samples shows; its legend and its grid are not counted.</summary>
internal static class DrawnChart
{
    /// <summary>How many points each line has, in the order of drawing.</summary>
    public static int[] PointsOfLines(XElement svg) =>
    [
        .. Marks(svg, "path")
            .Where(path => (string?)path.Attribute("class") is "stroke-accent" or "stroke-neutral" or "stroke-pale")
            .Select(path => path.Attribute("d")!.Value.Count(letter => letter is 'M' or 'L')),
    ];

    public static int NumberOfDots(XElement svg, string ofClass)
        => Marks(svg, "ellipse").Count(dot => (string?)dot.Attribute("class") == ofClass);

    private static IEnumerable<XElement> Marks(XElement svg, string name)
        => svg.Elements(svg.Name.Namespace + "g").Elements(svg.Name.Namespace + name);
}

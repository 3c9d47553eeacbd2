using System.Globalization;
using System.Xml.Linq;
using Shared.Charts;

namespace Microsoft.ML.Lstm.Tests.Samples.Reports;

/// <summary>Charts of the samples and the tool.</summary>
[TestClass]
public sealed class ChartTests
{
    [TestMethod]
    public void LinesBreakAtMissingValuesAndASingleValueIsADot()
    {
        XElement svg = Draw(new Chart("Values")
            .AddLine("a", Ink.Accent, 0, [1, 2, float.NaN, 3, float.NaN, 4, 5, 6, float.PositiveInfinity]));
        CollectionAssert.AreEqual(new[] { 2, 3 }, DrawnChart.PointsOfLines(svg));
        Assert.AreEqual(1, DrawnChart.NumberOfDots(svg, "fill-accent"));
    }

    [TestMethod]
    public void NothingToShowIsAChartWithoutMarks()
    {
        Chart missing = new Chart("Missing").AddLine("a", Ink.Accent, 0, [float.NaN]), timeless = new("") { Times = [] };
        foreach (Chart chart in (Chart[])[new Chart("Nothing"), missing, timeless])
        {
            Assert.IsFalse(chart.HasValues);
            Assert.IsEmpty(DrawnChart.PointsOfLines(Draw(chart)));
        }
    }

    [TestMethod]
    public void MorePointsThanPixelsKeepTheirExtremes()
    {
        double[] values = [.. Enumerable.Range(0, 200_000).Select(i => i == 77_777 ? 50.0 : Math.Sin(i))];
        string text = new Chart("Many").AddLine("a", Ink.Accent, values.Select((value, i) => ((double)i, value))).ToSvg();
        Assert.IsLessThan(100_000, text.Length);
        XElement line = XElement.Parse(text).Descendants().Single(path => (string?)path.Attribute("class") == "stroke-accent"
            && path.Parent!.Name.LocalName == "g");
        double[] heights = [.. line.Attribute("d")!.Value.TrimStart('M').Split('L')
            .Select(point => double.Parse(point.Split(' ')[1], CultureInfo.InvariantCulture))];
        // The one value of 50 is far above all others.
        Assert.IsLessThan(heights.Order().ElementAt(1) - 200, heights.Min());
    }

    [TestMethod]
    [DataRow(0.5, "0.0 0.1 0.2 0.3 0.4 0.5")]
    [DataRow(40.0, "0 10 20 30 40")]
    [DataRow(2e6, "0 500,000 1,000,000 1,500,000 2,000,000")]
    [DataRow(3e9, "0e0 1e9 2e9 3e9")]
    [DataRow(2e-7, "0e0 5e-8 1e-7 1.5e-7 2e-7")]
    public void NumbersOfAnAxisAreRound(double most, string labels)
        => Assert.AreEqual(labels, string.Join(' ', Axis.OfNumbers(0, most, 5).Ticks.Select(tick => tick.Label)));

    [TestMethod]
    public void NumbersThatAreAlikeHaveAnAxisAroundThem()
    {
        foreach (double value in (double[])[0, -5, 1e30, 1e-30])
        {
            Axis axis = Axis.OfNumbers(value, value, 4);
            Assert.IsLessThan(value, axis.Least);
            Assert.IsGreaterThan(value, axis.Most);
            Assert.IsInRange(2, 12, axis.Ticks.Count);
        }
    }

    [TestMethod]
    [DataRow("2026-01-01", "2026-01-01T00:00:10", 5, "1 Jan 00:00:00|00:00:05|00:00:10")]
    [DataRow("2026-01-01T22:10", "2026-01-02T03:00", 6, "1 Jan 23:00|2 Jan 00:00|01:00|02:00|03:00")]
    [DataRow("2025-12-20", "2026-01-20", 5, "22 Dec 2025|29 Dec|5 Jan 2026|12 Jan|19 Jan")]
    [DataRow("2025-03-05", "2026-07-01", 7, "Apr 2025|Jul|Oct|Jan 2026|Apr|Jul")]
    [DataRow("1949-01-01", "1961-01-01", 8, "1950|1952|1954|1956|1958|1960")]
    [DataRow("0001-01-01", "1999-12-31", 4, "0500|1000|1500")]
    public void TimesOfAnAxisAreRound(string first, string last, int count, string labels)
    {
        DateTime from = DateTime.Parse(first, CultureInfo.InvariantCulture), to = DateTime.Parse(last, CultureInfo.InvariantCulture);
        Assert.AreEqual(labels, string.Join('|', TimeTicks.Between(from, to, count).Select(tick => tick.Label)));
    }

    [TestMethod]
    public void TimesStandWhereTheirStepsAre()
    {
        // Two days, then a gap of two weeks, then two days.
        DateTime[] times = [.. new[] { 0, 1, 15, 16 }.Select(day => new DateTime(2026, 5, 1).AddDays(day))];
        XElement svg = Draw(new Chart("Gap") { Times = times }.AddLine("a", Ink.Accent, 0, [1, 2, 3, 4]));
        Assert.AreEqual(4, DrawnChart.PointsOfLines(svg).Single());
        // The line goes through four steps that are as far from each other, from 48 to 932 pixels; this is five of fourteen days after
        // the second.
        XElement label = svg.Descendants().Single(text => text.Name.LocalName == "text" && text.Value == "7 May");
        double x = double.Parse(label.Attribute("x")!.Value, CultureInfo.InvariantCulture);
        Assert.AreEqual(48 + (932 - 48) / 3.0 * (1 + 5 / 14.0), x, 0.1);
    }

    [TestMethod]
    public void TextIsTextOfThePageHoweverHostile()
    {
        XElement svg = Draw(new Chart("<b>&\u0001") { YLabel = new string('y', 500) }.AddLine("\"><script>", Ink.Accent, 0, [1, 2]));
        Assert.AreEqual("<b>&\uFFFD", svg.Elements().First().Value);
        Assert.IsEmpty(svg.Descendants().Where(element => element.Name.LocalName is "script" or "b"));
        Assert.IsTrue(svg.Descendants().Where(text => text.Name.LocalName == "text").All(text => text.Value.Length < 200));
    }

    /// <summary>WCAG 2.2: 4.5 for text, 3 for what has to be told from the ground.</summary>
    [TestMethod]
    public void ColorsCanBeReadInLightAndInDark()
    {
        string css = Palette.Css;
        Dictionary<string, string>[] schemes = [.. css.Split("prefers-color-scheme:dark").Select(part
            => System.Text.RegularExpressions.Regex.Matches(part, "--([a-z]+):(#[0-9A-F]{6})")
                .ToDictionary(match => match.Groups[1].Value, match => match.Groups[2].Value))];
        Assert.HasCount(2, schemes);
        foreach (Dictionary<string, string> colors in schemes)
        {
            foreach (string name in (string[])["text", "label", "accent", "alert"])
                Assert.IsGreaterThan(4.5, Contrast(colors[name], colors["surface"]), name);
            foreach (string name in (string[])["neutral", "pale"])
                Assert.IsGreaterThan(3, Contrast(colors[name], colors["surface"]), name);
        }
    }

    [TestMethod]
    public void EveryMarkHasAColorThatFollowsTheScheme()
    {
        XElement svg = Draw(new Chart("All") { XLabel = "x", YLabel = "y" }
            .AddBand("band", Ink.Accent, 0, [0, 1], [2, 3]).AddLine("line", Ink.Neutral, 0, [1, 2], dashed: true)
            .AddDots("dots", Ink.Alert, [(0, 1)]).AddBars("bars", Ink.Pale, 1, [(1, 1)]).AddUpright("here", 0.5));
        XElement[] colored = [.. svg.Descendants().Where(element
            => element.Attributes().Any(attribute => attribute.Name.LocalName is "fill" or "stroke" && attribute.Value != "none"))];
        Assert.IsGreaterThan(15, colored.Length);
        foreach (XElement element in colored)
            StringAssert.Matches((string?)element.Attribute("class") ?? "", new("^(fill|stroke)-[a-z]+$"), element.ToString());
        Assert.AreEqual(2, svg.Descendants().Count(element
            => element.Attribute("stroke-dasharray") is not null && element.Parent!.Name.LocalName == "g"));
    }

    private static double Contrast(string color, string ground)
    {
        double[] light = [.. new[] { Luminance(color), Luminance(ground) }.OrderDescending()];
        return (light[0] + 0.05) / (light[1] + 0.05);
    }

    // Relative luminance of sRGB.
    private static double Luminance(string color)
    {
        double[] parts = [.. Enumerable.Range(0, 3).Select(i => int.Parse(color.AsSpan(1 + 2 * i, 2), NumberStyles.HexNumber, null) / 255.0)
            .Select(part => part <= 0.04045 ? part / 12.92 : Math.Pow((part + 0.055) / 1.055, 2.4))];
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
    }

    private static XElement Draw(Chart chart) => XElement.Parse(chart.ToSvg());
}

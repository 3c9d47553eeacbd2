using System.Globalization;
using System.Xml.Linq;
using LstmTool.Reports;
using LstmTool.Tasks;
using Microsoft.ML.Data;

namespace Microsoft.ML.Lstm.Tests.Samples.Reports;

/// <summary>The report of the tool: a page by itself, with the sections of its task and figures that are right.</summary>
[TestClass]
public sealed class ReportPageTests
{
    private const string Forecast = "data metrics forecast intervals search settings";
    private const string Classification = "data metrics confusion probabilities words search settings";
    private const string Regression = "data metrics values search settings";
    private const string Anomalies = "data metrics alerts search settings";

    [TestMethod]
    [DataRow("forecasting", Forecast)]
    [DataRow("classification", Classification)]
    [DataRow("labeling", Classification)]
    [DataRow("regression", Regression)]
    [DataRow("anomaly-detection", Anomalies)]
    public void EachTaskHasItsSectionsOnAPageByItself(string task, string sections)
    {
        string text = ReportPage.Render(TaskOf(task));
        XElement page = Parse(text);
        Assert.AreEqual(sections, string.Join(' ', page.Descendants("section").Select(section => section.Attribute("id")!.Value)));
        Assert.IsTrue(page.Descendants("section").All(section => section.Descendants().Any(part
            => part.Name.LocalName is "table" or "svg" || (string?)part.Attribute("class") == "example")));

        // Nothing is loaded or run.
        Assert.IsEmpty(page.Descendants("script"));
        Assert.IsEmpty(page.Descendants().Attributes().Where(attribute
            => attribute.Name.LocalName is "src" or "href" && attribute.Value[0] != '#' && attribute.Value != "data:,"));
        Assert.IsFalse(text.Contains("@import", StringComparison.Ordinal));

        // Each identifier is one element's, and each that is used is there.
        string[] ids = [.. page.Descendants().Attributes("id").Select(id => id.Value)];
        CollectionAssert.AllItemsAreUnique(ids);
        IEnumerable<string> used = page.Descendants().Attributes().Where(attribute => attribute.Name.LocalName is "clip-path" or "href"
            or "aria-labelledby" && attribute.Value != "data:,").Select(attribute => attribute.Value.Replace("url(", "").Trim('#', ')'));
        CollectionAssert.IsSubsetOf(used.Distinct().Where(id => id != "data:,").ToArray(), ids);

        // What is to be seen is told, too.
        XElement[] charts = [.. page.Descendants().Where(element => element.Name.LocalName == "svg")];
        Assert.IsTrue(charts.All(chart => chart.Attribute("aria-label")!.Value.Length > 10 && (string?)chart.Attribute("role") == "img"));
        Assert.AreEqual(charts.Count(chart => (string?)chart.Attribute("class") == "wide"), page.Descendants("figcaption").Count());
    }

    [TestMethod]
    public void WhatUsersNameIsShownAsItIs()
    {
        const string hostile = "<script>alert(\"x\")</script>{{body}}&amp;\u0001\uD800 '%{{title}}";
        string shown = hostile.Replace('\u0001', '\uFFFD').Replace('\uD800', '\uFFFD');
        TrainedTask trained = MadeUpTask.Forecast(name: hostile, series: hostile) with
        {
            Name = hostile,
            Comparison = new Comparison([new Metric(hostile, false)], [new Contender(hostile, [1])], hostile),
        };
        string text = ReportPage.Render(trained);
        XElement page = Parse(text);
        Assert.IsEmpty(page.Descendants("script"));
        Assert.HasCount(1, page.Descendants("main"));
        StringAssert.Contains(page.Descendants("h1").Single().Value, shown);
        StringAssert.Contains(page.Descendants("title").First().Value, shown);
        Assert.IsGreaterThan(5, page.Value.Split(shown).Length);
    }

    [TestMethod]
    [DataRow("forecasting", 0, 0)]
    [DataRow("forecasting", 0, 1)]
    [DataRow("forecasting", 1, 1)]
    [DataRow("forecasting", 30, 3)]
    [DataRow("classification", 0, 0)]
    [DataRow("classification", 0, 1)]
    [DataRow("labeling", 0, 0)]
    [DataRow("labeling", 0, 1)]
    [DataRow("regression", 0, 0)]
    [DataRow("regression", 0, 1)]
    [DataRow("anomaly-detection", 0, 0)]
    [DataRow("anomaly-detection", 0, 1)]
    public void FewRowsMakeAReportTooWithAllItsSections(string task, int seen, int unseen)
    {
        XElement page = Parse(ReportPage.Render(TaskOf(task, seen, unseen)));
        StringAssert.Contains(page.Descendants("header").Single().Value, "network");
        foreach (string section in (string[])["data", "metrics", "search", "settings"])
            Assert.AreEqual(1, page.Descendants("section").Count(one => one.Attribute("id")!.Value == section), section);
        Assert.IsFalse(page.Value.Contains("NaN", StringComparison.Ordinal), page.Value);
    }

    [TestMethod]
    public void FiguresThatAreMissingAreSaidToBeMissing()
    {
        TrainedTask trained = MadeUpTask.Forecast() with
        {
            Comparison = new Comparison([new Metric("MAE", false)], [new Contender("network", [double.NaN])], "network"),
        };
        XElement page = Parse(ReportPage.Render(trained));
        StringAssert.Contains(page.Descendants("header").Single().Value, "No figure could be measured");
        StringAssert.Contains(Section(page, "metrics").Descendants("tbody").Single().Value, "network (saved)–");
        Assert.IsFalse(page.Value.Contains("NaN", StringComparison.Ordinal), page.Value);

        trained = trained with { Comparison = new Comparison([], [], "network") };
        Assert.IsEmpty(Parse(ReportPage.Render(trained)).Descendants("section").Where(one => one.Attribute("id")!.Value == "metrics"));
    }

    /// <summary>The last forecasts reach beyond the rows.</summary>
    [TestMethod]
    public void CoverageCountsWhatCame()
    {
        XElement section = Section(Parse(ReportPage.Render(MadeUpTask.Forecast(seen: 24, unseen: 50))), "intervals");
        string[][] rows = Rows(section);
        CollectionAssert.AreEqual(Enumerable.Range(1, MadeUpTask.Horizon).Select(step => $"{50 - step}").ToArray(),
            rows.Select(row => row[1]).ToArray());
        double[] held = [.. rows.Select(row => double.Parse(row[2].Split(' ')[0], CultureInfo.InvariantCulture))];
        // The values are drawn evenly, 4 around their forecast, to which up to half a step's number is added.
        Assert.AreEqual(100 * (1 - 0.5 * 0.5 * 0.5 / 8), held[0], 3);
        Assert.IsTrue(held.All(share => share > 85));
        Assert.AreEqual("8.00 8.67 9.33 10.00 10.67 11.33", string.Join(' ', rows.Select(row => row[3])));
    }

    [TestMethod]
    public void WhatComesBehindAGapIsNotWhatWasForecast()
    {
        DateTime[] times = [.. Enumerable.Range(0, 60).Select(day => new DateTime(2026, 1, 1).AddDays(day < 50 ? day : day + 9))];
        var series = new SeriesValues("", [.. Enumerable.Range(0, 60).Select(day => (float)day)], times, [], FirstScored: 40, []);
        Assert.AreEqual(49, series.Actual(scored: 8, step: 1));
        Assert.AreEqual(float.NaN, series.Actual(scored: 8, step: 2));
        Assert.AreEqual(float.NaN, series.Actual(scored: 9, step: 3));
        Assert.AreEqual(51, series.Actual(scored: 10, step: 1));
        Assert.AreEqual(float.NaN, series.Actual(scored: 15, step: 5));

        // Weekends are no gaps.
        DateTime[] weekdays = [.. times.Where(time => time.DayOfWeek is not (DayOfWeek.Saturday or DayOfWeek.Sunday))];
        series = new SeriesValues("", [.. weekdays.Select((_, i) => (float)i)], weekdays, [], FirstScored: 0, []);
        Assert.IsTrue(Enumerable.Range(0, 20).All(row => series.Actual(row, 5) == row + 5));
    }

    [TestMethod]
    public void ConfusionMatrixCountsWhatIsRight()
    {
        TrainedTask trained = MadeUpTask.Classification(rows: 300, ["red", "green", "blue"]);
        string[] labels = [.. trained.Scored.GetColumn<string>("Kind")], said = [.. trained.Scored.GetColumn<string>("Said")];
        int right = labels.Zip(said).Count(pair => pair.First == pair.Second);
        XElement section = Section(Parse(ReportPage.Render(trained)), "confusion");
        StringAssert.StartsWith(section.Descendants("p").First().Value, $"{right} of 300 rows are right");
        XElement matrix = section.Descendants("table").Single(table => (string?)table.Attribute("class") == "confusion");
        string[] names = [.. matrix.Descendants("thead").Single().Descendants("th").Skip(1).Select(name => name.Value)];
        foreach (XElement row in matrix.Descendants("tbody").Single().Elements())
        {
            string[] cells = [.. row.Elements().Select(cell => cell.Value)];
            for (int column = 0; column < 3; column++)
            {
                int both = labels.Zip(said).Count(pair => pair.First == cells[0] && pair.Second == names[column]);
                Assert.AreEqual($"{both}", cells[column + 1]);
            }
            Assert.AreEqual($"{labels.Count(label => label == cells[0])}", cells[4]);
        }
    }

    [TestMethod]
    public void ManyClassesAreShownTogether()
    {
        string[] classes = [.. Enumerable.Range(0, 30).Select(i => $"class {i}")];
        XElement section = Section(Parse(ReportPage.Render(MadeUpTask.Classification(rows: 900, classes))), "confusion");
        XElement matrix = section.Descendants("table").Single(table => (string?)table.Attribute("class") == "confusion");
        Assert.HasCount(12, matrix.Descendants("tbody").Single().Elements());
        Assert.AreEqual("others", matrix.Descendants("tbody").Single().Elements().Last().Elements().First().Value);
        IEnumerable<XElement> sums = matrix.Descendants("td").Where(cell => (string?)cell.Attribute("class") == "sum");
        Assert.AreEqual(900, sums.Sum(cell => int.Parse(cell.Value, CultureInfo.InvariantCulture)));
    }

    /// <summary>The labels were drawn by the probabilities.</summary>
    [TestMethod]
    public void ProbabilitiesThatAreTrueAreFoundToBeTrue()
    {
        XElement section = Section(Parse(ReportPage.Render(MadeUpTask.Classification(rows: 4000))), "probabilities");
        foreach (string[] bin in Rows(section))
            Assert.AreEqual(Percent(bin[2]), Percent(bin[3]), 8, bin[0]);
        StringAssert.Contains(section.Value, "spam came in");

        static double Percent(string text) => double.Parse(text.Split(' ')[0], CultureInfo.InvariantCulture);
    }

    [TestMethod]
    public void AlertsAreListedWithTheLeastUsualFirst()
    {
        XElement section = Section(Parse(ReportPage.Render(MadeUpTask.Anomalies())), "alerts");
        StringAssert.StartsWith(section.Descendants("p").First().Value, "8 of 400 rows");
        Assert.AreEqual("2026-03-10 14:00", section.Descendants("tbody").First().Elements().First().Elements().First().Value);
        foreach (XElement row in section.Descendants("tbody").First().Elements())
        {
            double[] figures = [.. row.Elements("td").Take(4).Select(cell => double.Parse(cell.Value, CultureInfo.InvariantCulture))];
            Assert.AreEqual(figures[1] - 1, figures[2], 0.011);
            Assert.AreEqual(figures[1] + 1, figures[3], 0.011);
            Assert.IsGreaterThan(figures[3], figures[0]);
        }
        XElement chart = section.Descendants().First(element => element.Name.LocalName == "svg");
        Assert.AreEqual(8, DrawnChart.NumberOfDots(chart, "fill-alert"));
    }

    [TestMethod]
    public void AFileThatCannotBeWrittenIsLeftAlone()
    {
        string folder = Directory.CreateTempSubdirectory("lstm-tests-").FullName, path = Path.Combine(folder, "report.html");
        try
        {
            ReportPage.Write(MadeUpTask.Regression(), path);
            Parse(File.ReadAllText(path));
            CollectionAssert.AreEqual(new[] { path }, Directory.GetFileSystemEntries(folder));

            string taken = Path.Combine(folder, "taken");
            Directory.CreateDirectory(taken);
            Assert.Throws<Exception>(() => ReportPage.Write(MadeUpTask.Regression(), taken));
            Assert.HasCount(2, Directory.GetFileSystemEntries(folder));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    internal static TrainedTask TaskOf(string task, int? seen = null, int? unseen = null) => task switch
    {
        "forecasting" => unseen is null ? MadeUpTask.Forecast() : MadeUpTask.Forecast(seen!.Value, unseen.Value),
        "classification" => MadeUpTask.Classification(unseen ?? 400),
        "labeling" => MadeUpTask.Labeling(unseen ?? 60),
        "regression" => MadeUpTask.Regression(unseen ?? 300),
        _ => MadeUpTask.Anomalies(unseen ?? 600),
    };

    private static XElement Parse(string page) => XDocument.Parse(page).Root!;

    private static XElement Section(XElement page, string id)
        => page.Descendants("section").Single(section => section.Attribute("id")!.Value == id);

    // The rows of the table behind the charts.
    private static string[][] Rows(XElement section) =>
    [
        .. section.Element("details")!.Descendants("tbody").Single().Elements()
            .Select(row => row.Elements().Select(cell => cell.Value).ToArray()),
    ];
}

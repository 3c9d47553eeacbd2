using System.Net;
using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using LstmTool.Tasks;
using Shared.Charts;

namespace LstmTool.Reports;

/// <summary>A part of the report with a heading.</summary>
/// <param name="Id">What links to it say.</param>
/// <param name="Heading">The heading.</param>
/// <param name="Content">What is in it.</param>
internal sealed record ReportSection(string Id, string Heading, IReadOnlyList<XElement> Content);

/// <summary>The report of a run: one file of HTML, with its style and pictures in it.</summary>
internal static partial class ReportPage
{
    public const string FileName = "report.html";

    /// <summary>Writes the report, or leaves the file as it was.</summary>
    /// <exception cref="IOException">The file can't be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be written.</exception>
    public static void Write(TrainedTask trained, string path)
    {
        string page = Render(trained);
        string unfinished = path + ".part";
        try
        {
            File.WriteAllText(unfinished, page, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
            File.Move(unfinished, path, overwrite: true);
        }
        finally
        {
            File.Delete(unfinished);
        }
    }

    /// <summary>The report as a text.</summary>
    public static string Render(TrainedTask trained)
    {
        ScoredRows rows = ScoredRows.Read(trained.Scored, trained.Columns);
        IReadOnlyList<SeriesValues> series = (trained.Columns.Forecast ?? trained.Columns.Anomaly) is null
            ? []
            : SeriesValues.Of(trained, rows);
        ReportSection?[] all =
        [
            DataSection.Of(trained, series),
            ComparisonSection.Of(trained),
            .. TaskSections(trained, rows, series),
            Gates(trained, rows, series),
            TrainingSection.Of(trained),
            SearchSection.Of(trained),
            SettingsSection.Of(trained),
        ];
        ReportSection[] sections = [.. all.OfType<ReportSection>()];
        XElement[] body =
        [
            Summary.Of(trained, sections),
            Html.Element("main", [.. sections.Select(section => Html.Element("section", new XAttribute("id", section.Id),
                new XAttribute("aria-labelledby", section.Id + "-heading"),
                Html.Element("h2", new XAttribute("id", section.Id + "-heading"), section.Heading), section.Content))]),
            Html.Element("footer", $"Written by lstm-ml, which trains with Microsoft.ML.Lstm {Versions.OfLibrary}. "
                + "This page needs nothing but itself."),
        ];
        string content = string.Join('\n', body.Select(element => element.ToString(SaveOptions.DisableFormatting)));
        return Placeholder().Replace(Template(), place => place.Groups[1].Value switch
        {
            "colors" => Palette.Css,
            "title" => WebUtility.HtmlEncode(Labels.Clean(Summary.Title(trained))),
            _ => content,
        });
    }

    private static ReportSection? Gates(TrainedTask trained, ScoredRows rows, IReadOnlyList<SeriesValues> series)
        => trained.Columns.Forecast is not null ? GateSection.OfSeries(trained, ForecastSection.ShownRow(trained, series))
            : trained.Columns.Anomaly is not null ? GateSection.OfSeries(trained, AlertSection.ShownRow(series))
            : GateSection.OfSequence(trained, rows);

    // Which of them there are follows from the columns that the model adds.
    private static IEnumerable<ReportSection?> TaskSections(TrainedTask trained, ScoredRows rows,
        IReadOnlyList<SeriesValues> series) =>
    [
        ForecastSection.Of(trained, series),
        IntervalSection.Of(trained, series),
        ValueSection.Of(trained, rows),
        ConfusionSection.Of(trained, rows),
        ProbabilitySection.Of(trained, rows),
        AlertSection.Of(trained, series),
        WordSection.Of(trained, rows),
    ];

    private static string Template()
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("page.html")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    // All at once, so that what is put in is not looked through for places.
    [GeneratedRegex(@"\{\{(\w+)\}\}")]
    private static partial Regex Placeholder();
}

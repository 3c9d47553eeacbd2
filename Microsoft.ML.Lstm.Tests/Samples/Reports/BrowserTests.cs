using System.Diagnostics;
using System.Text.RegularExpressions;
using LstmTool.Reports;

namespace Microsoft.ML.Lstm.Tests.Samples.Reports;

/// <summary>The report in headless Chromium, where there is one: one task in CI, all of them in build/accept.sh report.</summary>
[TestClass]
[TestCategory("report")]
public sealed partial class BrowserTests
{
    private static readonly string? Browser = FindBrowser();
    private readonly string _folder = Directory.CreateTempSubdirectory("lstm-tests-").FullName;

    [TestCleanup]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    [TestMethod]
    public void ReportHasNoErrorAndNoHorizontalScrollAtAnyWidth()
    {
        string[] tasks = ["forecasting", "classification", "labeling", "regression", "anomaly-detection"];
        foreach (string task in tasks.Take(Acceptance.Count(few: 1, many: tasks.Length)))
        {
            ReportPage.Write(ReportPageTests.TaskOf(task), Path.Combine(_folder, "report.html"));
            foreach (int width in (int[])[320, 400, 1400])
            {
                (int wide, string console) = Open(width);
                Assert.AreEqual("", console, $"{task}, {width} pixels");
                Assert.AreEqual(width, wide, $"{task}, {width} pixels");
            }
        }
    }

    /// <summary>The check above would notice.</summary>
    [TestMethod]
    public void ErrorsAndWidePagesAreSeen()
    {
        File.WriteAllText(Path.Combine(_folder, "report.html"),
            "<!DOCTYPE html><html><body><div style=\"width:900px\">wide</div><script>console.error('here')</script></body></html>");
        (int wide, string console) = Open(400);
        Assert.IsGreaterThan(900, wide);
        StringAssert.Contains(console, "here");
    }

    // The page is in a frame as wide as asked for: windows have a least width.
    private (int Width, string Console) Open(int width)
    {
        if (Browser is null)
            Assert.Inconclusive("There is no chromium, chromium-browser or google-chrome on the PATH.");
        string frame = Path.Combine(_folder, "frame.html");
        File.WriteAllText(frame, $"""
            <!DOCTYPE html><html><body><iframe src="report.html" width="{width}" height="800" style="border:0"></iframe>
            <script>onload = () => document.title = 'width ' + frames[0].document.documentElement.scrollWidth;</script></body></html>
            """);
        var start = new ProcessStartInfo(Browser,
        [
            "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=1600,900", "--enable-logging=stderr",
            "--allow-file-access-from-files", $"--user-data-dir={Path.Combine(_folder, "profile")}", "--virtual-time-budget=3000",
            "--dump-dom", new Uri(frame).AbsoluteUri,
        ])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string page = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Match match = Width().Match(page);
        Assert.IsTrue(match.Success, errors.Result);
        return (int.Parse(match.Groups[1].ValueSpan), string.Join('\n', errors.Result.Split('\n').Where(line => line.Contains("CONSOLE"))));
    }

    private static string? FindBrowser() => (
        from folder in (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        from name in (string[])["chromium", "chromium-browser", "google-chrome", "chrome.exe"]
        let path = Path.Combine(folder, name)
        where File.Exists(path)
        select path).FirstOrDefault();

    [GeneratedRegex(@"<title>width (\d+)</title>")]
    private static partial Regex Width();
}

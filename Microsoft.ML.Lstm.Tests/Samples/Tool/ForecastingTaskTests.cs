using LstmTool.Search;
using LstmTool.Tasks;
using Microsoft.ML.Data;

namespace Microsoft.ML.Lstm.Tests.Samples.Tool;

/// <summary>A forecaster of a file that was not trained on all of its rows.</summary>
[TestClass]
public sealed class ForecastingTaskTests
{
    private const int Days = 90;
    private readonly string _folder = Directory.CreateTempSubdirectory("lstm-tests-").FullName;

    [TestCleanup]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    [TestMethod]
    public void TheModelForecastsFromTheEndOfTheFile()
    {
        string file = Path.Combine(_folder, "sales.csv");
        var start = new DateTime(2024, 1, 1);
        File.WriteAllLines(file, ["Day,Shop,Sales", .. from shop in new[] { "a", "b" }
                                                       from day in Enumerable.Range(0, Days)
                                                       let sales = 10 + (day % 7)
                                                       select $"{start.AddDays(day):yyyy-MM-dd},{shop},{sales}"]);
        ForecastingTask task = ForecastingTask.Create(
            new TaskRequest(file) { Label = "Sales", Time = "Day", Series = "Shop", Horizon = 3, Threads = 1 });
        int[] seen = task.Parts.Train;
        Assert.IsLessThan(task.Parts.All.Length, seen.Length);
        ITransformer model = task.Fit(seen, new TrainingCall(Settings.Untouched, TrainingEffort.Quick, null, CancellationToken.None));
        Assert.IsLessThan(start.AddDays(Days), FirstForecast(model));

        ITransformer read = task.ReadAll(model);
        Assert.AreEqual(start.AddDays(Days), FirstForecast(read));
        string[] next = [.. task.Describe(read)];
        StringAssert.StartsWith(next[0], "Next of a: ");
        StringAssert.StartsWith(next[1], "Next of b: ");
    }

    private static DateTime FirstForecast(ITransformer model)
        => ((LstmForecastingTransformer)model).Forecast().GetColumn<DateTime>("Day").First();
}

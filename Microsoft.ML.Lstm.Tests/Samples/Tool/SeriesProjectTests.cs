using LstmTool.Data;
using LstmTool.Tasks;
using Microsoft.ML.Lstm.Tests.Samples.Reports;

namespace Microsoft.ML.Lstm.Tests.Samples.Tool;

/// <summary>A consumption project for series, given a table that was exported again.</summary>
[TestClass]
public sealed class SeriesProjectTests
{
    private const int Learned = 60;
    private const string Detector = "mlContext.Transforms.DetectAnomalyByLstm(new LstmAnomalyEstimator.Options { InputColumnName = "
        + "\"Heat\", OutputColumnName = \"Anomaly\", TimeColumnName = \"Day\", SeriesColumnName = \"House\" })";

    private const string Forecaster = "mlContext.Forecasting.ForecastByLstm(new LstmForecastingEstimator.Options { TargetColumnNames = "
        + "[\"Heat\"], OutputColumnName = \"Forecast\", TimeColumnName = \"Day\", SeriesColumnName = \"House\", Horizon = 2 })";

    private static readonly string[] Houses = ["north", "south"];

    private readonly string _folder = Directory.CreateTempSubdirectory("lstm-tests-").FullName;

    [TestCleanup]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    [TestMethod]
    [DataRow(true, new[] { "Day", "House", "Heat" }, false)]
    [DataRow(true, new[] { "Heat", "Day", "House" }, true)]
    [DataRow(false, new[] { "House", "Heat", "Day" }, true)]
    public void RowsThatTheModelKnowsAreSkipped(bool detects, string[] columns, bool isNewestFirst)
    {
        Type project = CompiledProject.Compile(Project(detects));
        project.GetProperty("ModelPath")!.SetValue(null, SaveModel(detects));
        string file = Write([.. columns], isNewestFirst, days: Learned + 3);
        object?[] outputs = [.. Predict(project, file)];
        Assert.HasCount(2 * (Learned + 3), outputs);
        Assert.AreEqual(2 * Learned, outputs.Count(output => output is null));
        foreach (object? output in outputs[^6..])
        {
            Array values = (Array)output!.GetType().GetProperty(detects ? "Anomaly" : "Forecast")!.GetValue(output)!;
            Assert.IsTrue(double.IsFinite(Convert.ToDouble(values.GetValue(detects ? 3 : 0), null)));
        }
        // The engine goes on where it is.
        Assert.IsTrue(Predict(project, file).All(output => output is null));
    }

    [TestMethod]
    public void TrainingAgainTakesRowsInAnyOrderOfTime()
    {
        Type project = CompiledProject.Compile(Project(detects: true));
        string file = Write(["Day", "House", "Heat"], isNewestFirst: true, Learned);
        var view = (IDataView)project.GetMethod("Load")!.Invoke(null, [new MLContext(1), file])!;
        DateTime[] times = [.. Data.ColumnCursorExtensions.GetColumn<DateTime>(view, "Day")];
        CollectionAssert.AreEqual(times.Order().ToArray(), times);
    }

    private static IEnumerable<object?> Predict(Type project, string file)
    {
        object rows = project.GetMethod("ReadRows")!.Invoke(null, [file])!;
        return (IEnumerable<object?>)project.GetMethod("PredictSince")!.Invoke(null, [rows])!;
    }

    private static TrainedTask Project(bool detects)
    {
        Table table = Rows(Learned);
        return MadeUpTask.Anomalies() with
        {
            Columns = detects ? new TaskColumns { Label = "Heat", Time = "Day", Series = "House", Anomaly = "Anomaly" }
                : new TaskColumns { Label = "Heat", Time = "Day", Series = "House", Forecast = "Forecast", Horizon = 2 },
            Layout = new FileLayout(FileKind.Delimited),
            Code = new TaskCode(table.Columns,
                [detects ? new OutputMember("double[]", "Anomaly", "Alert.") : new OutputMember("float[]", "Forecast", "What comes.")],
                detects ? Detector : Forecaster),
        };
    }

    private string SaveModel(bool detects)
    {
        var ml = new MLContext(1);
        IDataView view = Rows(Learned).View();
        ITransformer model = detects
            ? ml.Transforms.DetectAnomalyByLstm(new LstmAnomalyEstimator.Options
            {
                InputColumnName = "Heat",
                OutputColumnName = "Anomaly",
                TimeColumnName = "Day",
                SeriesColumnName = "House",
                NumberOfEpochs = 1,
            }).Fit(view)
            : ml.Forecasting.ForecastByLstm(new LstmForecastingEstimator.Options
            {
                TargetColumnNames = ["Heat"],
                OutputColumnName = "Forecast",
                TimeColumnName = "Day",
                SeriesColumnName = "House",
                Horizon = 2,
                NumberOfEpochs = 1,
            }).Fit(view);
        string path = Path.Combine(_folder, "model.zip");
        ml.Model.Save(model, view.Schema, path);
        return path;
    }

    private string Write(string[] columns, bool isNewestFirst, int days)
    {
        Table table = Rows(days);
        IEnumerable<int> order = Enumerable.Range(0, table.Rows);
        string path = Path.Combine(_folder, "again.csv");
        File.WriteAllLines(path, [string.Join(',', columns), .. (isNewestFirst ? order.Reverse() : order).Select(row =>
            string.Join(',', columns.Select(column => table[column].Values.GetValue(row) is DateTime day ? $"{day:yyyy-MM-dd}"
                : FormattableString.Invariant($"{table[column].Values.GetValue(row)}"))))]);
        return path;
    }

    private static Table Rows(int days)
    {
        int[] rows = [.. Enumerable.Range(0, 2 * days)];
        return new Table([TableColumn.OfTimes("Day", Array.ConvertAll(rows, row => new DateTime(2026, 1, 1).AddDays(row / 2))),
            TableColumn.OfTexts("House", Array.ConvertAll(rows, row => Houses[row % 2])),
            TableColumn.OfNumbers("Heat", Array.ConvertAll(rows, row => 10f + row / 2 % 7 + row % 2))]);
    }
}

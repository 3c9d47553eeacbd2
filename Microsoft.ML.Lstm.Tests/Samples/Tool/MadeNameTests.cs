using LstmTool.Tasks;

namespace Microsoft.ML.Lstm.Tests.Samples.Tool;

/// <summary>Columns of a file that are called as columns that a model makes.</summary>
[TestClass]
public sealed class MadeNameTests
{
    private const int Rows = 40;

    private readonly string _file = Path.GetTempFileName();

    [TestCleanup]
    public void DeleteFile() => File.Delete(_file);

    [TestMethod]
    [DataRow("forecasting", "Day,Forecast,Actual", "Actual", "Forecast")]
    [DataRow("forecasting", "Day,UpperBound,Actual", "UpperBound", "UpperBound")]
    [DataRow("classification", "Sequence,x0,x1,x2,kind", "kind", "Sequence")]
    [DataRow("classification", "x0,x1,x2,LabelKey", "LabelKey", "LabelKey")]
    [DataRow("classification", "RowFeatures,x0,x1,x2,kind", "kind", "RowFeatures")]
    public void AreNamed(string task, string header, string label, string name)
    {
        string[] columns = header.Split(',');
        File.WriteAllLines(_file, [header, .. Enumerable.Range(0, Rows).Select(row => string.Join(',', columns.Select((column, i) =>
            column == "Day" ? $"{new DateTime(2026, 1, 1).AddDays(row):yyyy-MM-dd}"
                : column == label && task == "classification" ? "ab"[row % 2].ToString() : $"{row * (i + 3) % 7}")))]);
        var request = new TaskRequest(_file) { Label = label };
        var error = Assert.ThrowsExactly<InvalidDataException>(() => task == "forecasting"
            ? (LearningTask)ForecastingTask.Create(request) : ClassificationTask.Create(request));
        Assert.AreEqual($"{_file}: '{name}' is what the model calls a column that it makes; give the column of the file another name, or "
            + "leave it out with --ignore-cols.", error.Message);
    }
}

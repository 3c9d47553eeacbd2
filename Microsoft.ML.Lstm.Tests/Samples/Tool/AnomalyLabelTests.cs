using LstmTool.Tasks;

namespace Microsoft.ML.Lstm.Tests.Samples.Tool;

/// <summary>Labels that say which rows of a series are anomalies.</summary>
[TestClass]
public sealed class AnomalyLabelTests
{
    private const int Rows = 100;

    private readonly string _file = Path.GetTempFileName();

    [TestCleanup]
    public void DeleteFile() => File.Delete(_file);

    [TestMethod]
    [DataRow("1", "0")]
    [DataRow("1.0", "0.0")]
    [DataRow("-1", "1")]
    [DataRow("Y", "N")]
    [DataRow("yes", "no")]
    [DataRow("t", "f")]
    [DataRow("TRUE", "FALSE")]
    [DataRow("abnormal", "normal")]
    [DataRow("Anomalous", "")]
    public void AreCounted(string yes, string no)
    {
        StringAssert.StartsWith(Read(yes, no, every: 10), "anomalies: 10 of 100 rows by 'state', 1 of them unseen");
        Assert.AreEqual("anomalies: 1 of 100 rows by 'state', none of them unseen, so that precision, recall and F1 say nothing",
            Read(yes, no, every: 1000));
    }

    [TestMethod]
    [DataRow("2", "0", "is no label of an anomaly; such are 1 and 0, -1 and 1")]
    [DataRow("fault", "ok", "(2), column 'state': 'fault' is no label of an anomaly")]
    [DataRow("-1", "0", "'0' is no label of an anomaly; beside -1, an anomaly, only 1 is one")]
    public void OthersAreRefused(string yes, string no, string message)
        => StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => Read(yes, no, every: 10)).Message, message);

    private string Read(string yes, string no, int every)
    {
        File.WriteAllLines(_file, ["day,value,state", .. Enumerable.Range(0, Rows).Select(row =>
            $"{new DateTime(2026, 1, 1).AddDays(row):yyyy-MM-dd},{row % 7},{(row % every == 0 ? yes : no)}")]);
        AnomalyDetectionTask task = AnomalyDetectionTask.Create(new TaskRequest(_file) { Label = "state" });
        return task.Facts.Inferred.Single(one => one.What.StartsWith("anomalies: ", StringComparison.Ordinal)).What;
    }
}

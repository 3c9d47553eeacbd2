using System.Globalization;
using System.Xml.Linq;
using LstmTool.Reports;
using LstmTool.Tasks;

namespace Microsoft.ML.Lstm.Tests.Samples.Reports;

/// <summary>The sections that ask a network what it did, with small networks.</summary>
[TestClass]
public sealed class GateSectionTests
{
    private static readonly MLContext Context = new(seed: 1);

    [TestMethod]
    [DataRow(CellType.Lstm, "forget gate|input gate|output gate")]
    [DataRow(CellType.Gru, "update gate|reset gate")]
    [DataRow(CellType.Rnn, "")]
    public void GatesOfAForecasterAreMeansBetween0And1(CellType cell, string gates)
    {
        TrainedTask trained = MadeUpTask.Forecast(seen: 100, unseen: 30);
        LstmForecastingTransformer model = Context.Forecasting.ForecastByLstm(new()
        {
            TargetColumnNames = ["Sales"],
            TimeColumnName = "Time",
            Horizon = MadeUpTask.Horizon,
            WindowSize = 12,
            CellType = cell,
            HiddenSize = 8,
            NumberOfEpochs = 1,
            OutputColumnName = "Said",
        }).Fit(trained.Seen);
        XElement page = XDocument.Parse(ReportPage.Render(trained with { MeasuredModel = model, Report = model.TrainingReport })).Root!;

        XElement section = page.Descendants("section").Single(one => one.Attribute("id")!.Value == "gates");
        string[] heads = [.. section.Descendants("thead").First().Descendants("th").Select(head => head.Value)];
        Assert.AreEqual(gates, string.Join('|', heads.Skip(2)));
        string[][] rows = [.. section.Descendants("tbody").First().Elements()
            .Select(row => row.Elements().Select(one => one.Value).ToArray())];
        Assert.AreEqual("0", rows[^1][0]);
        double[] shares = [.. rows.SelectMany(row => row.Skip(2))
            .Select(share => double.Parse(share.Split(' ')[0], CultureInfo.InvariantCulture))];
        Assert.IsTrue(shares.All(share => share is > 0 and < 100));
        Assert.IsTrue(gates.Length == 0 || shares.Distinct().Count() > 5);
        // The lags of the series are what a step reads.
        Assert.Contains("Sales t-1", section.Descendants("tbody").Last().Descendants("th").Select(name => name.Value).ToArray());
        // Nothing that is measured of training or model is left out.
        Assert.AreEqual("data metrics forecast intervals gates training search settings",
            string.Join(' ', page.Descendants("section").Select(one => one.Attribute("id")!.Value)));
    }

    /// <summary>One word decides, and a network without attention is asked by integrated gradients.</summary>
    [TestMethod]
    public void TheWordThatDecidesIsShaded()
    {
        TrainedTask trained = MadeUpTask.Classification(rows: 200);
        var random = new Random(1);
        Message[] messages = [.. Enumerable.Range(0, 300).Select(i =>
        {
            string[] words = [.. Enumerable.Range(0, 6).Select(_ => $"word{random.Next(5)}")];
            if (i % 2 == 0)
                words[random.Next(words.Length)] = "prize";
            return new Message { Words = words, Kind = i % 2 == 0 ? "spam" : "ham" };
        })];
        IDataView data = Context.Data.LoadFromEnumerable(messages);
        ITransformer model = Context.Transforms.Conversion.MapValueToKey("Keys", "Words")
            .Append(Context.Transforms.Conversion.MapValueToKey("Label", "Kind"))
            .Append(Context.MulticlassClassification.Trainers.Lstm(new()
            {
                FeatureColumnName = "Keys",
                HiddenSize = 16,
                NumberOfEpochs = 12,
            }))
            .Append(Context.Transforms.Conversion.MapKeyToValue("Said", "PredictedLabel")).Fit(data);
        string text = ReportPage.Render(trained with
        {
            MeasuredModel = model,
            Seen = data,
            Unseen = data,
            Scored = model.Transform(data),
            Columns = trained.Columns with { Attention = null },
        });
        XElement[] words = [.. XDocument.Parse(text).Descendants("section").Single(one => one.Attribute("id")!.Value == "words")
            .Descendants("span")];
        XElement[] strong = [.. words.Where(word => word.Attribute("style")!.Value == "--share:1" && word.Attribute("class") is null)];
        Assert.Contains("prize", strong.Select(word => word.Value).ToArray());
    }

    private sealed class Message
    {
        public string[] Words { get; set; } = [];

        public string Kind { get; set; } = "";
    }
}

using System.Text;
using System.Text.Json.Nodes;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Series;

namespace Microsoft.ML.Lstm.Tests.Files;

/// <summary>The JSON of an anomaly detector, intact and damaged.</summary>
[TestClass]
public sealed class SavedAnomalyTests
{
    private static readonly SavedAnomaly Saved = Create();

    [TestMethod]
    public void WhatIsWrittenIsReadAgain()
    {
        SavedAnomaly read = SavedAnomaly.FromJson(Saved.ToJson());
        Assert.AreEqual(Saved.Settings, read.Settings);
        CollectionAssert.AreEqual(Saved.Quantiles, read.Quantiles);
        Assert.AreEqual((Saved.Lower, Saved.Upper), (read.Lower, read.Upper));
        Assert.AreEqual(Saved.Known["a"].Upper, read.Known["a"].Upper);
        CollectionAssert.AreEqual(Saved.Known["a"].Recent, read.Known["a"].Recent);
    }

    [TestMethod]
    [DataRow("settings", "null", "can't be read")]
    [DataRow("settings.outputColumnName", "\"\"", "expected a column name")]
    [DataRow("settings.confidence", "100", "a confidence above 0 and below 100")]
    [DataRow("settings.side", "7", "an error at $.settings.side: it is a number")]
    [DataRow("settings.history", "-1", "expected a history of 0, or from 100 to 1000000, found -1")]
    [DataRow("settings.history", "99", "expected a history")]
    [DataRow("settings.residuals.unit", "0", "expected residuals with a unit above 0")]
    [DataRow("settings.residuals.unit", "1e400", "expected residuals with a unit above 0")]
    [DataRow("settings.residuals.median", "-1e400", "expected residuals with a unit above 0")]
    [DataRow("settings.residuals.smoothing", "0", "over 1 to 10000 rows")]
    [DataRow("settings.residuals.smoothing", "2147483647", "over 1 to 10000 rows")]
    [DataRow("settings.residuals.smoothing", "4", "expected 5 finite numbers and two tails of series 'a'")]
    [DataRow("quantiles", "[]", "expected 96 finite quantiles in ascending order")]
    [DataRow("quantiles", "null", "can't be read")]
    [DataRow("lower.rate", "-0.1", "tails with rates from 0 to 1")]
    [DataRow("lower.rate", "0.99", "tails with rates from 0 to 1")]
    [DataRow("upper.excess", "0", "excesses above 0")]
    [DataRow("upper.excess", "1e300", "finite excesses above 0")]
    [DataRow("lower.excess", "1e300", "finite excesses above 0")]
    [DataRow("upper.excess", "\"NaN\"", "can't be read")]
    [DataRow("known", "null", "can't be read")]
    [DataRow("known.a", "null", "an error at $.known.a: it is null, not an object")]
    [DataRow("known.a.recent", "null", "can't be read")]
    [DataRow("known.a.recent", "[2, 1e300, -1]", "expected 3 finite numbers and two tails of series 'a', found others")]
    [DataRow("known.a.lower.excess", "1e300", "of series 'a', found others")]
    [DataRow("known.a.upper.excess", "-1", "of series 'a', found others")]
    [DataRow("surprise", "1", "surprise")]
    public void WhatDoesNotFitIsOneClearError(string path, string value, string message)
    {
        JsonNode root = JsonNode.Parse(Saved.ToJson())!, node = root;
        string[] names = path.Split('.');
        foreach (string name in names[..^1])
            node = node[name]!;
        node[names[^1]] = JsonNode.Parse(value);
        byte[] json = Encoding.UTF8.GetBytes(root.ToJsonString());
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => SavedAnomaly.FromJson(json)).Message, message);
    }

    [TestMethod]
    [DataRow(0, "-1e300")]
    [DataRow(95, "1e300")]
    public void QuantilesAreFinite(int index, string value)
    {
        JsonNode root = JsonNode.Parse(Saved.ToJson())!;
        root["quantiles"]![index] = JsonNode.Parse(value);
        byte[] json = Encoding.UTF8.GetBytes(root.ToJsonString());
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => SavedAnomaly.FromJson(json)).Message,
            "expected 96 finite quantiles");
    }

    private static SavedAnomaly Create()
    {
        var settings = new AnomalySettings
        {
            OutputColumnName = "Anomaly",
            Confidence = 99.5,
            Side = ResidualSide.Above,
            History = 2000,
            Residuals = new ResidualScale(Median: 0.1, Unit: 2, Smoothing: 2),
        };
        var scores = ScoreDistribution.Of(Enumerable.Range(0, 500).Select(i => MathF.Sin(i)));
        return new SavedAnomaly(settings, scores.Quantiles.ToArray(), scores.Lower, scores.Upper,
            new() { ["a"] = new([2, 0.5f, -1], scores.Lower, new(0.05f, 0.7f)) });
    }
}

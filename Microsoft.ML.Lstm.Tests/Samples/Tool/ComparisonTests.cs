using LstmTool.Tasks;

namespace Microsoft.ML.Lstm.Tests.Samples.Tool;

/// <summary>The sentence about what was best.</summary>
[TestClass]
public sealed class ComparisonTests
{
    [TestMethod]
    [DataRow(1.5, 1.7, 2.0, "Best is what was chosen, network: RMSE 1.5; next is naive: 1.7.")]
    [DataRow(1.8, 1.7, 2.0, "Best is naive: RMSE 1.7; what was chosen by the validation rows, network, has 1.8.")]
    [DataRow(1.70001, 1.70002, 2.0, "What was chosen (network) and naive are alike: RMSE 1.7; next is drift: 2.")]
    [DataRow(1.70002, 1.70001, 2.0, "What was chosen (network) and naive are alike: RMSE 1.7; next is drift: 2.")]
    [DataRow(1.7, 1.7, 1.7, "What was chosen (network), naive and drift are alike: RMSE 1.7.")]
    [DataRow(double.NaN, double.NaN, double.NaN, "Best is what was chosen, network: RMSE NaN; next is naive: NaN.")]
    public void FiguresThatAreShownAlikeAreNoVictory(double network, double naive, double drift, string expected)
        => Assert.AreEqual(expected, Comparison.Of([new Metric("RMSE", HigherIsBetter: false)], "network",
            [new Contender("network", [network]), new Contender("naive", [naive]), new Contender("drift", [drift])]).Verdict);
}

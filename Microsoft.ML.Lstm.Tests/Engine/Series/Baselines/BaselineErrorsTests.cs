using Microsoft.ML.Lstm.Engine.Series.Baselines;

namespace Microsoft.ML.Lstm.Tests.Engine.Series.Baselines;

/// <summary>Who wins, and by which weights.</summary>
[TestClass]
public sealed class BaselineErrorsTests
{
    private const int Values = 400;

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void TheNetworkWinsWhereItIsRight(bool usesSquares)
    {
        BaselineComparison comparison = Compare(usesSquares, (actual, _) => actual, (actual, random) => actual + random.NextDouble());
        Assert.AreEqual(TrainingReport.Network, comparison.Winner);
        Assert.AreEqual(0, comparison.Network);
        Assert.IsNull(comparison.Best);
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void ABaselineWinsWhereItIsRight(bool usesSquares)
    {
        BaselineComparison comparison = Compare(usesSquares, (actual, random) => actual + 3 * random.NextDouble(), (actual, _) => actual);
        Assert.AreEqual("naive", comparison.Winner);
        CollectionAssert.AreEqual(new double[] { 1, 0, 0, 0, 0 }, comparison.Best!.Weights);
        Assert.AreEqual(0, comparison.Baselines[0].Error, 1e-6);
        // Uniform errors from 0 to 3.
        Assert.AreEqual(usesSquares ? Math.Sqrt(3) : 1.5, comparison.Network, 0.2);
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void AMixtureWinsWhereErrorsAreIndependent(bool usesSquares)
    {
        // Of independent errors whose deviations are as 1 to 2 the weights of least squares are as 4 to 1.
        BaselineComparison comparison = Compare(usesSquares, (actual, random) => actual + random.NextDouble() - 0.5,
            (actual, random) => actual + 2 * random.NextDouble() - 1);
        Assert.AreEqual(TrainingReport.Mixture, comparison.Winner);
        Assert.AreEqual(usesSquares ? 0.2 : 0.25, comparison.Best!.Weights[(int)Baseline.Naive], 0.1);
        Assert.AreEqual(0, comparison.Best.Weights[(int)Baseline.Drift]);
        Assert.AreEqual(1 - comparison.Best.Weights[(int)Baseline.Naive], comparison.Best.NetworkWeight, 1e-9);
        Assert.IsLessThan(comparison.Network, comparison.Mixture);
    }

    [TestMethod]
    public void WithoutAForecastNothingIsCompared()
    {
        var errors = new BaselineErrors([Baseline.Naive], usesSquares: true, 1);
        Assert.IsNull(errors.Compare(1));
        Add(errors, 1, 2, isLate: false);
        Assert.IsNull(errors.Compare(1));
        errors.SetNetwork(0, 3);
        Assert.AreEqual(2, errors.Compare(1)!.Network);
        Assert.IsTrue(double.IsNaN(errors.Compare(1)!.Mixture));
        Assert.AreEqual("naive", errors.Compare(1)!.Winner);
        errors.Clear();
        Assert.IsNull(errors.Compare(1));
    }

    private static BaselineComparison Compare(bool usesSquares, Func<double, Random, double> network, Func<double, Random, double> naive)
    {
        var random = new Random(1);
        var errors = new BaselineErrors([Baseline.Naive, Baseline.Drift], usesSquares, Values);
        for (int i = 0; i < Values; i++)
        {
            double actual = 10 * random.NextDouble();
            Add(errors, actual, naive(actual, random), isLate: i >= Values / 2);
            errors.SetNetwork(i, network(actual, random));
        }
        return errors.Compare(seasonality: 1)!;
    }

    // The drift goes far off.
    private static void Add(BaselineErrors errors, double actual, double naive, bool isLate)
        => errors.Add(actual, unit: 1, isLate, new BaselineForecasts(1, 1) { Last = naive, Drift = 1000 }, ahead: 1);
}

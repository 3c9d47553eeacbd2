using Microsoft.ML.Lstm.Engine.Series.Baselines;

namespace Microsoft.ML.Lstm.Tests.Engine.Series.Baselines;

/// <summary>The weights of forecasts in their mean.</summary>
[TestClass]
public sealed class MixtureWeightsTests
{
    [TestMethod]
    public void WeightsOfForecastsHaveTheLeastErrorAndAreDrawnTowardsThePrior()
    {
        // Two forecasts whose errors cancel out where the second one counts twice, and one that only does harm.
        double[][] errors = [.. Enumerable.Range(1, 50).Select(i => new double[] { 2 * Math.Sin(i), -Math.Sin(i), 5 + Math.Cos(3 * i) })];
        double[] equal = [1.0 / 3, 1.0 / 3, 1.0 / 3];
        foreach (bool usesSquares in new[] { true, false })
        {
            double[] weights = MixtureWeights.Of(errors, usesSquares, equal, strength: 0);
            Assert.AreEqual(1.0 / 3, weights[0], 0.02);
            Assert.AreEqual(2.0 / 3, weights[1], 0.02);
            double[] drawn = MixtureWeights.Of(errors, usesSquares, equal, strength: 1e4);
            foreach (double weight in drawn)
                Assert.AreEqual(1.0 / 3, weight, 0.05);
        }
        CollectionAssert.AreEqual(equal, MixtureWeights.Of([], usesSquares: true, equal, strength: 1));
    }
}

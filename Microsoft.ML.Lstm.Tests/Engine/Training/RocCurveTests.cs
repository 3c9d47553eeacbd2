using Microsoft.ML.Lstm.Engine.Training.Objectives;

namespace Microsoft.ML.Lstm.Tests.Engine.Training;

/// <summary>The area under the receiver operating characteristic against a count of all pairs.</summary>
[TestClass]
public sealed class RocCurveTests
{
    [TestMethod]
    [DataRow(1, 3)]
    [DataRow(2, 50)]
    [DataRow(3, 1000)]
    [DataRow(4, 1000000)]
    public void AreaIsTheShareOfPairsInTheRightOrder(int seed, int levels)
    {
        var random = new Random(seed);
        (float Score, bool IsPositive, float Weight)[] rows = [.. Enumerable.Range(0, 200).Select(_ =>
            (random.Next(levels) / (float)levels - 0.5f, random.Next(3) == 0, random.Next(5) / 4f))];
        double pairs = 0, right = 0;
        foreach ((float positiveScore, _, float positiveWeight) in rows.Where(row => row.IsPositive))
        {
            foreach ((float score, _, float weight) in rows.Where(row => !row.IsPositive))
            {
                pairs += positiveWeight * weight;
                right += positiveWeight * weight * (positiveScore > score ? 1 : positiveScore == score ? 0.5 : 0);
            }
        }
        Assert.AreEqual(right / pairs, Area(rows)!.Value, 1e-12);
        random.Shuffle(rows);
        Assert.AreEqual(right / pairs, Area(rows)!.Value, 1e-12);
    }

    [TestMethod]
    public void AreaOfKnownCurves()
    {
        Assert.AreEqual(1, Area((-1f, false, 1f), (2f, true, 1f), (3f, true, 5f)));
        Assert.AreEqual(0, Area((1f, false, 1f), (-2f, true, 1f)));
        Assert.AreEqual(0.5, Area((1f, false, 1f), (1f, true, 7f)));
        // 0 and −0 are the same score, and infinities are scores too.
        Assert.AreEqual(0.5, Area((0f, false, 1f), (-0f, true, 1f)));
        Assert.AreEqual(1, Area((float.NegativeInfinity, false, 1f), (float.PositiveInfinity, true, 1f)));
        // Of the four pairs with weights 1·1, 1·3, 2·1 and 2·3 the second and the last are right.
        Assert.AreEqual(9 / 12.0, Area((0.5f, true, 1f), (0.5f, true, 2f), (0.7f, false, 1f), (0.2f, false, 3f))!.Value, 1e-15);
    }

    [TestMethod]
    public void ThereIsNoAreaWithoutBothClasses()
    {
        Assert.IsNull(Area());
        Assert.IsNull(Area((1f, true, 1f), (2f, true, 1f)));
        Assert.IsNull(Area((1f, false, 1f), (2f, true, 0f)));
    }

    [TestMethod]
    public void RowsAreForgotten()
    {
        var curve = new RocCurve();
        curve.Add(1, false, 1);
        curve.Add(2, true, 1);
        Assert.AreEqual(1, curve.Area());
        curve.Clear();
        Assert.IsNull(curve.Area());
        curve.Add(2, false, 1);
        curve.Add(1, true, 1);
        Assert.AreEqual(0, curve.Area());
    }

    private static double? Area(params (float Score, bool IsPositive, float Weight)[] rows)
    {
        var curve = new RocCurve();
        foreach ((float score, bool isPositive, float weight) in rows)
            curve.Add(score, isPositive, weight);
        return curve.Area();
    }
}

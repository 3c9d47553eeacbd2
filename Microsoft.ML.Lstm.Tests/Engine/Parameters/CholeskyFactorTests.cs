using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Tests.Engine.Parameters;

/// <summary>The factor of a symmetric positive definite matrix, and linear equations solved by it.</summary>
[TestClass]
public sealed class CholeskyFactorTests
{
    // L·L' of L = (2 0 0; 6 1 0; -8 5 3), with other numbers above the diagonal, which are not read.
    private static double[] Matrix => [4, 99, 99, 12, 37, 99, -16, -43, 98];

    [TestMethod]
    public void EquationsAreSolvedForEachRightSide()
    {
        // The products of the matrix with (1, 2, 3) and (-1, 0, 0.5).
        double[] sides = [-20, -12, -43, -33.5, 192, 65];
        var factor = new CholeskyFactor(Matrix, 3, leastPivot: 1e-12);
        factor.Solve(sides, columns: 2);
        double[] expected = [1, -1, 2, 0, 3, 0.5];
        for (int i = 0; i < expected.Length; i++)
            Assert.AreEqual(expected[i], sides[i], 1e-10);
        Assert.IsTrue(factor.IsExact);
    }

    [TestMethod]
    public void TheDiagonalOfTheInverseIsTheSquaresOfTheInverseFactor()
    {
        double[] diagonal = new CholeskyFactor(Matrix, 3, leastPivot: 1e-12).DiagonalOfInverse();
        double[] expected = [1777 / 36.0, 34 / 9.0, 1 / 9.0];
        for (int i = 0; i < expected.Length; i++)
            Assert.AreEqual(expected[i], diagonal[i], 1e-9);
    }

    [TestMethod]
    public void APivotThatIsTooSmallIsRaisedAndSaid()
    {
        // Two columns that are the same.
        double[] sides = [1, 1];
        var factor = new CholeskyFactor([1, 0, 1, 1], 2, leastPivot: 1e-4);
        factor.Solve(sides, columns: 1);
        Assert.IsFalse(factor.IsExact);
        Assert.AreEqual(1, sides[0], 1e-12);
        Assert.AreEqual(0, sides[1], 1e-12);
        Assert.IsFalse(new CholeskyFactor([double.NaN], 1, leastPivot: 1e-4).IsExact);
    }

    [TestMethod]
    public void OneNumberIsDividedBy()
    {
        double[] sides = [6, 9];
        new CholeskyFactor([3], 1, leastPivot: 0).Solve(sides, columns: 2);
        Assert.AreEqual(2, sides[0], 1e-15);
        Assert.AreEqual(3, sides[1], 1e-15);
        Assert.IsEmpty(new CholeskyFactor([], 0, leastPivot: 0).DiagonalOfInverse());
    }
}

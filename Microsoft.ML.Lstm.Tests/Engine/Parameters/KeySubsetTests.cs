using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Tests.Engine.Parameters;

/// <summary>The known keys of a column.</summary>
[TestClass]
public sealed class KeySubsetTests
{
    [TestMethod]
    [DataRow(new int[0], new int[0])]
    [DataRow(new[] { 1 }, new[] { 0, 1 })]
    [DataRow(new[] { 10 }, new[] { 9, 1 })]
    [DataRow(new[] { 2, 3, 4, 8, 10 }, new[] { 1, 3, 3, 1, 1, 1 })]
    [DataRow(new[] { 8, 2, 2, 4, 3, 10 }, new[] { 1, 3, 3, 1, 1, 1 })]
    public void KeysAreNumberedInTheirOrder(int[] keys, int[] runs)
    {
        KeySubset subset = KeySubset.Of(10, keys)!;
        int[] sorted = [.. keys.Distinct().Order()];
        CollectionAssert.AreEqual(runs, subset.Runs.ToArray());
        CollectionAssert.AreEqual(sorted, subset.Keys.ToArray());
        Assert.AreEqual((10, sorted.Length), (subset.KeyCount, subset.Count));
        for (int key = -1; key <= 11; key++)
            Assert.AreEqual(Array.IndexOf(sorted, key) + 1, subset.NumberOf(key), $"{key}");
        Assert.AreEqual(subset, new KeySubset(10, runs));
        Assert.AreNotEqual(subset, new KeySubset(11, runs));
    }

    [TestMethod]
    public void AllKeysAreNoSubset() => Assert.IsNull(KeySubset.Of(3, [3, 1, 2]));

    [TestMethod]
    public void OneOfEachColumnIsNumbered()
    {
        int[] tokens = [3, 3, 3, 1, 2, 1, 0, 9, 0];
        KeySubset.Apply(tokens, 3, [KeySubset.Of(5, [3]), null, KeySubset.Of(5, [1, 3])]);
        CollectionAssert.AreEqual((int[])[1, 3, 2, 0, 2, 1, 0, 9, 0], tokens);
    }

    [TestMethod]
    [DataRow(new[] { 1 })]
    [DataRow(new[] { -1, 1 })]
    [DataRow(new[] { 0, 0 })]
    [DataRow(new[] { 0, 1, 0, 1 })]
    [DataRow(new[] { 5, 6 })]
    [DataRow(new[] { 0, int.MaxValue, 1, int.MaxValue })]
    public void RunsThatAreNoneAreRefused(int[] runs) => Assert.ThrowsExactly<ArgumentException>(() => new KeySubset(10, runs));
}

using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Tests.Engine.Parameters;

/// <summary>How far sequences are apart.</summary>
[TestClass]
public sealed class EditDistanceTests
{
    [TestMethod]
    [DataRow("", "", 0)]
    [DataRow("", "abc", 3)]
    [DataRow("kitten", "sitting", 3)]
    [DataRow("abc", "abc", 0)]
    [DataRow("abcdef", "def", 3)]
    [DataRow("ab", "ba", 2)]
    public void DistancesAreTheFewestEdits(string first, string second, int expected)
    {
        Assert.AreEqual(expected, EditDistance.Between<char>(first, second));
        Assert.AreEqual(expected, EditDistance.Between([.. first.Select(c => (int)c)], [.. second.Select(c => (int)c)]));
    }

    /// <summary>Numbers have another algorithm, of which a word holds 64.</summary>
    [TestMethod]
    [DataRow(2)]
    [DataRow(40)]
    public void DistancesOfNumbersAreThoseOfAnyElements(int kinds)
    {
        var random = new Random(1);
        foreach (int length in new[] { 0, 1, 2, 7, 31, 63, 64, 65, 130 })
        {
            foreach (int other in new[] { 0, 1, 5, 40, 64, 66, 700 })
            {
                // Zeros too, as there are behind the last number of a short sequence.
                int[] first = [.. Enumerable.Range(0, length).Select(_ => random.Next(kinds))];
                int[] second = [.. Enumerable.Range(0, other)
                    .Select(i => i < length && random.Next(3) > 0 ? first[i] : random.Next(kinds))];
                Assert.AreEqual(EditDistance.Between<int>(first, second), EditDistance.Between(first, second), $"{length} and {other}");
            }
        }
    }
}

namespace Microsoft.ML.Lstm.Tests.MlNet;

/// <summary>Compares columns of vectors.</summary>
internal static class VectorRows
{
    public static void AssertRows<T>(IEnumerable<T[]> expected, IEnumerable<T[]> found)
    {
        T[][] rows = [.. expected];
        T[][] others = [.. found];
        Assert.HasCount(rows.Length, others);
        for (int i = 0; i < rows.Length; i++)
            CollectionAssert.AreEqual(rows[i], others[i]);
    }
}

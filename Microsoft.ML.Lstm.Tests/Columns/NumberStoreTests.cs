using Microsoft.ML.Lstm.Columns;

namespace Microsoft.ML.Lstm.Tests.Columns;

[TestClass]
public sealed class NumberStoreTests
{
    /// <summary>Of any length: none, more than an array has room for, and many in a row.</summary>
    [TestMethod]
    public void EachSequenceHasRoomOfItsOwn()
    {
        var store = new NumberStore();
        int[] lengths = [0, 1, 300_000, 7, .. Enumerable.Range(0, 3000).Select(i => i * 37 % 500), 100_000, 5];
        Memory<float>[] rooms = Array.ConvertAll(lengths, store.Take);
        for (int i = 0; i < rooms.Length; i++)
            rooms[i].Span.Fill(i);
        for (int i = 0; i < rooms.Length; i++)
        {
            Assert.AreEqual(lengths[i], rooms[i].Length);
            Assert.IsFalse(rooms[i].Span.ContainsAnyExcept((float)i));
        }
    }
}

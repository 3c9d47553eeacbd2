namespace Microsoft.ML.Lstm.Tests.Engine.Distributed;

/// <summary>Work that each rank does by itself.</summary>
[TestClass]
public sealed class TurnsTests
{
    [TestMethod]
    [DataRow(1, 3)]
    [DataRow(2, 5)]
    [DataRow(3, 2)]
    [DataRow(2, 0)]
    public void EachPieceIsOneRanksAndAllKnowWhatComesOfIt(int size, int count)
    {
        byte[][][] all = ThreadRanks.Run(size, ranks => ranks.TakeTurns(count, i => [.. Enumerable.Repeat((byte)ranks.Rank, i)]));
        foreach (byte[][] pieces in all)
        {
            Assert.HasCount(count, pieces);
            for (int i = 0; i < count; i++)
                CollectionAssert.AreEqual(Enumerable.Repeat((byte)(i % size), i).ToArray(), pieces[i]);
        }
    }

    [TestMethod]
    public void APieceThatFailsEndsAllRanks()
    {
        Task<byte[][]>[] ranks = ThreadRanks.Try(2, ranks => ranks.TakeTurns(2, i => i == 1 ? throw new IOException("No disk.") : []));
        Assert.AreEqual("Rank 1 of 2 has failed: No disk.", ranks[0].Exception!.InnerException!.Message);
        Assert.AreEqual("No disk.", ranks[1].Exception!.InnerException!.Message);
    }

    [TestMethod]
    public void ATurnHasNoTurnsInIt()
    {
        Task<byte[][]>[] ranks = ThreadRanks.Try(2, ranks => ranks.TakeTurns(2, _ => ranks.TakeTurns(1, _ => [])[0]));
        foreach (Task<byte[][]> rank in ranks)
            StringAssert.Contains(rank.Exception!.InnerException!.Message, "The ranks take turns at work that each does by itself");
    }

    [TestMethod]
    public void WrongArgumentsAreErrors()
        => ThreadRanks.Run(1, ranks =>
        {
            Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => ranks.TakeTurns(-1, _ => []));
            return Assert.ThrowsExactly<ArgumentNullException>(() => ranks.TakeTurns(1, null!));
        });
}

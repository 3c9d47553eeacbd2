using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Tests.Engine.Parameters;

[TestClass]
public sealed class RandomNumbersTests
{
    [TestMethod]
    [DataRow(0)]
    [DataRow(1)]
    [DataRow(-12345)]
    [DataRow(int.MaxValue)]
    [DataRow(int.MinValue)]
    public void TheNumbersAreThoseOfRandomWithTheSameSeed(int seed)
    {
        Random expected = new(seed);
        var actual = new RandomNumbers(seed);
        for (int round = 0; round < 1000; round++)
        {
            Assert.AreEqual(expected.NextDouble(), actual.NextDouble());
            Assert.AreEqual(expected.Next(), actual.Next());
            Assert.AreEqual(expected.Next(97), actual.Next(97));
            Assert.AreEqual(expected.Next(-5, 1_000_000), actual.Next(-5, 1_000_000));
            Assert.AreEqual(expected.NextInt64(), actual.NextInt64());
            int[] order = [.. Enumerable.Range(0, 11)], shuffled = [.. order];
            expected.Shuffle(order);
            actual.Shuffle(shuffled);
            CollectionAssert.AreEqual(order, shuffled);
        }
    }

    [TestMethod]
    public void ASavedStateGoesOnAsTheOneItWasSavedFrom()
    {
        var first = new RandomNumbers(7);
        for (int i = 0; i < 100; i++)
            first.Next();
        var second = new RandomNumbers(8);
        second.Restore(first.Save());
        for (int i = 0; i < 100; i++)
            Assert.AreEqual(first.NextInt64(), second.NextInt64());
    }

    [TestMethod]
    public void AStateThatItCannotHaveIsRefused()
    {
        int[] state = new RandomNumbers(1).Save();
        Assert.ThrowsExactly<InvalidDataException>(() => new RandomNumbers(1).Restore(state[1..]));
        state[5] = -1;
        Assert.ThrowsExactly<InvalidDataException>(() => new RandomNumbers(1).Restore(state));
        (state[5], state[0]) = (1, 56);
        Assert.ThrowsExactly<InvalidDataException>(() => new RandomNumbers(1).Restore(state));
    }
}

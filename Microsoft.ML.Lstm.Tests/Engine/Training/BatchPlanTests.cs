using Microsoft.ML.Lstm.Engine.Training;

namespace Microsoft.ML.Lstm.Tests.Engine.Training;

[TestClass]
public sealed class BatchPlanTests
{
    [TestMethod]
    [DataRow(1, 1, 5)]
    [DataRow(1, 32, 5)]
    [DataRow(32, 32, 1)]
    [DataRow(33, 32, 40)]
    [DataRow(100, 7, 1)]
    [DataRow(1000, 7, 30)]
    [DataRow(5000, 16, 3000)]
    public void EverySequenceComesOnceInBatchesThatAreFullButForOne(int sequences, int batchSize, int longest)
    {
        int[] lengths = Lengths(sequences, longest);
        var plan = new BatchPlan(lengths, batchSize);
        var random = new Random(3);
        for (int epoch = 0; epoch < 3; epoch++)
        {
            plan.Shuffle(random);
            Assert.AreEqual((sequences + batchSize - 1) / batchSize, plan.Batches);
            int[][] batches = Batches(plan);
            CollectionAssert.AreEqual(Enumerable.Range(0, sequences).ToArray(), batches.SelectMany(batch => batch).Order().ToArray());
            Assert.IsLessThanOrEqualTo(1, batches.Count(batch => batch.Length != batchSize));
            Assert.IsTrue(Array.TrueForAll(batches, batch => batch.Length > 0));
        }
    }

    [TestMethod]
    public void SequencesOfABatchHaveAboutTheSameLength()
    {
        int[] lengths = Lengths(20_000, 3000);
        var plan = new BatchPlan(lengths, 32);
        plan.Shuffle(new Random(1));
        int[][] batches = Batches(plan);
        // In random order half of a batch's steps would be filled.
        double steps = lengths.Sum(), withPadding = batches.Sum(batch => (double)batch.Length * batch.Max(index => lengths[index]));
        Assert.IsGreaterThan(0.95, steps / withPadding);
        // Long and short batches still alternate at random: the lengths of neighbouring batches differ as much as any.
        double[] means = [.. batches.Select(batch => batch.Average(index => lengths[index]))];
        Assert.IsGreaterThan(700, means.Zip(means.Skip(1), (one, next) => Math.Abs(one - next)).Average());
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(30)]
    public void EpochsDiffer(int longest)
    {
        var plan = new BatchPlan(Lengths(640, longest), 16);
        var random = new Random(1);
        plan.Shuffle(random);
        int[][] first = Batches(plan);
        plan.Shuffle(random);
        int[][] second = Batches(plan);
        CollectionAssert.AreNotEqual(first.SelectMany(batch => batch).ToArray(), second.SelectMany(batch => batch).ToArray());
        // The sequences of a batch change, not only the order of batches.
        var together = first.Select(batch => string.Join(' ', batch.Order())).ToHashSet();
        Assert.IsLessThan(second.Length / 4, second.Count(batch => together.Contains(string.Join(' ', batch.Order()))));
    }

    [TestMethod]
    public void TheOrderDependsOnTheRandomNumbersOnly()
    {
        int[] lengths = Lengths(1000, 50);
        BatchPlan one = new(lengths, 8), other = new(lengths, 8);
        one.Shuffle(new Random(5));
        other.Shuffle(new Random(5));
        CollectionAssert.AreEqual(Batches(one).SelectMany(batch => batch).ToArray(), Batches(other).SelectMany(batch => batch).ToArray());
        other.Shuffle(new Random(6));
        CollectionAssert.AreNotEqual(Batches(one).SelectMany(batch => batch).ToArray(),
            Batches(other).SelectMany(batch => batch).ToArray());
    }

    private static int[] Lengths(int count, int longest)
    {
        var random = new Random(count);
        return [.. Enumerable.Range(0, count).Select(_ => 1 + random.Next(longest))];
    }

    private static int[][] Batches(BatchPlan plan) => [.. Enumerable.Range(0, plan.Batches).Select(batch => plan[batch].ToArray())];
}

using Microsoft.ML.Lstm.Engine.Network;
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

    [TestMethod]
    [DataRow(1, 5)]
    [DataRow(3, 5)]
    [DataRow(40, 5)]
    [DataRow(7, 1)]
    public void PiecesFollowOneAnotherInTheirLane(int texts, int lanes)
    {
        // Texts of 1 to 120 pieces.
        var random = new Random(texts);
        bool[] goesOn = [.. Enumerable.Range(0, texts).SelectMany(_ => Enumerable.Range(0, 1 + random.Next(120)).Select(i => i > 0))];
        var plan = new BatchPlan([.. goesOn.Select(_ => 10)], lanes, index => goesOn[index]);
        for (int epoch = 0; epoch < 3; epoch++)
        {
            plan.Shuffle(random);
            int[][] batches = Batches(plan);
            CollectionAssert.AreEqual(Enumerable.Range(0, goesOn.Length).ToArray(), batches.SelectMany(batch => batch).Order().ToArray());
            int[] last = new int[lanes];
            int broken = 0;
            for (int batch = 0; batch < plan.Batches; batch++)
            {
                ReadOnlySpan<Lane> places = plan.LanesOf(batch);
                Assert.AreEqual(batches[batch].Length, places.Length);
                for (int i = 0; i < places.Length; i++)
                {
                    Assert.IsTrue(i == 0 || places[i].Number > places[i - 1].Number, "no lane has two pieces");
                    int piece = batches[batch][i];
                    Assert.IsTrue(!places[i].GoesOn || (goesOn[piece] && last[places[i].Number] == piece - 1), "it goes on where it was");
                    broken += goesOn[piece] && !places[i].GoesOn ? 1 : 0;
                    last[places[i].Number] = piece;
                }
            }
            // Runs are cut only for all lanes to have something to do.
            Assert.IsLessThanOrEqualTo(lanes, broken);
            Assert.IsLessThanOrEqualTo(2 * goesOn.Length / lanes + 2, plan.Batches);
        }
    }

    [TestMethod]
    public void OneTextFillsAllLanesToTheEnd()
    {
        var plan = new BatchPlan([.. Enumerable.Repeat(10, 100)], 20, index => index > 0);
        Assert.AreEqual(5, plan.Batches);
        CollectionAssert.AreEqual(Enumerable.Range(0, 20).Select(lane => 5 * lane + 3).ToArray(), plan[3].ToArray());
        Assert.IsFalse(plan.LanesOf(0).ToArray().Any(lane => lane.GoesOn));
        Assert.IsTrue(plan.LanesOf(1).ToArray().All(lane => lane.GoesOn));
        // To be measured, it is gone through from its beginning to its end.
        var uncut = new BatchPlan([.. Enumerable.Repeat(10, 100)], 20, index => index > 0, cutsRuns: false);
        CollectionAssert.AreEqual(Enumerable.Range(0, 100).ToArray(), Batches(uncut).Select(batch => batch.Single()).ToArray());
    }

    private static int[] Lengths(int count, int longest)
    {
        var random = new Random(count);
        return [.. Enumerable.Range(0, count).Select(_ => 1 + random.Next(longest))];
    }

    private static int[][] Batches(BatchPlan plan) => [.. Enumerable.Range(0, plan.Batches).Select(batch => plan[batch].ToArray())];
}

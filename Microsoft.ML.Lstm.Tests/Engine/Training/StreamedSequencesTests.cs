using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Training;
using Microsoft.ML.Lstm.Engine.Training.Objectives;

namespace Microsoft.ML.Lstm.Tests.Engine.Training;

[TestClass]
public sealed class StreamedSequencesTests
{
    private const int Sequences = 5000;

    // The bytes of a sequence: 16 tokens, a label, and its objects.
    private const int BytesOfSequence = 200 + 4 * 17;

    [TestMethod]
    [DataRow(1)]
    [DataRow(100 * BytesOfSequence)]
    [DataRow(int.MaxValue)]
    public void AnEpochHasEachSequenceOnceAndTheBufferItsBound(int bufferBytes)
    {
        var data = new StreamedSequences(() => Enumerable.Range(0, Sequences).Select(Make), Layout(), bufferBytes);

        var seen = new List<int>();
        foreach (SequenceSet set in data.Sets(new Random(1)))
        {
            // Half of the buffer is taken when a sequence has filled it.
            Assert.IsLessThanOrEqualTo((bufferBytes / BytesOfSequence + 2) / 2
                + (seen.Count + set.Count == Sequences ? bufferBytes / BytesOfSequence + 1 : 1), set.Count);
            seen.AddRange(set.Sequences.Select(Number));
        }

        CollectionAssert.AreEqual(Enumerable.Range(0, Sequences).ToArray(), seen.Order().ToArray());
        Assert.AreEqual(Sequences, data.Count);
    }

    [TestMethod]
    public void TheBufferMixesDistantSequencesAndRandomDecidesHow()
    {
        var data = new StreamedSequences(() => Enumerable.Range(0, Sequences).Select(Make), Layout(), 1000 * BytesOfSequence);

        int[] order = Order(1);

        CollectionAssert.AreEqual(order, Order(1));
        CollectionAssert.AreNotEqual(order, Order(2));
        double distance = Enumerable.Range(1, Sequences - 1).Average(i => Math.Abs(order[i] - order[i - 1]));
        Assert.IsGreaterThan(250, distance);
        CollectionAssert.AreEqual(Enumerable.Range(0, Sequences).ToArray(),
            data.Sets(random: null).SelectMany(set => set.Sequences).Select(Number).ToArray());

        int[] Order(int seed) => [.. data.Sets(new Random(seed)).SelectMany(set => set.Sequences).Select(Number)];
    }

    [TestMethod]
    public void WhatIsStreamedTrainsAsWhatIsInMemory()
    {
        var monitor = new SilentMonitor();
        var options = new LoopOptions { NumberOfEpochs = 10, HiddenSize = 8, EmbeddingSize = 8, LearningRate = 0.02f };
        int reads = 0;
        var data = new StreamedSequences(() =>
        {
            reads++;
            return Enumerable.Range(0, Sequences / 5).Select(Make);
        }, Layout(), 128 * BytesOfSequence);

        SequenceModel model = TrainingLoop.Train(new TrainingJob(data, null, options, new BinaryTask(null, 0), 1, monitor));

        Assert.IsGreaterThan(0.98, monitor.Epochs[^1].Training.Accuracy!.Value);
        Assert.IsGreaterThanOrEqualTo(options.NumberOfEpochs!.Value, reads);
        CollectionAssert.AreEqual(model.Parameters.Values,
            TrainingLoop.Train(new TrainingJob(data, null, options, new BinaryTask(null, 0), 1, new SilentMonitor())).Parameters.Values);
    }

    [TestMethod]
    public void WhatIsStreamedCannotBeSplit()
    {
        var data = new StreamedSequences(() => Enumerable.Range(0, 10).Select(Make), Layout(), 1 << 20);
        var options = new LoopOptions { ValidationFraction = 0.5f };
        Assert.ThrowsExactly<InvalidOperationException>(() =>
            TrainingLoop.Train(new TrainingJob(data, null, options, new BinaryTask(null, 0), 1, new SilentMonitor())));
    }

    private static SequenceSet Layout() => new(0, 0, 0, 3);

    /// <summary>16 tokens that hold the number in binary, 1 for 0 and 2 for 1; the label says whether more than four are 1.</summary>
    private static TrainingSequence Make(int number)
        => new()
        {
            Tokens = [.. Enumerable.Range(0, 16).Select(bit => 1 + (number >> bit & 1))],
            Labels = [int.PopCount(number) > 4 ? 1 : 0]
        };

    private static int Number(TrainingSequence sequence) => Enumerable.Range(0, 16).Sum(bit => sequence.Tokens[bit] - 1 << bit);
}

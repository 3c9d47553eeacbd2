using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Tests.Engine.Kernels;

namespace Microsoft.ML.Lstm.Tests.Engine.Network;

/// <summary>Beam search against the probabilities of whole sequences, and against all sequences that there are.</summary>
[TestClass]
public sealed class TargetWriterTests
{
    private const int Tokens = 3;

    private static readonly int[] Lengths = [4, 7, 1, 5];

    [TestMethod]
    [DataRow(SourceAttention.None, 1)]
    [DataRow(SourceAttention.Dot, 4)]
    [DataRow(SourceAttention.General, 1)]
    [DataRow(SourceAttention.Additive, 4)]
    public void TheLogLikelihoodOfWhatIsWrittenIsThatOfThePathThroughTheTrueTokens(SourceAttention attention, int beam)
    {
        SequenceNetwork network = NewNetwork(attention, seed: 3);
        TargetWriter writer = Write(new WritingSettings(beam, LengthPenalty: 1, MaximumLength: 6), network);
        for (int i = 0; i < Lengths.Length; i++)
        {
            for (int rank = 0; rank < writer.Count(i); rank++)
            {
                WrittenSequence written = writer[i, rank];
                Assert.AreEqual(LogLikelihood(network, i, written.Outputs.ToArray()), written.LogLikelihood, 1e-5);
            }
        }
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void TheUnknownTokenIsWrittenWhereItHasAnOutput(bool tied)
    {
        var written = new HashSet<int>();
        for (int seed = 1; seed <= 4; seed++)
        {
            SequenceNetwork network = NewNetwork(SourceAttention.General, seed, writesUnknown: true, tied);
            TargetWriter writer = Write(new WritingSettings(BeamSize: 6, LengthPenalty: 1, MaximumLength: 4), network);
            for (int i = 0; i < Lengths.Length; i++)
            {
                for (int rank = 0; rank < writer.Count(i); rank++)
                {
                    int[] outputs = writer[i, rank].Outputs.ToArray();
                    written.UnionWith(outputs);
                    Assert.AreEqual(LogLikelihood(network, i, outputs), writer[i, rank].LogLikelihood, 1e-5);
                }
            }
        }
        CollectionAssert.AreEquivalent(new[] { 0, 1, 2, Tokens + 1 }, written.ToArray());
    }

    [TestMethod]
    public void ABeamAsWideAsAllBeginningsFindsTheBestOfAllSequences()
    {
        const int longest = 3;
        foreach (float penalty in new[] { 0f, 1f })
        {
            SequenceNetwork network = NewNetwork(SourceAttention.General, seed: 5);
            TargetWriter writer = Write(new WritingSettings(BeamSize: 64, penalty, longest), network);
            for (int i = 0; i < Lengths.Length; i++)
            {
                int[][] all = [.. AllOf(longest)];
                Assert.AreEqual(all.Length, writer.Count(i));
                (int[] Outputs, double Score)[] expected = [.. all
                    .Select(outputs => (outputs, LogLikelihood(network, i, outputs) / Math.Pow((5.0 + outputs.Length + 1) / 6, penalty)))
                    .OrderByDescending(one => one.Item2)];
                for (int rank = 0; rank < 5; rank++)
                    CollectionAssert.AreEqual(expected[rank].Outputs, writer[i, rank].Outputs.ToArray(), $"{i}, {rank}");
            }
        }
    }

    [TestMethod]
    public void ABeamOfOneTakesTheMostProbableTokenAtEachStep()
    {
        var lengths = new HashSet<int>();
        for (int seed = 1; seed <= 12; seed++)
        {
            int i = seed % Lengths.Length;
            SequenceNetwork network = NewNetwork(SourceAttention.Additive, seed);
            TargetWriter writer = Write(new WritingSettings(BeamSize: 1, LengthPenalty: 0, MaximumLength: 8), network);
            int[] outputs = writer[i, 0].Outputs.ToArray();
            double[][] steps = Probabilities(network, i, outputs);
            for (int t = 0; t < outputs.Length; t++)
                Assert.AreEqual(outputs[t], Array.IndexOf(steps[t], steps[t].Max()));
            if (outputs.Length < 8)
                Assert.AreEqual(Tokens, Array.IndexOf(steps[^1], steps[^1].Max()));
            lengths.Add(outputs.Length);
        }
        Assert.IsGreaterThan(1, lengths.Count);
    }

    [TestMethod]
    public void NeitherThreadsNorOtherSequencesChangeABit()
    {
        SequenceNetwork[] networks = [NewNetwork(SourceAttention.General, seed: 1), NewNetwork(SourceAttention.General, seed: 2)];
        var settings = new WritingSettings(BeamSize: 3, LengthPenalty: 0.6f, MaximumLength: 9);
        string expected = Describe(Write(settings, networks), [0, 1, 2, 3]);
        Assert.AreEqual(expected, Describe(Write(settings, networks, threads: 3), [0, 1, 2, 3]));
        string[] lines = expected.Split('\n');
        for (int i = 0; i < Lengths.Length; i++)
            Assert.AreEqual(lines[i], Describe(Write(settings, networks, chosen: [i]), [i]));
    }

    [TestMethod]
    public void TheWeightsOfTheStepsAddUpToOneForEachToken()
    {
        TargetWriter writer = Write(new WritingSettings(4, 1, 6) { KeepsAttention = true }, NewNetwork(SourceAttention.General, seed: 3),
            NewNetwork(SourceAttention.General, seed: 8));
        for (int i = 0; i < Lengths.Length; i++)
        {
            int tokens = writer[i, 0].Outputs.Length;
            float[] weights = writer.AttentionWeights(i, Lengths[i]).ToArray();
            Assert.HasCount(tokens * Lengths[i], weights);
            foreach (float[] ofToken in weights.Chunk(Lengths[i]))
                Assert.AreEqual(1, ofToken.Sum(), 1e-5);
        }
    }

    [TestMethod]
    public void WritingAgainAllocatesNothing()
    {
        var batch = NewBatch([0, 1, 2, 3]);
        var writer = new TargetWriter([NewNetwork(SourceAttention.Additive, seed: 3)], new WorkerTeam(2), new WritingSettings(4, 1, 6));
        writer.Write(batch);
        Assert.AreEqual(0, Allocations.Of(() => writer.Write(batch)));
    }

    private static string Describe(TargetWriter writer, int[] chosen)
        => string.Join('\n', chosen.Select((_, i) => string.Join(" | ", Enumerable.Range(0, writer.Count(i)).Select(rank =>
            $"{string.Join(' ', writer[i, rank].Outputs.ToArray())}: {writer[i, rank].LogLikelihood:R}"))));

    private static TargetWriter Write(WritingSettings settings, params SequenceNetwork[] networks) => Write(settings, networks, threads: 1);

    private static TargetWriter Write(WritingSettings settings, SequenceNetwork[] networks, int threads = 1, int[]? chosen = null)
    {
        var writer = new TargetWriter(networks, new WorkerTeam(threads), settings);
        writer.Write(NewBatch(chosen ?? [0, 1, 2, 3]));
        return writer;
    }

    private static double LogLikelihood(SequenceNetwork network, int sequence, int[] outputs)
    {
        double[][] steps = Probabilities(network, sequence, outputs);
        return outputs.Append(Tokens).Select((output, t) => Math.Log(steps[t][output])).Sum();
    }

    /// <summary>The probabilities at each step of a sequence that is given, and at its end.</summary>
    private static double[][] Probabilities(SequenceNetwork network, int sequence, int[] outputs)
    {
        var runner = new SequenceToSequenceRunner(network, new WorkerTeam(1));
        SequenceBatch batch = NewBatch([sequence], [.. outputs.Select(output => output > Tokens ? -1 : output)], network.Shape);
        runner.Forward(batch, keep: false);
        return [.. Enumerable.Range(0, outputs.Length + 1).Select(t =>
        {
            double[] exponentials = [.. runner.Output(t).ToArray().Select(output => Math.Exp(output))];
            return exponentials.Select(e => e / exponentials.Sum()).ToArray();
        })];
    }

    private static IEnumerable<int[]> AllOf(int longest)
    {
        IEnumerable<int[]> all = [[]], last = all;
        for (int length = 1; length <= longest; length++)
        {
            last = [.. last.SelectMany(before => Enumerable.Range(0, Tokens).Select(token => (int[])[.. before, token]))];
            all = all.Concat(last);
        }
        return all;
    }

    private static SequenceBatch NewBatch(int[] chosen, int[]? labels = null, NetworkShape? shape = null)
    {
        var batch = new SequenceBatch(shape ?? Shape(SourceAttention.None));
        foreach (int i in chosen)
        {
            var random = new Random(i);
            foreach (ref float x in batch.Add(Lengths[i]))
                x = random.NextSingle() * 2 - 1;
            if (labels is not null)
                batch.Targets!.AddLabels(labels);
        }
        batch.Pack();
        return batch;
    }

    private static SequenceNetwork NewNetwork(SourceAttention attention, int seed, bool writesUnknown = false, bool tied = false)
    {
        var parameters = new ParameterSet(Shape(attention, writesUnknown, tied));
        var random = new Random(seed);
        foreach (ref float value in parameters.Values.AsSpan())
            value = random.NextSingle() * 2 - 1;
        return new SequenceNetwork(parameters, NetworkPasses.Forward);
    }

    private static NetworkShape Shape(SourceAttention attention, bool writesUnknown = false, bool tied = false)
    {
        var shape = new NetworkShape
        {
            Cell = CellType.Lstm,
            InputSize = 2,
            HiddenSize = 5,
            Head = Head.SequenceToSequence,
            Target = new TargetShape(new EmbeddingShape(Tokens, tied ? 5 : 3) { HasBoundary = true }, HiddenSize: 5, Layers: 2,
                attention, FeedsInput: true)
            {
                WritesUnknown = writesUnknown,
                TiesHead = tied,
            },
            OutputSize = 1,
        };
        return shape with { OutputSize = shape.StateSizeOf(shape.Target.Value) };
    }
}

using Microsoft.ML.Lstm.Engine.Decoding;
using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Tests.Engine.Kernels;

namespace Microsoft.ML.Lstm.Tests.Engine.Network;

/// <summary>Several networks in one model: what they give together, from what each gives by itself.</summary>
[TestClass]
public sealed class EnsembleTests
{
    private const int Rows = 23;

    public static IEnumerable<object[]> Heads
        => from head in new[] { Head.Pooled, Head.EveryStep, Head.Crf, Head.Autoencoder } select new object[] { head.ToString() };

    [TestMethod]
    [DynamicData(nameof(Heads))]
    public void ItsOutputsAreTheMeanOfThoseOfItsMembers(string head)
    {
        SequenceModel model = Ensemble(Enum.Parse<Head>(head));
        // The errors of an autoencoder are those of the mean reconstruction.
        bool isMean = head != nameof(Head.Autoencoder);
        SequenceScorer[] members = [.. model.Members.Select((_, index) => Scored(model.Member(index)))];
        SequenceScorer together = Scored(model);
        for (int row = 0; row < Rows; row++)
        {
            int length = together.Output(row).Length;
            for (int i = 0; i < length; i++)
            {
                double[] outputs = [.. members.Select(member => (double)member.Output(row)[i])];
                if (isMean)
                    Assert.AreEqual(outputs.Average(), together.Output(row)[i], 1e-5);
                else
                    Assert.IsLessThan(outputs.Average(), together.Output(row)[i], "the error of a mean is below the mean error");
            }
        }
    }

    [TestMethod]
    [DataRow(nameof(Head.Pooled))]
    [DataRow(nameof(Head.Autoencoder))]
    public void EncodingsStandOneBehindTheOther(string head)
    {
        SequenceModel model = Ensemble(Enum.Parse<Head>(head));
        SequenceScorer together = Scored(model);
        float[] expected = [.. model.Members.SelectMany((_, index) => Scored(model.Member(index)).Encoding(7).ToArray())];

        CollectionAssert.AreEqual(expected, together.Encoding(7).ToArray());
        Assert.AreEqual(model.CodeSize, expected.Length);
    }

    [TestMethod]
    public void WeightsOfAttentionAreAveraged()
    {
        SequenceModel model = Ensemble(Head.Pooled, Pooling.Attention);
        float[][] members = [.. model.Members.Select((_, index) => Scored(model.Member(index)).AttentionWeights(7).ToArray())];
        float[] together = Scored(model).AttentionWeights(7).ToArray();

        Assert.IsTrue(model.HasAttention);
        Assert.AreEqual(1, together.Sum(), 1e-5);
        for (int t = 0; t < together.Length; t++)
            Assert.AreEqual(members.Average(member => (double)member[t]), together[t], 1e-6);
    }

    [TestMethod]
    public void OfMembersOfWhichOnlySomeHaveAttentionThereAreNoWeights()
        => Assert.IsFalse(Ensemble(Head.Pooled).HasAttention);

    [TestMethod]
    public void ThePathOfARandomFieldIsTheBestByTheMeanOfAllScores()
    {
        SequenceModel model = Ensemble(Head.Crf);
        foreach (ParameterSet member in model.Members)
        {
            foreach (string name in new[] { ParameterSet.CrfTransitions, ParameterSet.CrfStart, ParameterSet.CrfEnd })
            {
                for (int i = 0; i < member[name].Length; i++)
                    member[name][i] = MathF.Sin(i + member.Shape.HiddenSize);
            }
        }
        ReadOnlySpan<float> emissions = Scored(model).Output(1);
        int labels = model.Shape.OutputSize, steps = emissions.Length / labels;
        double[][] transitions = [.. model.Members.Select(member => ToDoubles(member[ParameterSet.CrfTransitions]))];
        double[][] starts = [.. model.Members.Select(member => ToDoubles(member[ParameterSet.CrfStart]))];
        double[][] ends = [.. model.Members.Select(member => ToDoubles(member[ParameterSet.CrfEnd]))];
        int[] best = [];
        double bestScore = double.NegativeInfinity;
        for (int path = 0; path < Math.Pow(labels, steps); path++)
        {
            int[] candidate = [.. Enumerable.Range(0, steps).Select(t => path / (int)Math.Pow(labels, t) % labels)];
            double score = starts.Average(start => start[candidate[0]]) + ends.Average(end => end[candidate[^1]]);
            for (int t = 0; t < steps; t++)
            {
                score += emissions[t * labels + candidate[t]];
                if (t > 0)
                    score += transitions.Average(member => member[candidate[t - 1] * labels + candidate[t]]);
            }
            if (score > bestScore)
                (best, bestScore) = (candidate, score);
        }

        CollectionAssert.AreEqual(best, new StepDecoder(labels, StepDecoder.CrfOf(model)).Decode(emissions).ToArray());
    }

    [TestMethod]
    [DynamicData(nameof(Heads))]
    public void ScoresAreTheSameBitsOnAnyNumberOfThreadsAndInAnyCompany(string head)
    {
        var network = new ScoringNetwork(Ensemble(Enum.Parse<Head>(head)));
        float[][] expected = Outputs(Scored(network, threads: 1));
        float[][] threaded = Outputs(Scored(network, threads: 3));
        var alone = new SequenceScorer(network);
        for (int row = 0; row < Rows; row++)
        {
            CollectionAssert.AreEqual(expected[row], threaded[row]);
            alone.Clear();
            Add(alone, row);
            alone.Score();
            CollectionAssert.AreEqual(expected[row], alone.Output(0).ToArray());
        }
    }

    [TestMethod]
    [DynamicData(nameof(Heads))]
    public void AScoredBatchAllocatesNothing(string head)
    {
        var scorer = new SequenceScorer(new ScoringNetwork(Ensemble(Enum.Parse<Head>(head), Pooling.Attention)), threads: 2);
        float sum = 0;

        Score();
        Assert.AreEqual(0, Allocations.Of(Score));
        Assert.AreNotEqual(0, sum);

        void Score()
        {
            scorer.Clear();
            for (int row = 0; row < Rows; row++)
                Add(scorer, row);
            scorer.Score();
            sum += scorer.Output(3)[0];
            if (head == nameof(Head.Pooled))
                sum += scorer.Encoding(3)[0] + scorer.AttentionWeights(3)[0];
        }
    }

    [TestMethod]
    public void NetworksOfOtherOutputsAreNotAveraged()
    {
        SequenceModel[] models = [Member(Head.Pooled, 4), Member(Head.EveryStep, 4)];
        Assert.ThrowsExactly<ArgumentException>(() => SequenceModel.Average(models));
    }

    /// <summary>Three members of other cells, sizes, layers and, unless one is given, poolings.</summary>
    private static SequenceModel Ensemble(Head head, Pooling? pooling = null) => SequenceModel.Average(
    [
        Member(head, 8, pooling: pooling ?? Pooling.Last),
        Member(head, 5, CellType.Gru, bidirectional: true, pooling: pooling ?? Pooling.Mean),
        Member(head, 9, layers: 2, pooling: pooling ?? Pooling.Attention),
    ]);

    private static SequenceModel Member(Head head, int hidden, CellType cell = CellType.Lstm, int layers = 1, bool bidirectional = false,
        Pooling pooling = Pooling.Last)
    {
        var shape = new NetworkShape
        {
            Cell = cell,
            InputSize = 2,
            HiddenSize = hidden,
            Layers = layers,
            Bidirectional = bidirectional,
            Pooling = pooling,
            Head = head,
            StaticSize = 1,
            OutputSize = 3,
        };
        var parameters = new ParameterSet(shape);
        Initializer.Initialize(parameters, forgetBias: 1, new Random(hidden));
        var units = new AffineScaler([1, 2, 3], [0.5f, 1, 2]);
        return new SequenceModel(parameters, AffineScaler.Identity(2), AffineScaler.Identity(1),
            head == Head.Autoencoder ? AffineScaler.Identity(3) : units);
    }

    private static SequenceScorer Scored(SequenceModel model) => Scored(new ScoringNetwork(model), threads: 1);

    private static SequenceScorer Scored(ScoringNetwork network, int threads)
    {
        var scorer = new SequenceScorer(network, threads);
        for (int row = 0; row < Rows; row++)
            Add(scorer, row);
        scorer.Score();
        return scorer;
    }

    private static void Add(SequenceScorer scorer, int row)
    {
        Span<float> features = scorer.AddSequence(1 + row * 3 % 8);
        for (int i = 0; i < features.Length; i++)
            features[i] = MathF.Sin(row + 5 * i);
        scorer.Statics(scorer.Count - 1).Fill(row * 0.1f);
    }

    private static float[][] Outputs(SequenceScorer scorer) => [.. Enumerable.Range(0, Rows).Select(row => scorer.Output(row).ToArray())];

    private static double[] ToDoubles(ReadOnlySpan<float> values) => [.. values.ToArray().Select(value => (double)value)];
}

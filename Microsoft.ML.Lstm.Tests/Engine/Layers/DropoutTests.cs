using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Layers;
using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Tests.Engine.Network;
using Microsoft.ML.Lstm.Tests.Engine.Reference;

namespace Microsoft.ML.Lstm.Tests.Engine.Layers;

/// <summary>
/// With a fixed key, a network with dropout is a function: its results and gradients are those of the reference with the same masks.
/// </summary>
[TestClass]
public sealed class DropoutTests
{
    private static readonly Dropout All = new(Key: 5) { Inputs = 0.3f, States = 0.4f, Layers = 0.5f, Outputs = 0.2f };

    private static readonly int[] Lengths = [4, 9, 1, 4, 7, 2, 9, 1, 3, 5, 6, 4, 8];

    public static IEnumerable<object[]> Cases =>
        from kernels in CpuKernels.Available
        from cell in Enum.GetValues<CellType>()
        from bidirectional in new[] { false, true }
        select new object[] { kernels.Name, cell, bidirectional };

    public static IEnumerable<object[]> Cells => Enum.GetValues<CellType>().Select(cell => new object[] { cell });

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void ResultsAndGradientsAreTheReferencesWithTheSameMasks(string kernels, CellType cell, bool bidirectional)
    {
        foreach (Dropout dropout in new[] { All, All with { Inputs = 0, Layers = 0, Outputs = 0 } })
        {
            foreach (int[] lengths in new int[][] { Lengths, [6], [5, 1, 3] })
                AssertAgrees(kernels, dropout,
                    new NetworkSample(Shape(cell, bidirectional, bidirectional ? Pooling.Attention : Pooling.Last), lengths));
        }
    }

    [TestMethod]
    [DynamicData(nameof(Cells))]
    public void TheNumberOfThreadsDoesNotChangeABit(CellType cell)
    {
        int[] lengths = [.. Enumerable.Range(0, 23).Select(b => 1 + b * 29 % 67)];
        var sample = new NetworkSample(Shape(cell, bidirectional: true, Pooling.Mean) with { HiddenSize = 37 }, lengths);
        double[] expected = Run(1);
        foreach (int threads in new[] { 2, 3, 5 })
            CollectionAssert.AreEqual(expected, Run(threads), $"{threads} threads");

        double[] Run(int threads) => Everything(new EngineRun(sample.Shape, sample.Parameters, CpuKernels.Best, threads), sample, All);
    }

    [TestMethod]
    [DynamicData(nameof(Cells))]
    public void TheLengthsOfOtherSequencesDoNotChangeABit(CellType cell)
    {
        NetworkShape shape = Shape(cell, bidirectional: true, Pooling.Mean);
        NetworkSample sample = new(shape, [5, 3, 2]), other = new(shape, [5, 30, 12]);
        var engine = new EngineRun(shape, sample.Parameters, CpuKernels.Best);
        double[] among = engine.Forward(sample.Sequences, sample.Statics, dropout: All).Outputs[0];
        double[] amongLonger = engine.Forward([sample.Sequences[0], other.Sequences[1], other.Sequences[2]], sample.Statics,
            dropout: All).Outputs[0];
        CollectionAssert.AreEqual(among, amongLonger);
        CollectionAssert.AreEqual(among, engine.Forward([sample.Sequences[0]], [sample.Statics[0]], dropout: All).Outputs[0]);
    }

    [TestMethod]
    [DynamicData(nameof(Cells))]
    public void ARunnerForgetsWhatItDropped(CellType cell)
    {
        var sample = new NetworkSample(Shape(cell, bidirectional: true, Pooling.Last), Lengths);
        var engine = new EngineRun(sample.Shape, sample.Parameters, CpuKernels.Best);
        double[] whole = Everything(engine, sample, dropout: default), dropped = Everything(engine, sample, All);
        CollectionAssert.AreNotEqual(whole, dropped);
        CollectionAssert.AreEqual(whole, Everything(engine, sample, new Dropout(Key: 5)));
        CollectionAssert.AreEqual(whole, Everything(engine, sample, dropout: default));
        CollectionAssert.AreEqual(dropped, Everything(engine, sample, All));
        CollectionAssert.AreNotEqual(dropped, Everything(engine, sample, All with { Key = 6 }));
    }

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void WithDroppedWeightsANetworkIsOneWithoutThem(string kernels, CellType cell, bool bidirectional)
    {
        var sample = new NetworkSample(Shape(cell, bidirectional, Pooling.Mean), Lengths);
        var dropout = new Dropout(Key: 9) { Weights = 0.4f };
        var left = sample.Parameters.ToDictionary(parameter => parameter.Key, parameter => (double[])parameter.Value.Clone());
        var masks = new Dictionary<string, double[]>();
        for (int layer = 0; layer < 2; layer++)
        {
            for (int direction = 0; direction < sample.Shape.Directions; direction++)
            {
                string name = "weight_hh" + ParameterSet.Suffix(layer, direction);
                float[] mask = [.. Enumerable.Repeat(1f, left[name].Length)];
                dropout.WeightMask(layer, direction).Apply(mask, mask);
                Assert.AreEqual(0.4, mask.Count(factor => factor == 0) / (double)mask.Length, 0.1);
                masks[name] = [.. mask.Select(factor => (double)factor)];
                left[name] = [.. left[name].Zip(masks[name], (weight, factor) => weight * factor)];
            }
        }
        CpuKernels kernel = CpuKernels.Available.Single(available => available.Name == kernels);
        var engine = new EngineRun(sample.Shape, sample.Parameters, kernel);
        var reference = new ReferenceNetwork(sample.Shape, left);
        double[] expected = Difference.Flatten(reference.Forward(sample).Outputs);
        double[] actual = Difference.Flatten(engine.Forward(sample.Sequences, sample.Statics, dropout: dropout).Outputs);
        Assert.IsLessThan(1e-5, Difference.Absolute(actual, expected));
        ReferenceGradients gradients = engine.Backward(sample.DOutputs), expectedGradients = reference.Backward(sample.DOutputs);
        foreach ((string name, double[] gradient) in expectedGradients.Parameters)
        {
            double[] ofWeights = masks.TryGetValue(name, out double[]? mask)
                ? [.. gradient.Zip(mask, (g, factor) => g * factor)]
                : gradient;
            Assert.IsLessThan(1e-4, Difference.OfNorm(gradients.Parameters[name], ofWeights), name);
        }
    }

    [TestMethod]
    [DataRow(0f)]
    [DataRow(0.1f)]
    public void RareTokensAreDroppedMoreOften(float ofAll)
    {
        // Token 1 occurs once, 2 twice, 3 four times and so on; the other column has one token everywhere.
        int[] tokens =
            [.. Enumerable.Range(0, 8).SelectMany(i => Enumerable.Repeat(1 + i, 1 << i)).SelectMany(token => new[] { token, 1 })];
        var rates = TokenRates.Of([tokens], 2, [new EmbeddingShape(9, 4), new EmbeddingShape(1, 2)], ofAll, rarity: 0.5f);
        for (int i = 0; i < 8; i++)
        {
            double count = 1 << i, expected = 1 - (1 - ofAll) * count / (count + 0.5);
            Assert.AreEqual(expected, rates[0, 1 + i], 1e-6);
            var dropout = new Dropout(Key: 8) { Tokens = ofAll, TokenRates = rates };
            int token = 1 + i, dropped = Enumerable.Range(0, 10_000).Count(step => dropout.DropsToken(3, step, 0, token));
            Assert.AreEqual(expected, dropped / 10_000.0, 0.02);
        }
        Assert.AreEqual(1 - (1 - ofAll) * 255 / 255.5, rates[1, 1], 1e-6);
        Assert.IsLessThan(1, rates[0, 9]);
    }

    [TestMethod]
    public void DroppedTokensAreTheUnknownOneOnTheWayThereAndBack()
    {
        NetworkShape shape = Shape(CellType.Gru, bidirectional: true, Pooling.Mean) with
        {
            InputSize = 3 + 4 + 2,
            Embeddings = new ValueList<EmbeddingShape>(new EmbeddingShape(7, 4), new EmbeddingShape(2, 2)),
            StaticSize = 0,
        };
        var dropout = new Dropout(Key: 3) { Tokens = 0.4f };
        int[][] tokens = [.. Lengths.Select(length =>
            Enumerable.Range(0, length).SelectMany(t => new[] { 1 + t % 7, 1 + t % 2 }).ToArray())];
        int[][] replaced = [.. tokens.Select((row, b) =>
            row.Select((token, i) => dropout.DropsToken(b, i / 2, i % 2, token) ? 0 : token).ToArray())];
        int count = replaced.Sum(row => row.Count(token => token == 0));
        Assert.AreEqual(0.4, (double)count / tokens.Sum(row => row.Length), 0.1);

        (float[] outputs, float[] gradients) expected = Run(replaced, default), actual = Run(tokens, dropout);
        CollectionAssert.AreEqual(expected.outputs, actual.outputs);
        CollectionAssert.AreEqual(expected.gradients, actual.gradients);

        (float[], float[]) Run(int[][] tokens, Dropout dropout)
        {
            var parameters = new ParameterSet(shape);
            Initializer.Initialize(parameters, forgetBias: 1, new Random(1));
            var runner = new NetworkBatchRunner(new SequenceNetwork(parameters, NetworkPasses.BackwardToInput), new WorkerTeam(1));
            var batch = new SequenceBatch(shape);
            for (int b = 0; b < tokens.Length; b++)
            {
                batch.Add(tokens[b].Length / 2).Fill(0.25f);
                tokens[b].CopyTo(batch.Tokens(b));
            }
            batch.Pack();
            runner.Forward(batch, keep: true, dropout);
            float[] outputs = [.. Enumerable.Range(0, tokens.Length).SelectMany(row => runner.Output(row).ToArray())];
            var gradient = new Gradient(shape);
            runner.Backward(new GivenGradient([.. Enumerable.Range(1, outputs.Length).Select(i => i / 8f)]), gradient);
            return (outputs, gradient.Parameters.Values);
        }
    }

    [TestMethod]
    public void OutputsOfEachStepAreOfADroppedStepEach()
    {
        NetworkShape shape = Shape(CellType.Lstm, bidirectional: true, Pooling.Last) with
        {
            Layers = 1,
            Head = Head.EveryStep,
            StaticSize = 0,
            OutputSize = 1
        };
        var dropout = new Dropout(Key: 3) { Outputs = 0.5f };
        var parameters = new ParameterSet(shape);
        Initializer.Initialize(parameters, forgetBias: 1, new Random(1));
        var network = new SequenceNetwork(parameters, NetworkPasses.Backward);
        var runner = new NetworkBatchRunner(network, new WorkerTeam(1));
        var batch = new SequenceBatch(shape);
        foreach (int length in new[] { 3, 5 })
            batch.Add(length).Fill(0.5f);
        batch.Pack();

        runner.Forward(batch, keep: true);
        float[][] whole = [.. Enumerable.Range(0, batch.TotalSteps).Select(row => runner.Encoding(row).ToArray())];
        runner.Forward(batch, keep: true, dropout);
        for (int t = 0; t < batch.MaxLength; t++)
        {
            for (int i = 0; i < batch.ActiveRows(t); i++)
            {
                int row = batch.FirstRow(t) + i;
                dropout.OutputMask(batch.SequenceAt(i), t).Apply(whole[row], whole[row]);
                CollectionAssert.AreEqual(whole[row], runner.Encoding(row).ToArray());
            }
        }

        // The loss is Σ outputs; the gradient of a recurrent weight comes from all outputs that were not dropped.
        var gradient = new Gradient(shape);
        runner.Backward(new GivenGradient([.. Enumerable.Repeat(1f, batch.TotalSteps)]), gradient);
        Span<float> weights = parameters["weight_hh_l0_reverse"];
        for (int i = 0; i < weights.Length; i += 97)
        {
            const float Step = 1e-2f;
            float weight = weights[i];
            double difference = (Loss(weights, i, weight + Step) - Loss(weights, i, weight - Step)) / (2 * Step);
            weights[i] = weight;
            Assert.AreEqual(difference, gradient.Parameters["weight_hh_l0_reverse"][i], 2e-4);
        }

        double Loss(Span<float> weights, int index, float value)
        {
            weights[index] = value;
            network.Pack();
            runner.Forward(batch, keep: false, dropout);
            return Enumerable.Range(0, batch.TotalSteps).Sum(row => (double)runner.Output(row)[0]);
        }
    }

    [TestMethod]
    public void MasksKeepTheMeanAndHaveNothingToDoWithEachOther()
    {
        const int Count = 100_000;
        var dropout = new Dropout(Key: 1) { Tokens = 0.25f, Inputs = 0.25f, States = 0.25f, Layers = 0.25f, Outputs = 0.25f };
        DropoutMask[] masks =
        [
            dropout.InputMask(0), dropout.InputMask(1), (dropout with { Key = 2 }).InputMask(0), dropout.OutputMask(0, 0),
                dropout.OutputMask(0, 1),
            dropout.StateMask(0, 0, 0), dropout.StateMask(0, 1, 0), dropout.StateMask(1, 0, 0), dropout.LayerMask(0, 0, 0, 0),
                dropout.LayerMask(0, 0, 0, 1), dropout.LayerMask(0, 0, 1, 0),
        ];
        float[][] factors = [.. masks.Select(FactorsOf)];
        foreach (float[] mask in factors)
        {
            CollectionAssert.AreEquivalent(new[] { 0f, 1 / 0.75f }, mask.Distinct().ToArray());
            Assert.AreEqual(1, mask.Average(), 0.01);
        }
        for (int a = 0; a < masks.Length; a++)
        {
            for (int b = 0; b < a; b++)
                Assert.AreEqual(1, factors[a].Zip(factors[b], (p, q) => p * q).Average(), 0.01, $"masks {a} and {b}");
        }
        CollectionAssert.AreEqual(factors[0], FactorsOf(dropout.InputMask(0)));

        static float[] FactorsOf(DropoutMask mask)
        {
            float[] factors = new float[Count];
            Array.Fill(factors, 1f);
            mask.Apply(factors, factors);
            return factors;
        }
    }

    private static void AssertAgrees(string kernels, Dropout dropout, NetworkSample sample)
    {
        ReferenceMasks[] masks = [.. sample.Sequences.Select((sequence, b) =>
            MasksOf(dropout, sample.Shape, b, sequence.Length / sample.Shape.InputSize))];
        var reference = new ReferenceNetwork(sample.Shape, sample.Parameters, masks);
        var engine = new EngineRun(sample.Shape, sample.Parameters, CpuKernels.Available.Single(available => available.Name == kernels));
        Check("outputs", engine.Forward(sample.Sequences, sample.Statics, dropout: dropout).Outputs,
            reference.Forward(sample.Sequences, sample.Statics).Outputs);
        ReferenceGradients expected = reference.Backward(sample.DOutputs), actual = engine.Backward(sample.DOutputs);
        foreach (string name in sample.Parameters.Keys)
            Check(name, [actual.Parameters[name]], [expected.Parameters[name]]);
        Check("input gradients", actual.Sequences, expected.Sequences);

        static void Check(string what, double[][] actual, double[][] expected)
        {
            double[] all = Difference.Flatten(expected);
            Assert.IsLessThan(1e-4, Difference.OfElements(Difference.Flatten(actual), all, floor: Math.Max(all.Max(Math.Abs) / 10, 1e-6)),
                what);
        }
    }

    private static ReferenceMasks MasksOf(Dropout dropout, NetworkShape shape, int sequence, int steps)
    {
        int[] directions = [.. Enumerable.Range(0, shape.Directions)];
        return new ReferenceMasks(
            Factors(dropout.InputMask(sequence), shape.InputSize),
            [
                .. from layer in Enumerable.Range(0, shape.Layers)
                   from direction in directions
                   select Factors(dropout.StateMask(layer, direction, sequence), shape.HiddenSize),
            ],
            [
                .. Enumerable.Range(0, shape.Layers - 1).Select(layer => Enumerable.Range(0, steps)
                    .Select(t => directions.SelectMany(d => Factors(dropout.LayerMask(layer, d, sequence, t), shape.HiddenSize)).ToArray())
                        .ToArray()),
            ],
            Factors(dropout.OutputMask(sequence, step: 0), shape.EncodingSize));

        static double[] Factors(DropoutMask mask, int count)
        {
            float[] factors = [.. Enumerable.Repeat(1f, count)];
            mask.Apply(factors, factors);
            return [.. factors.Select(factor => (double)factor)];
        }
    }

    private static double[] Everything(EngineRun engine, NetworkSample sample, Dropout dropout)
    {
        ReferenceOutputs results = engine.Forward(sample.Sequences, sample.Statics, dropout: dropout);
        ReferenceGradients gradients = engine.Backward(sample.DOutputs);
        return
        [
            .. Difference.Flatten(results.Steps), .. Difference.Flatten(results.Outputs), .. Difference.Flatten(gradients.Sequences),
            .. gradients.Parameters.OrderBy(p => p.Key, StringComparer.Ordinal).SelectMany(p => p.Value),
        ];
    }

    private static NetworkShape Shape(CellType cell, bool bidirectional, Pooling pooling) => new()
    {
        Cell = cell,
        InputSize = 3,
        HiddenSize = 19,
        Layers = 2,
        Bidirectional = bidirectional,
        Pooling = pooling,
        StaticSize = 2,
        OutputSize = 3,
    };
}

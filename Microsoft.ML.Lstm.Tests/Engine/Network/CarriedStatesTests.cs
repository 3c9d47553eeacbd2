using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Layers;
using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Tests.Engine.Reference;

namespace Microsoft.ML.Lstm.Tests.Engine.Network;

/// <summary>Sequences in pieces that go on with the state in which the piece before has ended.</summary>
[TestClass]
public sealed class CarriedStatesTests
{
    private static readonly int[] Lengths = [9, 4, 1, 12, 6];

    public static IEnumerable<object[]> Cases =>
        from kernels in CpuKernels.Available
        from cell in Enum.GetValues<CellType>()
        select new object[] { kernels.Name, cell };

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void PiecesGiveTheSameBitsAsWholeSequences(string kernels, CellType cell)
    {
        var sample = new NetworkSample(Shape(cell), Lengths);
        foreach (bool keep in new[] { false, true })
        {
            double[][] whole = Run(sample, kernels, pieceLength: 100, keep);
            foreach (int length in new[] { 1, 3, 4 })
            {
                double[][] pieces = Run(sample, kernels, length, keep);
                for (int b = 0; b < whole.Length; b++)
                    CollectionAssert.AreEqual(whole[b], pieces[b]);
            }
        }
    }

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void GradientsOfAPieceAreTheCentralDifferencesOfTheReferenceInDouble(string kernels, CellType cell)
    {
        var sample = new NetworkSample(Shape(cell), [7, 5]);
        foreach (Dropout dropout in new[] { default, new Dropout(Key: 3) { States = 0.4f } })
        {
            const int Before = 4;
            float[][] states = StatesAfter(sample, Before);
            ParameterSet parameters = EngineRun.ToParameterSet(sample.Shape, sample.Parameters);
            var network = new SequenceNetwork(parameters, NetworkPasses.Backward, Find(kernels));
            var runner = new NetworkBatchRunner(network, new WorkerTeam(1));
            SequenceBatch batch = Pieces(sample, Before, 100);
            float[] dOutputs = [.. Enumerable.Range(0, batch.TotalSteps * sample.Shape.OutputSize).Select(i => (float)Math.Sin(i + 1))];
            Begin(runner, batch, states);
            runner.Forward(batch, keep: true, dropout);
            var gradient = new Gradient(sample.Shape);
            runner.Backward(new GivenGradient(dOutputs), gradient);

            Dictionary<string, double[]> weights = sample.Parameters.ToDictionary(p => p.Key, p => (double[])p.Value.Clone());
            foreach ((string name, double[] values) in weights)
            {
                int[] some = [.. Enumerable.Range(0, values.Length).Where(i => i % (1 + values.Length / 12) == 0)];
                double[] expected = CentralDifferences.Of(values, Loss, some);
                for (int i = 0; i < some.Length; i++)
                    Assert.AreEqual(expected[i], gradient.Parameters[name][some[i]], 1e-4 * Math.Max(1, Math.Abs(expected[i])),
                        $"{name}[{some[i]}]");
            }

            double Loss()
            {
                double loss = 0;
                for (int row = 0; row < batch.Count; row++)
                {
                    int sequence = batch.SequenceAt(row);
                    double[] rest = sample.Sequences[sequence][(Before * sample.Shape.InputSize)..];
                    double[] masks = Mask(dropout, sample.Shape, sequence);
                    double[][] outputs = ReferenceOutputs(sample.Shape, weights, rest, states[sequence], masks);
                    for (int t = 0; t < outputs.Length; t++)
                    {
                        int packed = batch.FirstRow(t) + row;
                        for (int o = 0; o < outputs[t].Length; o++)
                            loss += outputs[t][o] * dOutputs[packed * outputs[t].Length + o];
                    }
                }
                return loss;
            }
        }
    }

    [TestMethod]
    public void StatesOfAnEnsembleAreThoseOfItsMembers()
    {
        NetworkSample one = new(Shape(CellType.Lstm), Lengths), other = new(Shape(CellType.Lstm), Lengths, seed: 2);
        SequenceNetwork[] members = [.. new[] { one, other }.Select(sample =>
            new SequenceNetwork(EngineRun.ToParameterSet(sample.Shape, sample.Parameters), NetworkPasses.Forward))];
        var runner = BatchRunner.Create(members, new WorkerTeam(1));
        Assert.AreEqual(2 * one.Shape.StateSize, runner.StateLength);
        float[][] whole = Outputs(runner, 100), pieces = Outputs(runner, 2);
        for (int b = 0; b < whole.Length; b++)
            CollectionAssert.AreEqual(whole[b], pieces[b]);

        float[][] Outputs(BatchRunner runner, int length) => OutputsInPieces(runner, one, length, keep: false);
    }

    private static double[][] Run(NetworkSample sample, string kernels, int pieceLength, bool keep)
    {
        ParameterSet parameters = EngineRun.ToParameterSet(sample.Shape, sample.Parameters);
        var network = new SequenceNetwork(parameters, keep ? NetworkPasses.Backward : NetworkPasses.Forward, Find(kernels));
        return [.. OutputsInPieces(new NetworkBatchRunner(network, new WorkerTeam(2)), sample, pieceLength, keep)
            .Select(outputs => outputs.Select(value => (double)value).ToArray())];
    }

    private static float[][] OutputsInPieces(BatchRunner runner, NetworkSample sample, int pieceLength, bool keep)
    {
        var states = new CarriedStates(runner);
        List<float>[] outputs = [.. sample.Sequences.Select(_ => new List<float>())];
        for (int begin = 0; begin < Lengths.Max(); begin += pieceLength)
        {
            SequenceBatch batch = Pieces(sample, begin, pieceLength);
            Lane[] lanes = [.. Enumerable.Range(0, Lengths.Length).Where(b => Lengths[b] > begin).Select(b => new Lane(b, begin > 0))];
            states.Begin(batch, lanes);
            runner.Forward(batch, keep);
            states.End(batch, lanes);
            for (int row = 0; row < batch.Count; row++)
            {
                for (int t = 0; t < batch.Length(row); t++)
                    outputs[lanes[batch.SequenceAt(row)].Number].AddRange(runner.Output(batch.FirstRow(t) + row));
            }
        }
        return [.. outputs.Select(list => list.ToArray())];
    }

    /// <summary>The outputs of a piece in double, from a state laid out as a stream's.</summary>
    private static double[][] ReferenceOutputs(NetworkShape shape, Dictionary<string, double[]> weights, double[] piece, float[] state,
        double[] masks)
    {
        int h = shape.HiddenSize, at = 0;
        double[][] xs = [.. piece.Chunk(shape.InputSize)];
        for (int layer = 0; layer < shape.Layers; layer++)
        {
            var ofLayer = new DirectionWeights(weights[$"weight_ih_l{layer}"], weights[$"weight_hh_l{layer}"], weights[$"bias_l{layer}"]);
            var cell = ReferenceCell.Create(shape.Cell, layer == 0 ? shape.InputSize : h, h, ofLayer, ofLayer,
                masks[(layer * h)..((layer + 1) * h)]);
            double[] hidden = Take(), memory = shape.CellDescription.HasCellState ? Take() : new double[h];
            for (int t = 0; t < xs.Length; t++)
            {
                CellState step = cell.Forward(xs[t], hidden, memory);
                xs[t] = hidden = step.H;
                memory = step.C;
            }
        }
        return [.. xs.Select(x => Enumerable.Range(0, shape.OutputSize)
            .Select(o => weights["head.bias"][o] + x.Select((value, k) => value * weights["head.weight"][o * h + k]).Sum()).ToArray())];

        double[] Take() => [.. state[at..(at += h)].Select(value => (double)value)];
    }

    /// <summary>Of each sequence the steps from <paramref name="begin"/> on, at most so many.</summary>
    private static SequenceBatch Pieces(NetworkSample sample, int begin, int length)
    {
        var batch = new SequenceBatch(sample.Shape);
        int width = sample.Shape.InputSize;
        foreach (double[] sequence in sample.Sequences.Where(sequence => sequence.Length > begin * width))
        {
            float[] piece = [.. sequence[(begin * width)..Math.Min(sequence.Length, (begin + length) * width)].Select(x => (float)x)];
            piece.CopyTo(batch.Add(piece.Length / width));
        }
        batch.Pack();
        return batch;
    }

    private static float[][] StatesAfter(NetworkSample sample, int steps)
    {
        var network = new SequenceNetwork(EngineRun.ToParameterSet(sample.Shape, sample.Parameters), NetworkPasses.Forward);
        return [.. sample.Sequences.Select(sequence =>
        {
            var stream = new SequenceStream(network);
            float[] state = new float[stream.StateLength];
            for (int t = 0; t < steps; t++)
                stream.Step([.. sequence.Skip(t * sample.Shape.InputSize).Take(sample.Shape.InputSize).Select(x => (float)x)]);
            stream.CopyStateTo(state);
            return state;
        })];
    }

    private static void Begin(BatchRunner runner, SequenceBatch batch, float[][] states)
    {
        runner.RequireInitialStates(batch.Count);
        for (int row = 0; row < batch.Count; row++)
            runner.SetInitialState(row, states[batch.SequenceAt(row)]);
    }

    private static double[] Mask(Dropout dropout, NetworkShape shape, int sequence)
    {
        float[] mask = [.. Enumerable.Repeat(1f, shape.Layers * shape.HiddenSize)];
        for (int layer = 0; layer < shape.Layers && dropout.States > 0; layer++)
        {
            Span<float> ofLayer = mask.AsSpan(layer * shape.HiddenSize, shape.HiddenSize);
            dropout.StateMask(layer, direction: 0, sequence).Apply(ofLayer, ofLayer);
        }
        return [.. mask.Select(value => (double)value)];
    }

    private static NetworkShape Shape(CellType cell) => new()
    {
        Cell = cell,
        InputSize = 3,
        HiddenSize = 9,
        Layers = 2,
        Head = Head.EveryStep,
        OutputSize = 2,
    };

    private static CpuKernels Find(string name) => CpuKernels.Available.Single(kernels => kernels.Name == name);
}

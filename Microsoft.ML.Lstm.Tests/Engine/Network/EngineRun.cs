using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Layers;
using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Tests.Engine.Reference;

namespace Microsoft.ML.Lstm.Tests.Engine.Network;

/// <summary>
/// The float engine with the interface of <see cref="ReferenceNetwork"/>: takes batches and returns results in their given order, as
/// doubles.
/// </summary>
internal sealed class EngineRun
{
    private readonly SequenceNetwork _network;
    private readonly NetworkBatchRunner _runner;
    private readonly SequenceBatch _batch;
    private readonly SequenceBatch _frames;
    private int[] _rowOf = [];

    /// <summary>The parameters, with the running statistics.</summary>
    public ParameterSet Parameters => _network.Parameters;

    public EngineRun(NetworkShape shape, IReadOnlyDictionary<string, double[]> parameters, CpuKernels kernels, int threads = 1)
    {
        _network = new SequenceNetwork(ToParameterSet(shape, parameters), NetworkPasses.BackwardToInput, kernels);
        _runner = new NetworkBatchRunner(_network, new WorkerTeam(threads));
        _batch = new SequenceBatch(shape);
        _frames = new SequenceBatch(shape);
    }

    private NetworkShape Shape => _network.Shape;

    public static ParameterSet ToParameterSet(NetworkShape shape, IReadOnlyDictionary<string, double[]> parameters)
    {
        var set = new ParameterSet(shape);
        CollectionAssert.AreEquivalent(parameters.Keys.ToArray(), set.Parameters.Select(p => p.Name).ToArray());
        foreach ((string name, double[] values) in parameters)
            ToFloats(values).CopyTo(set[name]);
        return set;
    }

    public ReferenceOutputs Forward(NetworkSample sample, bool keep = true) =>
        Forward(sample.Sequences, sample.Statics, keep, tokens: sample.Tokens, words: sample.Words);

    /// <summary>Runs a batch. A wide head has outputs only without keep.</summary>
    public ReferenceOutputs Forward(double[][] sequences, double[][] statics, bool keep = true, Dropout dropout = default,
        int[][]? tokens = null, int[][]? words = null)
    {
        _batch.Clear();
        _batch.Spellings = new Spellings(Shape.Characters?.Table.KeyCount ?? 0);
        for (int word = 0; word < words?.Length; word++)
            Assert.AreEqual(word, _batch.Spellings.Add(words[word]));
        for (int b = 0; b < sequences.Length; b++)
        {
            int steps = Shape.NumericSize > 0 ? sequences[b].Length / Shape.NumericSize : tokens![b].Length / Shape.TokenColumns;
            ToFloats(sequences[b]).CopyTo(_batch.Add(steps));
            ToFloats(statics[b]).CopyTo(_batch.Statics(b));
            tokens?[b].CopyTo(_batch.Tokens(b));
        }
        _batch.Pack();
        _frames.PackFramesOf(_batch, Shape.FrameSteps);
        _runner.Forward(_batch, keep, dropout);

        _rowOf = new int[sequences.Length];
        for (int row = 0; row < _rowOf.Length; row++)
            _rowOf[_batch.SequenceAt(row)] = row;
        return new ReferenceOutputs
        {
            Steps = EachSequence(b =>
                FramesOf(b).SelectMany(packedRow =>
                Directions.SelectMany(d => ToDoubles(_runner.Hidden(Shape.Layers - 1, d, packedRow))))),
            Hidden = EachState((layer, d, b) => ToDoubles(_runner.Hidden(layer, d, FinalRow(d, b)))),
            CellState = EachState((layer, d, b) => keep && Shape.CellDescription.HasCellState
                ? ToDoubles(_runner.CellState(layer, d, FinalRow(d, b)))
                : new double[Shape.HiddenSize]),
            Encodings = EachSequence(b => HeadRowsOf(b).SelectMany(row => ToDoubles(_runner.Encoding(row)))),
            AttentionWeights = EachSequence(b => Shape.HasAttention ? ToDoubles(_runner.AttentionWeights(_rowOf[b])) : []),
            Outputs = EachSequence(b => HeadRowsOf(b).SelectMany(row => ToDoubles(_runner.Output(row)))),
        };
    }

    /// <summary>The gradients after a forward pass with keep; the engine computes none of the static features.</summary>
    public ReferenceGradients Backward(double[][] dOutputs)
    {
        float[] rows = new float[dOutputs.Sum(d => d.Length)];
        for (int b = 0; b < dOutputs.Length; b++)
        {
            foreach ((int row, double[] dOutput) in HeadRowsOf(b).Zip(dOutputs[b].Chunk(Shape.OutputSize)))
                ToFloats(dOutput).CopyTo(rows, row * Shape.OutputSize);
        }
        return Backward(new GivenGradient(rows));
    }

    /// <summary>The gradients of any loss, after a forward pass with keep.</summary>
    public ReferenceGradients Backward(OutputLoss loss)
    {
        var gradient = new Gradient(Shape);
        _runner.Backward(loss, gradient);
        ParameterSet gradients = gradient.Parameters;
        return new ReferenceGradients(
            gradients.Parameters.ToDictionary(p => p.Name, p => ToDoubles(gradients[p])),
            EachSequence(b => StepsOf(b).SelectMany(packedRow => ToDoubles(_runner.InputGradient(packedRow)[..Shape.NumericSize]))),
            []);
    }

    /// <summary>Moves the running statistics towards those of the last batch.</summary>
    public void UpdateStatistics(int? batches) => _runner.UpdateStatistics(batches);

    /// <summary>All results of a forward and a backward pass, one after the other.</summary>
    public double[] Everything(NetworkSample sample)
    {
        double[][] outputs = Forward(sample, keep: false).Outputs;
        ReferenceOutputs results = Forward(sample);
        ReferenceGradients gradients = Backward(sample.DOutputs);
        return
        [
            .. Difference.Flatten(results.Steps), .. Difference.Flatten(results.Hidden), .. Difference.Flatten(results.CellState),
            .. Difference.Flatten(results.Encodings), .. Difference.Flatten(outputs),
            .. gradients.Parameters.OrderBy(p => p.Key, StringComparer.Ordinal).SelectMany(p => p.Value),
                .. Difference.Flatten(gradients.Sequences),
        ];
    }

    private IEnumerable<int> Directions => Enumerable.Range(0, Shape.Directions);

    /// <summary>The packed rows of sequence <paramref name="b"/>.</summary>
    private IEnumerable<int> StepsOf(int b) => Enumerable.Range(0, _batch.Length(_rowOf[b])).Select(t => _batch.FirstRow(t) + _rowOf[b]);

    /// <summary>The packed rows of the frames of sequence <paramref name="b"/>, which are its steps where a frame has one.</summary>
    private IEnumerable<int> FramesOf(int b) => Enumerable.Range(0, _frames.Length(_rowOf[b])).Select(t => _frames.FirstRow(t) + _rowOf[b]);

    /// <summary>The rows of the head for sequence <paramref name="b"/>.</summary>
    private IEnumerable<int> HeadRowsOf(int b) => Shape.Head.IsPerStep ? FramesOf(b) : [_rowOf[b]];

    private int FinalRow(int direction, int b) => direction == 0 ? FramesOf(b).Last() : FramesOf(b).First();

    private double[][] EachSequence(Func<int, IEnumerable<double>> read)
        => [.. Enumerable.Range(0, _rowOf.Length).Select(b => read(b).ToArray())];

    private double[][][] EachState(Func<int, int, int, double[]> read) =>
    [
        .. from layer in Enumerable.Range(0, Shape.Layers)
           from direction in Directions
           select EachSequence(b => read(layer, direction, b)),
    ];

    private static float[] ToFloats(double[] values) => [.. values.Select(v => (float)v)];

    private static double[] ToDoubles(ReadOnlySpan<float> values)
    {
        double[] doubles = new double[values.Length];
        for (int i = 0; i < doubles.Length; i++)
            doubles[i] = values[i];
        return doubles;
    }
}

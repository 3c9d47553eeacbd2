using System.Numerics.Tensors;
using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Explanations;

/// <summary>
/// One network with the straight line between two of its inputs, the baseline's and a sequence's. An input is a vector of the steps as the
/// first layer reads them [T x I], embeddings included, the static features [S] and the state before the first step.
/// </summary>
internal sealed class ExplainedNetwork
{
    private readonly BatchRunner _runner;
    private readonly SequenceBatch _points;
    private readonly GivenGradient _gradient = new();
    private float[] _begin = [];
    private float[] _difference = [];
    private float[] _input = [];

    /// <param name="network">The network, packed for <see cref="NetworkPasses.InputsOnly"/>.</param>
    /// <param name="team">The threads to share large batches among.</param>
    public ExplainedNetwork(SequenceNetwork network, WorkerTeam team)
    {
        Shape = network.Shape;
        _runner = BatchRunner.Create(network, team);
        _points = new SequenceBatch(Shape);
    }

    public NetworkShape Shape { get; }

    /// <summary>T.</summary>
    public int Steps { get; private set; }

    /// <summary>The length of an input.</summary>
    public int Length { get; private set; }

    /// <summary>Where the static features begin in an input.</summary>
    public int StaticsAt => Steps * Shape.InputSize;

    /// <summary>Where the state begins in an input.</summary>
    public int StateAt => StaticsAt + Shape.StaticSize;

    /// <summary>The difference between the sequence's input and the baseline's.</summary>
    public ReadOnlySpan<float> Difference => _difference.AsSpan(0, Length);

    /// <summary>R: rows of outputs of the sequence.</summary>
    public int OutputRows => Shape.Decoder is not null ? Steps : Shape.Head.IsPerStep ? Shape.FramesOf(Steps) : 1;

    /// <summary>O: the width of a row of outputs, of an autoencoder of a row of reconstructed features.</summary>
    public int OutputSize => (Shape.Decoder ?? Shape).OutputSize;

    /// <summary>Takes the two ends of the line.</summary>
    /// <param name="sequence">A packed batch of one sequence.</param>
    /// <param name="baseline">A packed batch of one sequence of as many steps.</param>
    /// <param name="state">The state before the sequence, in the layout of a <see cref="SequenceStream"/>; before the baseline it is zero.
    /// Empty where it is zero for both.</param>
    public void Begin(SequenceBatch sequence, SequenceBatch baseline, ReadOnlySpan<float> state)
    {
        Steps = sequence.TotalSteps;
        Length = StateAt + state.Length;
        FloatBuffer.Require(ref _begin, Length);
        FloatBuffer.Require(ref _difference, Length);
        FloatBuffer.Require(ref _input, Length);
        Read(baseline, _begin);
        Read(sequence, _difference);
        _begin.AsSpan(StateAt, state.Length).Clear();
        state.CopyTo(_difference.AsSpan(StateAt));
        TensorPrimitives.Subtract(Difference, _begin.AsSpan(0, Length), _difference);
    }

    /// <summary>Runs the network forward at points of the line.</summary>
    /// <param name="shares">How far each point is from the baseline: 0 at the baseline, 1 at the sequence.</param>
    public void Forward(ReadOnlySpan<double> shares)
    {
        bool hasState = Length > StateAt;
        _points.Clear();
        for (int i = 0; i < shares.Length; i++)
            _points.Add(Steps);
        // They are equally long, so that each keeps its place.
        _points.Pack();
        if (hasState)
            _runner.RequireInitialStates(shares.Length);
        for (int i = 0; i < shares.Length; i++)
        {
            ReadOnlySpan<float> input = InputAt(shares[i]);
            for (int t = 0; t < Steps; t++)
                input.Slice(t * Shape.InputSize, Shape.InputSize).CopyTo(_points.Features(_points.FirstRow(t) + i));
            input.Slice(StaticsAt, Shape.StaticSize).CopyTo(_points.Statics(i));
            if (hasState)
                _runner.SetInitialState(i, input[StateAt..]);
        }
        _runner.Forward(_points, keep: true);
    }

    /// <summary>The steps [T x I] at a point of the line, valid until the next call.</summary>
    public ReadOnlySpan<float> StepsAt(double share) => InputAt(share)[..StaticsAt];

    /// <summary>Adds the outputs [R x O] of a point to <paramref name="sum"/>.</summary>
    public void AddOutputs(int point, Span<float> sum)
    {
        for (int row = 0; row < OutputRows; row++)
        {
            Span<float> part = sum.Slice(row * OutputSize, OutputSize);
            TensorPrimitives.Add(part, _runner.Output(_runner.OutputSteps.FirstRow(row) + point), part);
        }
    }

    /// <summary>Runs back from the gradients of the outputs of all points.</summary>
    /// <param name="dOutputs">The gradients, [R x O] for each point.</param>
    /// <param name="share">What the gradients are multiplied by.</param>
    public void Backward(float[] dOutputs, float share)
    {
        (_gradient.Values, _gradient.Share, _gradient.Rows) = (dOutputs, share, OutputRows);
        _runner.Backward(_gradient, gradient: null);
    }

    /// <summary>Copies the gradient of the input at a point.</summary>
    public void CopyGradient(int point, Span<float> gradient)
    {
        for (int t = 0; t < Steps; t++)
            _runner.InputGradient(_points.FirstRow(t) + point).CopyTo(gradient[(t * Shape.InputSize)..]);
        Span<float> statics = gradient.Slice(StaticsAt, Shape.StaticSize);
        statics.Clear();
        _runner.AddStaticGradient(point, statics);
        if (Length > StateAt)
            ((NetworkBatchRunner)_runner).CopyInitialGradient(point, gradient[StateAt..]);
    }

    /// <inheritdoc cref="BatchRunner.CopyStates"/>
    public void CopyStates(int row, int step, StateSpans states) => _runner.CopyStates(row, step, states);

    /// <inheritdoc cref="BatchRunner.AttentionWeights"/>
    public ReadOnlySpan<float> AttentionWeights(int row) => _runner.AttentionWeights(row);

    private ReadOnlySpan<float> InputAt(double share)
    {
        TensorPrimitives.MultiplyAdd(Difference, (float)share, _begin.AsSpan(0, Length), _input);
        return _input.AsSpan(0, Length);
    }

    /// <summary>Reads the steps and the static features of a packed sequence.</summary>
    private void Read(SequenceBatch batch, Span<float> input)
    {
        if (_runner is NetworkBatchRunner network)
            network.Embed(batch);
        for (int t = 0; t < batch.TotalSteps; t++)
            batch.Features(t).CopyTo(input[(t * Shape.InputSize)..]);
        batch.Statics(0).CopyTo(input[StaticsAt..]);
    }

    /// <summary>A loss whose gradient is known.</summary>
    private sealed class GivenGradient : OutputLoss
    {
        public float[] Values { get; set; } = [];

        public float Share { get; set; }

        public int Rows { get; set; }

        public override void Differentiate(SequenceBatch batch, int row, OutputRows outputs)
        {
            int size = outputs[0].Length;
            for (int t = 0; t < Rows; t++)
            {
                ReadOnlySpan<float> gradient = Values.AsSpan((row * Rows + t) * size, size);
                TensorPrimitives.Multiply(gradient, Share, outputs[batch.FirstRow(t) + row]);
            }
        }

        public override void Differentiate(int row, Span<float> outputs)
            => throw new NotSupportedException("The outputs of a sequence are differentiated together.");
    }
}

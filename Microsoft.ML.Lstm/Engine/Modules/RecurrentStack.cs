using System.Numerics.Tensors;
using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Layers;
using Microsoft.ML.Lstm.Engine.Modules;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm;

/// <summary>
/// One or several recurrent layers on top of each other, in one direction or both: what <c>torch.nn.LSTM</c> is with
/// <c>batch_first=True</c>.
/// </summary>
/// <remarks>
/// Weights have PyTorch's names, gates and layouts, but for the two biases, which are one: <c>weight_ih_l0</c> [G·H, inputs],
/// <c>weight_hh_l0</c> [G·H, H] and <c>bias_l0</c> [G·H], the sum of PyTorch's two; of GRU [4·H]: r, z, n of the input, and n of the
/// hidden state. The second direction's have <c>_reverse</c> behind them.
/// </remarks>
public abstract class RecurrentStack : Layer
{
    private readonly RecurrentWeights[][] _weights;
    private readonly RecurrentPass _pass;
    private readonly KeptTensor _output = new();
    private readonly KeptTensor _stepOutput = new();
    private readonly KeptTensor _inputGradient = new();
    private readonly Func<int, int> _threadsFor;
    private readonly ulong _seed;
    private RecurrentPass? _stepping;
    private RecurrentState? _final;
    private RecurrentState? _initialGradient;
    private ulong _passes;
    private bool _hasRun;

    private protected RecurrentStack(CellType cell, int inputSize, int hiddenSize, int numberOfLayers, bool bidirectional, float dropout,
        int? seed)
        : base(ShapeOf(cell, inputSize, hiddenSize, numberOfLayers, bidirectional), seed)
    {
        if (!(dropout >= 0 && dropout < 1))
            throw new ArgumentOutOfRangeException(nameof(dropout), dropout, "Has to be at least 0 and below 1.");
        DropoutRate = dropout;
        _seed = (ulong)(seed ?? Random.Shared.Next());
        NetworkShape shape = Weights.Shape;
        _weights =
        [
            .. Enumerable.Range(0, shape.Layers).Select(layer => Enumerable.Range(0, shape.Directions)
                .Select(direction => new RecurrentWeights(Weights, layer, direction, Kernels, backward: true, inputGradient: true))
                .ToArray()),
        ];
        Packed = [.. _weights.SelectMany(layer => layer).SelectMany(weights => weights.Packed)];
        _pass = new RecurrentPass(shape, _weights, Kernels);
        _threadsFor = ThreadsFor;
    }

    /// <summary>I: the features of a step.</summary>
    public int InputSize => Weights.Shape.InputSize;

    /// <summary>H: the units of a direction of a layer.</summary>
    public int HiddenSize => Weights.Shape.HiddenSize;

    /// <summary>The layers on top of each other.</summary>
    public int NumberOfLayers => Weights.Shape.Layers;

    /// <summary>Whether each layer also reads the sequence from its end.</summary>
    public bool IsBidirectional => Weights.Shape.Bidirectional;

    /// <summary>The width of an output: H, or 2·H of two directions.</summary>
    public int OutputSize => Weights.Shape.LayerSize;

    /// <summary>The share of a layer's outputs that the next layer does not read in training.</summary>
    public float DropoutRate { get; }

    private protected override PackedParameter[] Packed { get; }

    private CellDescription Cell => Weights.Shape.CellDescription;

    /// <summary>A state of zeros.</summary>
    /// <param name="batchSize">B: sequences.</param>
    /// <returns>The state, for <see cref="Step"/>, or to begin with.</returns>
    public RecurrentState NewState(int batchSize)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(batchSize, 1);
        return new RecurrentState(NumberOfLayers, Weights.Shape.Directions, batchSize, HiddenSize, Cell.HasCellState);
    }

    /// <summary>Runs a batch of sequences through the layers.</summary>
    /// <param name="input">[B, T, I]: sequences, steps, features.</param>
    /// <param name="lengths">The steps of each sequence, from 1 to T; what is behind them is not read. Empty for T each.</param>
    /// <param name="state">The states to begin with; <see langword="null"/> for zeros.</param>
    /// <returns>The outputs of the last layer, [B, T, <see cref="OutputSize"/>], zero behind a sequence's end; and the states after each
    /// sequence's last step, or of the reverse direction its first.</returns>
    /// <exception cref="ArgumentException">A tensor has other dimensions, or there are not B lengths.</exception>
    public (Tensor<float> Output, RecurrentState State) Forward(Tensor<float> input, ReadOnlySpan<int> lengths = default,
        RecurrentState? state = null)
    {
        input.Require(nameof(input), [-1, -1, InputSize]);
        int batch = (int)input.Lengths[0], steps = (int)input.Lengths[1];
        if (!lengths.IsEmpty && lengths.Length != batch)
            throw new ArgumentException($"Expected {batch} lengths, one for each sequence, found {lengths.Length}.", nameof(lengths));
        foreach (int length in lengths)
        {
            if (length < 1 || length > steps)
                throw new ArgumentOutOfRangeException(nameof(lengths), length, $"A sequence has 1 to {steps} steps.");
        }
        Check(state, batch, nameof(state));
        Prepare();
        _pass.Forward(input.Flat(), batch, steps, lengths, state, IsTraining,
            IsTraining && DropoutRate > 0 ? new Dropout(SplitMix64.Mix(_seed + ++_passes)) { Layers = DropoutRate } : default,
            Team, _threadsFor);
        _hasRun = IsTraining;
        Tensor<float> output = _output.Of([batch, steps, OutputSize]);
        _pass.CopyOutputs(_output.Values, steps);
        _final = Of(_final, batch);
        _pass.CopyFinalStates(_final);
        return (output, _final);
    }

    /// <summary>
    /// Runs one step of a batch of sequences, as in scoring, and moves their states on. A <see cref="Backward"/> that follows is still
    /// that of the last <see cref="Forward"/>.
    /// </summary>
    /// <param name="input">[B, I]: the step's features.</param>
    /// <param name="state">The states after the step before, replaced by those after this one; <see cref="NewState"/> to begin
    /// with.</param>
    /// <returns>The outputs of the last layer, [B, H].</returns>
    /// <exception cref="InvalidOperationException">The layers have two directions.</exception>
    public Tensor<float> Step(Tensor<float> input, RecurrentState state)
    {
        if (IsBidirectional)
            throw new InvalidOperationException("Layers of two directions need whole sequences: use Forward.");
        input.Require(nameof(input), [-1, InputSize]);
        ArgumentNullException.ThrowIfNull(state);
        int batch = (int)input.Lengths[0];
        Check(state, batch, nameof(state));
        Prepare();
        _stepping ??= new RecurrentPass(Weights.Shape, _weights, Kernels);
        _stepping.Forward(input.Flat(), batch, steps: 1, [], state, keep: false, default, Team, _threadsFor);
        Tensor<float> output = _stepOutput.Of([batch, OutputSize]);
        _stepping.CopyOutputs(_stepOutput.Values, steps: 1);
        _stepping.CopyFinalStates(state);
        return output;
    }

    /// <summary>
    /// The gradients of the inputs, of the states that the sequences began with, and, added to those of before, of the weights.
    /// </summary>
    /// <param name="outputGradient">The gradient of the last <see cref="Forward"/>'s outputs, of the same dimensions; what is behind a
    /// sequence's end is not read. <see langword="null"/> for zeros.</param>
    /// <param name="stateGradient">The gradient of its final states; <see langword="null"/> for zeros.</param>
    /// <returns>The gradient of the inputs, [B, T, I], <see langword="null"/> without <see cref="Layer.ComputesInputGradient"/>; and of the
    /// states that <see cref="Forward"/> was given, <see langword="null"/> if it was given none.</returns>
    /// <exception cref="InvalidOperationException">There was no <see cref="Forward"/> in training.</exception>
    public (Tensor<float>? Input, RecurrentState? State) Backward(Tensor<float>? outputGradient, RecurrentState? stateGradient = null)
    {
        RequireForward(_hasRun);
        outputGradient?.Require(nameof(outputGradient), [_pass.Batch, _pass.Steps, OutputSize]);
        Check(stateGradient, _pass.Batch, nameof(stateGradient));
        _hasRun = false;
        _pass.Backward(outputGradient is null ? [] : outputGradient.Flat(), stateGradient, ComputesInputGradient, Gradient.Parameters,
            Team);
        Tensor<float>? input = null;
        if (ComputesInputGradient)
        {
            input = _inputGradient.Of([_pass.Batch, _pass.Steps, InputSize]);
            _pass.CopyInputGradient(_inputGradient.Values);
        }
        if (!_pass.HasInitialState)
            return (input, null);
        _initialGradient = Of(_initialGradient, _pass.Batch);
        _pass.CopyInitialGradient(_initialGradient);
        return (input, _initialGradient);
    }

    private static NetworkShape ShapeOf(CellType cell, int inputSize, int hiddenSize, int numberOfLayers, bool bidirectional)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(inputSize, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(hiddenSize, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(numberOfLayers, 1);
        return new NetworkShape
        {
            Cell = cell,
            InputSize = inputSize,
            HiddenSize = hiddenSize,
            Layers = numberOfLayers,
            Bidirectional = bidirectional,
            OutputSize = 0,
        };
    }

    private RecurrentState Of(RecurrentState? known, int batch)
        => known is not null && known.Hidden.Lengths[1] == batch ? known : NewState(batch);

    private void Check(RecurrentState? state, int batch, string name)
    {
        if (state is null)
            return;
        state.Hidden.Require(name, [NumberOfLayers * Weights.Shape.Directions, batch, HiddenSize]);
        if (state.Cell is null == Cell.HasCellState)
            throw new ArgumentException("The state is that of another kind of cell.", name);
    }
}

/// <summary>
/// Long short-term memory: i, f, o = σ(·), g = tanh(·), c = f∘c' + i∘g, h = o∘tanh(c) (Hochreiter and Schmidhuber 1997; Gers et al.
/// 2000).
/// </summary>
/// <example>
/// <code>
/// // PyTorch's example: 5 sequences of 3 steps of 10 features, 2 layers of 20 units.
/// var lstm = new LstmLayer(10, 20, numberOfLayers: 2);
/// var (output, state) = lstm.Forward(Tensor.Create(new float[5 * 3 * 10], [5, 3, 10]));
/// </code>
/// </example>
public sealed class LstmLayer : RecurrentStack
{
    /// <summary>
    /// Makes layers with random weights: Glorot uniform, recurrent ones orthogonal, biases zero, those of forget gates 1.
    /// </summary>
    /// <param name="inputSize">I: the features of a step.</param>
    /// <param name="hiddenSize">H: the units of a direction of a layer.</param>
    /// <param name="numberOfLayers">The layers on top of each other.</param>
    /// <param name="bidirectional">Whether each layer also reads the sequence from its end.</param>
    /// <param name="dropout">The share of a layer's outputs that the next layer does not read in training, from 0 to below 1.</param>
    /// <param name="seed">The seed of the weights and of dropout; <see langword="null"/> for another one each time.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
    public LstmLayer(int inputSize, int hiddenSize, int numberOfLayers = 1, bool bidirectional = false, float dropout = 0, int? seed = null)
        : base(CellType.Lstm, inputSize, hiddenSize, numberOfLayers, bidirectional, dropout, seed)
    {
    }
}

/// <summary>
/// Gated recurrent units, with the reset gate behind the product as PyTorch and cuDNN have it: r, z = σ(·), n = tanh(W·x + b + r∘(U·h' +
/// b')), h = (1 − z)∘n + z∘h' (Cho et al. 2014).
/// </summary>
public sealed class GruLayer : RecurrentStack
{
    /// <summary>Makes layers with random weights, see <see cref="LstmLayer(int, int, int, bool, float, int?)"/>.</summary>
    /// <param name="inputSize">I: the features of a step.</param>
    /// <param name="hiddenSize">H: the units of a direction of a layer.</param>
    /// <param name="numberOfLayers">The layers on top of each other.</param>
    /// <param name="bidirectional">Whether each layer also reads the sequence from its end.</param>
    /// <param name="dropout">The share of a layer's outputs that the next layer does not read in training, from 0 to below 1.</param>
    /// <param name="seed">The seed of the weights and of dropout; <see langword="null"/> for another one each time.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
    public GruLayer(int inputSize, int hiddenSize, int numberOfLayers = 1, bool bidirectional = false, float dropout = 0, int? seed = null)
        : base(CellType.Gru, inputSize, hiddenSize, numberOfLayers, bidirectional, dropout, seed)
    {
    }
}

/// <summary>Plain recurrent units: h = tanh(W·x + U·h' + b) (Elman 1990).</summary>
public sealed class RnnLayer : RecurrentStack
{
    /// <summary>Makes layers with random weights, see <see cref="LstmLayer(int, int, int, bool, float, int?)"/>.</summary>
    /// <param name="inputSize">I: the features of a step.</param>
    /// <param name="hiddenSize">H: the units of a direction of a layer.</param>
    /// <param name="numberOfLayers">The layers on top of each other.</param>
    /// <param name="bidirectional">Whether each layer also reads the sequence from its end.</param>
    /// <param name="dropout">The share of a layer's outputs that the next layer does not read in training, from 0 to below 1.</param>
    /// <param name="seed">The seed of the weights and of dropout; <see langword="null"/> for another one each time.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
    public RnnLayer(int inputSize, int hiddenSize, int numberOfLayers = 1, bool bidirectional = false, float dropout = 0, int? seed = null)
        : base(CellType.Rnn, inputSize, hiddenSize, numberOfLayers, bidirectional, dropout, seed)
    {
    }
}

using System.Numerics.Tensors;
using Microsoft.ML.Lstm.Engine.Layers;
using Microsoft.ML.Lstm.Engine.Modules;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm;

/// <summary>
/// Inverted dropout (Srivastava et al. 2014), <c>torch.nn.Dropout</c>: in training each number becomes 0 with a probability, the rate, or
/// is divided by 1 − rate; otherwise it stays as it is.
/// </summary>
public sealed class DropoutLayer : Layer
{
    private readonly KeptTensor _output = new();
    private readonly KeptTensor _inputGradient = new();
    private readonly ulong _seed;
    private ulong _passes;
    private DropoutMask _mask;
    private nint _count;

    /// <summary>Makes a layer, which has no weights.</summary>
    /// <param name="rate">From 0 to below 1.</param>
    /// <param name="seed">The seed; <see langword="null"/> for another one each time.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="rate"/> is out of its range.</exception>
    public DropoutLayer(float rate, int? seed = null)
        : base(new NetworkShape { Cell = CellType.Rnn, InputSize = 1, HiddenSize = 1, Layers = 0, OutputSize = 0 }, seed)
    {
        if (!(rate >= 0 && rate < 1))
            throw new ArgumentOutOfRangeException(nameof(rate), rate, "Has to be at least 0 and below 1.");
        Rate = rate;
        _seed = (ulong)(seed ?? Random.Shared.Next());
    }

    /// <summary>The probability of 0.</summary>
    public float Rate { get; }

    private protected override PackedParameter[] Packed => [];

    /// <summary>Drops numbers in training.</summary>
    /// <param name="input">Of any dimensions.</param>
    /// <returns>Of the same dimensions.</returns>
    public Tensor<float> Forward(Tensor<float> input)
    {
        ArgumentNullException.ThrowIfNull(input);
        _mask = new DropoutMask(IsTraining ? Rate : 0, SplitMix64.Mix(_seed + ++_passes));
        _count = IsTraining ? input.FlattenedLength : 0;
        Tensor<float> output = _output.Of(input.Lengths);
        _mask.Apply(input.Flat(), _output.Values);
        return output;
    }

    /// <summary>The gradient of the inputs: that of the outputs, with the same numbers dropped.</summary>
    /// <param name="outputGradient">The gradient of the last <see cref="Forward"/>'s outputs.</param>
    /// <returns>The gradient of its inputs.</returns>
    /// <exception cref="InvalidOperationException">There was no <see cref="Forward"/> in training.</exception>
    public Tensor<float> Backward(Tensor<float> outputGradient)
    {
        RequireForward(_count > 0);
        ArgumentNullException.ThrowIfNull(outputGradient);
        if (outputGradient.FlattenedLength != _count)
            throw new ArgumentException($"Expected {_count} numbers, as many as the inputs, found {outputGradient.FlattenedLength}.",
                nameof(outputGradient));
        Tensor<float> input = _inputGradient.Of(outputGradient.Lengths);
        _mask.Apply(outputGradient.Flat(), _inputGradient.Values);
        return input;
    }
}

using System.Numerics.Tensors;
using Microsoft.ML.Lstm.Engine.Modules;

namespace Microsoft.ML.Lstm;

/// <summary>
/// The states of recurrent layers, or the gradients of these, for a batch of B sequences: PyTorch's <c>h_n</c> and <c>c_n</c>, layer by
/// layer, of two directions the forward one first.
/// </summary>
public sealed class RecurrentState
{
    private readonly int _directions;

    internal RecurrentState(int layers, int directions, int batch, int hiddenSize, bool hasCell)
    {
        _directions = directions;
        nint[] lengths = [layers * directions, batch, hiddenSize];
        int count = checked(layers * directions * batch * hiddenSize);
        Hidden = Tensor.Create(new float[count], lengths);
        Cell = hasCell ? Tensor.Create(new float[count], lengths) : null;
    }

    private RecurrentState(RecurrentState other)
    {
        _directions = other._directions;
        Hidden = Tensor.Create(other.Hidden.Flat().ToArray(), other.Hidden.Lengths);
        Cell = other.Cell is { } cell ? Tensor.Create(cell.Flat().ToArray(), cell.Lengths) : null;
    }

    /// <summary>h: [layers · directions, B, hidden size].</summary>
    public Tensor<float> Hidden { get; }

    /// <summary>c, of the same dimensions; <see langword="null"/> for cells without one (GRU, RNN).</summary>
    public Tensor<float>? Cell { get; }

    /// <summary>A copy, which the layer does not overwrite.</summary>
    public RecurrentState Clone() => new(this);

    /// <summary>
    /// Copies h of the last layer, the encoding of each sequence: of two directions side by side, PyTorch's
    /// <c>torch.cat([h_n[-2], h_n[-1]], 1)</c>.
    /// </summary>
    /// <param name="encoding">Receives it, [B, directions · hidden size].</param>
    /// <exception cref="ArgumentException">The tensor has other dimensions.</exception>
    public void CopyEncodingTo(Tensor<float> encoding) => CopyEncoding(encoding, isSource: false);

    /// <summary>
    /// Makes this the gradient of a loss that reads the encoding alone: sets h of the last layer, and all else to zero.
    /// </summary>
    /// <param name="gradient">The gradient of what <see cref="CopyEncodingTo"/> gives, [B, directions · hidden size].</param>
    /// <exception cref="ArgumentException">The tensor has other dimensions.</exception>
    public void SetEncodingGradient(Tensor<float> gradient)
    {
        Hidden.Flat().Clear();
        if (Cell is { } cell)
            cell.Flat().Clear();
        CopyEncoding(gradient, isSource: true);
    }

    private void CopyEncoding(Tensor<float> encoding, bool isSource)
    {
        int batch = (int)Hidden.Lengths[1], size = (int)Hidden.Lengths[2], first = (int)Hidden.Lengths[0] - _directions;
        encoding.Require(nameof(encoding), [batch, _directions * size]);
        for (int b = 0; b < batch; b++)
        {
            for (int d = 0; d < _directions; d++)
            {
                Span<float> state = Hidden.Flat().Slice(((first + d) * batch + b) * size, size);
                Span<float> part = encoding.Flat().Slice((b * _directions + d) * size, size);
                if (isSource)
                    part.CopyTo(state);
                else
                    state.CopyTo(part);
            }
        }
    }
}

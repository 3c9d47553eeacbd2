using System.Numerics.Tensors;

namespace Microsoft.ML.Lstm.Network;

/// <summary>
/// The head: y = W·e + b, with e the encoding and the static features behind it [E + S], W [O x (E + S)] and y [O].
/// Backward: de = Wᵀ·dy, dW = dy·eᵀ, db = dy.
/// </summary>
internal sealed class DenseHead(ParameterSet parameters)
{
    private readonly Parameter _weight = parameters.Find("head.weight");
    private readonly Parameter _bias = parameters.Find("head.bias");

    public void Forward(ReadOnlySpan<float> e, Span<float> y)
    {
        ReadOnlySpan<float> weight = parameters[_weight];
        ReadOnlySpan<float> bias = parameters[_bias];
        for (int o = 0; o < y.Length; o++)
            y[o] = bias[o] + TensorPrimitives.Dot(weight.Slice(o * e.Length, e.Length), e);
    }

    public void Backward(ReadOnlySpan<float> e, ReadOnlySpan<float> dy, Span<float> de, ParameterSet gradients)
    {
        ReadOnlySpan<float> weight = parameters[_weight];
        Span<float> dWeight = gradients[_weight];
        Span<float> dBias = gradients[_bias];
        de.Clear();
        for (int o = 0; o < dy.Length; o++)
        {
            TensorPrimitives.MultiplyAdd(weight.Slice(o * e.Length, e.Length), dy[o], de, de);
            Span<float> dRow = dWeight.Slice(o * e.Length, e.Length);
            TensorPrimitives.MultiplyAdd(e, dy[o], dRow, dRow);
            dBias[o] += dy[o];
        }
    }
}

using System.Numerics.Tensors;
using Microsoft.ML.Lstm.Engine.Kernels;

namespace Microsoft.ML.Lstm.Engine.Layers;

/// <summary>
/// The masks of variational dropout, one for each row of a batch: it multiplies what that sequence has at each of its steps.
/// </summary>
internal sealed unsafe class SequenceMasks
{
    private readonly FloatBuffer _masks = new();
    private int _width;

    /// <summary>Makes room.</summary>
    public void Prepare(int rows, int width)
    {
        _width = width;
        _masks.Require((long)rows * width);
    }

    /// <summary>Draws that of row <paramref name="row"/>.</summary>
    public void Draw(int row, DropoutMask mask)
    {
        Span<float> factors = _masks.Span.Slice(row * _width, _width);
        factors.Fill(1f);
        mask.Apply(factors, factors);
    }

    /// <summary>Multiplies a vector of row <paramref name="row"/> by its mask.</summary>
    public void Apply(int row, float* source, float* destination)
        => TensorPrimitives.Multiply(new ReadOnlySpan<float>(source, _width), _masks.Span.Slice(row * _width, _width),
            new Span<float>(destination, _width));

    /// <summary>Adds the product instead.</summary>
    public void AddTo(int row, float* source, float* destination)
    {
        var sum = new Span<float>(destination, _width);
        TensorPrimitives.MultiplyAdd(new ReadOnlySpan<float>(source, _width), _masks.Span.Slice(row * _width, _width), sum, sum);
    }
}

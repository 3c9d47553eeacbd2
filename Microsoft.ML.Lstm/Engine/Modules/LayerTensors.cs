using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Microsoft.ML.Lstm.Engine.Modules;

/// <summary>The numbers of tensors as spans, and tensors that are kept from call to call.</summary>
internal static class LayerTensors
{
    /// <summary>All elements, row-major.</summary>
    public static Span<T> Flat<T>(this Tensor<T> tensor)
    {
        if (tensor.FlattenedLength == 0)
            return [];
        return tensor.IsDense
            ? MemoryMarshal.CreateSpan(ref Unsafe.AsRef(in tensor.GetPinnableReference()), checked((int)tensor.FlattenedLength))
            : throw new ArgumentException("A tensor has to be dense; ToDenseTensor makes it so.", nameof(tensor));
    }

    /// <summary>Throws unless a tensor has these dimensions; −1 is any of at least 1.</summary>
    public static void Require<T>(this Tensor<T> tensor, string name, ReadOnlySpan<nint> lengths)
    {
        ArgumentNullException.ThrowIfNull(tensor, name);
        bool isRight = tensor.Rank == lengths.Length;
        for (int i = 0; isRight && i < lengths.Length; i++)
            isRight = lengths[i] < 0 ? tensor.Lengths[i] > 0 : tensor.Lengths[i] == lengths[i];
        if (isRight)
            return;
        string expected = string.Join(", ", lengths.ToArray().Select(length => length < 0 ? "n" : $"{length}"));
        throw new ArgumentException($"Expected a tensor [{expected}], found [{string.Join(", ", tensor.Lengths.ToArray())}].", name);
    }
}

/// <summary>A tensor that is made anew only when its dimensions change.</summary>
internal sealed class KeptTensor
{
    private Tensor<float>? _tensor;

    /// <summary>The tensor with these dimensions; its values are those of before, or zero.</summary>
    public Tensor<float> Of(ReadOnlySpan<nint> lengths)
    {
        if (_tensor is not null && _tensor.Lengths.SequenceEqual(lengths))
            return _tensor;
        nint count = 1;
        foreach (nint length in lengths)
            count = checked(count * length);
        return _tensor = Tensor.Create(new float[count], lengths);
    }

    /// <summary>The values of the tensor.</summary>
    public Span<float> Values => _tensor!.Flat();
}

namespace Microsoft.ML.Lstm.Kernels;

/// <summary>Floats that stay where they are, from the start of a cache line on, so that kernels may use plain pointers.</summary>
/// <remarks>Pinned and owned by the garbage collector: nothing to dispose, and the memory lives as long as the buffer is referenced.</remarks>
internal sealed unsafe class FloatBuffer
{
    private const int LineFloats = 16;

    private float[] _array = [];
    private int _start;

    public FloatBuffer()
    {
    }

    public FloatBuffer(long length) => Require(length);

    /// <summary>The first float.</summary>
    public float* Pointer { get; private set; }

    /// <summary>Floats there is room for.</summary>
    public int Capacity { get; private set; }

    public Span<float> Span => _array.AsSpan(_start, Capacity);

    /// <summary>Makes room for <paramref name="length"/> floats. What was there is lost when the buffer has to grow.</summary>
    public void Require(long length)
    {
        if (length <= Capacity)
            return;
        // Half as much again, so that a batch a little longer than the last does not allocate each time.
        long capacity = Capacity == 0 ? length : Math.Max(length, Math.Min(Capacity + Capacity / 2L, Array.MaxLength - LineFloats));
        if (capacity > Array.MaxLength - LineFloats)
            throw new InvalidOperationException($"A buffer of {length:N0} floats is needed; at most {Array.MaxLength - LineFloats:N0} are possible. Use smaller batches, shorter sequences, or fewer features or units.");
        _array = GC.AllocateArray<float>((int)capacity + LineFloats, pinned: true);
        Capacity = (int)capacity;
        fixed (float* first = _array)
        {
            long misaligned = (nint)first % (LineFloats * sizeof(float));
            _start = misaligned == 0 ? 0 : (int)(LineFloats - misaligned / sizeof(float));
            Pointer = first + _start;
        }
    }
}

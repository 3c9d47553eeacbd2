namespace Microsoft.ML.Lstm.Engine.Kernels;

/// <summary>Pinned floats, aligned to a cache line, that kernels reach by pointers.</summary>
/// <remarks>
/// Pinned and owned by the garbage collector: nothing to dispose, and the memory lives as long as the buffer is referenced.
/// </remarks>
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

    /// <summary>The number of floats.</summary>
    public int Capacity { get; private set; }

    public Span<float> Span => _array.AsSpan(_start, Capacity);

    /// <summary>
    /// Makes room for <paramref name="length"/> elements in an array that need not be pinned. Its contents are lost when it has to grow.
    /// </summary>
    public static void Require<T>(ref T[] array, long length)
    {
        if (length > array.Length)
            array = new T[Grow(array.Length, length)];
    }

    /// <summary>
    /// The capacity for <paramref name="length"/> elements in place of <paramref name="capacity"/>: at least half as much again, so that
    /// batches that grow little by little do not allocate each time.
    /// </summary>
    public static int Grow(int capacity, long length)
    {
        int maxLength = Array.MaxLength - LineFloats;
        if (length > maxLength)
            throw new InvalidOperationException(
                $"A buffer of {length:N0} elements is needed; at most {maxLength:N0} are possible. Use smaller batches, shorter "
                + "sequences, or fewer features or units.");
        return (int)Math.Max(length, Math.Min(capacity + capacity / 2L, maxLength));
    }

    /// <summary>Makes room for <paramref name="length"/> floats. The contents are lost when the buffer has to grow.</summary>
    public void Require(long length)
    {
        if (length <= Capacity)
            return;
        int capacity = Grow(Capacity, length);
        _array = GC.AllocateArray<float>(capacity + LineFloats, pinned: true);
        Capacity = capacity;
        fixed (float* first = _array)
        {
            long misaligned = (nint)first % (LineFloats * sizeof(float));
            _start = misaligned == 0 ? 0 : (int)(LineFloats - misaligned / sizeof(float));
            Pointer = first + _start;
        }
    }
}

namespace Microsoft.ML.Lstm.Columns;

/// <summary>
/// Room for the numbers of many sequences, one behind the other in a few arrays: large ones stay where they are, while the garbage
/// collector would move arrays of each sequence's own twice, and need room for the copies.
/// </summary>
internal sealed class NumberStore
{
    private const int SmallestArray = 1 << 12, LargestArray = 1 << 18;

    private Memory<float> _free;
    private int _size = SmallestArray;

    /// <summary>Room for <paramref name="length"/> numbers, whatever they are now.</summary>
    public Memory<float> Take(int length)
    {
        // Little is lost at the end of an array.
        if (length > LargestArray / 16)
            return GC.AllocateUninitializedArray<float>(length);
        if (length > _free.Length)
        {
            _size = Math.Min(Math.Max(2 * _size, 16 * length), LargestArray);
            _free = GC.AllocateUninitializedArray<float>(_size);
        }
        Memory<float> taken = _free[..length];
        _free = _free[length..];
        return taken;
    }
}

namespace Microsoft.ML.Lstm.Engine.Parameters;

/// <summary>
/// The random numbers of a <see cref="Random"/> with a seed, from a state that can be saved: Knuth's subtractive generator (The Art of
/// Computer Programming, volume 2), as .NET implements it for seeds.
/// </summary>
internal sealed class RandomNumbers : Random
{
    private const int Length = 55;
    private const int Distance = 21;

    // The digits of the golden ratio.
    private const int First = 161803398;

    private readonly int[] _values = new int[Length + 1];
    private int _next;
    private int _behind = Distance;

    /// <param name="seed">The seed; the numbers are the same as of a <see cref="Random"/> with this seed.</param>
    public RandomNumbers(int seed)
    {
        int value = First - (seed == int.MinValue ? int.MaxValue : Math.Abs(seed));
        _values[Length] = value;
        int before = 1;
        for (int i = 1, at = Distance; i < Length; i++, at = (at + Distance) % Length)
        {
            _values[at] = before;
            before = value - before;
            if (before < 0)
                before += int.MaxValue;
            value = _values[at];
        }
        for (int round = 0; round < 4; round++)
        {
            for (int i = 1; i <= Length; i++)
            {
                // Overflows into the sign, as in .NET.
                _values[i] = unchecked(_values[i] - _values[1 + (i + 30) % Length]);
                if (_values[i] < 0)
                    _values[i] += int.MaxValue;
            }
        }
    }

    /// <summary>The state that determines the next numbers.</summary>
    public int[] Save() => [_next, _behind, .. _values[1..]];

    /// <summary>Restores a state that <see cref="Save"/> returned.</summary>
    /// <exception cref="InvalidDataException">The state is not valid.</exception>
    public void Restore(ReadOnlySpan<int> state)
    {
        if (state.Length != Length + 2
            || state[0] is < 0 or > Length
            || state[1] is < 0 or > Length
            || state[2..].ContainsAnyExceptInRange(0, int.MaxValue))
            throw new InvalidDataException("The checkpoint's random numbers are not in a state they can have.");
        (_next, _behind) = (state[0], state[1]);
        state[2..].CopyTo(_values.AsSpan(1));
    }

    public override int Next()
    {
        if (++_next > Length)
            _next = 1;
        if (++_behind > Length)
            _behind = 1;
        int value = _values[_next] - _values[_behind];
        if (value == int.MaxValue)
            value--;
        if (value < 0)
            value += int.MaxValue;
        return _values[_next] = value;
    }

    public override int Next(int maxValue) => Next(0, maxValue);

    public override int Next(int minValue, int maxValue)
    {
        long range = (long)maxValue - minValue;
        ArgumentOutOfRangeException.ThrowIfNegative(range, nameof(maxValue));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(range, int.MaxValue, nameof(maxValue));
        return (int)(Sample() * range) + minValue;
    }

    public override long NextInt64()
    {
        while (true)
        {
            ulong bits = (uint)Next(1 << 22) | (ulong)(uint)Next(1 << 22) << 22 | (ulong)(uint)Next(1 << 20) << 44;
            if (bits >> 1 != long.MaxValue)
                return (long)(bits >> 1);
        }
    }

    public override double NextDouble() => Sample();

    protected override double Sample() => Next() * (1.0 / int.MaxValue);
}

using Microsoft.ML.Lstm.Engine.Kernels;

namespace Microsoft.ML.Lstm.Engine.Parameters;

/// <summary>
/// The characters of words, each distinct word once. Words are numbered from 1 in the order in which they came; word 0 is the empty one.
/// </summary>
/// <param name="keyCount">
/// The keys that characters may have, from 1, and one more for the boundary between words; 0 is the missing character.
/// </param>
internal sealed class Spellings(int keyCount)
{
    private int[] _characters = [];
    private int[] _ends = new int[16];
    private int[] _hashes = new int[16];

    // Twice as many places as words at least, a power of two; 0 is a free place.
    private int[] _places = new int[32];

    /// <summary>The keys that characters may have, with the boundary, which is the last.</summary>
    public int KeyCount => keyCount;

    /// <summary>The number of words, with the empty one.</summary>
    public int Count { get; private set; } = 1;

    /// <summary>The characters of a word.</summary>
    public ReadOnlySpan<int> this[int word] => word == 0 ? [] : _characters.AsSpan(_ends[word - 1].._ends[word]);

    /// <summary>The number of a word, which is added if it is new. Nothing is allocated once the buffers are long enough.</summary>
    public int Add(ReadOnlySpan<int> characters)
    {
        if (characters.IsEmpty)
            return 0;
        int hash = HashOf(characters), place = hash & (_places.Length - 1);
        for (; _places[place] != 0; place = (place + 1) & (_places.Length - 1))
        {
            int word = _places[place];
            if (_hashes[word] == hash && this[word].SequenceEqual(characters))
                return word;
        }
        int added = Count++, start = _ends[added - 1];
        if (added == _ends.Length)
        {
            Array.Resize(ref _ends, FloatBuffer.Grow(added, 2L * added));
            Array.Resize(ref _hashes, _ends.Length);
        }
        if (start + (long)characters.Length > _characters.Length)
            Array.Resize(ref _characters, FloatBuffer.Grow(_characters.Length, Math.Max(256, start + (long)characters.Length)));
        characters.CopyTo(_characters.AsSpan(start));
        (_ends[added], _hashes[added], _places[place]) = (start + characters.Length, hash, added);
        if (2 * Count > _places.Length)
            Rehash();
        return added;
    }

    /// <summary>Forgets all words.</summary>
    public void Clear()
    {
        Count = 1;
        Array.Clear(_places);
    }

    private void Rehash()
    {
        _places = new int[2 * _places.Length];
        for (int word = 1; word < Count; word++)
        {
            int place = _hashes[word] & (_places.Length - 1);
            while (_places[place] != 0)
                place = (place + 1) & (_places.Length - 1);
            _places[place] = word;
        }
    }

    private static int HashOf(ReadOnlySpan<int> characters)
    {
        ulong hash = (ulong)characters.Length;
        foreach (int character in characters)
            hash = SplitMix64.Mix(hash + (ulong)character);
        return (int)hash;
    }
}

using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Columns;

/// <summary>Reads the texts that a row has in one column, a vector of texts, as words by their characters: UTF-16's units.</summary>
internal sealed class SpellingReader
{
    private readonly VectorLength _length;
    private readonly ValueGetter<VBuffer<ReadOnlyMemory<char>>> _get;
    private VBuffer<ReadOnlyMemory<char>> _words;
    private int[] _characters = [];

    public SpellingReader(DataViewRow row, DataViewSchema.Column column)
    {
        _length = new VectorLength(row, column);
        _get = row.GetGetter<VBuffer<ReadOnlyMemory<char>>>(column);
    }

    /// <summary>How many words the row has.</summary>
    public int Length => _words.Length;

    /// <summary>Fetches the words of the current row.</summary>
    /// <exception cref="InvalidOperationException">The row has more or fewer words than the column's type says.</exception>
    public void Read()
    {
        _get(ref _words);
        _length.Check(_words.Length);
    }

    /// <summary>Writes the number of each word to every <paramref name="stride"/>-th place, and adds new words to the spellings.</summary>
    public void CopyTo(Span<int> destination, int stride, Spellings spellings)
    {
        ReadOnlySpan<ReadOnlyMemory<char>> words = _words.GetValues();
        ReadOnlySpan<int> indices = _words.IsDense ? [] : _words.GetIndices();
        // Words that a sparse vector leaves out are empty, and the destination is zero.
        for (int i = 0; i < words.Length; i++)
            destination[(_words.IsDense ? i : indices[i]) * stride] = NumberOf(words[i].Span, spellings);
    }

    private int NumberOf(ReadOnlySpan<char> word, Spellings spellings)
    {
        if (_characters.Length < word.Length)
            _characters = new int[Math.Max(word.Length, 2 * _characters.Length)];
        for (int i = 0; i < word.Length; i++)
            _characters[i] = word[i];
        return spellings.Add(_characters.AsSpan(0, word.Length));
    }
}

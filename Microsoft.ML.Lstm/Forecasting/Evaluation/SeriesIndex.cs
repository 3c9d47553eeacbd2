using Microsoft.ML.Lstm.Columns;

namespace Microsoft.ML.Lstm.Forecasting.Evaluation;

/// <summary>Numbers series from 0, in the order of their first rows.</summary>
internal sealed class SeriesIndex
{
    private readonly Dictionary<string, int> _byText = [];
    private readonly Dictionary<int, int> _byKey = [];

    /// <summary>A function that reads the number of the series that the current row belongs to.</summary>
    public Func<int> Reader(DataViewRow row, DataViewSchema.Column? column)
    {
        if (column is not { } series)
            return () => 0;
        return TokenReader.VocabularyOf(series.Type) is null ? TextReader(row, series) : KeyReader(row, series);
    }

    private Func<int> TextReader(DataViewRow row, DataViewSchema.Column column)
    {
        ValueGetter<ReadOnlyMemory<char>> get = row.GetGetter<ReadOnlyMemory<char>>(column);
        var lookup = _byText.GetAlternateLookup<ReadOnlySpan<char>>();
        ReadOnlyMemory<char> name = default;
        return () =>
        {
            get(ref name);
            if (!lookup.TryGetValue(name.Span, out int number))
                lookup[name.Span] = number = _byText.Count;
            return number;
        };
    }

    private Func<int> KeyReader(DataViewRow row, DataViewSchema.Column column)
    {
        TokenReader reader = TokenReader.Create(row, column);
        int[] key = new int[1];
        return () =>
        {
            reader.Read();
            reader.CopyTo(key);
            if (!_byKey.TryGetValue(key[0], out int number))
                _byKey.Add(key[0], number = _byKey.Count);
            return number;
        };
    }
}

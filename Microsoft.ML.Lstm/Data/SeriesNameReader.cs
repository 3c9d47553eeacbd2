using System.Globalization;
using Microsoft.ML.Data;

namespace Microsoft.ML.Lstm.Data;

/// <summary>
/// Reads which series a row belongs to, by a name that stays the same in other data: a text, or what a key stands for (its number where it stands
/// for nothing that has a name).
/// </summary>
internal sealed class SeriesNameReader
{
    private readonly ValueGetter<ReadOnlyMemory<char>>? _getText;
    private readonly ValueGetter<uint>? _getKey;
    private readonly string[] _names = [];
    private ReadOnlyMemory<char> _text;
    private uint _key;
    private string _last = "";

    public SeriesNameReader(DataViewRow row, DataViewSchema.Column column)
    {
        if (column.Type is TextDataViewType)
        {
            _getText = row.GetGetter<ReadOnlyMemory<char>>(column);
            return;
        }
        _getKey = row.GetGetter<uint>(column);
        if (column.Type is KeyDataViewType { Count: <= int.MaxValue } key)
            _names = LabelValues.Of(column, (int)key.Count)?.Values ?? [];
    }

    /// <summary>The name of the current row's series; empty where it is missing.</summary>
    public string Read()
    {
        if (_getText is not null)
        {
            _getText(ref _text);
            return _text.Span.SequenceEqual(_last) ? _last : _last = _text.ToString();
        }
        uint last = _key;
        _getKey!(ref _key);
        if (_key == 0)
            return "";
        return _key <= _names.Length ? _names[_key - 1] : _key == last ? _last : _last = _key.ToString(CultureInfo.InvariantCulture);
    }
}

using System.Globalization;
using System.Numerics;
using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Columns;

namespace Microsoft.ML.Lstm.Series;

/// <summary>
/// Reads the name of the series that a row belongs to: a text, or the value of a key of any of ML.NET's key types (its number, where the
/// column has no key values). Unlike numbers of keys, names mean the same series in all data.
/// </summary>
internal sealed class SeriesNameReader
{
    private readonly ValueGetter<ReadOnlyMemory<char>>? _getText;
    private readonly Func<ulong>? _getKey;
    private readonly ulong _count;
    private readonly string[] _names = [];
    private ReadOnlyMemory<char> _text;
    private ulong _key;
    private string _last = "";

    public SeriesNameReader(DataViewRow row, DataViewSchema.Column column)
    {
        if (column.Type is not KeyDataViewType key)
        {
            _getText = row.GetGetter<ReadOnlyMemory<char>>(column);
            return;
        }
        _count = key.Count;
        _getKey = key.RawType switch
        {
            Type type when type == typeof(byte) => KeyGetter<byte>(row, column),
            Type type when type == typeof(ushort) => KeyGetter<ushort>(row, column),
            Type type when type == typeof(uint) => KeyGetter<uint>(row, column),
            _ => KeyGetter<ulong>(row, column),
        };
        if (key.Count <= int.MaxValue)
            _names = KeyValues.Of(column, (int)key.Count)?.Values ?? [];
    }

    /// <summary>
    /// The name of the current row's series; null for the missing key and for a key beyond the column's count. A text may be empty.
    /// </summary>
    public string? Read()
    {
        if (_getText is not null)
        {
            _getText(ref _text);
            return _text.Span.SequenceEqual(_last) ? _last : _last = _text.ToString();
        }
        ulong last = _key;
        _key = _getKey!();
        if (_key == 0 || _key > _count)
            return null;
        if (_key <= (ulong)_names.Length)
            return _names[_key - 1];
        return _key == last ? _last : _last = _key.ToString(CultureInfo.InvariantCulture);
    }

    private static Func<ulong> KeyGetter<T>(DataViewRow row, DataViewSchema.Column column)
        where T : unmanaged, IBinaryInteger<T>
    {
        ValueGetter<T> get = row.GetGetter<T>(column);
        T key = default;
        return () =>
        {
            get(ref key);
            return ulong.CreateTruncating(key);
        };
    }
}

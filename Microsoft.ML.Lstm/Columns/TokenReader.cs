using System.Numerics;
using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Columns;

/// <summary>
/// Reads the keys that a row has in one column, a key or a vector of keys of any of ML.NET's key types, as numbers from 1; 0
/// stands for a missing key, and for one beyond the column's own count.
/// </summary>
internal abstract class TokenReader
{
    /// <summary>The most keys that a column to learn from may have.</summary>
    public const ulong MaxVocabulary = KeySubset.MostKeys;

    /// <summary>How many keys the row has.</summary>
    public abstract int Length { get; }

    public static TokenReader Create(DataViewRow row, DataViewSchema.Column column)
    {
        ulong count = VocabularyOf(column.Type)!.Value;
        return KeyTypeOf(column.Type)!.RawType switch
        {
            Type type when type == typeof(byte) => new Reader<byte>(row, column, count),
            Type type when type == typeof(ushort) => new Reader<ushort>(row, column, count),
            Type type when type == typeof(uint) => new Reader<uint>(row, column, count),
            _ => new Reader<ulong>(row, column, count),
        };
    }

    /// <summary>The number of keys of a column of keys or vectors of keys; null for other columns.</summary>
    public static ulong? VocabularyOf(DataViewType type) => KeyTypeOf(type)?.Count;

    /// <summary>Fetches the keys of the current row.</summary>
    /// <exception cref="InvalidOperationException">The row has more or fewer keys than the column's type says.</exception>
    public abstract void Read();

    public abstract void CopyTo(Span<int> destination);

    private static KeyDataViewType? KeyTypeOf(DataViewType type)
        => (type is VectorDataViewType vector ? vector.ItemType : type) as KeyDataViewType;

    private sealed class Reader<T> : TokenReader
        where T : unmanaged, IBinaryInteger<T>
    {
        private readonly ulong _count;
        private readonly VectorLength _length;
        private readonly ValueGetter<T>? _getScalar;
        private readonly ValueGetter<VBuffer<T>>? _getVector;
        private T[] _dense = [];
        private T _scalar;
        private VBuffer<T> _vector;

        public Reader(DataViewRow row, DataViewSchema.Column column, ulong count)
        {
            _count = count;
            _length = new VectorLength(row, column);
            if (column.Type is VectorDataViewType)
                _getVector = row.GetGetter<VBuffer<T>>(column);
            else
                _getScalar = row.GetGetter<T>(column);
        }

        public override int Length => _getVector is null ? 1 : _vector.Length;

        public override void Read()
        {
            if (_getVector is null)
            {
                _getScalar!(ref _scalar);
                return;
            }
            _getVector(ref _vector);
            _length.Check(_vector.Length);
        }

        public override void CopyTo(Span<int> destination)
        {
            if (_getVector is null)
            {
                destination[0] = Token(_scalar);
                return;
            }
            if (_dense.Length < _vector.Length)
                _dense = new T[Math.Max(_vector.Length, 2 * _dense.Length)];
            _vector.CopyTo(_dense);
            for (int i = 0; i < _vector.Length; i++)
                destination[i] = Token(_dense[i]);
        }

        private int Token(T key) => ulong.CreateTruncating(key) is var value && value <= _count ? (int)value : 0;
    }
}

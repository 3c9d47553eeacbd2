using System.Numerics;
using System.Runtime.InteropServices;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>
/// A number from 0 to 1 for each row, by which rows are split into sets: drawn by the row's position, or made from a column, so that rows with
/// equal values stay together.
/// </summary>
internal sealed class SamplingKey
{
    public const int DefaultSeed = 42;

    private readonly DataViewSchema.Column? _column;
    private readonly int _seed;
    private readonly double _min;
    private readonly double _scale;

    public SamplingKey(IDataView data, string columnName, int seed)
    {
        _seed = seed;
        _column = columnName is null ? null : data.Schema[columnName];
        if (!IsNumber)
            return;
        using DataViewRowCursor cursor = data.GetRowCursor([_column.Value]);
        Func<double> value = ReadNumber(cursor, _column.Value);
        (_min, double max) = (double.PositiveInfinity, double.NegativeInfinity);
        while (cursor.MoveNext())
        {
            double x = value();
            (_min, max) = (Math.Min(_min, x), Math.Max(max, x));
        }
        _scale = max > _min ? 1 / (max - _min) : 0;
    }

    public IDataView Filter(IDataView data, Func<double, bool> accepts) => new FilterDataView(data, _column is { } column ? [column] : [], row =>
    {
        Func<double> key = MakeReader(row);
        return () => accepts(key());
    });

    /// <summary>Reads a number column as a double; a key as the middle of its share of 0 to 1, a missing one as NaN.</summary>
    public static Func<double> ReadNumber(DataViewRow row, DataViewSchema.Column column) => column.Type switch
    {
        NumberDataViewType { RawType: var raw } when raw == typeof(float) => Read(row.GetGetter<float>(column), x => x),
        NumberDataViewType { RawType: var raw } when raw == typeof(double) => Read(row.GetGetter<double>(column), x => x),
        KeyDataViewType key => (Func<double>)ByType.Call(ReadKey<uint>, key.RawType, row, column, key.Count),
        _ => throw Contracts.ExceptSchemaMismatch(null, "schema", "filter", column.Name, "Single, Double or Key", column.Type.ToString()),
    };

    private bool IsNumber => _column?.Type is NumberDataViewType { RawType: var raw } && (raw == typeof(float) || raw == typeof(double));

    private Func<double> MakeReader(DataViewRow row)
    {
        if (_column is not { } column)
        {
            var random = new RowRandom((uint)_seed);
            return () => random.Next();
        }
        if (column.Type is KeyDataViewType)
            return ReadNumber(row, column);
        if (IsNumber)
        {
            Func<double> value = ReadNumber(row, column);
            return () => (value() - _min) * _scale;
        }
        return column.Type is TextDataViewType
            ? Read(row.GetGetter<ReadOnlyMemory<char>>(column), text => Hash(MemoryMarshal.AsBytes(text.Span)))
            : (Func<double>)ByType.Call(ReadHash<int>, column.Type.RawType, row, column);
    }

    private static Func<double> Read<T>(ValueGetter<T> getter, Func<T, double> convert)
    {
        T value = default;
        return () =>
        {
            getter(ref value);
            return convert(value);
        };
    }

    private static Func<double> ReadKey<T>(DataViewRow row, DataViewSchema.Column column, ulong count)
        where T : struct, IBinaryInteger<T> =>
        Read(row.GetGetter<T>(column), key => T.IsZero(key) ? double.NaN : (ulong.CreateTruncating(key) - 0.5) / count);

    private Func<double> ReadHash<T>(DataViewRow row, DataViewSchema.Column column)
        where T : unmanaged =>
        Read(row.GetGetter<T>(column), value => Hash(MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value))));

    private double Hash(ReadOnlySpan<byte> bytes)
    {
        uint hash = (uint)_seed;
        foreach (byte b in bytes)
            hash = RowRandom.Mix(hash, b);
        return (hash >> 2) / (double)(1 << 30);
    }

    /// <summary>The uniform numbers by which ML.NET splits rows: a combined Tausworthe generator, started from the seed with Murmur's mix.</summary>
    private sealed class RowRandom
    {
        private uint _a;
        private uint _b;
        private uint _c;
        private uint _d;

        public RowRandom(uint seed)
        {
            _a = seed;
            _b = Mix(_a, _a);
            _c = Mix(_b, _a);
            _d = Mix(_c, _a);
        }

        public static uint Mix(uint hash, uint value)
        {
            value = BitOperations.RotateLeft(value * 0xCC9E2D51, 15) * 0x1B873593;
            return BitOperations.RotateLeft(hash ^ value, 13) * 5 + 0xE6546B64;
        }

        public double Next()
        {
            _a = Step(_a, 13, 19, 12, 0xFFFFFFFE);
            _b = Step(_b, 2, 25, 4, 0xFFFFFFF8);
            _c = Step(_c, 3, 11, 17, 0xFFFFFFF0);
            _d = 1664525 * _d + 1013904223;
            return ((_a ^ _b ^ _c ^ _d) >> 9) / (double)(1 << 23);
        }

        private static uint Step(uint z, int left, int right, int shift, uint mask) => (z & mask) << shift ^ ((z << left ^ z) >> right);
    }
}

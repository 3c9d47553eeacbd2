using System.Numerics;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Transforms;

/// <summary>What a normalizer knows of one slot: its range over all but NaN, its mean and population variance over the finite values.</summary>
internal struct AffineStatistics
{
    private long _count;
    private double _squares;

    public AffineStatistics()
    {
    }

    public double Min { get; private set; } = double.PositiveInfinity;

    public double Max { get; private set; } = double.NegativeInfinity;

    public double Mean { get; private set; }

    public readonly double Variance => _count == 0 ? 0 : _squares / _count;

    public void Add(double value)
    {
        if (double.IsNaN(value))
            return;
        Min = Math.Min(Min, value);
        Max = Math.Max(Max, value);
        if (!double.IsFinite(value))
            return;
        _count++;
        double delta = value - Mean;
        Mean += delta / _count;
        _squares += delta * (value - Mean);
    }
}

/// <summary>Gathers the statistics of one column, row by row.</summary>
internal abstract class AffineBuilder
{
    public abstract void AddRow();

    /// <summary>The range that becomes 1 and the offset that becomes 0, for each slot; a range of 0 makes all 0.</summary>
    public abstract AffineFunction Build(Func<AffineStatistics, (double Range, double Offset)> makeAffine);

    public static AffineBuilder Create(DataViewRow row, DataViewSchema.Column column) =>
        column.Type.GetItemType() == NumberDataViewType.Single ? new AffineBuilder<float>(row, column) : new AffineBuilder<double>(row, column);
}

internal sealed class AffineBuilder<T> : AffineBuilder
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly bool _isVector;
    private readonly AffineStatistics[] _slots;
    private readonly Action _addRow;

    public AffineBuilder(DataViewRow row, DataViewSchema.Column column)
    {
        _isVector = column.Type is VectorDataViewType;
        _slots = new AffineStatistics[column.Type.GetValueCount()];
        Array.Fill(_slots, new());
        _addRow = _isVector ? AddVector(row.GetGetter<VBuffer<T>>(column)) : AddScalar(row.GetGetter<T>(column));
    }

    public override void AddRow() => _addRow();

    public override AffineFunction Build(Func<AffineStatistics, (double Range, double Offset)> makeAffine)
    {
        (double Range, double Offset)[] affine = Array.ConvertAll(_slots, s => makeAffine(s));
        return new AffineFunction<T>(_isVector, Array.ConvertAll(affine, a => a.Range == 0 ? T.Zero : T.One / T.CreateChecked(a.Range)),
            Array.ConvertAll(affine, a => T.CreateChecked(a.Offset)));
    }

    private Action AddScalar(ValueGetter<T> getter)
    {
        T value = default;
        return () =>
        {
            getter(ref value);
            _slots[0].Add(double.CreateChecked(value));
        };
    }

    private Action AddVector(ValueGetter<VBuffer<T>> getter)
    {
        VBuffer<T> vector = default;
        var values = new T[_slots.Length];
        return () =>
        {
            getter(ref vector);
            Contracts.Check(vector.Length == _slots.Length, $"Normalizer expected {_slots.Length} slots but got {vector.Length}");
            vector.CopyTo(values);
            for (int slot = 0; slot < _slots.Length; slot++)
                _slots[slot].Add(double.CreateChecked(values[slot]));
        };
    }
}

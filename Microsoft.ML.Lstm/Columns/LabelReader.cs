using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Columns;

/// <summary>Reads the label of a row.</summary>
internal abstract class LabelReader
{
    /// <summary>A reader of labels of the kind of <paramref name="label"/>.</summary>
    public static LabelReader Create(DataViewRow row, LabelColumn label, DataViewSchema.Column? column) => label.Kind switch
    {
        LabelKind.None or LabelKind.NextKey => new NoLabelReader(),
        LabelKind.Numbers => new NumberLabelReader(row, column!.Value, label.TargetSize),
        LabelKind.Boolean => new BooleanLabelReader(row, column!.Value),
        LabelKind.Key => new KeyLabelReader(row, column!.Value),
        LabelKind.KeySequence => new KeySequenceReader(row, column!.Value),
        LabelKind.KeySequenceWithGaps => new KeySequenceReader(row, column!.Value, mayHaveGaps: true),
        LabelKind.NumbersPerStep => new StepNumbersReader(row, column!.Value, label.TargetSize),
        LabelKind.TruthsPerStep => column!.Value.Type is VectorDataViewType { ItemType: BooleanDataViewType }
            ? new StepTruthsReader(row, column.Value, label.TargetSize)
            : new StepNumbersReader(row, column.Value, label.TargetSize, areTruths: true),
        _ => new StepLabelReader(row, column!.Value),
    };

    /// <summary>Whether a number is a truth of a step: 0 for no, 1 for yes, or NaN for one that is not known.</summary>
    public static bool IsTruth(float number) => number is 0 or 1 or float.NaN;

    /// <summary>
    /// Fetches the label of the current row, and says whether it can be used for a sequence of <paramref name="steps"/> steps.
    /// </summary>
    public abstract RowFault Read(int steps);

    /// <summary>
    /// The numbers to learn, of the sequence or of its first <paramref name="steps"/> steps; none for classes.
    /// </summary>
    public virtual float[] Targets(int steps) => [];

    /// <summary>
    /// The classes to learn, counted from 0, −1 for a missing one: one for the sequence, one for each of its first
    /// <paramref name="steps"/> steps, or those that it has one after the other.
    /// </summary>
    public virtual int[] Labels(int steps) => [];

    private sealed class NoLabelReader : LabelReader
    {
        public override RowFault Read(int steps) => RowFault.None;
    }

    private sealed class NumberLabelReader(DataViewRow row, DataViewSchema.Column column, int size) : LabelReader
    {
        private readonly NumberReader _reader = new(row, column);

        public override RowFault Read(int steps)
        {
            _reader.Read();
            return _reader.Length == size && _reader.IsFinite ? RowFault.None : RowFault.MissingLabel;
        }

        public override float[] Targets(int steps)
        {
            float[] targets = new float[size];
            _reader.CopyTo(targets);
            return targets;
        }
    }

    /// <summary>Numbers of each step, NaN for one that is not known; truths are 0, 1 or NaN.</summary>
    private sealed class StepNumbersReader(DataViewRow row, DataViewSchema.Column column, int size, bool areTruths = false) : LabelReader
    {
        private readonly NumberReader _reader = new(row, column);
        private float[] _numbers = [];

        public override RowFault Read(int steps)
        {
            _reader.Read();
            if (_reader.Length != (long)steps * size)
                return RowFault.LabelLength;
            if (_numbers.Length < _reader.Length)
                _numbers = new float[Math.Max(_reader.Length, 2 * _numbers.Length)];
            _reader.CopyTo(_numbers);
            bool isKnown = false;
            foreach (float number in _numbers.AsSpan(0, _reader.Length))
            {
                if (areTruths && !IsTruth(number))
                    return RowFault.LabelValue;
                if (float.IsInfinity(number))
                    return RowFault.MissingLabel;
                isKnown |= !float.IsNaN(number);
            }
            return isKnown ? RowFault.None : RowFault.MissingLabel;
        }

        public override float[] Targets(int steps) => _numbers[..(steps * size)];
    }

    private sealed class StepTruthsReader(DataViewRow row, DataViewSchema.Column column, int size) : LabelReader
    {
        private readonly ValueGetter<VBuffer<bool>> _get = row.GetGetter<VBuffer<bool>>(column);
        private readonly VectorLength _length = new(row, column);
        private VBuffer<bool> _truths;

        public override RowFault Read(int steps)
        {
            _get(ref _truths);
            _length.Check(_truths.Length);
            return _truths.Length == (long)steps * size ? RowFault.None : RowFault.LabelLength;
        }

        public override float[] Targets(int steps) => [.. _truths.DenseValues().Take(steps * size).Select(truth => truth ? 1f : 0f)];
    }

    private sealed class BooleanLabelReader(DataViewRow row, DataViewSchema.Column column) : LabelReader
    {
        private readonly ValueGetter<bool> _get = row.GetGetter<bool>(column);
        private bool _label;

        public override RowFault Read(int steps)
        {
            _get(ref _label);
            return RowFault.None;
        }

        public override int[] Labels(int steps) => [_label ? 1 : 0];
    }

    private sealed class KeyLabelReader(DataViewRow row, DataViewSchema.Column column) : LabelReader
    {
        private readonly TokenReader _reader = TokenReader.Create(row, column);
        private readonly int[] _key = new int[1];

        public override RowFault Read(int steps)
        {
            _reader.Read();
            _reader.CopyTo(_key);
            return _key[0] == 0 ? RowFault.MissingLabel : RowFault.None;
        }

        public override int[] Labels(int steps) => [_key[0] - 1];
    }

    /// <summary>Keys one after the other, none of which may be missing or, with gaps, not all.</summary>
    private sealed class KeySequenceReader(DataViewRow row, DataViewSchema.Column column, bool mayHaveGaps = false) : LabelReader
    {
        private readonly TokenReader _reader = TokenReader.Create(row, column);
        private int[] _keys = [];

        public override RowFault Read(int steps)
        {
            _reader.Read();
            if (_keys.Length < _reader.Length)
                _keys = new int[Math.Max(_reader.Length, 2 * _keys.Length)];
            _reader.CopyTo(_keys);
            ReadOnlySpan<int> keys = _keys.AsSpan(0, _reader.Length);
            bool isUseless = mayHaveGaps ? !keys.IsEmpty && !keys.ContainsAnyExcept(0) : keys.Contains(0);
            return isUseless ? RowFault.MissingLabel : RowFault.None;
        }

        public override int[] Labels(int steps) => [.. _keys.Take(_reader.Length).Select(key => key - 1)];
    }

    private sealed class StepLabelReader(DataViewRow row, DataViewSchema.Column column) : LabelReader
    {
        private readonly TokenReader _reader = TokenReader.Create(row, column);
        private int[] _keys = [];

        public override RowFault Read(int steps)
        {
            _reader.Read();
            if (_reader.Length != steps)
                return RowFault.LabelLength;
            if (_keys.Length < steps)
                _keys = new int[Math.Max(steps, 2 * _keys.Length)];
            _reader.CopyTo(_keys);
            return _keys.AsSpan(0, steps).ContainsAnyExcept(0) ? RowFault.None : RowFault.MissingLabel;
        }

        public override int[] Labels(int steps) => [.. _keys.Take(steps).Select(key => key - 1)];
    }
}

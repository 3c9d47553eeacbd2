using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.MlNet;

namespace Microsoft.ML.Lstm.Windows;

/// <summary>Goes through the rows of an input once, with the window that ends at each row.</summary>
internal sealed class SlidingWindowCursor : DataViewRowCursor
{
    private readonly SlidingWindowBindings _bindings;
    private readonly DataViewRowCursor _source;
    private readonly DataViewRow _rows;
    private readonly WindowBuffer? _window;
    private readonly ValueAhead? _label;
    private readonly Delegate? _getLabel;
    private readonly bool[] _active;
    private int _toDrop;
    private long _position = -1;
    private bool _ended;

    public SlidingWindowCursor(SlidingWindowBindings bindings, IDataView input, DataViewSchema.Column[] activeColumns)
    {
        _bindings = bindings;
        _toDrop = bindings.RowsDropped;
        _active = new bool[bindings.OutputSchema.Count];
        var needed = new HashSet<int>();
        foreach (DataViewSchema.Column column in activeColumns)
        {
            if (bindings.PassedOn(column) is { } passedOn)
                needed.Add(passedOn.Index);
            _active[column.Index] = true;
        }
        bool wantsWindow = activeColumns.Any(bindings.IsWindow);
        if (wantsWindow)
            needed.UnionWith(bindings.InputColumns.Select(column => column.Index));

        bool wantsLabel = activeColumns.Any(bindings.IsLabel);
        if (wantsLabel)
            needed.Add(bindings.LabelSource!.Value.Index);

        DataViewSchema.Column[] columns = [.. needed.Order().Select(index => bindings.InputSchema[index])];
        _source = input.GetRowCursor(columns);
        if (wantsLabel)
        {
            _label = new ValueAhead(_source, columns, bindings.LabelSource!.Value, bindings.Horizon);
            _getLabel = _label.CreateGetter();
        }
        _rows = _label is null ? _source : _label.Row;
        if (wantsWindow)
            _window = new WindowBuffer(bindings.WindowSize, bindings.StepSize,
                Array.ConvertAll(bindings.InputColumns, column => new NumberReader(_rows, column)));
    }

    public override DataViewSchema Schema => _bindings.OutputSchema;

    public override long Position => _position;

    public override long Batch => 0;

    public override ValueGetter<DataViewRowId> GetIdGetter() => _rows.GetIdGetter();

    public override bool IsColumnActive(DataViewSchema.Column column)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(column.Index, _active.Length, nameof(column));
        return _active[column.Index];
    }

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
    {
        if (!IsColumnActive(column))
            throw new ArgumentOutOfRangeException(nameof(column), $"Column '{column.Name}' is not active.");
        if (_bindings.PassedOn(column) is { } passedOn)
            return _rows.GetGetter<TValue>(passedOn);
        Delegate getter = _bindings.IsLabel(column) ? _getLabel! : (ValueGetter<VBuffer<float>>)GetWindow;
        return getter as ValueGetter<TValue>
            ?? throw new InvalidOperationException(
                $"Invalid TValue in GetGetter: '{typeof(TValue)}', expected type: '{column.Type.RawType}'.");
    }

    public override bool MoveNext()
    {
        if (_ended)
            return false;
        do
        {
            if (!(_label is null ? _source.MoveNext() : _label.MoveNext()))
            {
                if (_position < 0)
                    WarnOfTooFewRows();
                _ended = true;
                _position = -1;
                return false;
            }
            _window?.Add();
        }
        while (_toDrop-- > 0);
        _toDrop = 0;
        _position++;
        return true;
    }

    // Who trains on no rows, or gets no predictions, would look for the reason elsewhere.
    private void WarnOfTooFewRows()
    {
        int rows = _bindings.RowsDropped - _toDrop;
        if (rows > 0)
        {
            HostWarning.Write(_bindings.Host, "Sliding window",
                $"The data has {rows} row{(rows == 1 ? "" : "s")}, and a window takes {_bindings.WindowSize}, so there is no window "
                + $"({nameof(SlidingWindowEstimator.Options.KeepIncompleteWindows)} makes some).");
        }
    }

    private void GetWindow(ref VBuffer<float> value)
    {
        if (_position < 0)
            throw new InvalidOperationException("The cursor is not at a row, so there is no window.");
        VBufferEditor<float> editor = VBufferEditor.Create(ref value, _window!.Length);
        _window.CopyTo(editor.Values);
        value = editor.Commit();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _source.Dispose();
        base.Dispose(disposing);
    }
}

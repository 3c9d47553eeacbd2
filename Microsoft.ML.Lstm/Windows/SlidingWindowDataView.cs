using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.MlNet;

namespace Microsoft.ML.Lstm.Windows;

/// <summary>A data view with the window that ends at each row, without the first rows where only whole windows are wanted.</summary>
internal sealed class SlidingWindowDataView(SlidingWindowBindings bindings, SlidingWindowTransformer transformer, IDataView source)
    : OutputDataView(bindings, transformer, source, keepsOrder: true)
{
    private readonly SlidingWindowBindings _bindings = bindings;

    public override long? GetRowCount() => base.GetRowCount() is { } count ? Math.Max(0, count - _bindings.RowsDropped) : null;

    protected override DataViewRowCursor CreateCursor(DataViewRowCursor input, DataViewSchema.Column[] inputColumns,
        DataViewSchema.Column[] activeColumns, int threads)
        => new Cursor(_bindings, input, inputColumns, activeColumns);

    private sealed class Cursor : OutputCursor
    {
        private readonly SlidingWindowBindings _bindings;
        private readonly WindowBuffer? _window;
        private readonly ValueAhead? _label;
        private int _toDrop;
        private long _position = -1;
        private bool _ended;

        public Cursor(SlidingWindowBindings bindings, DataViewRowCursor source, DataViewSchema.Column[] sourceColumns,
            DataViewSchema.Column[] activeColumns)
            : base(source)
        {
            _bindings = bindings;
            _toDrop = bindings.RowsDropped;
            if (activeColumns.Any(bindings.IsLabel))
                _label = new ValueAhead(source, sourceColumns, bindings.LabelSource!.Value, bindings.Horizon);
            DataViewRow row = _label is null ? source : _label.Row;
            if (activeColumns.Any(bindings.IsWindow))
                _window = new WindowBuffer(bindings.WindowSize, bindings.StepSize,
                    Array.ConvertAll(bindings.InputColumns, column => new NumberReader(row, column)));
            Row = new OutputRow(bindings, row, activeColumns,
                own => own == SlidingWindowBindings.Window ? (ValueGetter<VBuffer<float>>)GetWindow : _label!.CreateGetter());
        }

        public override long Position => _position;

        public override long Batch => 0;

        protected override OutputRow Row { get; }

        public override bool MoveNext()
        {
            if (_ended)
                return false;
            do
            {
                if (!(_label is null ? base.MoveNext() : _label.MoveNext()))
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

        // Without a warning, a user who trains on no rows or gets no predictions would look for the reason elsewhere.
        private void WarnOfTooFewRows()
        {
            int rows = _bindings.RowsDropped - _toDrop;
            if (rows > 0)
                HostWarning.Write(_bindings.Host, "Sliding window",
                    $"The data has {rows} row{(rows == 1 ? "" : "s")}, and a window takes {_bindings.WindowSize}, so there is no window "
                    + $"({nameof(SlidingWindowEstimator.Options.KeepIncompleteWindows)} makes some).");
        }

        private void GetWindow(ref VBuffer<float> value)
        {
            if (_position < 0)
                throw new InvalidOperationException("The cursor is not at a row, so there is no window.");
            VBufferEditor<float> editor = VBufferEditor.Create(ref value, _window!.Length);
            _window.CopyTo(editor.Values);
            value = editor.Commit();
        }
    }
}

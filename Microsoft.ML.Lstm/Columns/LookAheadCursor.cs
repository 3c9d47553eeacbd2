using System.Diagnostics;
using System.Runtime.ExceptionServices;
using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Engine.Kernels;

namespace Microsoft.ML.Lstm.Columns;

/// <summary>
/// A cursor over an input that can run ahead of its consumer: it copies the rows that it passes, and the consumer visits them one by one.
/// Without <see cref="LookAhead"/> it behaves as the input's own cursor.
/// </summary>
/// <remarks>
/// <para>
/// Nobody can know beforehand whether the next row of an input is there or takes an hour (a queue between two bursts), and a thread that
/// waits for it can't hand out the rows that are already read. So rows ahead are fetched by another thread, and the consumer waits for them
/// a bounded time, then goes on with those that have come; the other thread comes back with the next row whenever it is there. Nothing
/// simpler works for every input: only another thread can bound the time of a MoveNext that is running. The rows of an input that knows how
/// many it has are there already, so the consumer's thread fetches them itself.
/// </para>
/// <para>
/// The input notices little of this. Its calls come one at a time, each after the one before has returned. The other thread is at work only
/// while the consumer waits in <see cref="LookAhead"/>, or when the input has not answered in time; a row that nothing is held for is
/// fetched by the consumer's thread itself, the first of all (which opens files and connections) always. Calls from more than one thread
/// are what ML.NET's ShuffleRows and Cache do to an input too. The consumer's execution context (culture, AsyncLocal) goes along.
/// </para>
/// </remarks>
/// <param name="source">The input's cursor, which the new cursor owns.</param>
/// <param name="columns">The active columns of <paramref name="source"/>.</param>
/// <param name="hasAllRows">Whether the input knows how many rows it has, so that they are there.</param>
internal sealed class LookAheadCursor(DataViewRowCursor source, DataViewSchema.Column[] columns, bool hasAllRows) : DataViewRowCursor
{
    // The most bytes of vectors in the held rows; the row that reaches the limit is still taken.
    private const long MaxBytes = 1 << 24;
    private const int MillisecondsToDispose = 100;

    private readonly bool _canLookAhead = Array.TrueForAll(columns, column => RowStore.CanStore(column.Type));
    private readonly object _gate = new();
    private RowStore? _store;
    private RowStore.Row? _row;
    private Reader? _reader;
    private int _maxRows;
    private long _bytes;

    // When the consumer's own thread stops fetching, in ticks of a Stopwatch.
    private long _deadline = long.MaxValue;

    // The number of the source's row, and the slot of the first held row.
    private long _number;
    private int _firstSlot;

    // Under the gate as long as the reader is out: how many rows it has copied, whether they are still wanted, and how it ended.
    private int _copied;
    private bool _isClosed;
    private bool _isOut;
    private bool _isAbandoned;
    private Next _next;
    private ExceptionDispatchInfo? _failure;

    /// <summary>Where the row behind the held rows is.</summary>
    private enum Next
    {
        /// <summary>Nobody has asked for the row.</summary>
        NotRead,

        /// <summary>The source is at the row.</summary>
        AtSource,

        /// <summary>The source is at the row, which is copied: it came too late to be held with the others.</summary>
        Copied,

        /// <summary>There is no such row.</summary>
        Ended,

        /// <summary>The source threw.</summary>
        Failed,
    }

    public override DataViewSchema Schema => source.Schema;

    public override long Position => IsHeld ? _row!.Position : source.Position;

    public override long Batch => IsHeld ? _row!.Batch : source.Batch;

    /// <summary>How many rows are held; the consumer has not come to the rows behind <see cref="Current"/>.</summary>
    public int Held { get; private set; }

    /// <summary>The index of the held row that the consumer is at; -1 when it is at a row that is not held, or at none.</summary>
    public int Current { get; private set; } = -1;

    /// <summary>Whether rows can be held: not if a column is of a type that can't be copied.</summary>
    public bool CanLookAhead => _canLookAhead;

    /// <summary>How long the source took for the current row, in ticks of <see cref="Stopwatch"/>, if the consumer waited for it.</summary>
    public long MoveTime { get; private set; }

    private bool IsHeld => Current >= 0;

    /// <summary>Another view of the held rows, to be moved by <see cref="MoveTo"/>; only when there are some.</summary>
    public RowStore.Row CreateRow() => _store!.CreateRow();

    public void MoveTo(RowStore.Row row, int held) => row.Slot = _firstSlot + held;

    public override bool IsColumnActive(DataViewSchema.Column column) => source.IsColumnActive(column);

    // The source is asked only while it is at the row; otherwise another thread may be calling it.
    public override ValueGetter<DataViewRowId> GetIdGetter()
    {
        ValueGetter<DataViewRowId>? ofSource = null, held = null;
        return (ref DataViewRowId id) => (IsHeld ? held ??= _row!.GetIdGetter() : ofSource ??= source.GetIdGetter())(ref id);
    }

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
    {
        if (!Array.Exists(columns, active => active.Index == column.Index))
            throw new ArgumentOutOfRangeException(nameof(column), $"Column '{column.Name}' is not active.");
        if (typeof(TValue) != column.Type.RawType)
            throw RowStore.WrongType<TValue>(column);
        if (!CanLookAhead)
            return source.GetGetter<TValue>(column);
        ValueGetter<TValue>? getter = null;
        return (ref TValue value) =>
        {
            // Copied, so that the source computes the value only once.
            if (!IsHeld)
                CopyValue(column.Index);
            (getter ??= _row!.GetGetter<TValue>(column))(ref value);
        };
    }

    public override bool MoveNext()
    {
        MoveTime = 0;
        if (IsHeld && Current + 1 < Held)
        {
            MoveTo(_row!, ++Current);
            return true;
        }
        _reader?.Collect();
        (Held, Current) = (0, -1);
        switch (_next)
        {
            case Next.AtSource:
                _number++;
                _next = Next.NotRead;
                return true;
            case Next.Copied:
                _next = Next.NotRead;
                (_firstSlot, Held, Current) = (_copied, 1, 0);
                MoveTo(_row!, 0);
                return true;
            case Next.Ended:
                return false;
            case Next.Failed:
                _failure!.Throw();
                return false;
            default:
                _number++;
                long start = Stopwatch.GetTimestamp();
                bool moved = source.MoveNext();
                MoveTime = Stopwatch.GetTimestamp() - start;
                if (!moved)
                    _next = Next.Ended;
                return moved;
        }
    }

    /// <summary>Holds the current row, which must not be held yet, and the rows behind it that come in time.</summary>
    /// <param name="maxRows">The most rows to hold, at least 2.</param>
    /// <param name="patience">How many milliseconds to wait for the rows.</param>
    /// <returns>Whether all <paramref name="maxRows"/> rows, or all up to the end, came in time.</returns>
    public bool LookAhead(int maxRows, int patience)
    {
        RequireSlots(maxRows);
        try
        {
            _bytes = _store!.Copy(0, _number);
        }
        catch (Exception)
        {
            // The error belongs to whoever asks this row for that value.
            return true;
        }
        (_firstSlot, Held, Current, _row!.Slot) = (0, 1, 0, 0);
        if (_bytes >= MaxBytes)
            return true;
        (_maxRows, _copied, _isClosed, _isOut) = (maxRows, 1, false, true);
        if (hasAllRows)
        {
            _deadline = Stopwatch.GetTimestamp() + patience * Stopwatch.Frequency / 1000;
            Read();
            Held = _copied;
            return _copied == _maxRows || _bytes >= MaxBytes || _next != Next.NotRead;
        }
        _reader ??= new Reader(Read);
        bool isInTime = _reader.Run(patience);
        lock (_gate)
        {
            _isClosed = true;
            Held = _copied;
        }
        if (!isInTime && _reader.TryCancel())
            _isOut = false;
        return isInTime;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && !Abandon())
        {
            _reader?.Release();
            _reader = null;
            source.Dispose();
        }
        base.Dispose(disposing);
    }

    /// <summary>Leaves the source to the reader if the reader does not return: it may be waiting for a row that never comes.</summary>
    private bool Abandon()
    {
        if (_reader is null || _reader.Wait(MillisecondsToDispose))
            return false;
        lock (_gate)
            return _isAbandoned = _isOut;
    }

    private void CopyValue(int column)
    {
        RequireSlots(1);
        _row!.Slot = 0;
        _store!.CopyValue(column, slot: 0, _number);
    }

    private void RequireSlots(int slots)
    {
        if (_store is null)
        {
            _store = new RowStore(source, columns, slots);
            _row = _store.CreateRow();
        }
        if (_store.Slots < slots)
            _store.Grow(slots);
    }

    // On the reader's thread, where there is one.
    private void Read()
    {
        Next next = Next.Failed;
        try
        {
            next = CopyRows();
        }
        catch (Exception e)
        {
            _failure = ExceptionDispatchInfo.Capture(e);
        }
        lock (_gate)
        {
            _next = next;
            _isOut = false;
            if (!_isAbandoned)
                return;
        }
        source.Dispose();
    }

    private Next CopyRows()
    {
        while (source.MoveNext())
        {
            if (Volatile.Read(ref _isClosed))
                return Next.AtSource;
            try
            {
                _bytes += _store!.Copy(_copied, ++_number);
            }
            catch (Exception)
            {
                // As in LookAhead: the consumer gets the error when it is at the row.
                return Next.AtSource;
            }
            lock (_gate)
            {
                if (_isClosed)
                    return Next.Copied;
                if (++_copied == _maxRows || _bytes >= MaxBytes || Stopwatch.GetTimestamp() >= _deadline)
                    return Next.NotRead;
            }
        }
        return Next.Ended;
    }

    /// <summary>The thread that fetches rows ahead, there only while it is needed.</summary>
    private sealed class Reader
    {
        // It would take a processor from the scoring that follows.
        private const int SpinsBeforeSleep = 0;

        private readonly ManualResetEventSlim _isBack = new(initialState: true);
        private readonly Worker _worker = Worker.Rent(SpinsBeforeSleep);
        private readonly Action<int> _work;
        private ExecutionContext? _context;

        public Reader(Action read)
        {
            ContextCallback inContext = _ => read();
            _work = _ =>
            {
                try
                {
                    if (_context is null)
                        read();
                    else
                        ExecutionContext.Run(_context, inContext, null);
                }
                finally
                {
                    _isBack.Set();
                }
            };
        }

        /// <summary>Sends the thread out, and waits for it for <paramref name="patience"/> milliseconds at most.</summary>
        public bool Run(int patience)
        {
            _context = ExecutionContext.Capture();
            _isBack.Reset();
            _worker.Offer(_work, part: 0);
            return _isBack.Wait(patience);
        }

        /// <summary>Calls the thread back if it has not begun.</summary>
        public bool TryCancel()
        {
            if (!_worker.TryCancel())
                return false;
            _isBack.Set();
            return true;
        }

        /// <summary>Waits until the thread is back, as long as that takes.</summary>
        public void Collect()
        {
            _isBack.Wait();
            _worker.Wait();
        }

        public bool Wait(int milliseconds) => _isBack.Wait(milliseconds);

        /// <summary>Leaves the thread, once it is back, to the next reader. This one has none any more.</summary>
        public void Release()
        {
            Collect();
            _worker.Return();
        }
    }
}

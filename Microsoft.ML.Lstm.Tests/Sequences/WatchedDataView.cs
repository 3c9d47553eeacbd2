using Microsoft.ML.Data;

namespace Microsoft.ML.Lstm.Tests.Sequences;

/// <summary>A data view that can be gone through once, and whose one cursor must be called by one thread at a time.</summary>
/// <param name="inner">The rows.</param>
/// <param name="failsAt">The position of a row that can't be moved to; null for none.</param>
/// <param name="noIdAt">The position of a row whose value of the column Id can't be read; null for none.</param>
internal sealed class WatchedDataView(IDataView inner, long? failsAt = null, long? noIdAt = null) : IDataView
{
    private int _cursors;
    private int _callers;

    /// <summary>How often <c>MoveNext</c> was called.</summary>
    public int Moves { get; private set; }

    public int Disposals { get; private set; }

    /// <summary>The first value of the column Id at <see cref="SlowAt"/> is there once this is set.</summary>
    public ManualResetEventSlim IsSlowValueThere { get; } = new();

    /// <summary>The position of a row whose value of the column Id takes its time; null for none.</summary>
    public long? SlowAt { get; init; }

    /// <summary>How often values of each column were fetched.</summary>
    public Dictionary<string, int> Reads { get; } = [];

    public bool CanShuffle => inner.CanShuffle;

    public DataViewSchema Schema => inner.Schema;

    /// <summary>Whether it knows how many rows it has; if not, rows are read ahead by another thread.</summary>
    public bool IsCounted { get; init; }

    public long? GetRowCount() => IsCounted ? inner.GetRowCount() : null;

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
    {
        if (Interlocked.Increment(ref _cursors) > 1)
            throw new InvalidOperationException("The rows can be gone through once.");
        return new Cursor(this, inner.GetRowCursor(columnsNeeded, rand));
    }

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null)
        => [GetRowCursor(columnsNeeded, rand)];

    private long? FailsAt => failsAt;

    private long? NoIdAt => noIdAt;

    private T Alone<T>(Func<T> call)
    {
        if (Interlocked.Increment(ref _callers) > 1)
            throw new InvalidOperationException("Two threads call the cursor at once.");
        try
        {
            return call();
        }
        finally
        {
            Interlocked.Decrement(ref _callers);
        }
    }

    private sealed class Cursor(WatchedDataView view, DataViewRowCursor inner) : DataViewRowCursor
    {
        public override long Position => view.Alone(() => inner.Position);

        public override long Batch => view.Alone(() => inner.Batch);

        public override DataViewSchema Schema => inner.Schema;

        public override ValueGetter<DataViewRowId> GetIdGetter() => view.Alone(inner.GetIdGetter);

        public override bool IsColumnActive(DataViewSchema.Column column) => inner.IsColumnActive(column);

        public override bool MoveNext() => view.Alone(() =>
        {
            view.Moves++;
            return inner.Position + 1 == view.FailsAt ? throw new IOException("The connection is broken.") : inner.MoveNext();
        });

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        {
            ValueGetter<TValue> getter = view.Alone(() => inner.GetGetter<TValue>(column));
            return (ref TValue value) =>
            {
                TValue own = value;
                view.Alone(() =>
                {
                    view.Reads[column.Name] = view.Reads.GetValueOrDefault(column.Name) + 1;
                    if (column.Name == "Id" && inner.Position == view.NoIdAt)
                        throw new FormatException("No number.");
                    if (column.Name == "Id" && inner.Position == view.SlowAt)
                        view.IsSlowValueThere.Wait(TimeSpan.FromMinutes(1));
                    getter(ref own);
                    return true;
                });
                value = own;
            };
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                view.Alone(() => ++view.Disposals);
                inner.Dispose();
            }
            base.Dispose(disposing);
        }
    }
}

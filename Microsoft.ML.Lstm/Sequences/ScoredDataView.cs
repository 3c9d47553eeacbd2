using Microsoft.ML.Lstm.Columns;

namespace Microsoft.ML.Lstm.Sequences;

/// <summary>A data view with what a network makes of the sequence in each row.</summary>
/// <remarks>Each row is scored by itself, so rows may come in any order and be shared out among cursors as the source does it.</remarks>
internal sealed class ScoredDataView(ScoringBindings bindings, ITransformer transformer, IDataView source)
    : OutputDataView(bindings, transformer, source, keepsOrder: false)
{
    private readonly ScoringBindings _bindings = bindings;

    protected override DataViewRowCursor CreateCursor(DataViewRowCursor input, DataViewSchema.Column[] inputColumns,
        DataViewSchema.Column[] activeColumns, int threads)
    {
        if (!activeColumns.Any(_bindings.IsOwn))
            return new PassingCursor(_bindings, input, activeColumns);
        bool hasAllRows = Source.GetRowCount() is not null;
        return new Cursor(_bindings, new LookAheadCursor(input, inputColumns, hasAllRows), activeColumns, threads);
    }

    private sealed class Cursor : OutputCursor
    {
        private readonly LookAheadScorer _scorer;

        public Cursor(ScoringBindings bindings, LookAheadCursor input, DataViewSchema.Column[] activeColumns, int threads)
            : base(input)
        {
            _scorer = new LookAheadScorer(bindings, input, threads);
            Row = new OutputRow(bindings, input, activeColumns, output => bindings.Outputs[output].CreateGetter(_scorer));
        }

        protected override OutputRow Row { get; }

        public override bool MoveNext()
        {
            bool isAtRow = base.MoveNext();
            _scorer.Moved(isAtRow);
            if (!isAtRow)
                _scorer.Warn();
            return isAtRow;
        }

        protected override void Dispose(bool disposing)
        {
            base.Dispose(disposing);
            if (disposing)
            {
                _scorer.Warn();
                _scorer.ReleaseThreads();
            }
        }
    }
}

using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Onnx.Export;
using Microsoft.ML.Model.OnnxConverter;

namespace Microsoft.ML.Lstm.Sequences;

/// <summary>A data view with the results of a network for the sequence in each row.</summary>
/// <remarks>Each row is scored by itself, so the order of rows, and how cursors share them, is the source's.</remarks>
internal sealed class ScoredDataView(ScoringBindings bindings, SequencePredictionTransformer transformer, IDataView source)
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

    protected override void WriteTo(OnnxContext context)
    {
        string[] names = [.. _bindings.InputColumns.Select(column => column.Name)];
        if (Array.Find(names, name => !context.ContainsColumn(name)) is { } missing)
        {
            LeaveOut(context, $"nothing in the model gives its input '{missing}'");
            return;
        }
        var graph = new ConverterGraph(context, transformer.GetType().Name);
        DataViewSchema.Column[] columns = [.. Schema.Where(_bindings.IsOwn)];
        Func<OnnxValue>[] writers;
        try
        {
            writers = [.. transformer.Onnx.WriteTo(graph, [.. names.Select(context.GetVariableName)])];
        }
        catch (NotSupportedException reason)
        {
            LeaveOut(context, reason.Message.TrimEnd('.'));
            return;
        }
        for (int i = 0; i < columns.Length; i++)
        {
            try
            {
                graph.AddColumn(columns[i], writers[i]());
            }
            catch (NotSupportedException reason)
            {
                LeaveOut(context, columns[i], reason.Message);
            }
        }
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

using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Data;
using Microsoft.ML.Lstm.Network;

namespace Microsoft.ML.Lstm.Scoring;

/// <summary>Scores rows one by one, each when its values are fetched: what a PredictionEngine works with.</summary>
internal sealed class ScoringRowMapper(ScoringBindings bindings) : IRowToRowMapper
{
    public DataViewSchema InputSchema => bindings.InputSchema;

    public DataViewSchema OutputSchema => bindings.OutputSchema;

    public IEnumerable<DataViewSchema.Column> GetDependencies(IEnumerable<DataViewSchema.Column> dependingColumns)
    {
        DataViewSchema.Column[] needed = [.. dependingColumns];
        IEnumerable<DataViewSchema.Column> passedOn = bindings.PassedOn(needed);
        return bindings.NeedNetwork(needed) ? passedOn.Concat(bindings.SequenceColumns).DistinctBy(column => column.Index) : passedOn;
    }

    public DataViewRow GetRow(DataViewRow input, IEnumerable<DataViewSchema.Column> activeColumns)
    {
        ArgumentNullException.ThrowIfNull(input);
        if (input.Schema != InputSchema)
            throw new ArgumentException("The row's schema is not the one that this mapper was made for.", nameof(input));
        return new Row(bindings, input, [.. activeColumns]);
    }

    private sealed class Row : DataViewRow
    {
        private readonly DataViewRow _input;
        private readonly OutputRow _row;

        public Row(ScoringBindings bindings, DataViewRow input, DataViewSchema.Column[] activeColumns)
        {
            Schema = bindings.OutputSchema;
            _input = input;
            _row = new OutputRow(bindings, input, new SingleScorer(bindings, input), activeColumns);
        }

        public override DataViewSchema Schema { get; }

        public override long Position => _input.Position;

        public override long Batch => _input.Batch;

        public override ValueGetter<DataViewRowId> GetIdGetter() => _input.GetIdGetter();

        public override bool IsColumnActive(DataViewSchema.Column column) => _row.IsActive(column);

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) => _row.GetGetter<TValue>(column);

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                _input.Dispose();
            base.Dispose(disposing);
        }
    }

    /// <summary>Scores the row that its input stands on, once, however many columns are fetched.</summary>
    private sealed class SingleScorer(ScoringBindings bindings, DataViewRow input) : ScoredRow
    {
        private SequenceRowReader? _reader;
        private SequenceScorer? _scorer;
        private long _scoredPosition = -1;

        public override ReadOnlySpan<float> Output => Score() is { Count: > 0 } scorer ? scorer.Output(0) : [];

        public override ReadOnlySpan<float> Encoding => Score() is { Count: > 0 } scorer ? scorer.Encoding(0) : [];

        public override ReadOnlySpan<float> Attention => Score() is { Count: > 0 } scorer ? scorer.AttentionWeights(0) : [];

        private SequenceScorer Score()
        {
            long position = input.Position;
            if (_scorer is not null && position >= 0 && position == _scoredPosition)
                return _scorer;

            _reader ??= new SequenceRowReader(input, bindings.Input, bindings.SequenceColumns);
            _scorer ??= new SequenceScorer(bindings.Network);
            _scorer.Clear();
            if (_reader.Read() == RowFault.None)
            {
                _reader.AddTo(_scorer);
                _scorer.Score();
            }
            _scoredPosition = position;
            return _scorer;
        }
    }
}

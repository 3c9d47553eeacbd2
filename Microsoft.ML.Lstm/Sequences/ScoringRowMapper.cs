using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Lstm.MlNet;

namespace Microsoft.ML.Lstm.Sequences;

/// <summary>Scores single rows, each when its values are fetched, as a PredictionEngine does.</summary>
internal sealed class ScoringRowMapper(ScoringBindings bindings) : IRowToRowMapper
{
    public DataViewSchema InputSchema => bindings.InputSchema;

    public DataViewSchema OutputSchema => bindings.OutputSchema;

    public IEnumerable<DataViewSchema.Column> GetDependencies(IEnumerable<DataViewSchema.Column> dependingColumns)
        => bindings.Dependencies(dependingColumns);

    public DataViewRow GetRow(DataViewRow input, IEnumerable<DataViewSchema.Column> activeColumns)
    {
        ArgumentNullException.ThrowIfNull(input);
        if (input.Schema != InputSchema)
            throw new ArgumentException("The row's schema is not the one that this mapper was made for.", nameof(input));
        var scorer = new SingleScorer(bindings, input);
        return new OutputRow(bindings, input, activeColumns, output => bindings.Outputs[output].CreateGetter(scorer));
    }

    /// <summary>Scores the row that the input is at, once, however many columns are fetched.</summary>
    private sealed class SingleScorer(ScoringBindings bindings, DataViewRow input) : ScoredRow
    {
        private SequenceRowReader? _reader;
        private SequenceScorer? _scorer;
        private long _scoredPosition = -1;
        private bool _hasWarned;

        public override ReadOnlySpan<float> Output => Score() is { Count: > 0 } scorer ? scorer.Output(0) : [];

        public override ReadOnlySpan<float> Encoding => Score() is { Count: > 0 } scorer ? scorer.Encoding(0) : [];

        public override ReadOnlySpan<float> Attention => Score() is { Count: > 0 } scorer ? scorer.AttentionWeights(0) : [];

        public override ReadOnlySpan<int> Tokens => Score() is { Count: > 0 } scorer ? scorer.Tokens(0) : [];

        private SequenceScorer Score()
        {
            long position = input.Position;
            if (_scorer is not null && position >= 0 && position == _scoredPosition)
                return _scorer;

            _reader ??= new SequenceRowReader(input, bindings.Input, bindings.InputColumns);
            _scorer ??= new SequenceScorer(bindings.Network);
            _scorer.Clear();
            RowFault fault = _reader.Read();
            if (fault == RowFault.None)
            {
                _reader.AddTo(_scorer);
                _scorer.Score();
            }
            else if (!_hasWarned)
            {
                _hasWarned = true;
                HostWarning.Write(bindings.Host, "Scoring", new RowTally("data", bindings.Input).DescribeUnscored(fault));
            }
            _scoredPosition = position;
            return _scorer;
        }
    }
}

using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Lstm.MlNet;

namespace Microsoft.ML.Lstm.Sequences;

/// <summary>
/// Scores the row that the input is at, once, however many columns are fetched, when the first of them is, as a PredictionEngine does.
/// </summary>
internal sealed class SingleRowScorer(ScoringBindings bindings, DataViewRow input) : ScoredRow
{
    private SequenceRowReader? _reader;
    private SequenceScorer? _scorer;
    private long? _scoredNumber;
    private bool _hasWarned;

    public override ReadOnlySpan<float> Output => Score() is { Count: > 0 } scorer ? scorer.Output(0) : [];

    public override ReadOnlySpan<float> Encoding => Score() is { Count: > 0 } scorer ? scorer.Encoding(0) : [];

    public override ReadOnlySpan<float> Attention => Score() is { Count: > 0 } scorer ? scorer.AttentionWeights(0) : [];

    public override ReadOnlySpan<int> Tokens => Score() is { Count: > 0 } scorer ? scorer.Tokens(0) : [];

    // Rows without a position are scored again for each column.
    public override long? Number => input.Position is >= 0 and var position ? position : null;

    private SequenceScorer Score()
    {
        if (_scorer is not null && Number is { } number && number == _scoredNumber)
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
        _scoredNumber = Number;
        return _scorer;
    }
}

using Microsoft.ML.Lstm.Data;
using Microsoft.ML.Lstm.Network;

namespace Microsoft.ML.Lstm.Scoring;

/// <summary>
/// Scores rows in batches, ahead of a consumer who goes through them one by one. It has a cursor of its own over the sequences,
/// which moves only when a row is asked for that is not yet scored: nothing is read before that.
/// </summary>
internal sealed class LookAheadScorer : ScoredRow, IDisposable
{
    // Enough rows to fill all lanes and threads. The bound on the values of all steps keeps the memory of long sequences in check;
    // the sequence that reaches it is still taken, so that one of any length can be scored.
    private const int MaxRows = 256;
    private const int MaxValues = 1 << 22;
    private const int BadRow = -1;

    private readonly ScoringBindings _bindings;
    private readonly DataViewRowCursor _cursor;
    private readonly SequenceRowReader _reader;
    private int _maxSteps;
    private readonly int[] _sequenceOfRow = new int[MaxRows];
    private SequenceScorer? _scorer;
    private long _current = -1;
    private long _batchStart;
    private int _batchRows;
    private long _cursorRow = -1;

    public LookAheadScorer(ScoringBindings bindings, DataViewRowCursor cursor)
    {
        _bindings = bindings;
        _cursor = cursor;
        _reader = new SequenceRowReader(cursor, bindings.Input, bindings.SourceColumns);
    }

    public override ReadOnlySpan<float> Output => Sequence is var sequence && sequence == BadRow ? [] : _scorer!.Output(sequence);

    public override ReadOnlySpan<float> Encoding => Sequence is var sequence && sequence == BadRow ? [] : _scorer!.Encoding(sequence);

    public override ReadOnlySpan<float> Attention => Sequence is var sequence && sequence == BadRow ? [] : _scorer!.AttentionWeights(sequence);

    /// <summary>The consumer has moved on by one row.</summary>
    public void MoveNext() => _current++;

    public void Dispose() => _cursor.Dispose();

    // The scorer's index for the current row.
    private int Sequence
    {
        get
        {
            if (_current < 0)
                throw new InvalidOperationException("Values cannot be fetched before the first MoveNext.");
            if (_current >= _batchStart + _batchRows)
                ScoreBatch();
            return _sequenceOfRow[_current - _batchStart];
        }
    }

    private void ScoreBatch()
    {
        if (_scorer is null)
        {
            _maxSteps = (int)(MaxValues / _bindings.Network.Model.Shape.StepSize);
            _scorer = new SequenceScorer(_bindings.Network, Environment.ProcessorCount);
        }
        _scorer.Clear();
        while (_cursorRow < _current - 1 && _cursor.MoveNext())
            _cursorRow++;

        _batchStart = _current;
        _batchRows = 0;
        while (_batchRows < MaxRows && (_batchRows == 0 || _scorer.TotalSteps < _maxSteps) && _cursor.MoveNext())
        {
            _cursorRow++;
            if (_reader.Read() == RowFault.None)
            {
                _sequenceOfRow[_batchRows++] = _scorer.Count;
                _reader.AddTo(_scorer);
            }
            else
            {
                _sequenceOfRow[_batchRows++] = BadRow;
            }
        }

        if (_batchRows == 0)
            throw new InvalidOperationException($"The input has a row {_current} (counted from 0) in one pass, but not in another.");
        if (_scorer.Count > 0)
            _scorer.Score();
    }
}

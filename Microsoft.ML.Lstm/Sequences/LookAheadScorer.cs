using System.Diagnostics;
using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Lstm.MlNet;

namespace Microsoft.ML.Lstm.Sequences;

/// <summary>
/// Scores rows in batches, ahead of a consumer that goes through them one by one. It reads and scores only when the consumer asks for a row
/// that is not scored yet.
/// </summary>
internal sealed class LookAheadScorer : ScoredRow
{
    // Enough rows to fill all lanes and threads. The bound on the values of all steps keeps the memory of long sequences in check; the
    // sequence that reaches the bound is still taken, so that sequences of any length can be scored.
    private const int MaxRows = 256;
    private const int MaxValues = 1 << 22;
    private const int Growth = 4;
    private const int BadRow = -1;

    // How long a row may wait for the rows behind it. Its score should be there within 20 ms; the rest of that time is for the scoring.
    private const int MillisecondsToLookAhead = 4;

    private readonly ScoringBindings _bindings;
    private readonly LookAheadCursor _input;
    private readonly int _threads;
    private readonly RowTally _tally;
    private readonly int[] _sequenceOfRow = new int[MaxRows];
    private int _maxSteps;
    private SequenceRowReader? _reader;
    private RowStore.Row? _heldRow;
    private SequenceRowReader? _heldReader;
    private SequenceScorer? _scorer;
    private bool _isAtRow;
    private long _moves;
    private int _maxRows = 1;

    // How many of the held rows, or of the one row at the source, are scored.
    private int _end;

    /// <param name="bindings">The network, bound to the columns of the input.</param>
    /// <param name="input">The rows.</param>
    /// <param name="threads">Threads to share large batches among.</param>
    public LookAheadScorer(ScoringBindings bindings, LookAheadCursor input, int threads)
    {
        _bindings = bindings;
        _input = input;
        _threads = threads;
        _tally = new RowTally("data", bindings.Input);
    }

    public override ReadOnlySpan<float> Output => Sequence is var sequence && sequence == BadRow ? [] : _scorer!.Output(sequence);

    public override ReadOnlySpan<float> Encoding => Sequence is var sequence && sequence == BadRow ? [] : _scorer!.Encoding(sequence);

    public override ReadOnlySpan<float> Attention
        => Sequence is var sequence && sequence == BadRow ? [] : _scorer!.AttentionWeights(sequence);

    public override ReadOnlySpan<int> Tokens => Sequence is var sequence && sequence == BadRow ? [] : _scorer!.Tokens(sequence);

    public override long? Number => _moves;

    /// <summary>Called when the consumer has moved to another row, or beyond the last row.</summary>
    public void Moved(bool isAtRow)
    {
        _isAtRow = isAtRow;
        _moves++;
        // At the first held row, or at a row that is not held, nothing is scored yet.
        if (_input.Current <= 0)
            _end = 0;
    }

    /// <summary>Warns of the rows since the last warning that could not be scored, if there were any.</summary>
    public void Warn()
    {
        if (_tally.BadRows > 0)
            HostWarning.Write(_bindings.Host, "Scoring", _tally.DescribeUnscored());
        _tally.Clear();
    }

    /// <summary>Leaves the threads to other scorers until there is something to score again.</summary>
    public void ReleaseThreads() => _scorer?.ReleaseThreads();

    // The scorer's index for the current row.
    private int Sequence
    {
        get
        {
            if (!_isAtRow)
                throw new InvalidOperationException("The cursor is not at a row, so there is nothing to be scored. "
                    + "Call MoveNext first, and fetch values only if it returns true.");
            int row = Math.Max(_input.Current, 0);
            if (row >= _end)
                Score(row);
            return _sequenceOfRow[row];
        }
    }

    private void Score(int row)
    {
        if (_scorer is null)
        {
            _maxSteps = (int)(MaxValues / _bindings.Network.Model.StepSize);
            _scorer = new SequenceScorer(_bindings.Network, _threads);
        }
        _scorer.Clear();
        _end = row;
        long start = Stopwatch.GetTimestamp();
        bool isFetched = _input.Current < 0, isInTime = true;
        if (isFetched && _maxRows > 1)
            isInTime = _input.LookAhead(_maxRows, MillisecondsToLookAhead);
        bool isHeld = _input.Current >= 0;
        RowFault fault = isHeld ? RowFault.None : ReadSource();
        long read = Stopwatch.GetTimestamp();
        if (isHeld)
            AddHeldRows(row);
        else
            Add(_reader!, fault);
        if (_scorer.Count > 0)
            _scorer.Score();
        if (isFetched)
            Adapt(isInTime, read - start + _input.MoveTime, Stopwatch.GetTimestamp() - read);
    }

    /// <summary>
    /// Scores more rows at once as long as reading them is faster than scoring them, and fewer after a batch had to wait for the source.
    /// </summary>
    private void Adapt(bool isInTime, long reading, long scoring)
    {
        if (!isInTime)
            _maxRows = Math.Max(1, _input.Held / 2);
        else if (_input.CanLookAhead && reading <= scoring)
            _maxRows = Math.Min(MaxRows, Growth * _maxRows);
    }

    private RowFault ReadSource()
    {
        _reader ??= new SequenceRowReader(_input, _bindings.Input, _bindings.InputColumns);
        return _reader.Read();
    }

    private void AddHeldRows(int first)
    {
        if (_heldReader is null)
        {
            _heldRow = _input.CreateRow();
            _heldReader = new SequenceRowReader(_heldRow, _bindings.Input, _bindings.InputColumns);
        }
        for (int row = first; row < _input.Held && (row == first || _scorer!.TotalSteps < _maxSteps); row++)
        {
            _input.MoveTo(_heldRow!, row);
            try
            {
                Add(_heldReader, _heldReader.Read());
            }
            catch (InvalidOperationException) when (row > first)
            {
                // The error is thrown when the consumer comes to the row, not before.
                return;
            }
        }
    }

    private void Add(SequenceRowReader reader, RowFault fault)
    {
        _tally.Add(fault, weight: 1, isCut: false);
        bool isGood = fault == RowFault.None;
        _sequenceOfRow[_end++] = isGood ? _scorer!.Count : BadRow;
        if (isGood)
            reader.AddTo(_scorer!);
    }
}

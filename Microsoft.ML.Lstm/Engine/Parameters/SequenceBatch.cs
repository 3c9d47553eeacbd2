using Microsoft.ML.Lstm.Engine.Kernels;

namespace Microsoft.ML.Lstm.Engine.Parameters;

/// <summary>
/// A batch of sequences of any lengths, packed like PyTorch's PackedSequence: sorted by length (longest first), time-major, with rows only
/// for the sequences that have the step. Row r of step t is row <c>FirstRow(t) + r</c> of <see cref="X"/>; no padding is stored or
/// computed.
/// </summary>
/// <remarks>Fill with <see cref="Add"/>, then <see cref="Pack"/>. The buffers are kept from batch to batch.</remarks>
internal sealed unsafe class SequenceBatch(NetworkShape shape)
{
    private readonly FloatBuffer _x = new();
    private readonly int _boundary = shape.Embeddings.Count > 0 ? shape.Embeddings[0].Boundary : 0;
    private float[] _staged = [];
    private int[] _stagedTokens = [];
    private int[] _tokens = [];
    private float[] _statics = [];
    private long[] _keys = [];
    private int[] _stagedAt = [];
    private int[] _lengths = [];
    private int[] _order = [];
    private int[] _firstRow = [];

    /// <summary>I: the width of a row of <see cref="X"/>, the numeric features and space for the embeddings.</summary>
    public int InputSize { get; } = shape.InputSize;

    /// <summary>F: numeric features a step.</summary>
    public int NumericSize { get; } = shape.NumericSize;

    /// <summary>The number of tokens a step.</summary>
    public int TokenColumns { get; } = shape.TokenColumns;

    /// <summary>
    /// The words that the last token of each step is the number of, where words have characters. Whoever fills the batch may replace them.
    /// </summary>
    public Spellings Spellings { get; set; } = new(shape.Characters?.Table.KeyCount ?? 0);

    /// <summary>
    /// The sequences that a decoder is to write, one for each of these; null for a network that writes none. They are packed by their own
    /// lengths, so the row of a sequence may be another one there.
    /// </summary>
    public SequenceBatch? Targets { get; } = shape.Decoder is { } decoder && shape.Target is not null ? new SequenceBatch(decoder) : null;

    /// <summary>S: static features of a sequence.</summary>
    public int StaticSize { get; } = shape.StaticSize;

    /// <summary>B: sequences.</summary>
    public int Count { get; private set; }

    /// <summary>N: steps of all sequences.</summary>
    public int TotalSteps { get; private set; }

    /// <summary>T: steps of the longest sequence. Known after <see cref="Pack"/>.</summary>
    public int MaxLength { get; private set; }

    /// <summary>The packed features [N x I]; the embedding layer fills in the embeddings.</summary>
    public float* X => _x.Pointer;

    /// <summary>The features [I] of a packed row.</summary>
    public Span<float> Features(int packedRow) => _x.Span.Slice(packedRow * InputSize, InputSize);

    /// <summary>
    /// The tokens of a packed row, one for each embedding table; a decoder that reads what it would have written changes them.
    /// </summary>
    public Span<int> PackedTokens(int packedRow) => _tokens.AsSpan(packedRow * TokenColumns, TokenColumns);

    public void Clear()
    {
        Count = 0;
        TotalSteps = 0;
        Targets?.Clear();
    }

    /// <summary>Adds a sequence for a decoder to write: at each step it reads the token before, at the first the boundary.</summary>
    /// <param name="labels">The tokens as classes, counted from 0; −1 for an unknown one.</param>
    public void AddLabels(ReadOnlySpan<int> labels)
    {
        Add(labels.Length + 1).Clear();
        Span<int> tokens = Tokens(Count - 1);
        tokens[0] = _boundary;
        for (int i = 0; i < labels.Length; i++)
            tokens[i + 1] = labels[i] + 1;
    }

    /// <summary>Adds a sequence of one step with one token, for a decoder that goes on from a state.</summary>
    public void AddStep(int token)
    {
        Add(steps: 1).Clear();
        Tokens(Count - 1)[0] = token;
    }

    /// <summary>
    /// Adds a sequence of <paramref name="steps"/> steps and returns its numeric features, step-major, for the caller to fill before the
    /// next call, like the <see cref="Tokens"/>.
    /// </summary>
    public Span<float> Add(int steps)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 1);
        long end = (long)TotalSteps + steps;
        if (end * NumericSize > _staged.Length)
            Array.Resize(ref _staged, FloatBuffer.Grow(_staged.Length, end * NumericSize));
        if (end * TokenColumns > _stagedTokens.Length)
            Array.Resize(ref _stagedTokens, FloatBuffer.Grow(_stagedTokens.Length, end * TokenColumns));
        if (Count == _lengths.Length)
        {
            int capacity = Math.Max(16, 2 * Count);
            Array.Resize(ref _statics, FloatBuffer.Grow(_statics.Length, (long)capacity * StaticSize));
            Array.Resize(ref _lengths, capacity);
            Array.Resize(ref _stagedAt, capacity);
            _keys = new long[capacity];
            _order = new int[capacity];
        }
        _lengths[Count] = steps;
        _stagedAt[Count] = TotalSteps;
        _statics.AsSpan(Count * StaticSize, StaticSize).Clear();
        Count++;
        TotalSteps += steps;
        Tokens(Count - 1).Clear();
        return _staged.AsSpan(_stagedAt[Count - 1] * NumericSize, steps * NumericSize);
    }

    /// <summary>The numeric features of all sequences in the order of adding, one after the other.</summary>
    public Span<float> StagedSteps => _staged.AsSpan(0, TotalSteps * NumericSize);

    /// <summary>
    /// The tokens of sequence <paramref name="index"/> in the order of adding, step-major, for the caller to fill; 0 is the unknown token.
    /// Where words have characters, the last token of a step is its word's number in <see cref="Spellings"/>.
    /// </summary>
    public Span<int> Tokens(int index) => _stagedTokens.AsSpan(_stagedAt[index] * TokenColumns, _lengths[index] * TokenColumns);

    /// <summary>The tokens of all sequences in the order of adding, one after the other.</summary>
    public Span<int> StagedTokens => _stagedTokens.AsSpan(0, TotalSteps * TokenColumns);

    /// <summary>The static features of sequence <paramref name="index"/> in the order of adding.</summary>
    public Span<float> Statics(int index) => _statics.AsSpan(index * StaticSize, StaticSize);

    /// <summary>The index, in the order of adding, of the sequence in row <paramref name="row"/>.</summary>
    public int SequenceAt(int row) => _order[row];

    /// <summary>The number of steps of the sequence in row <paramref name="row"/>.</summary>
    public int Length(int row) => _lengths[_order[row]];

    /// <summary>The number of rows that have a step <paramref name="t"/>; they are the first rows.</summary>
    public int ActiveRows(int t) => _firstRow[t + 1] - _firstRow[t];

    /// <summary>The first packed row of step <paramref name="t"/>.</summary>
    public int FirstRow(int t) => _firstRow[t];

    /// <summary>
    /// The packed rows of rows <paramref name="begin"/> to <paramref name="end"/> at step <paramref name="t"/>, if they have any.
    /// </summary>
    public bool TryRowsAt(int t, int begin, int end, out int first, out int count)
    {
        first = count = 0;
        if (t == MaxLength)
            return false;
        first = FirstRow(t) + begin;
        count = Math.Min(end, ActiveRows(t)) - begin;
        return count > 0;
    }

    /// <summary>Cuts the rows into parts of about as many steps each, at least one row a part.</summary>
    /// <param name="parts">The number of parts, at most as many as there are rows.</param>
    /// <param name="bounds">Receives the first row of each part and, behind the last, the number of rows.</param>
    public void Partition(int parts, Span<int> bounds)
    {
        long steps = 0;
        int row = 0;
        for (int part = 0; part < parts; part++)
        {
            bounds[part] = row;
            long target = (long)TotalSteps * (part + 1) / parts;
            // Leaves a row for each part behind it.
            int lastEnd = Count - (parts - part - 1);
            do
            {
                steps += Length(row++);
            }
            while (row < lastEnd && steps + Length(row) / 2 <= target);
        }
        bounds[parts] = Count;
    }

    /// <summary>
    /// The first step of row <paramref name="row"/> when the steps of all sequences are counted one after the other, in the order of
    /// adding.
    /// </summary>
    public int FirstStep(int row) => _stagedAt[_order[row]];

    /// <summary>The step that packed row <paramref name="packedRow"/> belongs to.</summary>
    public int StepOf(int packedRow)
    {
        int index = Array.BinarySearch(_firstRow, 0, MaxLength + 1, packedRow);
        return index >= 0 ? index : ~index - 1;
    }

    /// <summary>
    /// Makes room for another batch's sequences with <paramref name="stepsPerFrame"/> of their steps as one, in rows of the same order; the
    /// caller fills in the <see cref="Features"/>.
    /// </summary>
    public void PackFramesOf(SequenceBatch steps, int stepsPerFrame)
    {
        Count = steps.Count;
        TotalSteps = 0;
        FloatBuffer.Require(ref _lengths, Count);
        FloatBuffer.Require(ref _stagedAt, Count);
        FloatBuffer.Require(ref _order, Count);
        for (int i = 0; i < Count; i++)
        {
            _order[i] = steps._order[i];
            _lengths[i] = NetworkShape.FramesOf(steps._lengths[i], stepsPerFrame);
            _stagedAt[i] = TotalSteps;
            TotalSteps += _lengths[i];
        }
        MaxLength = Count == 0 ? 0 : Length(0);
        FloatBuffer.Require(ref _firstRow, MaxLength + 1L);
        _x.Require((long)TotalSteps * InputSize);
        int active = Count, packedRow = 0;
        for (int t = 0; t < MaxLength; t++, packedRow += active)
        {
            _firstRow[t] = packedRow;
            while (Length(active - 1) <= t)
                active--;
        }
        _firstRow[MaxLength] = packedRow;
    }

    /// <summary>Sorts and packs the sequences that were added.</summary>
    public void Pack()
    {
        Targets?.Pack();
        // Longest first, equally long ones in the order of adding.
        for (int i = 0; i < Count; i++)
            _keys[i] = ((long)(int.MaxValue - _lengths[i]) << 32) | (uint)i;
        Array.Sort(_keys, 0, Count);
        for (int row = 0; row < Count; row++)
            _order[row] = (int)(_keys[row] & int.MaxValue);

        MaxLength = Count == 0 ? 0 : Length(0);
        if (_firstRow.Length < MaxLength + 1)
            _firstRow = new int[Math.Max(MaxLength + 1, 2 * _firstRow.Length)];
        _x.Require((long)TotalSteps * InputSize);
        FloatBuffer.Require(ref _tokens, (long)TotalSteps * TokenColumns);
        Span<float> packed = _x.Span;
        int active = Count;
        int packedRow = 0;
        for (int t = 0; t < MaxLength; t++)
        {
            _firstRow[t] = packedRow;
            while (Length(active - 1) <= t)
                active--;
            for (int row = 0; row < active; row++, packedRow++)
            {
                int step = _stagedAt[_order[row]] + t;
                _staged.AsSpan(step * NumericSize, NumericSize).CopyTo(packed[(packedRow * InputSize)..]);
                _stagedTokens.AsSpan(step * TokenColumns, TokenColumns).CopyTo(_tokens.AsSpan(packedRow * TokenColumns));
            }
        }
        _firstRow[MaxLength] = packedRow;
    }
}

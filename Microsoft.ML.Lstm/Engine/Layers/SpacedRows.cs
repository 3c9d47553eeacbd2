using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Layers;

/// <summary>
/// Where the steps of a batch lie in the buffers of convolutions: one sequence after the other, in the order of the batch's rows, with rows
/// of zeros before, between and behind them, which are what a convolution sees beyond the ends.
/// </summary>
/// <param name="gap">The rows of zeros between two sequences.</param>
internal sealed class SpacedRows(int gap)
{
    // Longer sequences are cut, so that the sums of a span stay in the second-level cache.
    private const int LongestSpan = 240;

    private int[] _firstSpan = [];
    private RowSpan[] _spans = [];
    private int _count;

    /// <summary>The rows of zeros between two sequences.</summary>
    public int Gap => gap;

    /// <summary>Rows of the buffers.</summary>
    public int Total { get; private set; }

    /// <summary>Steps of all sequences.</summary>
    public int Steps { get; private set; }

    /// <summary>The spans of all rows that hold steps. They depend on the batch alone, not on threads.</summary>
    public ReadOnlySpan<RowSpan> Spans => _spans.AsSpan(0, _firstSpan[_count]);

    /// <summary>Lays out a packed batch.</summary>
    public void Place(SequenceBatch batch)
    {
        _count = batch.Count;
        Steps = batch.TotalSteps;
        FloatBuffer.Require(ref _firstSpan, _count + 1L);
        FloatBuffer.Require(ref _spans, _count + (long)Steps / LongestSpan);
        int row = gap, spans = 0;
        for (int i = 0; i < _count; i++, row += gap)
        {
            _firstSpan[i] = spans;
            for (int left = batch.Length(i); left > 0;)
            {
                int count = Math.Min(LongestSpan, left);
                _spans[spans++] = new RowSpan(row, count);
                row += count;
                left -= count;
            }
        }
        _firstSpan[_count] = spans;
        Total = row;
    }

    /// <summary>The first row of the sequence in row <paramref name="row"/> of the batch; its steps follow.</summary>
    public int First(int row) => _spans[_firstSpan[row]].First;

    /// <summary>The range of the spans of rows <paramref name="begin"/> to <paramref name="end"/> of the batch.</summary>
    public Range SpansOf(int begin, int end) => _firstSpan[begin].._firstSpan[end];

    /// <summary>Makes room for the rows, and clears those between the sequences.</summary>
    public void Prepare(FloatBuffer buffer, int stride)
    {
        buffer.Require((long)Total * stride);
        Span<float> rows = buffer.Span;
        rows[..(gap * stride)].Clear();
        for (int i = 0; i < _count; i++)
        {
            int end = _spans[_firstSpan[i + 1] - 1].End;
            rows.Slice(end * stride, gap * stride).Clear();
        }
    }
}

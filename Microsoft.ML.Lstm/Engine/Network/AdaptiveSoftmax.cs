using System.Numerics.Tensors;
using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Layers;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Network;

/// <summary>
/// Runs an adaptive softmax over rows of the head's input: to the loss and back, where only rows whose class is in a tail go through that
/// tail, or to the logarithms of the probabilities of all classes. It serves one caller at a time, but the parts of <see cref="Run"/>.
/// </summary>
/// <remarks>
/// The rows of a tail are gathered in ascending order, and parts of the rows are parts of them, so the sums over them don't depend on
/// threads. With K numbers of the head's input, a tail has h of them and n classes: z = P·x, y = W·z; dz = Wᵀ·dy, dx += Pᵀ·dz.
/// </remarks>
/// <param name="weights">The packed weights.</param>
internal sealed unsafe class AdaptiveSoftmax(AdaptiveSoftmaxWeights weights)
{
    // Rows for which weights that don't fit into the second-level cache are read once.
    private const int BlockRows = 192;

    // Expected rows of a tail are this part of all; only the division of work among threads goes by it.
    private const int RowsOfTail = 8;

    private readonly AdaptiveSoftmaxShape _shape = weights.Shape;
    private readonly DenseLayer _head = weights.Head;
    private readonly TailRows[] _tails = [.. weights.Tails.Select(tail => new TailRows(tail))];
    private readonly FloatBuffer _logits = new(weights.Head.OutputStride);
    private readonly FloatBuffer _projected = new(weights.Tails.Max(tail => tail.Projection.OutputStride));
    private readonly FloatBuffer _tailLogits = new(weights.Tails.Max(tail => tail.Outputs.OutputStride));
    private readonly float[] _exponentials =
        new float[Math.Max(weights.Head.OutputSize, weights.Tails.Max(tail => tail.Outputs.OutputSize))];
    private int[] _headIndex = [];

    /// <summary>The gradients of the tails' weights, after <see cref="Run"/> over all rows.</summary>
    public IEnumerable<PanelGradient> NewTailGradients() => _tails.SelectMany(tail => tail.NewGradients(RowsOfTail));

    /// <summary>Finds the rows of each tail.</summary>
    /// <param name="rows">The number of rows.</param>
    /// <param name="loss">Says their classes.</param>
    public void Prepare(int rows, OutputLoss loss)
    {
        FloatBuffer.Require(ref _headIndex, rows);
        foreach (TailRows tail in _tails)
            tail.Clear(rows);
        for (int row = 0; row < rows; row++)
        {
            int number = loss.ClassOf(row);
            (int cluster, int index) = number < 0 ? (0, -1) : _shape.Find(number);
            _headIndex[row] = cluster == 0 ? index : _shape.Shortlist.Count + cluster - 1;
            if (cluster > 0)
                _tails[cluster - 1].Add(row, index);
        }
        foreach (TailRows tail in _tails)
            tail.MakeRoom();
    }

    /// <summary>
    /// From the head's inputs to the loss of rows <paramref name="begin"/> to <paramref name="end"/> and, unless <paramref name="dx"/> is
    /// null, back to their gradient.
    /// </summary>
    /// <param name="begin">The first row.</param>
    /// <param name="end">The row behind the last.</param>
    /// <param name="x">The head's inputs of all rows.</param>
    /// <param name="y">Receives the gradients of the head's outputs of these rows, for all rows to be known when weights are
    /// differentiated.</param>
    /// <param name="dx">Receives the gradients of the head's inputs.</param>
    /// <param name="loss">The loss.</param>
    /// <param name="stop">Cancels with an exception.</param>
    public void Run(int begin, int end, float* x, float* y, float* dx, OutputLoss loss, CancellationToken stop)
    {
        nint xRow = _head.InputStride, yRow = _head.OutputStride;
        for (int first = begin; first < end; first += BlockRows)
        {
            stop.ThrowIfCancellationRequested();
            int count = Math.Min(BlockRows, end - first);
            _head.Forward(count, x + first * xRow, y + first * yRow);
            for (int row = first; row < first + count; row++)
            {
                var outputs = new Span<float>(y + row * yRow, _shape.HeadSize);
                if (_headIndex[row] < 0)
                    outputs.Clear();
                else
                    loss.DifferentiateCluster(row, outputs, _headIndex[row]);
            }
            if (dx != null)
                _head.Backward(count, y + first * yRow, dx + first * xRow);
        }
        foreach (TailRows tail in _tails)
            tail.Run(begin, end, x, dx, xRow, loss, stop);
    }

    /// <summary>ln p of all classes [O] of one row.</summary>
    /// <param name="x">The head's input.</param>
    /// <param name="y">Receives the logarithms.</param>
    public void LogProbabilities(float* x, float* y)
    {
        var all = new Span<float>(y, _shape.OutputSize);
        _head.Forward(1, x, _logits.Pointer);
        Span<float> head = _logits.Span[.._shape.HeadSize];
        TensorPrimitives.Subtract(head, LogSumExp(head), head);
        _shape.Shortlist.Spread(head, all);
        for (int tail = 0; tail < weights.Tails.Length; tail++)
        {
            (DenseLayer projection, DenseLayer outputs) = weights.Tails[tail];
            projection.Forward(1, x, _projected.Pointer);
            outputs.Forward(1, _projected.Pointer, _tailLogits.Pointer);
            Span<float> logits = _tailLogits.Span[..outputs.OutputSize];
            TensorPrimitives.Add(logits, head[_shape.Shortlist.Count + tail] - LogSumExp(logits), logits);
            _shape.Tails[tail].Classes.Spread(logits, all);
        }
    }

    private float LogSumExp(ReadOnlySpan<float> logits)
    {
        float largest = Softmax.Largest(logits);
        Span<float> exponentials = _exponentials.AsSpan(0, logits.Length);
        logits.CopyTo(exponentials);
        return (float)(largest + Math.Log(weights.Kernels.Exponentials(exponentials, largest)));
    }

    /// <summary>The rows of a batch that go through a tail.</summary>
    private sealed class TailRows(AdaptiveSoftmaxWeights.Tail layers)
    {
        private readonly FloatBuffer _x = new();
        private readonly FloatBuffer _z = new();
        private readonly FloatBuffer _dz = new();
        private readonly FloatBuffer _y = new();
        private readonly FloatBuffer _dx = new();
        private int[] _rows = [];
        private int[] _indices = [];
        private int _count;

        private DenseLayer Projection => layers.Projection;

        private DenseLayer Outputs => layers.Outputs;

        public void Clear(int rows)
        {
            FloatBuffer.Require(ref _rows, rows);
            FloatBuffer.Require(ref _indices, rows);
            _count = 0;
        }

        public void Add(int row, int index) => (_rows[_count], _indices[_count++]) = (row, index);

        public void MakeRoom()
        {
            _x.Require((long)_count * Projection.InputStride);
            _dx.Require((long)_count * Projection.InputStride);
            _z.Require((long)_count * Outputs.InputStride);
            _dz.Require((long)_count * Outputs.InputStride);
            _y.Require((long)_count * Outputs.OutputStride);
        }

        public void Run(int begin, int end, float* x, float* dx, nint xRow, OutputLoss loss, CancellationToken stop)
        {
            int last = FirstFrom(end), width = Projection.InputStride;
            for (int first = FirstFrom(begin); first < last; first += BlockRows)
            {
                stop.ThrowIfCancellationRequested();
                int count = Math.Min(BlockRows, last - first);
                float* gathered = _x.Pointer + (long)first * width, y = _y.Pointer + (long)first * Outputs.OutputStride;
                float* z = _z.Pointer + (long)first * Outputs.InputStride, dz = _dz.Pointer + (long)first * Outputs.InputStride;
                for (int i = 0; i < count; i++)
                    new Span<float>(x + _rows[first + i] * xRow, width).CopyTo(new Span<float>(gathered + i * width, width));
                Projection.Forward(count, gathered, z);
                Outputs.Forward(count, z, y);
                for (int i = 0; i < count; i++)
                    loss.DifferentiateCluster(_rows[first + i], new Span<float>(y + (long)i * Outputs.OutputStride, Outputs.OutputSize),
                        _indices[first + i]);
                if (dx == null)
                    continue;
                Outputs.Backward(count, y, dz);
                float* gradient = _dx.Pointer + (long)first * width;
                Projection.Backward(count, dz, gradient);
                for (int i = 0; i < count; i++)
                {
                    var sum = new Span<float>(dx + _rows[first + i] * xRow, width);
                    TensorPrimitives.Add(sum, new ReadOnlySpan<float>(gradient + i * width, width), sum);
                }
            }
        }

        public IEnumerable<PanelGradient> NewGradients(int share)
        {
            DenseGradients projection = Projection.NewGradients(), outputs = Outputs.NewGradients();
            yield return NewGradient(projection, share, _x, _dz);
            yield return NewGradient(outputs, share, _z, _y);
        }

        private PanelGradient NewGradient(DenseGradients gradients, int share, FloatBuffer x, FloatBuffer dy)
            => new(gradients.Panels, Math.Max(1, gradients.CostOfPanel / share), gradients.ScratchLength, (begin, end, scratch, target) =>
            {
                if (_count > 0)
                    gradients.Add(begin, end, _count, x.Pointer, dy.Pointer, scratch, target);
            });

        /// <summary>The first of the tail's rows that is not before a row of the batch.</summary>
        private int FirstFrom(int row)
        {
            int index = Array.BinarySearch(_rows, 0, _count, row);
            return index < 0 ? ~index : index;
        }
    }
}

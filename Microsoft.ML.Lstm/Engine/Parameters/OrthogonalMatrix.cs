using Microsoft.ML.Lstm.Engine.Kernels;

namespace Microsoft.ML.Lstm.Engine.Parameters;

/// <summary>
/// Random orthogonal matrices of any size, uniformly distributed (Haar measure): the product of the Householder reflections of Gaussian
/// vectors, one for each dimension (Stewart 1980), which needs no decomposition.
/// </summary>
/// <remarks>
/// Reflections are combined by blocks, I − V·T·Vᵀ (Schreiber and Van Loan 1989), so that everything is matrix products. A panel of
/// columns is independent of the others and goes through all blocks in one thread; the result does not depend on which thread.
/// </remarks>
internal sealed unsafe class OrthogonalMatrix
{
    // Reflections of a block: whole tiles of the kernels, and few enough that a panel's part of V·T·Vᵀ stays in the first-level cache.
    private const int BlockSize = 96;

    private readonly int _size;
    private readonly ulong _key;
    private readonly CpuKernels _kernels;
    private readonly CancellationToken _cancellation;
    private readonly FloatBuffer[] _vectors;
    private readonly FloatBuffer[] _triangles;
    private readonly float[] _signs;
    private readonly float[] _result;
    private readonly int _offset;
    private int _next;

    private OrthogonalMatrix(int size, ulong key, float[] result, int offset, CpuKernels kernels, CancellationToken cancellation)
    {
        (_size, _key, _result, _offset, _kernels, _cancellation) = (size, key, result, offset, kernels, cancellation);
        int blocks = (size + BlockSize - 1) / BlockSize;
        _vectors = new FloatBuffer[blocks];
        _triangles = new FloatBuffer[blocks];
        _signs = new float[size];
    }

    private int PanelWidth => GemmTile.MaxVectors * _kernels.Lanes;

    /// <summary>Fills in a random orthogonal matrix.</summary>
    /// <param name="result">Receives the matrix, row-major.</param>
    /// <param name="offset">The index of its first element.</param>
    /// <param name="size">The number of rows and columns.</param>
    /// <param name="key">The seed of the matrix.</param>
    /// <param name="team">The threads to share the work among.</param>
    /// <param name="cancellation">Cancels with an exception.</param>
    public static void Fill(float[] result, int offset, int size, ulong key, WorkerTeam team, CancellationToken cancellation)
    {
        var matrix = new OrthogonalMatrix(size, key, result, offset, CpuKernels.Best, cancellation);
        team.Run(team.Threads, _ => matrix.ShareOut(matrix._vectors.Length, matrix.MakeBlock));
        matrix._next = 0;
        int panels = (size + matrix.PanelWidth - 1) / matrix.PanelWidth;
        // The last panels go through the most blocks, so they are first.
        team.Run(team.Threads, _ =>
        {
            var scratch = new FloatBuffer((long)(size + 2 * BlockSize) * matrix.PanelWidth);
            matrix.ShareOut(panels, i => matrix.MakePanel(panels - 1 - i, scratch));
        });
    }

    /// <summary>Runs items that no thread has started, until none is left.</summary>
    private void ShareOut(int count, Action<int> work)
    {
        for (int i = Interlocked.Increment(ref _next) - 1; i < count; i = Interlocked.Increment(ref _next) - 1)
            work(i);
    }

    /// <summary>
    /// Draws the vectors of the reflections of a block, [rows from the first of the block on x reflections], and computes −T.
    /// </summary>
    private void MakeBlock(int block)
    {
        int first = block * BlockSize, rows = _size - first, count = Math.Min(BlockSize, rows);
        var vectors = new FloatBuffer((long)rows * count);
        var triangle = new FloatBuffer(count * count);
        double[] vector = new double[rows];
        for (int k = 0; k < count; k++)
        {
            _cancellation.ThrowIfCancellationRequested();
            Draw(first + k, vector.AsSpan(k));
            for (int row = 0; row < rows; row++)
                vectors.Pointer[(long)row * count + k] = row < k ? 0 : (float)vector[row];
        }
        double[] t = new double[count * count], overlaps = new double[count];
        for (int k = 0; k < count; k++)
        {
            _cancellation.ThrowIfCancellationRequested();
            double squares = OverlapsOf(vectors.Pointer, rows, count, k, overlaps);
            double factor = 2 / squares;
            for (int i = 0; i < k; i++)
            {
                double sum = 0;
                for (int j = i; j < k; j++)
                    sum += t[i * count + j] * overlaps[j];
                t[i * count + k] = -factor * sum;
            }
            t[k * count + k] = factor;
        }
        for (int i = 0; i < t.Length; i++)
            triangle.Pointer[i] = (float)-t[i];
        (_vectors[block], _triangles[block]) = (vectors, triangle);
    }

    /// <summary>The dot products of vector <paramref name="k"/> with the vectors before it, and with itself.</summary>
    private static double OverlapsOf(float* vectors, int rows, int count, int k, double[] overlaps)
    {
        double squares = 0;
        Array.Clear(overlaps);
        for (int row = k; row < rows; row++)
        {
            float* values = vectors + (long)row * count;
            double value = values[k];
            squares += value * value;
            for (int j = 0; j < k; j++)
                overlaps[j] += value * values[j];
        }
        return squares;
    }

    /// <summary>
    /// The unit vector whose reflection maps a Gaussian vector to the first axis; keeps the sign that makes the distribution uniform.
    /// </summary>
    private void Draw(int reflection, Span<double> vector)
    {
        ulong stream = SplitMix64.Mix(_key + (ulong)reflection);
        double squares = 0;
        for (int i = 0; i < vector.Length; i += 2)
        {
            (double first, double second) = Gaussians(stream + (ulong)i);
            vector[i] = first;
            squares += first * first;
            if (i + 1 == vector.Length)
                break;
            vector[i + 1] = second;
            squares += second * second;
        }
        double sign = vector[0] < 0 ? -1 : 1, norm = Math.Sqrt(squares);
        double scale = 1 / Math.Sqrt(2 * (squares + norm * Math.Abs(vector[0])));
        vector[0] += sign * norm;
        foreach (ref double value in vector)
            value *= scale;
        _signs[reflection] = (float)-sign;
    }

    /// <summary>Two normal numbers (Box and Muller 1958) for a place in the stream; the next place is two on.</summary>
    private static (double First, double Second) Gaussians(ulong place)
    {
        const double unit = 1.0 / (1L << 53);
        double radius = Math.Sqrt(-2 * Math.Log(((SplitMix64.Mix(place) >> 11) + 1) * unit));
        (double sine, double cosine) = Math.SinCos(2 * Math.PI * ((SplitMix64.Mix(place + 1) >> 11) * unit));
        return (radius * cosine, radius * sine);
    }

    /// <summary>
    /// Applies the blocks of reflections, the last block first, to a panel of columns of the identity matrix with the signs.
    /// </summary>
    private void MakePanel(int panel, FloatBuffer scratch)
    {
        int width = PanelWidth, firstColumn = panel * width, columns = Math.Min(width, _size - firstColumn);
        float* values = scratch.Pointer, products = values + (long)_size * width, moves = products + BlockSize * width;
        scratch.Span[..(_size * width)].Clear();
        for (int i = 0; i < columns; i++)
            values[(long)(firstColumn + i) * width + i] = _signs[firstColumn + i];
        // Blocks that begin behind the last column find only zeros.
        for (int block = (firstColumn + columns - 1) / BlockSize; block >= 0; block--)
        {
            _cancellation.ThrowIfCancellationRequested();
            int first = block * BlockSize, rows = _size - first, count = Math.Min(BlockSize, rows);
            float* part = values + (long)first * width, vectors = _vectors[block].Pointer;
            _kernels.MultiplyTransposed(count, vectors, count, rows, part, width, GemmTile.MaxVectors, products, accumulate: false);
            _kernels.Multiply(count, _triangles[block].Pointer, count, count, products, GemmTile.MaxVectors, null, 0, moves, width);
            _kernels.MultiplyAdd(rows, vectors, count, count, moves, GemmTile.MaxVectors, part, width);
        }
        for (int row = 0; row < _size; row++)
            scratch.Span.Slice(row * width, columns).CopyTo(_result.AsSpan(_offset + row * _size + firstColumn));
    }
}

using Microsoft.ML.Lstm.Engine.Kernels;

namespace Microsoft.ML.Lstm.Tests.Engine.Kernels;

/// <summary>The matrix products of every width against sums in double, over shapes around every tile edge.</summary>
[TestClass]
public sealed unsafe class MatrixProductTests
{
    private static readonly int[] RowCounts = [1, 2, 3, 4, 5, 6, 7, 11, 12, 13, 18];
    private static readonly int[] Depths = [1, 2, 7, 64];

    [TestMethod]
    public void AProductWithAPackedMatrixIsAddedToWhatWasThere()
    {
        foreach (CpuKernels kernels in CpuKernels.Available)
        {
            foreach (int rows in RowCounts)
            {
                foreach (int depth in Depths)
                {
                    for (int vectors = 1; vectors <= 9; vectors++)
                        CheckProduct(kernels, rows, depth, vectors);
                }
            }
        }
    }

    [TestMethod]
    public void APackedMatrixThatNoCacheKeepsIsMultipliedTheSame()
    {
        foreach (CpuKernels kernels in CpuKernels.Available)
        {
            // Panels of one part and of three, the last one of fewer vectors.
            foreach (int depth in new[] { 700, 5000 })
            {
                int vectors = FetchedAhead.LargeWeights / depth / kernels.Lanes + 3;
                foreach (int rows in new[] { 1, 6, 7, 13 })
                    CheckProduct(kernels, rows, depth, vectors, tolerance: 5e-4);
            }
        }
    }

    private static void CheckProduct(CpuKernels kernels, int rows, int depth, int vectors, double tolerance = 1e-5)
    {
        var random = new Random(rows * 1000 + depth * 10 + vectors);
        int columns = vectors * kernels.Lanes;
        int aRow = depth + 3, cRow = columns + 5;
        FloatBuffer a = Random(random, rows * aRow), b = Random(random, depth * columns), c = Random(random, rows * cRow);
        float[] before = c.Span.ToArray();
        var packed = new PackedMatrix([.. Enumerable.Range(0, depth).Select(k => k * columns)], [.. Enumerable.Range(0, columns)],
            GemmTile.MaxVectors * kernels.Lanes);
        packed.Pack(b.Span);

        kernels.MultiplyAdd(rows, a.Pointer, aRow, depth, packed.Pointer, vectors, c.Pointer, cRow);

        for (int m = 0; m < rows; m++)
        {
            for (int n = 0; n < cRow; n++)
            {
                double expected = before[m * cRow + n];
                for (int k = 0; k < depth && n < columns; k++)
                    expected += (double)a.Span[m * aRow + k] * b.Span[k * columns + n];
                Assert.AreEqual(expected, c.Span[m * cRow + n], tolerance,
                    $"{kernels.Name}, row {m} of {rows}, column {n} of {columns}, depth {depth}");
            }
        }
    }

    [TestMethod]
    public void ATransposedProductIsSetOrAdded()
    {
        foreach (CpuKernels kernels in CpuKernels.Available)
        {
            foreach (int width in RowCounts)
            {
                for (int vectors = 1; vectors <= GemmTile.MaxVectors; vectors++)
                {
                    CheckTransposed(kernels, width, depth: 9, vectors, accumulate: false);
                    CheckTransposed(kernels, width, depth: 9, vectors, accumulate: true);
                }
            }
        }
    }

    [TestMethod]
    public void RowsThatAreNotPackedAreMultipliedAsTheyStand()
    {
        foreach (CpuKernels kernels in CpuKernels.Available)
        {
            for (int rows = 1; rows <= 7; rows++)
            {
                for (int vectors = 1; vectors <= 6; vectors++)
                {
                    CheckRows(kernels, rows, depth: 9, vectors, accumulate: false);
                    CheckRows(kernels, rows, depth: 1, vectors, accumulate: true);
                }
            }
        }
    }

    private static void CheckRows(CpuKernels kernels, int rows, int depth, int vectors, bool accumulate)
    {
        var random = new Random(rows * 10 + vectors);
        int columns = vectors * kernels.Lanes, stride = columns + kernels.Lanes;
        FloatBuffer a = Random(random, rows * depth), b = Random(random, depth * stride), c = Random(random, rows * stride);
        FloatBuffer products = Random(random, depth);
        float[] before = c.Span.ToArray();

        kernels.MultiplyRows(rows, a.Pointer, depth, 1, depth, b.Pointer, stride, vectors, c.Pointer, stride, accumulate);
        kernels.DotRows(depth, b.Pointer, stride, vectors, c.Pointer, products.Pointer);

        for (int m = 0; m < rows; m++)
        {
            for (int n = 0; n < stride; n++)
            {
                double expected = accumulate || n >= columns ? before[m * stride + n] : 0;
                for (int k = 0; k < depth && n < columns; k++)
                    expected += (double)a.Span[m * depth + k] * b.Span[k * stride + n];
                Assert.AreEqual(expected, c.Span[m * stride + n], 1e-5, $"{kernels.Name}, row {m} of {rows}, column {n} of {columns}");
            }
        }
        for (int k = 0; k < depth; k++)
        {
            double expected = 0;
            for (int n = 0; n < columns; n++)
                expected += (double)b.Span[k * stride + n] * c.Span[n];
            Assert.AreEqual(expected, products.Span[k], 1e-4, $"{kernels.Name}, row {k} of {depth}");
        }
    }

    private static void CheckTransposed(CpuKernels kernels, int width, int depth, int vectors, bool accumulate)
    {
        var random = new Random(width * 10 + vectors);
        int columns = vectors * kernels.Lanes, bRow = columns + kernels.Lanes;
        FloatBuffer a = Random(random, depth * (width + 2)), b = Random(random, depth * bRow), c = Random(random, width * columns);
        float[] before = c.Span.ToArray();

        kernels.MultiplyTransposed(width, a.Pointer, width + 2, depth, b.Pointer, bRow, vectors, c.Pointer, accumulate);

        for (int m = 0; m < width; m++)
        {
            for (int n = 0; n < columns; n++)
            {
                double expected = accumulate ? before[m * columns + n] : 0;
                for (int k = 0; k < depth; k++)
                    expected += (double)a.Span[k * (width + 2) + m] * b.Span[k * bRow + n];
                Assert.AreEqual(expected, c.Span[m * columns + n], 1e-5, $"{kernels.Name}, row {m} of {width}, column {n} of {columns}");
            }
        }
    }

    [TestMethod]
    public void PackingRowsCopiesAPanelAndSumsItsColumns()
    {
        foreach (CpuKernels kernels in CpuKernels.Available)
        {
            const int Rows = 5;
            int columns = 3 * kernels.Lanes, stride = columns + 2 * kernels.Lanes;
            FloatBuffer source = Random(new Random(1), Rows * stride), panel = new(Rows * columns), sums = new(columns);
            sums.Span.Fill(1f);

            kernels.PackRows(Rows, source.Pointer, stride, 3, panel.Pointer, sums.Pointer);

            for (int column = 0; column < columns; column++)
            {
                double sum = 1;
                for (int row = 0; row < Rows; row++)
                {
                    Assert.AreEqual(source.Span[row * stride + column], panel.Span[row * columns + column]);
                    sum += source.Span[row * stride + column];
                }
                Assert.AreEqual(sum, sums.Span[column], 1e-5);
            }
        }
    }

    private static FloatBuffer Random(Random random, int length)
    {
        var buffer = new FloatBuffer(length);
        foreach (ref float value in buffer.Span)
            value = (float)(2 * random.NextDouble() - 1);
        return buffer;
    }
}

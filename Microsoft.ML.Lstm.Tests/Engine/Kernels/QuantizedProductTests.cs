using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Microsoft.ML.Lstm.Engine.Kernels;

namespace Microsoft.ML.Lstm.Tests.Engine.Kernels;

/// <summary>
/// Products of whole numbers of 8 bits: every kind of instruction gives the exact sums, over shapes around every tile edge.
/// </summary>
[TestClass]
public sealed unsafe class QuantizedProductTests
{
    private static readonly int[] RowCounts = [1, 2, 3, 4, 5, 6, 7, 11];
    private static readonly int[] Depths = [1, 3, 4, 7, 64, 333];

    [TestMethod]
    public void AllInstructionsGiveTheExactSums()
    {
        int kinds = Check<ScalarBytes, int>();
        if (Bytes128.IsSupported)
            kinds += Check<Bytes128, Vector128<int>>();
        if (Avx2.IsSupported)
            kinds += Check<Avx2Bytes, Vector256<int>>();
        if (AvxVnni.IsSupported)
            kinds += Check<VnniBytes, Vector256<int>>();
        Assert.IsGreaterThanOrEqualTo(1, kinds);
    }

    private static int Check<D, W>()
        where D : struct, IByteProducts<W>
        where W : struct
    {
        foreach (int rows in RowCounts)
        {
            foreach (int depth in Depths)
            {
                for (int vectors = 1; vectors <= 9; vectors++)
                    Check<D, W>(rows, depth, vectors * D.Lanes);
            }
        }
        return 1;
    }

    private static void Check<D, W>(int rows, int depth, int columns)
        where D : struct, IByteProducts<W>
        where W : struct
    {
        var random = new Random(rows * 1000 + depth * 10 + columns);
        // Rows of ones, which are 127, and others; weights with both extremes.
        FloatBuffer a = Fill(rows * depth, i => i < depth ? 1 : random.NextSingle() - 0.5f);
        float[] b = [.. Enumerable.Range(0, depth * columns)
            .Select(i => i % 5 == 0 ? -1 : i % 3 == 0 ? 1 : 2 * random.NextSingle() - 1)];
        float[] factors = [.. Enumerable.Range(0, columns).Select(n => n % 2 == 0 ? 1f : -2.5f)];
        FloatBuffer init = Fill(rows * columns, _ => random.NextSingle());
        var matrix = new QuantizedMatrix([.. Enumerable.Range(0, depth)], [.. Enumerable.Range(0, columns).Select(n => n * depth)], columns,
            factors);
        matrix.Pack(b);
        var numbers = new QuantizedRows();
        numbers.Fill<SimdScalar, float>(rows, depth, a.Pointer, depth, D.Zero);
        float[] expected = new float[rows * columns];
        for (int m = 0; m < rows; m++)
        {
            for (int n = 0; n < columns; n++)
            {
                float scale = WeightRow.ScaleOf(b.AsSpan(n * depth, depth));
                int sum = 0;
                for (int k = 0; k < depth; k++)
                    sum += (int)WeightRow.Quantize(b[n * depth + k], scale) * (sbyte)(numbers.Numbers[m * numbers.Stride + k] - D.Zero);
                expected[m * columns + n] = init.Span[m * columns + n] + sum * (scale * factors[n] * numbers.Scales[m]);
            }
        }

        var product = new QuantizedProduct(numbers, matrix.Pointers, 0);
        QuantizedTile.RunBy<D, W>(rows, columns, init.Pointer, columns, product, init.Pointer, columns);

        for (int i = 0; i < expected.Length; i++)
        {
            Assert.AreEqual(expected[i], init.Span[i],
                $"{typeof(D).Name}: row {i / columns} of {rows}, column {i % columns}, depth {depth}");
        }
    }

    [TestMethod]
    public void RowsAreRoundedAlikeByEveryWidth()
    {
        foreach (int width in new[] { 1, 5, 16, 37, 256 })
        {
            var random = new Random(width);
            FloatBuffer source = Fill(6 * width, i => (i / width) switch
            {
                0 => 0,
                1 => 1e-33f,
                2 => 1e30f * (random.NextSingle() - 0.5f),
                3 => i % width == width / 2 ? float.NaN : 1,
                4 => i % 2 == 0 ? 1 : -0.5f / 127,
                _ => random.NextSingle() - 0.5f,
            });
            var expected = new QuantizedRows();
            expected.Fill<SimdScalar, float>(6, width, source.Pointer, width, zero: 128);
            for (int row = 0; row < 6; row++)
            {
                float largest = source.Span.Slice(row * width, width).ToArray().Max(MathF.Abs);
                Assert.AreEqual(row == 3 ? float.NaN : largest < 1e-30f ? 0 : largest / 127, expected.Scales[row]);
                for (int k = 0; k < width && row != 3; k++)
                    Assert.AreEqual(source.Span[row * width + k] / (largest < 1e-30f ? 1 : largest / 127),
                        expected.Numbers[row * expected.Stride + k] - 128, 0.5001);
                for (int k = width; k < expected.Stride; k++)
                    Assert.AreEqual(128, expected.Numbers[row * expected.Stride + k]);
            }
            if (Vector128.IsHardwareAccelerated)
                AssertSame<Simd128, Vector128<float>>(expected, source, width);
            if (Vector256.IsHardwareAccelerated)
                AssertSame<Simd256, Vector256<float>>(expected, source, width);
            if (Vector512.IsHardwareAccelerated)
                AssertSame<Simd512, Vector512<float>>(expected, source, width);
        }
    }

    private static void AssertSame<S, V>(QuantizedRows expected, FloatBuffer source, int width)
        where S : struct, ISimd<V>
        where V : struct
    {
        var found = new QuantizedRows();
        found.Fill<S, V>(6, width, source.Pointer, width, zero: 128);
        for (int row = 0; row < 6; row++)
        {
            Assert.AreEqual(expected.Scales[row], found.Scales[row], $"width {width}, row {row}");
            // NaN has no number, and its row none that counts.
            for (int k = 0; k < expected.Stride && row != 3; k++)
                Assert.AreEqual(expected.Numbers[row * expected.Stride + k], found.Numbers[row * found.Stride + k],
                    $"width {width}, row {row}");
        }
    }

    [TestMethod]
    public void AMatrixKeepsItsNumbersWhereRowsAndColumnsAreMissing()
    {
        // Rows and columns of zeros, as the padding of blocks has them.
        float[] parameter = [1, -2, 3, 4, 0, 0, 0, 0, 0.5f, 127, 1e-3f, -63.5f];
        var matrix = new QuantizedMatrix([0, -1, 2, 3], [0, -1, 4, 8], panelColumns: 2, [1, 1, 1, -1]);
        matrix.Pack(parameter);
        QuantizedPanels panels = matrix.Pointers;
        CollectionAssert.AreEqual(new sbyte[] { 32, 0, 95, 127, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, -127 },
            new Span<sbyte>(panels.Weights, 16).ToArray());
        Assert.AreEqual(4f, 127 * panels.Scales[0], 1e-4f);
        Assert.AreEqual(0f, panels.Scales[2]);
        Assert.AreEqual(-63.5f, 127 * panels.Scales[3], 1e-3f);
        Assert.AreEqual(-128 * (32 + 95 + 127), panels.Offsets[0]);
    }

    private static FloatBuffer Fill(int length, Func<int, float> value)
    {
        var buffer = new FloatBuffer(length);
        for (int i = 0; i < length; i++)
            buffer.Span[i] = value(i);
        return buffer;
    }
}

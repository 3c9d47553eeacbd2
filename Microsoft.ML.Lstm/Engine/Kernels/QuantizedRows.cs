using System.Runtime.CompilerServices;

namespace Microsoft.ML.Lstm.Engine.Kernels;

/// <summary>
/// Rows of floats in whole numbers of 8 bits, from −127 to 127, each row with a scale of its own: a row's numbers depend on nothing beside
/// it.
/// </summary>
/// <remarks>
/// A row's scale is its largest magnitude / 127. A row with NaN has the scale NaN, and so NaN as its products.
/// </remarks>
internal sealed unsafe class QuantizedRows
{
    // 1.5·2^23: a number of at most 22 bits that is added to it is rounded to a whole one, which stands in the last bits of the sum.
    private const float RoundingOffset = 12582912f;

    // Rows of less than this are rows of zeros: 127 / magnitude might overflow.
    private const float LeastMagnitude = 1e-30f;

    private readonly FloatBuffer _numbers = new();
    private readonly FloatBuffer _scales = new();

    /// <summary>The numbers, each row of them <see cref="Stride"/> long.</summary>
    public byte* Numbers => (byte*)_numbers.Pointer;

    public float* Scales => _scales.Pointer;

    /// <summary>Numbers of a row, rounded up to whole groups.</summary>
    public int Stride { get; private set; }

    /// <summary>Fills in rows.</summary>
    /// <param name="rows">How many.</param>
    /// <param name="width">Numbers of a row.</param>
    /// <param name="source">The floats.</param>
    /// <param name="sourceRow">Floats from one row to the next.</param>
    /// <param name="zero">The byte that 0 is stored as.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Fill<S, V>(int rows, int width, float* source, nint sourceRow, byte zero)
        where S : struct, ISimd<V>
        where V : struct
    {
        Stride = QuantizedMatrix.PaddedDepth(width);
        _numbers.Require((long)rows * Stride / sizeof(float));
        _scales.Require(rows);
        int whole = width / S.Lanes * S.Lanes;
        for (int row = 0; row < rows; row++)
        {
            float* values = source + row * sourceRow;
            V magnitudes = S.Create(0f);
            for (int k = 0; k < whole; k += S.Lanes)
                magnitudes = S.LargerMagnitude(magnitudes, S.Load(values + k));
            float largest = S.Largest(magnitudes);
            for (int k = whole; k < width; k++)
                largest = MathF.Max(largest, MathF.Abs(values[k]));
            bool isZero = largest < LeastMagnitude;
            float inverse = isZero ? 0 : WeightRow.Largest / largest;
            Scales[row] = isZero ? 0 : largest / WeightRow.Largest;

            byte* numbers = Numbers + (nint)row * Stride;
            V factor = S.Create(inverse), offset = S.Create(RoundingOffset + zero);
            for (int k = 0; k < whole; k += S.Lanes)
                S.StoreLowBytes(S.Add(S.Multiply(S.Load(values + k), factor), offset), numbers + k);
            for (int k = whole; k < width; k++)
                SimdScalar.StoreLowBytes(values[k] * inverse + (RoundingOffset + zero), numbers + k);
            new Span<byte>(numbers + width, Stride - width).Fill(zero);
        }
    }
}

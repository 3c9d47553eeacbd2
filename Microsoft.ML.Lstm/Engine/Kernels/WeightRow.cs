using System.Numerics.Tensors;

namespace Microsoft.ML.Lstm.Engine.Kernels;

/// <summary>
/// A row of weights in whole numbers of 8 bits: w ≈ q·s with q from −127 to 127 and s = max |w| / 127, rounded to
/// <see cref="ScaleBits"/> significant bits.
/// </summary>
/// <remarks>
/// q·s has at most 24 significant bits, a float's, and the largest |q·s| is 127·s exactly. So a row of floats that was rounded once gives
/// the same s and q again: files and kernels find them in the floats, and rounding twice is rounding once.
/// </remarks>
internal static class WeightRow
{
    /// <summary>The largest whole number; −128 is not used, so that the range is symmetric.</summary>
    public const int Largest = 127;

    private const int ScaleBits = 17;

    // Rows of a smaller scale are rows of zeros: it might be no normal number. The rounded scale is compared, which is found again.
    private const float LeastScale = 1e-32f;

    // A larger scale might overflow when it is multiplied by 127.
    private const float LargestScale = 2.6e36f;

    /// <summary>s of a row of finite weights; 0 for a row of zeros.</summary>
    public static float ScaleOf(ReadOnlySpan<float> row) => ScaleOf(row.IsEmpty ? 0 : MathF.Abs(TensorPrimitives.MaxMagnitude(row)));

    /// <summary>s of a row of weights whose largest magnitude is <paramref name="largest"/>.</summary>
    public static float ScaleOf(float largest)
    {
        float scale = FloatFormat.Round(Math.Min(largest / Largest, LargestScale), bits: 1 + FloatFormat.MantissaBits - ScaleBits);
        return scale < LeastScale ? 0 : scale;
    }

    /// <summary>q of a weight, in a row with the scale <paramref name="scale"/>; never −0.</summary>
    public static float Quantize(float weight, float scale)
        => scale == 0 ? 0 : Math.Clamp(MathF.Round(weight / scale), -Largest, Largest) + 0f;
}

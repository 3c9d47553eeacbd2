using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Microsoft.ML.Lstm.Engine.Kernels;

/// <summary>
/// softmax(x) = e^x / Σ e^x, and log Σ e^x. Both subtract the largest x first, so that no power overflows and the sum is at least 1.
/// </summary>
/// <remarks>
/// The exponentials differ in their last bits, and trained weights and scores depend on them, so there is one for each use: attention and
/// its sum over thousands of steps; the class probabilities of a score; the logs of a conditional random field, in double. The
/// cross-entropy of a training step has thousands of classes at each step of a language model and uses the vector polynomial of
/// <see cref="CpuKernels.Exponentials"/>.
/// </remarks>
internal static class Softmax
{
    // A smaller part of a sum counts for nothing, and where an x is smaller, the vectorized exponential computes one x at a time.
    private const double LeastExponent = -708;

    /// <summary>The largest x; NaN if one of them is.</summary>
    /// <remarks>
    /// As <see cref="Scale"/>, TensorPrimitives' one takes five times as long until the runtime has optimized it, which in a training or
    /// evaluation of a language model is a matter of seconds.
    /// </remarks>
    /// <param name="x">Numbers, at least one.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Largest(ReadOnlySpan<float> x)
    {
        ReadOnlySpan<Vector<float>> vectors = MemoryMarshal.Cast<float, Vector<float>>(x);
        float largest = x[^1];
        if (vectors.Length > 0)
        {
            // The last one is not in a pair where their number is odd.
            Vector<float> even = vectors[0], odd = vectors[^1];
            for (int i = 0; i + 1 < vectors.Length; i += 2)
            {
                even = Vector.Max(even, vectors[i]);
                odd = Vector.Max(odd, vectors[i + 1]);
            }
            even = Vector.Max(even, odd);
            for (int i = 0; i < Vector<float>.Count; i++)
                largest = MathF.Max(largest, even[i]);
        }
        foreach (float rest in x[(vectors.Length * Vector<float>.Count)..])
            largest = MathF.Max(largest, rest);
        return largest;
    }

    /// <summary>Multiplies each x by a factor.</summary>
    /// <param name="x">The numbers.</param>
    /// <param name="factor">The factor.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Scale(Span<float> x, float factor)
    {
        Span<Vector<float>> vectors = MemoryMarshal.Cast<float, Vector<float>>(x);
        foreach (ref Vector<float> vector in vectors)
            vector *= factor;
        foreach (ref float rest in x[(vectors.Length * Vector<float>.Count)..])
            rest *= factor;
    }

    /// <summary>Replaces scores by attention weights, with a sum in double.</summary>
    public static void InPlace(Span<float> scores)
    {
        float largest = TensorPrimitives.Max<float>(scores);
        double sum = 0;
        foreach (ref float score in scores)
        {
            score = MathF.Exp(score - largest);
            sum += score;
        }
        TensorPrimitives.Divide(scores, (float)sum, scores);
    }

    /// <summary>The probability of each class.</summary>
    /// <param name="outputs">A network's outputs, one for each class.</param>
    /// <param name="probabilities">Receives the probability of each class.</param>
    public static void Probabilities(ReadOnlySpan<float> outputs, Span<float> probabilities)
    {
        // TensorPrimitives.SoftMax itself overflows where an output is above 88.
        TensorPrimitives.Subtract(outputs, TensorPrimitives.Max(outputs), probabilities);
        TensorPrimitives.SoftMax(probabilities, probabilities);
    }

    /// <summary>log Σ e^x; −∞ where each x is.</summary>
    /// <param name="x">The logs of the parts of a sum.</param>
    /// <param name="scratch">Room for as many numbers as <paramref name="x"/> has; may be <paramref name="x"/> itself.</param>
    public static double LogSumExp(ReadOnlySpan<double> x, Span<double> scratch)
    {
        double largest = TensorPrimitives.Max(x);
        if (double.IsNegativeInfinity(largest))
            return largest;
        TensorPrimitives.Subtract(x, largest, scratch);
        Exp(scratch);
        return largest + Math.Log(TensorPrimitives.Sum<double>(scratch));
    }

    /// <summary>log (e^a + e^b).</summary>
    public static double LogAdd(double a, double b)
    {
        (double largest, double other) = a >= b ? (a, b) : (b, a);
        return double.IsNegativeInfinity(other) ? largest : largest + Math.Log(1 + Math.Exp(other - largest));
    }

    /// <summary>Replaces each x, the log of a part of a sum, by e^x.</summary>
    public static void Exp(Span<double> x)
    {
        TensorPrimitives.Max(x, LeastExponent, x);
        TensorPrimitives.Exp<double>(x, x);
    }
}

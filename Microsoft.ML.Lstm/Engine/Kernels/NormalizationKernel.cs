using System.Runtime.CompilerServices;

namespace Microsoft.ML.Lstm.Engine.Kernels;

/// <summary>
/// Batch normalization and the rectifier behind it, channel by channel, on one vector width. A row has <c>width</c> channels, whole
/// vectors.
/// </summary>
internal static unsafe class NormalizationKernel<S, V>
    where S : struct, ISimd<V>
    where V : struct
{
    /// <summary>The mean of each channel over some rows, and the sum of the squared distances from it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Moments(int rows, int width, float* y, float* means, float* squares)
    {
        V share = S.Create(1f / rows);
        for (int c = 0; c < width; c += S.Lanes)
        {
            V sum = S.Create(0f);
            for (int row = 0; row < rows; row++)
                sum = S.Add(sum, S.Load(y + (nint)row * width + c));
            V mean = S.Multiply(sum, share), square = S.Create(0f);
            for (int row = 0; row < rows; row++)
            {
                V distance = S.Subtract(S.Load(y + (nint)row * width + c), mean);
                square = S.MultiplyAdd(distance, distance, square);
            }
            S.Store(mean, means + c);
            S.Store(square, squares + c);
        }
    }

    /// <summary>z = max(0, scale·y + shift).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rectify(int rows, int width, float* y, float* scale, float* shift, float* z)
    {
        for (int row = 0; row < rows; row++)
        {
            for (int c = 0; c < width; c += S.Lanes)
            {
                nint at = (nint)row * width + c;
                S.Store(S.Positive(S.MultiplyAdd(S.Load(y + at), S.Load(scale + c), S.Load(shift + c))), z + at);
            }
        }
    }

    /// <summary>
    /// The gradient of what the rectifier reads, in place of <paramref name="dz"/>; its sum over the rows, and the sum of it times
    /// y − mean.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void RectifierGradient(int rows, int width, float* y, float* z, float* mean, float* dz, float* sums, float* products)
    {
        for (int c = 0; c < width; c += S.Lanes)
        {
            V sum = S.Create(0f), product = S.Create(0f), centre = S.Load(mean + c);
            for (int row = 0; row < rows; row++)
            {
                nint at = (nint)row * width + c;
                V d = S.WherePositive(S.Load(z + at), S.Load(dz + at));
                S.Store(d, dz + at);
                sum = S.Add(sum, d);
                product = S.MultiplyAdd(d, S.Subtract(S.Load(y + at), centre), product);
            }
            S.Store(sum, sums + c);
            S.Store(product, products + c);
        }
    }

    /// <summary>dy = scale·d − slope·(y − mean) − offset, in place of d.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void InputGradient(int rows, int width, float* y, in NormalizationGradient gradient, float* d)
    {
        for (int row = 0; row < rows; row++)
        {
            for (int c = 0; c < width; c += S.Lanes)
            {
                nint at = (nint)row * width + c;
                V distance = S.Subtract(S.Load(y + at), S.Load(gradient.Mean + c));
                V rest = S.MultiplyAdd(S.Load(gradient.Slope + c), distance, S.Load(gradient.Offset + c));
                S.Store(S.Subtract(S.Multiply(S.Load(gradient.Scale + c), S.Load(d + at)), rest), d + at);
            }
        }
    }

    /// <summary>The mean of each channel over some rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Mean(int rows, int width, float* z, float* means)
    {
        V share = S.Create(1f / rows);
        for (int c = 0; c < width; c += S.Lanes)
        {
            V sum = S.Create(0f);
            for (int row = 0; row < rows; row++)
                sum = S.Add(sum, S.Load(z + (nint)row * width + c));
            S.Store(S.Multiply(sum, share), means + c);
        }
    }
}

/// <summary>What the gradient of a normalized channel's input is made of.</summary>
internal readonly unsafe ref struct NormalizationGradient
{
    /// <summary>The channel's mean over the batch.</summary>
    public float* Mean { get; init; }

    /// <summary>γ/σ.</summary>
    public float* Scale { get; init; }

    /// <summary>γ/σ³·Σ d·(y − mean) / N.</summary>
    public float* Slope { get; init; }

    /// <summary>γ/σ·Σ d / N.</summary>
    public float* Offset { get; init; }
}

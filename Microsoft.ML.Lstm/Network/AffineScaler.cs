namespace Microsoft.ML.Lstm.Network;

/// <summary>x → (x − offset)·scale, one pair a feature: brings inputs and targets to the range in which networks train well.</summary>
internal sealed class AffineScaler
{
    // Any number is a valid feature, so none may become infinite here or in the products behind.
    private const float Largest = 1e18f;

    // A deviation this small beside the mean is rounding.
    private const double SmallestRelativeDeviation = 1e-7;

    public AffineScaler(float[] offset, float[] scale)
    {
        if (offset.Length != scale.Length)
            throw new ArgumentException($"{offset.Length} offsets but {scale.Length} scales.", nameof(scale));
        Offset = offset;
        Scale = scale;
    }

    public float[] Offset { get; }

    public float[] Scale { get; }

    public int Size => Offset.Length;

    public bool IsIdentity => !Offset.AsSpan().ContainsAnyExcept(0f) && !Scale.AsSpan().ContainsAnyExcept(1f);

    /// <summary>The scaler that changes nothing.</summary>
    public static AffineScaler Identity(int size)
    {
        float[] scale = new float[size];
        Array.Fill(scale, 1f);
        return new AffineScaler(new float[size], scale);
    }

    /// <summary>
    /// Brings each feature to mean 0 and variance 1 over the vectors of <paramref name="values"/>. A feature that does not
    /// vary is only shifted.
    /// </summary>
    public static AffineScaler Standardize(int size, IEnumerable<float[]> values)
    {
        // Shifted by the first vector, so that a small variance around a large mean keeps its digits.
        double[] shift = new double[size], sum = new double[size], squares = new double[size];
        long count = 0;
        foreach (float[] vectors in values)
        {
            for (int i = 0; i < vectors.Length; i += size, count++)
            {
                for (int j = 0; j < size; j++)
                {
                    if (count == 0)
                        shift[j] = vectors[j];
                    double x = vectors[i + j] - shift[j];
                    sum[j] += x;
                    squares[j] += x * x;
                }
            }
        }
        AffineScaler scaler = Identity(size);
        for (int j = 0; j < size && count > 0; j++)
        {
            double mean = sum[j] / count;
            double deviation = Math.Sqrt(Math.Max(0, squares[j] / count - mean * mean));
            mean += shift[j];
            float scale = (float)(1 / deviation);
            scaler.Offset[j] = (float)mean;
            if (deviation > SmallestRelativeDeviation * Math.Abs(mean) && float.IsFinite(scale) && scale > 0)
                scaler.Scale[j] = scale;
        }
        return scaler;
    }

    /// <summary>Scales <paramref name="values"/>, a whole number of vectors of <see cref="Size"/> features, in place.</summary>
    public void Apply(Span<float> values)
    {
        for (int i = 0; i < values.Length; i += Size)
        {
            for (int j = 0; j < Size; j++)
                values[i + j] = Math.Clamp((values[i + j] - Offset[j]) * Scale[j], -Largest, Largest);
        }
    }

    /// <summary>The inverse of <see cref="Apply"/>.</summary>
    public void Invert(Span<float> values)
    {
        for (int i = 0; i < values.Length; i += Size)
        {
            for (int j = 0; j < Size; j++)
                values[i + j] = values[i + j] / Scale[j] + Offset[j];
        }
    }
}

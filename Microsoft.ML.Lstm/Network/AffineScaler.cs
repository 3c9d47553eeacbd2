namespace Microsoft.ML.Lstm.Network;

/// <summary>x → (x − offset)·scale, one pair a feature: brings inputs and targets to the range in which networks train well.</summary>
internal sealed class AffineScaler
{
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

    /// <summary>The scaler that changes nothing.</summary>
    public static AffineScaler Identity(int size)
    {
        float[] scale = new float[size];
        Array.Fill(scale, 1f);
        return new AffineScaler(new float[size], scale);
    }

    /// <summary>Scales <paramref name="values"/>, a whole number of vectors of <see cref="Size"/> features, in place.</summary>
    public void Apply(Span<float> values)
    {
        for (int i = 0; i < values.Length; i += Size)
        {
            for (int j = 0; j < Size; j++)
                values[i + j] = (values[i + j] - Offset[j]) * Scale[j];
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

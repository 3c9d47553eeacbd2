namespace Microsoft.ML.Lstm.Engine.Parameters;

/// <summary>
/// x → (x − offset)·scale, one pair a feature: brings inputs and targets to the range in which networks train well. A scale of 0 is that of
/// a feature that never varied in the training data: whatever comes later is 0 to the network, and a target is always its offset.
/// </summary>
internal sealed class AffineScaler
{
    // Any number is a valid feature, so none may become infinite here or in the products behind.
    private const float Largest = 1e18f;

    // A deviation this small beside the mean is rounding.
    private const double SmallestRelativeDeviation = 1e-7;

    // How many times as large or as small data is, or how many deviations away, to be no longer what a network knows.
    private const double OtherSize = 10;

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

    /// <summary>The features that never varied in the training data, counted from 0.</summary>
    public IEnumerable<int> Constants => Enumerable.Range(0, Size).Where(IsConstant);

    /// <summary>Whether a feature never varied in the training data.</summary>
    public bool IsConstant(int feature) => Scale[feature] == 0;

    /// <summary>
    /// Brings each feature to mean 0 and variance 1 over the vectors of <paramref name="values"/>; the scale of one that does not vary is
    /// 0.
    /// </summary>
    public static AffineScaler Standardize(int size, IEnumerable<float[]> values) => Measure(size, values, keepsUnits: false);

    /// <summary>
    /// Leaves the features of the vectors of <paramref name="values"/> as they are, but for those that do not vary: their scale is 0.
    /// </summary>
    public static AffineScaler KeepUnits(int size, IEnumerable<float[]> values) => Measure(size, values, keepsUnits: true);

    private static AffineScaler Measure(int size, IEnumerable<float[]> values, bool keepsUnits)
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
            bool isConstant = !(deviation > SmallestRelativeDeviation * Math.Abs(mean));
            if (!isConstant && keepsUnits)
                continue;
            scaler.Offset[j] = (float)mean;
            scaler.Scale[j] = isConstant ? 0 : (float)Math.Min(1 / deviation, float.MaxValue);
        }
        return scaler;
    }

    /// <summary>This scaler, with the pairs that <paramref name="other"/> has for the features that never varied here.</summary>
    public AffineScaler WithScalesOfConstants(AffineScaler other)
    {
        float[] offset = [.. Offset], scale = [.. Scale];
        foreach (int feature in Constants)
            (offset[feature], scale[feature]) = (other.Offset[feature], other.Scale[feature]);
        return new AffineScaler(offset, scale);
    }

    /// <summary>Whether a feature's values in other data are not of the size that is scaled to about 1 here.</summary>
    /// <param name="feature">The feature, which varies in both.</param>
    /// <param name="other">The scaler of the other data, made in the same way as this one.</param>
    public bool IsOfOtherSize(int feature, AffineScaler other)
    {
        double shift = Math.Abs(((double)other.Offset[feature] - Offset[feature]) * Scale[feature]),
            ratio = (double)Scale[feature] / other.Scale[feature];
        return !IsConstant(feature) && !other.IsConstant(feature) && (shift > OtherSize || ratio > OtherSize || ratio < 1 / OtherSize);
    }

    /// <summary>Scales <paramref name="values"/>, a whole number of vectors of <see cref="Size"/> features, in place.</summary>
    public void Apply(Span<float> values)
    {
        for (int i = 0; i < values.Length; i += Size)
        {
            for (int j = 0; j < Size; j++)
                values[i + j] = ScaleOne(values[i + j], j);
        }
    }

    /// <summary>
    /// As <see cref="Apply"/>, but a target that never varied is only shifted: how far others are from it is then known in its unit.
    /// </summary>
    public void ApplyToTargets(Span<float> targets)
    {
        for (int i = 0; i < targets.Length; i += Size)
        {
            for (int j = 0; j < Size; j++)
                targets[i + j] = IsConstant(j) ? Math.Clamp(targets[i + j] - Offset[j], -Largest, Largest) : ScaleOne(targets[i + j], j);
        }
    }

    /// <summary>The inverse of <see cref="Apply"/>.</summary>
    public void Invert(Span<float> values)
    {
        for (int i = 0; i < values.Length; i += Size)
        {
            for (int j = 0; j < Size; j++)
                values[i + j] = IsConstant(j) ? Offset[j] : values[i + j] / Scale[j] + Offset[j];
        }
    }

    private float ScaleOne(float value, int feature)
    {
        float scaled = (value - Offset[feature]) * Scale[feature];
        // The difference of two large numbers may be beyond what a float can be.
        if (!float.IsFinite(scaled))
            scaled = IsConstant(feature) ? 0 : (float)(((double)value - Offset[feature]) * Scale[feature]);
        return Math.Clamp(scaled, -Largest, Largest);
    }
}

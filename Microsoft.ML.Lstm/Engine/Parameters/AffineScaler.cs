using System.Numerics;

namespace Microsoft.ML.Lstm.Engine.Parameters;

/// <summary>
/// x → (x − offset)·scale, one pair for each feature: brings inputs and targets to the range in which networks train well. A scale of
/// 0 marks a feature that was constant in the training data: as an input it is always 0, as a target always its offset.
/// </summary>
internal sealed class AffineScaler
{
    // Any finite number is a valid feature, so none may become infinite here or in the products that follow.
    private const float Largest = 1e18f;

    // A standard deviation below this share of the mean is rounding error.
    private const double SmallestRelativeDeviation = 1e-7;

    // Data that is this many times larger or smaller, or this many deviations away, is unlike the training data.
    private const double OtherSize = 10;

    // A step of fewer features leaves much of its vectors empty.
    private const int FewFeatures = 64;

    // Offsets and scales, of few features those of several steps, so that these are scaled by whole vectors.
    private float[]? _offsets;
    private float[]? _scales;

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

    /// <summary>Whether the offsets and scales are the same.</summary>
    public bool IsSameAs(AffineScaler other)
        => Offset.AsSpan().SequenceEqual(other.Offset) && Scale.AsSpan().SequenceEqual(other.Scale);

    public bool IsIdentity => !Offset.AsSpan().ContainsAnyExcept(0f) && !Scale.AsSpan().ContainsAnyExcept(1f);

    /// <summary>The scaler that changes nothing.</summary>
    public static AffineScaler Identity(int size)
    {
        float[] scale = new float[size];
        Array.Fill(scale, 1f);
        return new AffineScaler(new float[size], scale);
    }

    /// <summary>The features that were constant in the training data, counted from 0.</summary>
    public IEnumerable<int> Constants => Enumerable.Range(0, Size).Where(IsConstant);

    /// <summary>Whether a feature was constant in the training data.</summary>
    public bool IsConstant(int feature) => Scale[feature] == 0;

    /// <summary>
    /// The scaler that brings each feature to mean 0 and variance 1 over the vectors of <paramref name="values"/>, where NaN does not
    /// count; a constant feature has the scale 0.
    /// </summary>
    public static AffineScaler Standardize(int size, IEnumerable<float[]> values) => Measure(size, values, keepsUnits: false);

    /// <summary>
    /// The scaler that changes nothing, except that features that are constant in <paramref name="values"/> have the scale 0.
    /// </summary>
    public static AffineScaler KeepUnits(int size, IEnumerable<float[]> values) => Measure(size, values, keepsUnits: true);

    private static AffineScaler Measure(int size, IEnumerable<float[]> values, bool keepsUnits)
    {
        // Shifted by the first vector, so that a small variance around a large mean keeps its digits.
        double[] shift = new double[size], sum = new double[size], squares = new double[size];
        long[] counts = new long[size];
        foreach (float[] vectors in values)
        {
            for (int i = 0; i < vectors.Length; i += size)
            {
                for (int j = 0; j < size; j++)
                {
                    // A target of a step that is not known.
                    if (float.IsNaN(vectors[i + j]))
                        continue;
                    if (counts[j]++ == 0)
                        shift[j] = vectors[i + j];
                    double x = vectors[i + j] - shift[j];
                    sum[j] += x;
                    squares[j] += x * x;
                }
            }
        }
        AffineScaler scaler = Identity(size);
        for (int j = 0; j < size; j++)
        {
            if (counts[j] == 0)
                continue;
            double mean = sum[j] / counts[j];
            double deviation = Math.Sqrt(Math.Max(0, squares[j] / counts[j] - mean * mean));
            mean += shift[j];
            bool isConstant = !(deviation > SmallestRelativeDeviation * Math.Abs(mean));
            if (!isConstant && keepsUnits)
                continue;
            scaler.Offset[j] = (float)mean;
            scaler.Scale[j] = isConstant ? 0 : (float)Math.Min(1 / deviation, float.MaxValue);
        }
        return scaler;
    }

    /// <summary>A copy whose constant features have the offset and the scale of <paramref name="other"/>.</summary>
    public AffineScaler WithScalesOfConstants(AffineScaler other)
    {
        float[] offset = [.. Offset], scale = [.. Scale];
        foreach (int feature in Constants)
            (offset[feature], scale[feature]) = (other.Offset[feature], other.Scale[feature]);
        return new AffineScaler(offset, scale);
    }

    /// <summary>Whether the values of a feature in other data have another order of magnitude than in the training data.</summary>
    /// <param name="feature">The feature, which varies in both.</param>
    /// <param name="other">The scaler of the other data, made in the same way as this one.</param>
    public bool IsOfOtherSize(int feature, AffineScaler other)
    {
        double shift = Math.Abs(((double)other.Offset[feature] - Offset[feature]) * Scale[feature]);
        double ratio = (double)Scale[feature] / other.Scale[feature];
        return !IsConstant(feature) && !other.IsConstant(feature) && (shift > OtherSize || ratio > OtherSize || ratio < 1 / OtherSize);
    }

    /// <summary>Scales <paramref name="values"/>, a whole number of vectors of <see cref="Size"/> features, in place.</summary>
    public void Apply(Span<float> values)
    {
        int steps = Size < FewFeatures ? Vector<float>.Count : 1;
        ReadOnlySpan<float> offsets = _offsets ??= Repeat(Offset, steps), scales = _scales ??= Repeat(Scale, steps);
        for (int begin = 0; begin < values.Length; begin += offsets.Length)
        {
            Span<float> part = values.Slice(begin, Math.Min(offsets.Length, values.Length - begin));
            int i = 0;
            for (; i <= part.Length - Vector<float>.Count; i += Vector<float>.Count)
            {
                Vector<float> scaled = (new Vector<float>(part[i..]) - new Vector<float>(offsets[i..])) * new Vector<float>(scales[i..]);
                // Not so for NaN.
                if (Vector.LessThanOrEqualAll(Vector.Abs(scaled), new Vector<float>(Largest)))
                    scaled.CopyTo(part[i..]);
                else
                    ApplyOneByOne(part, i, i + Vector<float>.Count);
            }
            ApplyOneByOne(part, i, part.Length);
        }
    }

    private void ApplyOneByOne(Span<float> values, int begin, int end)
    {
        for (int i = begin; i < end; i++)
            values[i] = ScaleOne(values[i], i % Size);
    }

    private static float[] Repeat(float[] values, int count)
    {
        float[] repeated = new float[count * values.Length];
        for (int i = 0; i < count; i++)
            values.CopyTo(repeated, i * values.Length);
        return repeated;
    }

    /// <summary>
    /// Scales targets as <see cref="Apply"/> does, but only shifts a constant target, so that differences from it keep its unit.
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
        // The difference of two large floats may overflow.
        if (!float.IsFinite(scaled))
            scaled = IsConstant(feature) ? 0 : (float)(((double)value - Offset[feature]) * Scale[feature]);
        return Math.Clamp(scaled, -Largest, Largest);
    }
}

namespace Microsoft.ML.Lstm.Onnx.Import;

/// <summary>
/// A whole number that a graph computes from sizes: <paramref name="Factor"/> times rows to the power of <paramref name="Batch"/> and steps
/// to the power of <paramref name="Time"/>, plus <paramref name="Offset"/>.
/// </summary>
internal readonly record struct Size(long Factor, int Batch, int Time, long Offset = 0)
{
    /// <summary>Whether it depends on neither rows nor steps.</summary>
    public bool IsKnown => Factor == 0 || (Batch == 0 && Time == 0);

    /// <summary>Its value, where that is known.</summary>
    public long Value => Batch == 0 && Time == 0 ? Factor + Offset : Offset;

    public static Size Of(long value) => new(0, 0, 0, value);

    public bool Is(long value) => IsKnown && Value == value;

    /// <summary>The sum; null where it is none of these.</summary>
    public static Size? Add(Size a, Size b)
    {
        if (a.IsKnown || b.IsKnown)
            return a.IsKnown ? b with { Offset = b.Offset + a.Value } : a with { Offset = a.Offset + b.Value };
        if (a.Batch != b.Batch || a.Time != b.Time)
            return null;
        return a.Factor + b.Factor == 0
            ? Of(a.Offset + b.Offset)
            : new Size(a.Factor + b.Factor, a.Batch, a.Time, a.Offset + b.Offset);
    }

    /// <summary>The product; null where it is none of these.</summary>
    public static Size? Multiply(Size a, Size b)
    {
        if (a.IsKnown || b.IsKnown)
        {
            (Size known, Size other) = a.IsKnown ? (a, b) : (b, a);
            return known.Value == 0 ? Of(0)
                : other.IsKnown ? Of(known.Value * other.Value)
                : other with { Factor = other.Factor * known.Value, Offset = other.Offset * known.Value };
        }
        return a.Offset != 0 || b.Offset != 0 ? null : new Size(a.Factor * b.Factor, a.Batch + b.Batch, a.Time + b.Time);
    }

    /// <summary>The quotient, where it is a whole number; else null.</summary>
    public static Size? Divide(Size a, Size b)
    {
        if (a.IsKnown && b.IsKnown)
            return b.Value == 0 ? null : Of(a.Value / b.Value);
        if (a.Offset != 0 || b.Offset != 0 && !b.IsKnown || a.Batch < b.Batch || a.Time < b.Time)
            return null;
        long divisor = b.IsKnown ? b.Value : b.Factor;
        if (divisor == 0 || a.Factor % divisor != 0)
            return null;
        var quotient = new Size(a.Factor / divisor, a.Batch - (b.IsKnown ? 0 : b.Batch), a.Time - (b.IsKnown ? 0 : b.Time));
        return quotient.Batch == 0 && quotient.Time == 0 ? Of(quotient.Factor) : quotient;
    }
}

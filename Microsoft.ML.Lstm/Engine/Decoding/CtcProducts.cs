using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Microsoft.ML.Lstm.Engine.Kernels;

namespace Microsoft.ML.Lstm.Engine.Decoding;

/// <summary>
/// Sums of products. Labels are short, so that a pass over a frame is one loop; calls for each sum would take most of the time.
/// </summary>
internal readonly struct CtcProducts : ICtcArithmetic
{
    public static double Zero => 0;

    public static double One => 1;

    public static double Add(double a, double b) => a + b;

    public static double Divide(double a, double b) => a / b;

    public static double Norm(double sum) => sum;

    public static double Sum(ReadOnlySpan<double> values, Span<double> scratch) => Total(values);

    public static double LogOfProduct(ReadOnlySpan<double> values, Span<double> scratch)
    {
        TensorPrimitives.Log(values, scratch);
        return Total(scratch[..values.Length]);
    }

    public static void FromLogs(Span<double> logs) => Softmax.Exp(logs);

    public static void ToNumbers(Span<double> values, double sum, double weight) => TensorPrimitives.Multiply(values, weight / sum, values);

    public static (double Norm, double Largest) Forward(ReadOnlySpan<double> before, double norm, double blank,
        ReadOnlySpan<double> emissions, ReadOnlySpan<double> skips, Span<double> row)
    {
        int items = emissions.Length, i = 0;
        double factor = 1 / norm, blankFactor = blank * factor;
        ref double blanksBefore = ref MemoryMarshal.GetReference(before);
        ref double itemsBefore = ref MemoryMarshal.GetReference(before[(items + 1)..]);
        // In front of the first item is the last blank, which no item skips.
        ref double oneBefore = ref MemoryMarshal.GetReference(before[items..]);
        ref double emission = ref MemoryMarshal.GetReference(emissions);
        ref double skip = ref MemoryMarshal.GetReference(skips);
        ref double blanks = ref MemoryMarshal.GetReference(row);
        ref double own = ref MemoryMarshal.GetReference(row[(items + 1)..]);
        row[0] = before[0] * blankFactor;
        Vector<double> sums = Vector<double>.Zero, most = new(blank);
        for (; i <= items - Vector<double>.Count; i += Vector<double>.Count)
        {
            Vector<double> item = Load(ref itemsBefore, i), emitted = Load(ref emission, i);
            Vector<double> ofBlank = (Load(ref blanksBefore, i + 1) + item) * blankFactor;
            Vector<double> ofItem = (Load(ref blanksBefore, i) + item + Load(ref skip, i) * Load(ref oneBefore, i))
                * (emitted * factor);
            ofBlank.StoreUnsafe(ref blanks, (nuint)(i + 1));
            ofItem.StoreUnsafe(ref own, (nuint)i);
            sums += ofBlank + ofItem;
            most = Vector.Max(most, emitted);
        }
        double sum = row[0] + Vector.Sum(sums), largest = blank;
        for (int lane = 0; lane < Vector<double>.Count; lane++)
            largest = Math.Max(largest, most[lane]);
        ReadOnlySpan<double> rest = before[(items + 1)..];
        for (; i < items; i++)
        {
            double ofBlank = row[i + 1] = (before[i + 1] + rest[i]) * blankFactor;
            double ofItem = row[items + 1 + i] = (before[i] + rest[i] + skips[i] * before[items + i]) * (emissions[i] * factor);
            sum += ofBlank + ofItem;
            largest = Math.Max(largest, emissions[i]);
        }
        return (sum, largest);
    }

    public static double Backward(Span<double> beta, double norm, double blank, ReadOnlySpan<double> emissions,
        ReadOnlySpan<double> skips, Span<double> scratch)
    {
        int items = emissions.Length, i = 0;
        double factor = 1 / norm, blankFactor = blank * factor;
        Span<double> blanks = beta[..(items + 1)], own = beta[(items + 1)..];
        Span<double> ofItems = scratch[..(items + 1)];
        ref double blanksAt = ref MemoryMarshal.GetReference(blanks);
        ref double ownAt = ref MemoryMarshal.GetReference(own);
        ref double ofItemsAt = ref MemoryMarshal.GetReference(ofItems);
        ref double emission = ref MemoryMarshal.GetReference(emissions);
        ref double skip = ref MemoryMarshal.GetReference(skips);
        for (; i <= items - Vector<double>.Count; i += Vector<double>.Count)
            (Load(ref ownAt, i) * (Load(ref emission, i) * factor)).StoreUnsafe(ref ofItemsAt, (nuint)i);
        for (; i < items; i++)
            ofItems[i] = own[i] * (emissions[i] * factor);
        ofItems[items] = 0;
        Vector<double> sums = Vector<double>.Zero;
        for (i = 0; i <= items - Vector<double>.Count; i += Vector<double>.Count)
        {
            Vector<double> item = Load(ref ofItemsAt, i), blankBehind = Load(ref blanksAt, i + 1) * blankFactor;
            Vector<double> ofBlank = Load(ref blanksAt, i) * blankFactor + item;
            Vector<double> ofItem = item + blankBehind + Load(ref skip, i + 1) * Load(ref ofItemsAt, i + 1);
            ofBlank.StoreUnsafe(ref blanksAt, (nuint)i);
            ofItem.StoreUnsafe(ref ownAt, (nuint)i);
            sums += ofBlank + ofItem;
        }
        double sum = Vector.Sum(sums);
        for (; i < items; i++)
        {
            own[i] = ofItems[i] + blanks[i + 1] * blankFactor + skips[i + 1] * ofItems[i + 1];
            blanks[i] = blanks[i] * blankFactor + ofItems[i];
            sum += own[i] + blanks[i];
        }
        blanks[items] *= blankFactor;
        return sum + blanks[items];
    }

    public static (double OfBlanks, double Sum) Share(Span<double> alpha, double alphaNorm, ReadOnlySpan<double> beta, double betaNorm,
        Span<double> scratch)
    {
        double alphaFactor = 1 / alphaNorm, betaFactor = 1 / betaNorm;
        int blanks = alpha.Length / 2 + 1;
        double ofBlanks = MultiplyAndSum(alpha[..blanks], alphaFactor, beta, betaFactor);
        return (ofBlanks, ofBlanks + MultiplyAndSum(alpha[blanks..], alphaFactor, beta[blanks..], betaFactor));
    }

    /// <summary>
    /// A sum whose order of adding, on which the last bits depend, is always the same; TensorPrimitives.Sum promises none, and
    /// AlignmentTests watches those sums that take it.
    /// </summary>
    public static double Total(ReadOnlySpan<double> values)
    {
        Vector<double> sums = Vector<double>.Zero;
        int i = 0;
        for (; i <= values.Length - Vector<double>.Count; i += Vector<double>.Count)
            sums += new Vector<double>(values[i..]);
        double sum = Vector.Sum(sums);
        for (; i < values.Length; i++)
            sum += values[i];
        return sum;
    }

    /// <summary>Replaces a by products of a and b, each with its factor, and gives their sum.</summary>
    private static double MultiplyAndSum(Span<double> a, double aFactor, ReadOnlySpan<double> b, double bFactor)
    {
        int i = 0;
        ref double aAt = ref MemoryMarshal.GetReference(a);
        ref double bAt = ref MemoryMarshal.GetReference(b);
        Vector<double> sums = Vector<double>.Zero;
        for (; i <= a.Length - Vector<double>.Count; i += Vector<double>.Count)
        {
            Vector<double> product = Load(ref aAt, i) * aFactor * (Load(ref bAt, i) * bFactor);
            product.StoreUnsafe(ref aAt, (nuint)i);
            sums += product;
        }
        double sum = Vector.Sum(sums);
        for (; i < a.Length; i++)
            sum += a[i] = a[i] * aFactor * (b[i] * bFactor);
        return sum;
    }

    private static Vector<double> Load(ref double values, int at) => Vector.LoadUnsafe(ref values, (nuint)at);
}

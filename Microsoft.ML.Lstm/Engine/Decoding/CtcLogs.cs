using System.Numerics.Tensors;
using Microsoft.ML.Lstm.Engine.Kernels;

namespace Microsoft.ML.Lstm.Engine.Decoding;

/// <summary>The logs of the sums of products, which need no norm.</summary>
internal readonly struct CtcLogs : ICtcArithmetic
{
    public static double Zero => double.NegativeInfinity;

    public static double One => 0;

    public static double Add(double a, double b) => Softmax.LogAdd(a, b);

    public static double Divide(double a, double b) => a - b;

    public static double Norm(double sum) => One;

    public static double Sum(ReadOnlySpan<double> values, Span<double> scratch) => Softmax.LogSumExp(values, scratch);

    public static double LogOfProduct(ReadOnlySpan<double> values, Span<double> scratch) => CtcProducts.Total(values);

    public static void FromLogs(Span<double> logs)
    {
    }

    public static void ToNumbers(Span<double> values, double sum, double weight)
    {
        TensorPrimitives.Subtract(values, sum, values);
        Softmax.Exp(values);
        TensorPrimitives.Multiply(values, weight, values);
    }

    public static (double Norm, double Largest) Forward(ReadOnlySpan<double> before, double norm, double blank,
        ReadOnlySpan<double> emissions, ReadOnlySpan<double> skips, Span<double> row)
    {
        int items = emissions.Length;
        ReadOnlySpan<double> itemsBefore = before[(items + 1)..];
        Span<double> own = row[(items + 1)..];
        row[0] = before[0] + blank;
        double largest = blank;
        for (int i = 0; i < items; i++)
        {
            row[i + 1] = Add(before[i + 1], itemsBefore[i]) + blank;
            double sum = Add(before[i], itemsBefore[i]);
            own[i] = (i > 0 ? Add(sum, skips[i] + itemsBefore[i - 1]) : sum) + emissions[i];
            largest = Math.Max(largest, emissions[i]);
        }
        return (One, largest);
    }

    public static double Backward(Span<double> beta, double norm, double blank, ReadOnlySpan<double> emissions,
        ReadOnlySpan<double> skips, Span<double> scratch)
    {
        int items = emissions.Length;
        Span<double> own = beta[(items + 1)..];
        double skipped = Zero, blankBehind = Zero;
        for (int i = items; i >= 0; i--)
        {
            double ofBlank = beta[i] + blank;
            if (i < items)
            {
                double ofItem = own[i] + emissions[i];
                own[i] = Add(Add(ofItem, blankBehind), skipped);
                skipped = skips[i] + ofItem;
                beta[i] = Add(ofBlank, ofItem);
            }
            else
            {
                beta[i] = ofBlank;
            }
            blankBehind = ofBlank;
        }
        return One;
    }

    public static (double OfBlanks, double Sum) Share(Span<double> alpha, double alphaNorm, ReadOnlySpan<double> beta, double betaNorm,
        Span<double> scratch)
    {
        TensorPrimitives.Add(alpha, beta, alpha);
        TensorPrimitives.Subtract(alpha, Softmax.LogSumExp(alpha, scratch[..alpha.Length]), alpha);
        Softmax.Exp(alpha);
        return (CtcProducts.Total(alpha[..(alpha.Length / 2 + 1)]), 1);
    }
}

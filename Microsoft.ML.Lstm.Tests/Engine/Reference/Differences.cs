namespace Microsoft.ML.Lstm.Tests.Engine.Reference;

/// <summary>Derivatives by central differences, of functions in double.</summary>
internal static class Differences
{
    // Truncation of the five-point formula falls with the fourth power of the step and rounding grows with its inverse:
    // here both are near 1e-12.
    private const double Step = 3e-4;

    /// <summary>
    /// The derivative of <paramref name="loss"/> to each of <paramref name="values"/>, which it looks at, by the five-point formula.
    /// </summary>
    public static double[] Of(double[] values, Func<double> loss)
    {
        double[] derivatives = new double[values.Length];
        for (int i = 0; i < values.Length; i++)
        {
            double value = values[i];
            derivatives[i] = (8 * (At(Step) - At(-Step)) - (At(2 * Step) - At(-2 * Step))) / (12 * Step);
            values[i] = value;

            double At(double offset)
            {
                values[i] = value + offset;
                return loss();
            }
        }
        return derivatives;
    }

    /// <summary>The same for several arrays, one after the other.</summary>
    public static double[] Of(double[][] values, Func<double> loss) => [.. values.SelectMany(v => Of(v, loss))];
}

namespace Microsoft.ML.Lstm.Tests.Engine.Reference;

/// <summary>Derivatives by central differences, of functions in double.</summary>
internal static class CentralDifferences
{
    // Truncation of the five-point formula falls with the fourth power of the step and rounding grows with its inverse:
    // here both are near 1e-12.
    private const double Step = 3e-4;

    /// <summary>
    /// The derivatives of a loss with respect to some of the values that it reads, by the five-point formula.
    /// </summary>
    /// <param name="values">The values; changed and restored.</param>
    /// <param name="loss">The loss.</param>
    /// <param name="elements">The indices of the values; null for all.</param>
    public static double[] Of(double[] values, Func<double> loss, IEnumerable<int>? elements = null)
    {
        return [.. (elements ?? Enumerable.Range(0, values.Length)).Select(Derivative)];

        double Derivative(int i)
        {
            double value = values[i];
            double derivative = (8 * (At(Step) - At(-Step)) - (At(2 * Step) - At(-2 * Step))) / (12 * Step);
            values[i] = value;
            return derivative;

            double At(double offset)
            {
                values[i] = value + offset;
                return loss();
            }
        }
    }

    /// <summary>The derivatives with respect to several arrays, one array after the other.</summary>
    public static double[] Of(double[][] values, Func<double> loss) => [.. values.SelectMany(v => Of(v, loss))];
}

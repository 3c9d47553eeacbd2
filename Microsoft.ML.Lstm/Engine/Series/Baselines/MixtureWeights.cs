namespace Microsoft.ML.Lstm.Engine.Series.Baselines;

/// <summary>
/// The weights of several forecasts, 0 or more with the sum 1, whose mean has the least error (Bates and Granger 1969), drawn towards given
/// ones. Absolute errors are squares that are divided by the error of the weights before (iteratively reweighted least squares).
/// </summary>
internal static class MixtureWeights
{
    private const int Sweeps = 200;
    private const int Reweightings = 12;

    /// <summary>Finds the weights.</summary>
    /// <param name="errors">Of each value the error of each forecast.</param>
    /// <param name="usesSquares">Whether squared errors count, rather than absolute ones.</param>
    /// <param name="prior">The weights to be drawn towards.</param>
    /// <param name="strength">How much these count, as a share of the first forecast's errors.</param>
    public static double[] Of(IEnumerable<double[]> errors, bool usesSquares, double[] prior, double strength)
    {
        int methods = prior.Length;
        double[] weights = [.. prior];
        double[][] all = [.. errors];
        if (all.Length == 0)
            return weights;
        for (int round = 0; round < (usesSquares ? 1 : Reweightings); round++)
        {
            double[,] products = new double[methods, methods];
            foreach (double[] some in all)
            {
                // Errors of less than a thousandth of the unit are all alike.
                double weight = usesSquares ? 1 : 1 / Math.Max(Math.Abs(Mix(some, weights)), 1e-3);
                for (int j = 0; j < methods; j++)
                {
                    for (int k = 0; k < methods; k++)
                        products[j, k] += weight * some[j] * some[k];
                }
            }
            double pull = products[0, 0] * strength;
            for (int k = 0; k < methods; k++)
                products[k, k] += pull;
            Minimize(products, [.. prior.Select(one => pull * one)], weights);
        }
        return weights;
    }

    /// <summary>The error of the mean with some weights.</summary>
    public static double Mix(double[] errors, double[] weights)
    {
        double error = 0;
        for (int k = 0; k < weights.Length; k++)
            error += weights[k] * errors[k];
        return error;
    }

    /// <summary>Minimizes w'Pw − 2·pull'w over w of 0 or more with the sum 1, two weights at a time.</summary>
    private static void Minimize(double[,] products, double[] pull, double[] weights)
    {
        for (int sweep = 0; sweep < Sweeps; sweep++)
        {
            for (int j = 0; j < weights.Length; j++)
            {
                for (int k = j + 1; k < weights.Length; k++)
                {
                    double curvature = products[j, j] + products[k, k] - 2 * products[j, k];
                    if (!(curvature > 0))
                        continue;
                    double slope = pull[k] - pull[j];
                    for (int i = 0; i < weights.Length; i++)
                        slope += (products[j, i] - products[k, i]) * weights[i];
                    double step = Math.Clamp(-slope / curvature, -weights[j], weights[k]);
                    (weights[j], weights[k]) = (weights[j] + step, weights[k] - step);
                }
            }
        }
        for (int k = 0; k < weights.Length; k++)
            weights[k] = weights[k] < 1e-3 ? 0 : weights[k];
        double sum = weights.Sum();
        for (int k = 0; k < weights.Length; k++)
            weights[k] /= sum;
    }
}

namespace Accuracy.Tasks;

/// <summary>The detector to compare with: how many deviations a value is from the mean of those before it.</summary>
internal static class RollingGaussian
{
    /// <summary>The rows that the detector of this kind in the Numenta Anomaly Benchmark looks back.</summary>
    public const int NabLength = 6400;

    /// <summary>
    /// Scores of the rows from <paramref name="first"/> on, each by the <paramref name="length"/> values before it, or as many as there
    /// are.
    /// </summary>
    public static double[] Scores(IReadOnlyList<float> values, int length, int first)
    {
        double[] scores = new double[values.Count - first];
        double sum = 0, squares = 0;
        for (int t = 0; t < values.Count; t++)
        {
            int count = Math.Min(t, length);
            if (t >= first)
            {
                double mean = sum / count;
                scores[t - first] = Math.Abs(values[t] - mean) / Math.Sqrt(Math.Max(squares / count - mean * mean, 1e-9));
            }
            sum += values[t];
            squares += values[t] * (double)values[t];
            if (t >= length)
            {
                sum -= values[t - length];
                squares -= values[t - length] * (double)values[t - length];
            }
        }
        return scores;
    }
}

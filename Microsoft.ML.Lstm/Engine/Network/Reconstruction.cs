using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Network;

/// <summary>
/// The reconstruction error of an autoencoder. Reconstruction goes from the last step to the first, as in Srivastava et al. (2015) and
/// Malhotra et al. (2016): the step that the encoder has seen last comes first.
/// </summary>
internal static class Reconstruction
{
    /// <summary>The features that the decoder is to reconstruct at its step <paramref name="t"/>.</summary>
    /// <param name="features">The features of the sequence, [T x F].</param>
    /// <param name="size">F.</param>
    /// <param name="t">The decoder's step, from 0.</param>
    public static ReadOnlySpan<float> TargetOf(ReadOnlySpan<float> features, int size, int t)
        => features.Slice(features.Length - (t + 1) * size, size);

    /// <summary>
    /// The mean squared error over the features of a step, without features that were constant in the training data; 0 if all were.
    /// </summary>
    public static double ErrorOf(ReadOnlySpan<float> reconstruction, ReadOnlySpan<float> features, AffineScaler scaler)
    {
        double sum = 0;
        int count = 0;
        for (int i = 0; i < features.Length; i++)
        {
            if (scaler.IsConstant(i))
                continue;
            double error = (double)reconstruction[i] - features[i];
            sum += error * error;
            count++;
        }
        return sum / Math.Max(count, 1);
    }

    /// <summary>The score of a sequence: the mean of the errors of its steps, from the first to the last.</summary>
    public static float ScoreOf(ReadOnlySpan<float> stepErrors)
    {
        double sum = 0;
        foreach (float error in stepErrors)
            sum += error;
        return (float)(sum / stepErrors.Length);
    }
}

using System.Numerics.Tensors;
using Microsoft.ML.Lstm.Engine.Modules;
using Microsoft.ML.Lstm.Engine.Training.Objectives;

namespace Microsoft.ML.Lstm;

/// <summary>
/// Losses of what layers put out, each the mean over its rows, with the gradient by which <c>Backward</c> begins. They are PyTorch's with
/// <c>reduction="mean"</c>.
/// </summary>
public static class Losses
{
    /// <summary>Σ (y − t)² / n, over all n numbers.</summary>
    /// <param name="outputs">y.</param>
    /// <param name="targets">t, of the same dimensions.</param>
    /// <param name="gradient">Receives the gradient of <paramref name="outputs"/>, of the same dimensions.</param>
    /// <param name="loss">The squared error, or the Huber loss: e²/2 for errors up to 1, |e| − 1/2 above.</param>
    /// <returns>The loss.</returns>
    /// <exception cref="ArgumentException">Dimensions differ.</exception>
    public static double Regression(Tensor<float> outputs, Tensor<float> targets, Tensor<float> gradient,
        RegressionLoss loss = RegressionLoss.SquaredError)
    {
        ArgumentNullException.ThrowIfNull(outputs);
        targets.Require(nameof(targets), outputs.Lengths);
        gradient.Require(nameof(gradient), outputs.Lengths);
        ReadOnlySpan<float> y = outputs.Flat(), t = targets.Flat();
        Span<float> d = gradient.Flat();
        double sum = 0;
        for (int i = 0; i < y.Length; i++)
        {
            (double value, double slope) = RegressionObjective.LossOf(loss, (double)y[i] - t[i]);
            sum += value;
            d[i] = (float)(slope / y.Length);
        }
        return sum / y.Length;
    }

    /// <summary>
    /// −Σ (t·ln σ(z) + (1 − t)·ln(1 − σ(z))) / n, over all n numbers: <c>BCEWithLogitsLoss</c>.
    /// </summary>
    /// <param name="outputs">z, the logarithms of odds.</param>
    /// <param name="targets">t, from 0 to 1, of the same dimensions.</param>
    /// <param name="gradient">Receives the gradient of <paramref name="outputs"/>, of the same dimensions.</param>
    /// <returns>The loss.</returns>
    /// <exception cref="ArgumentException">Dimensions differ.</exception>
    public static double BinaryCrossEntropy(Tensor<float> outputs, Tensor<float> targets, Tensor<float> gradient)
    {
        ArgumentNullException.ThrowIfNull(outputs);
        targets.Require(nameof(targets), outputs.Lengths);
        gradient.Require(nameof(gradient), outputs.Lengths);
        ReadOnlySpan<float> z = outputs.Flat(), t = targets.Flat();
        Span<float> d = gradient.Flat();
        double sum = 0;
        for (int i = 0; i < z.Length; i++)
        {
            (double value, double slope) = BinaryObjective.LossOf(z[i], t[i]);
            sum += value;
            d[i] = (float)(slope / z.Length);
        }
        return sum / z.Length;
    }

    /// <summary>
    /// −Σ w·ln p(class) / n with p the softmax of a row, over the n rows that have a class: <c>CrossEntropyLoss</c>. With weights it is the
    /// policy gradient's loss too: the classes are actions, the weights what they were worth.
    /// </summary>
    /// <param name="outputs">[..., C]: rows of unnormalized logarithms of probabilities.</param>
    /// <param name="classes">The class of each row, from 0; −1 for a row that does not count.</param>
    /// <param name="gradient">Receives the gradient of <paramref name="outputs"/>, of the same dimensions.</param>
    /// <param name="weights">w of each row, any number; empty for 1.</param>
    /// <returns>The loss; 0 if no row has a class.</returns>
    /// <exception cref="ArgumentException">Dimensions differ, there are no outputs, or there is not a class or weight for each
    /// row.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A class is −2 or less, or C or more.</exception>
    public static double CrossEntropy(Tensor<float> outputs, ReadOnlySpan<int> classes, Tensor<float> gradient,
        ReadOnlySpan<float> weights = default)
    {
        ArgumentNullException.ThrowIfNull(outputs);
        if (outputs.Rank == 0 || outputs.FlattenedLength == 0)
            throw new ArgumentException("Expected rows of one output or more, found none.", nameof(outputs));
        gradient.Require(nameof(gradient), outputs.Lengths);
        int width = (int)outputs.Lengths[^1], rows = (int)(outputs.FlattenedLength / width), counted = 0;
        if (classes.Length != rows || (!weights.IsEmpty && weights.Length != rows))
            throw new ArgumentException($"Expected {rows} classes, one for each row of the outputs, and as many weights or none, found "
                + $"{classes.Length} and {weights.Length}.", nameof(classes));
        foreach (int label in classes)
        {
            if (label < -1 || label >= width)
                throw new ArgumentOutOfRangeException(nameof(classes), label, $"Classes are 0 to {width - 1}, or -1 for none.");
            counted += label >= 0 ? 1 : 0;
        }
        Span<float> d = gradient.Flat();
        outputs.Flat().CopyTo(d);
        double sum = 0;
        for (int row = 0; row < rows; row++)
        {
            Span<float> part = d.Slice(row * width, width);
            if (classes[row] < 0)
            {
                part.Clear();
                continue;
            }
            float weight = weights.IsEmpty ? 1 : weights[row];
            sum += weight * ClassificationObjective.Differentiate(part, TensorPrimitives.Max<float>(part), classes[row],
                labelSmoothing: 0, weight / counted);
        }
        return counted == 0 ? 0 : sum / counted;
    }
}

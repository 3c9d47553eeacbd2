using Microsoft.ML.Lstm.Engine.Explanations;

namespace Microsoft.ML.Lstm;

/// <summary>What <c>Explain</c> explains, and how exactly.</summary>
/// <remarks>
/// <format type="text/markdown"><![CDATA[
/// The explained number is, for
/// * regression: the predicted value, in the label's unit;
/// * binary classification: the `Score`, the logarithm of the odds of yes;
/// * multiclass classification and sequence labeling: the logarithm of the odds of a class, ln(p / (1 − p)), p its probability in `Score`;
/// * an autoencoder: the `Score`, the error of the reconstruction;
/// * a network that was trained elsewhere: one of its outputs, before the output function;
/// * a forecaster: the forecast of a value, in the target's unit; a detector: the expected value.
/// ]]></format>
/// </remarks>
/// <seealso cref="SequencePredictionTransformer.Explain(MLContext, IDataView, ExplanationOptions)"/>
/// <seealso cref="SeriesTransformer.Explain(MLContext, IDataView, ExplanationOptions)"/>
public sealed class ExplanationOptions
{
    // The points of the first pieces of a line.
    private const int LeastGradients = 13;

    /// <summary>
    /// Which output is explained, counted from 0: the slot of a vector of predicted values, the class in the order of the label's keys
    /// (the slot of <c>Score</c>), or the target of a forecaster. Default: <see langword="null"/>, the class or label that is predicted for
    /// each row, else the first output.
    /// </summary>
    public int? Output;

    /// <summary>
    /// The step whose output is explained, where each step has outputs, as in sequence labeling. Default: <c>^1</c>, the last step. A row
    /// without this step has missing attributions.
    /// </summary>
    public Index Step = ^1;

    /// <summary>For a forecaster, how many steps ahead the explained value is, from 1 to its horizon. Default: 1.</summary>
    public int StepsAhead = 1;

    /// <summary>
    /// For transformers of sequences, what sequences are compared with: the first row of this data, which has the columns that the network
    /// reads. Its sequence has one step, which then stands for every step, or as many steps as the explained sequence. Default:
    /// <see langword="null"/>: every number is its mean in the training data, every key the missing key, every word empty.
    /// </summary>
    public IDataView? Baseline;

    /// <summary>
    /// How exact attributions are, above 0 and below 1: gradients are computed at as many points between baseline and sequence as it takes
    /// until they miss no more of the sums that attributions must have than this share of the attributions' sizes. What they miss is
    /// shared out, so that attributions add up in any case. Default: 0.01.
    /// </summary>
    public double Tolerance = 0.01;

    /// <summary>
    /// At how many points between baseline and sequence gradients are computed at most, 13 or more. A warning says for how many rows that
    /// was not enough. Default: 1000.
    /// </summary>
    public int MaximumGradients = 1000;

    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    internal ExplanationSettings Settle()
    {
        if (!(Tolerance is > 0 and < 1))
            throw new ArgumentOutOfRangeException(nameof(Tolerance), Tolerance, $"{nameof(Tolerance)} must be above 0 and below 1.");
        if (MaximumGradients < LeastGradients)
            throw new ArgumentOutOfRangeException(nameof(MaximumGradients), MaximumGradients,
                $"{nameof(MaximumGradients)} must be {LeastGradients} or more.");
        return new ExplanationSettings(Tolerance, MaximumGradients, Environment.ProcessorCount);
    }

    /// <summary>Checks that there is an <see cref="Output"/>.</summary>
    /// <param name="outputs">How many outputs there are.</param>
    /// <returns>The output; 0 for the default.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There are not as many outputs.</exception>
    internal int OutputOf(int outputs)
        => Output is < 0 || Output >= outputs
            ? throw new ArgumentOutOfRangeException(nameof(Output), Output, $"{nameof(Output)} must be from 0 to {outputs - 1}, or null.")
            : Output ?? 0;
}

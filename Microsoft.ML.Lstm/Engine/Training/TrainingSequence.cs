using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Training;

/// <summary>A sequence of T steps to learn from.</summary>
internal class TrainingSequence
{
    /// <summary>T x F numeric features, step-major; they may lie beside those of other sequences in one array.</summary>
    public Memory<float> Features { get; init; }

    /// <summary>T tokens for each token column, step-major; 0 is the unknown token.</summary>
    public int[] Tokens { get; init; } = [];

    /// <summary>Static features.</summary>
    public float[] Statics { get; init; } = [];

    /// <summary>
    /// The numbers to predict or, where each step has some, those of all steps, step-major, with NaN for what is not known.
    /// </summary>
    public float[] Targets { get; init; } = [];

    /// <summary>
    /// The classes to predict, counted from 0, one for the sequence, one for each step, or those that it has one after the other; −1 for
    /// a missing label, which does not count.
    /// </summary>
    public int[] Labels { get; init; } = [];

    /// <summary>Whether it is a piece of a longer one, and goes on where the sequence before it in its set ends.</summary>
    public bool GoesOn { get; init; }

    /// <summary>Whether it goes on where its steps end, and only these are learned from.</summary>
    public bool IsCut { get; init; }

    /// <summary>The weight of the sequence in the loss.</summary>
    public float Weight { get; init; } = 1f;

    /// <summary>T·F: how many numeric features there are.</summary>
    public virtual int FeatureCount => Features.Length;

    /// <summary>Writes the numeric features, step-major, to <paramref name="destination"/>.</summary>
    public virtual void CopyFeaturesTo(Span<float> destination) => Features.Span.CopyTo(destination);

    /// <summary>Scales the numeric features.</summary>
    public virtual void ScaleFeatures(AffineScaler scaler) => scaler.Apply(Features.Span);
}

namespace Microsoft.ML.Lstm.Engine.Training;

/// <summary>A sequence of T steps to learn from.</summary>
internal class TrainingSequence
{
    /// <summary>T x F numeric features, step-major.</summary>
    public float[] Features { get; init; } = [];

    /// <summary>T tokens for each token column, step-major; 0 is the unknown token.</summary>
    public int[] Tokens { get; init; } = [];

    /// <summary>Static features.</summary>
    public float[] Statics { get; init; } = [];

    /// <summary>The numbers to predict.</summary>
    public float[] Targets { get; init; } = [];

    /// <summary>The classes to predict, counted from 0; −1 for a missing label, which does not count.</summary>
    public int[] Labels { get; init; } = [];

    /// <summary>The weight of the sequence in the loss.</summary>
    public float Weight { get; init; } = 1f;
}

namespace Microsoft.ML.Lstm.Engine.Training;

/// <summary>
/// How far a training has come after an epoch: with the model that is kept so far, all that the epochs to come depend on, so that a
/// training that goes on from it ends with the bits of one that was never interrupted.
/// </summary>
internal sealed class TrainingState
{
    /// <summary>The epochs that there will be at the most.</summary>
    public required int NumberOfEpochs { get; init; }

    /// <summary>What is known of the epochs so far.</summary>
    public required TrainingCourse Course { get; init; }

    /// <summary>The time that training has taken.</summary>
    public required TimeSpan Elapsed { get; init; }

    /// <summary>The weights after the epoch, or those of the kept model where they are the same.</summary>
    public required ReadOnlyMemory<float> Weights { get; init; }

    /// <summary>Steps that the optimizer has made.</summary>
    public required int Steps { get; init; }

    /// <summary>What the optimizer keeps of each weight, one or two arrays of as many numbers as there are weights.</summary>
    public required IReadOnlyList<ReadOnlyMemory<float>> Moments { get; init; }

    /// <summary>The state of the random numbers.</summary>
    public required int[] Random { get; init; }

    /// <summary>The order of the sequences, and that of their batches; empty where each epoch makes them anew.</summary>
    public int[] Order { get; init; } = [];

    /// <summary>See <see cref="Order"/>.</summary>
    public int[] BatchOrder { get; init; } = [];

    /// <summary>The rows of embeddings, counted over all tables, that training has not reached yet.</summary>
    public int[] Unreached { get; init; } = [];
}

namespace Microsoft.ML.Lstm.Engine.Training;

/// <summary>
/// The state of a training after an epoch. Together with the model that is kept so far it is all that the following epochs depend on, so
/// that a resumed training ends with the same bits as an uninterrupted one.
/// </summary>
internal sealed class TrainingState
{
    /// <summary>The most epochs that the training takes.</summary>
    public required int NumberOfEpochs { get; init; }

    /// <summary>The course of the epochs so far.</summary>
    public required TrainingCourse Course { get; init; }

    /// <summary>The time that training has taken.</summary>
    public required TimeSpan Elapsed { get; init; }

    /// <summary>The weights after the epoch.</summary>
    public required ReadOnlyMemory<float> Weights { get; init; }

    /// <summary>Steps that the optimizer has made.</summary>
    public required int Steps { get; init; }

    /// <summary>The optimizer's state: one or two arrays with a number for each weight.</summary>
    public required IReadOnlyList<ReadOnlyMemory<float>> Moments { get; init; }

    /// <summary>The state of the random numbers.</summary>
    public required int[] Random { get; init; }

    /// <summary>The order of the sequences; empty where each epoch reads them anew.</summary>
    public int[] Order { get; init; } = [];

    /// <summary>The order of the batches; empty where each epoch reads the sequences anew.</summary>
    public int[] BatchOrder { get; init; } = [];

    /// <summary>The embeddings that training has not reached yet, numbered over all tables.</summary>
    public int[] Unreached { get; init; } = [];
}

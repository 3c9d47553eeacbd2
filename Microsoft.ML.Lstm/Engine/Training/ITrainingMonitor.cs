namespace Microsoft.ML.Lstm.Engine.Training;

/// <summary>What a training run tells whoever started it.</summary>
internal interface ITrainingMonitor
{
    /// <summary>Called after each batch. May throw, to abandon the training.</summary>
    /// <param name="epoch">The epoch, from 1.</param>
    /// <param name="batch">Batches of the epoch done so far.</param>
    /// <param name="batches">Batches of an epoch.</param>
    void BatchCompleted(int epoch, int batch, int batches);

    /// <summary>Called after each epoch.</summary>
    void EpochCompleted(EpochCompletedEventArgs epoch);

    /// <summary>Cancelled when the training is to be abandoned, and no model wanted.</summary>
    CancellationToken Abandoned { get; }

    /// <summary>Something for the log.</summary>
    void Info(string message);

    /// <summary>Something the user should know.</summary>
    void Warn(string message);
}

namespace Microsoft.ML.Lstm.Engine.Training;

/// <summary>Receives the progress and the warnings of a training.</summary>
internal interface ITrainingMonitor
{
    /// <summary>Called after each batch. May throw, to abandon the training.</summary>
    /// <param name="epoch">The epoch, from 1.</param>
    /// <param name="batch">Batches of the epoch done so far.</param>
    /// <param name="batches">Batches of an epoch.</param>
    void BatchCompleted(int epoch, int batch, int batches);

    /// <summary>Called after each epoch.</summary>
    void EpochCompleted(EpochCompletedEventArgs epoch);

    /// <summary>Cancelled to abandon the training without a model.</summary>
    CancellationToken Abandoned { get; }

    /// <summary>Writes a line to the log.</summary>
    void Info(string message);

    /// <summary>Warns the user.</summary>
    void Warn(string message);
}

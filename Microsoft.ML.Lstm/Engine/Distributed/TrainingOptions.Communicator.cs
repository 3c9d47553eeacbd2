namespace Microsoft.ML.Lstm;

/// <content>Training by several processes.</content>
public abstract partial class TrainingOptions
{
    /// <summary>
    /// The processes that train together, such as <see cref="MpiCommunicator.Start"/> gives them: all of them call <c>Fit</c> with the same
    /// data, in the same order, and the same options. Each computes its share of each batch, their gradients are added up, and each gets
    /// the same model, to the last bit: that of one process but for rounding, with the same <see cref="BatchSize"/>; batch normalization
    /// (behind convolutions) alone goes by each rank's share. Rows that are streamed are read in full to find out what there is to know of
    /// them, and for each epoch each process reads its own share. The same number of processes gives the same bits each time. Process 0
    /// alone logs, calls <see cref="EpochCompleted"/> and writes to <see cref="CheckpointPath"/>. Where <c>Fit</c> throws in one of them,
    /// or it ends, it throws in the others an <see cref="InvalidOperationException"/> that says why. <see langword="null"/>, the default:
    /// this process alone.
    /// </summary>
    public Communicator? Communicator;
}

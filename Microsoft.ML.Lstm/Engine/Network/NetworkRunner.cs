using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Layers;
using Microsoft.ML.Lstm.Engine.Parameters;


namespace Microsoft.ML.Lstm.Engine.Network;

/// <summary>Runs a network, or an autoencoder's two, over batches, forward and backward. It serves one caller at a time.</summary>
internal abstract class NetworkRunner
{
    /// <summary>A runner for <paramref name="network"/>.</summary>
    /// <param name="network">The network to run.</param>
    /// <param name="team">The threads to share large batches among.</param>
    public static NetworkRunner Create(SequenceNetwork network, WorkerTeam team)
        => network.Decoder is null ? new NetworkWorkspace(network, team) : new AutoencoderWorkspace(network, team);

    /// <summary>
    /// Ends a pass, which may take long, with an <see cref="OperationCanceledException"/>; what it has done so far is then worth nothing.
    /// Default: none.
    /// </summary>
    public abstract CancellationToken Stop { get; set; }

    /// <summary>
    /// The outputs [O] of a row of the head, after a forward pass; of an autoencoder the reconstruction [F] in a packed row.
    /// </summary>
    public abstract ReadOnlySpan<float> Output(int row);

    /// <summary>The encoding [E] of a sequence's row, of an autoencoder its code; with outputs a step, that of a packed row.</summary>
    public abstract ReadOnlySpan<float> Encoding(int row);

    /// <summary>The attention that the steps of a sequence's row got, which adds up to 1; of a network that pools by attention.</summary>
    public abstract ReadOnlySpan<float> AttentionWeights(int row);

    /// <summary>Runs a packed batch to the outputs.</summary>
    /// <param name="batch">The batch, at least one sequence.</param>
    /// <param name="keep">Whether to keep what <see cref="Backward"/> needs.</param>
    /// <param name="dropout">What to drop; by default nothing.</param>
    public abstract void Forward(SequenceBatch batch, bool keep, Dropout dropout = default);

    /// <summary>Asks for the loss of the last forward pass, which kept nothing. The outputs are used up.</summary>
    public abstract void Measure(OutputLoss loss);

    /// <summary>Back from the loss to the gradients of all parameters, after a forward pass that kept. The outputs are used up.</summary>
    /// <param name="loss">Is asked for the gradient of the outputs.</param>
    /// <param name="gradient">To which the parameters' gradients are added.</param>
    public abstract void Backward(OutputLoss loss, Gradient gradient);

    /// <summary><see cref="SequenceNetwork.Pack()"/> on all threads.</summary>
    public abstract void PackNetwork();
}

using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Layers;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Network;

/// <summary>
/// Runs a <see cref="SequenceNetwork"/>, or an ensemble of several, over batches of sequences: forward and, where it is one, backward, for
/// training and for scoring. It serves one caller at a time.
/// </summary>
internal abstract class BatchRunner
{
    /// <summary>A runner for <paramref name="network"/>.</summary>
    /// <param name="network">The network to run.</param>
    /// <param name="team">The threads to share large batches among.</param>
    public static BatchRunner Create(SequenceNetwork network, WorkerTeam team)
        => network.Shape.Head switch
        {
            Head.Autoencoder => new AutoencoderBatchRunner(network, team),
            Head.SequenceToSequence => new SequenceToSequenceRunner(network, team),
            _ => new NetworkBatchRunner(network, team),
        };

    /// <summary>A runner for the members of an ensemble, or for a single network.</summary>
    /// <param name="members">The networks to run.</param>
    /// <param name="team">The threads to share large batches among.</param>
    public static BatchRunner Create(IReadOnlyList<SequenceNetwork> members, WorkerTeam team)
        => members.Count == 1 ? Create(members[0], team) : new EnsembleBatchRunner(members, team);

    /// <summary>
    /// Ends a pass, which may take long, with an <see cref="OperationCanceledException"/> that leaves its results incomplete. Default:
    /// none.
    /// </summary>
    public abstract CancellationToken Stop { get; set; }

    /// <summary>
    /// The steps that rows of outputs belong to, with a head per step, after a forward pass: those of the batch, or its frames, in rows of
    /// the same order.
    /// </summary>
    public abstract SequenceBatch OutputSteps { get; }

    /// <summary>
    /// The outputs [O] of a row of the head, after a forward pass; for an autoencoder the reconstructed features [F] of a packed row, for
    /// an encoder with a decoder the outputs of a packed row of the targets.
    /// With an adaptive softmax they are valid until the next call.
    /// </summary>
    public abstract ReadOnlySpan<float> Output(int row);

    /// <summary>
    /// The encoding [E] of the sequence in a row of the batch, for an autoencoder its code; with a head per step, the encoding of a packed
    /// row.
    /// </summary>
    public abstract ReadOnlySpan<float> Encoding(int row);

    /// <summary>The attention weights of the steps of the sequence in a row, which add up to 1; for a network with attention.</summary>
    public abstract ReadOnlySpan<float> AttentionWeights(int row);

    /// <summary>Numbers in the state of a sequence: of each network that of a <see cref="SequenceStream"/>.</summary>
    public virtual int StateLength => throw NoStates();

    /// <summary>
    /// From now on sequences begin with the states that <see cref="SetInitialState"/> sets before each forward pass, rather than with zero;
    /// for networks of one direction.
    /// </summary>
    /// <param name="sequences">The sequences of the batch.</param>
    public virtual void RequireInitialStates(int sequences) => throw NoStates();

    /// <summary>Sets the state before the first step of the sequence in a row of the batch.</summary>
    public virtual void SetInitialState(int row, ReadOnlySpan<float> state) => throw NoStates();

    /// <summary>Copies the state after the last step of the sequence in a row of the batch, after a forward pass.</summary>
    public virtual void CopyFinalState(int row, Span<float> state) => throw NoStates();

    /// <summary>Runs a packed batch to the outputs.</summary>
    /// <param name="batch">The batch, of at least one sequence.</param>
    /// <param name="keep">Whether to keep the activations that <see cref="Backward"/> needs.</param>
    /// <param name="dropout">What to drop; by default nothing.</param>
    public abstract void Forward(SequenceBatch batch, bool keep, Dropout dropout = default);

    /// <summary>Asks for the loss of the last forward pass, one without keep. The outputs are overwritten.</summary>
    public abstract void Measure(OutputLoss loss);

    /// <summary>
    /// Runs from the loss back to the gradients of all parameters, after a forward pass with keep. The outputs are overwritten.
    /// </summary>
    /// <param name="loss">Gives the gradient of the outputs.</param>
    /// <param name="gradient">Receives the gradients of the parameters in addition to its values; null for a network for
    /// <see cref="NetworkPasses.InputsOnly"/>.</param>
    public abstract void Backward(OutputLoss loss, Gradient? gradient);

    /// <summary>
    /// The ranges of the gradient that are ready before the end of a backward pass, in the order in which they are; those of dense
    /// parameters that <see cref="Backward"/> alone adds to.
    /// </summary>
    public virtual IReadOnlyList<(int Start, int Length)> EarlyGradients => [];

    /// <summary>Called in a backward pass with the number of each of the <see cref="EarlyGradients"/>, as soon as it is ready.</summary>
    public virtual Action<int>? GradientReady { get; set; }

    /// <summary>
    /// The gradient of the features [I] of a packed row after a backward pass, of a network for
    /// <see cref="NetworkPasses.BackwardToInput"/> or <see cref="NetworkPasses.InputsOnly"/>.
    /// </summary>
    public abstract ReadOnlySpan<float> InputGradient(int packedRow);

    /// <summary>Adds the gradient of the static features [S] of the sequence in a row of the batch, after a backward pass.</summary>
    public abstract void AddStaticGradient(int row, Span<float> sum);

    /// <summary>
    /// Copies what the recurrent layers made of a step of the sequence in a row of the batch, after a forward pass with keep and before the
    /// backward pass.
    /// </summary>
    public abstract void CopyStates(int row, int step, StateSpans states);

    /// <summary>
    /// Moves the running statistics of batch normalization, which scoring goes by, towards those of the last forward pass with keep; to be
    /// called before <see cref="PackNetwork"/>.
    /// </summary>
    /// <param name="batches">The batches so far, with this one; null where the statistics did not begin with this training.</param>
    public virtual void UpdateStatistics(int? batches)
    {
    }

    /// <summary><see cref="SequenceNetwork.Pack()"/> on all threads.</summary>
    public abstract void PackNetwork();

    private static NotSupportedException NoStates() => new("The sequences of a network with a decoder can't begin with a given state.");
}

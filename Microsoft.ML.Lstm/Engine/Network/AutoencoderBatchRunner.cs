using System.Numerics.Tensors;
using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Layers;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Network;

/// <summary>
/// Runs an autoencoder over batches: the encoder turns each sequence into a code; the decoder reads that code at every step (as the
/// context of Cho et al. 2014), together with the position of the step, and reconstructs the steps from the last to the first
/// (<see cref="Reconstruction"/>).
/// </summary>
/// <remarks>
/// The decoder never reads the true steps (the unconditional decoder of Srivastava et al. 2015), neither in training nor in scoring: all
/// that it knows went through the code, so it can't copy an anomalous sequence step by step. The decoder's batch has the rows of the
/// encoder's batch in the same order, so packed row i belongs to the same sequence in both.
/// </remarks>
internal sealed class AutoencoderBatchRunner : BatchRunner
{
    private readonly NetworkBatchRunner _encoder;
    private readonly NetworkBatchRunner _decoder;
    private readonly SequenceBatch _codes;
    private readonly CodeLoss _codeLoss;

    /// <param name="network">The encoder, with its decoder.</param>
    /// <param name="team">The threads to share large batches among.</param>
    public AutoencoderBatchRunner(SequenceNetwork network, WorkerTeam team)
    {
        SequenceNetwork decoder = network.Decoder!;
        _encoder = new NetworkBatchRunner(network, team);
        _decoder = new NetworkBatchRunner(decoder, team);
        _codes = new SequenceBatch(decoder.Shape);
        _codeLoss = new CodeLoss(_decoder, _codes);
    }

    public override CancellationToken Stop
    {
        get => _encoder.Stop;
        set => _encoder.Stop = _decoder.Stop = value;
    }

    public override SequenceBatch OutputSteps => _codes;

    public override ReadOnlySpan<float> Output(int row) => _decoder.Output(row);

    public override ReadOnlySpan<float> Encoding(int row) => _encoder.Output(row);

    public override ReadOnlySpan<float> AttentionWeights(int row) => _encoder.AttentionWeights(row);

    public override void Forward(SequenceBatch batch, bool keep, Dropout dropout = default)
    {
        _encoder.Forward(batch, keep, dropout);
        _codes.Clear();
        for (int row = 0; row < batch.Count; row++)
        {
            ReadOnlySpan<float> code = _encoder.Output(row);
            Span<float> steps = _codes.Add(batch.Length(row));
            for (int at = 0; at < steps.Length; at += code.Length + 1)
            {
                code.CopyTo(steps[at..]);
                // From −1 at the end of the sequence to 1 at its beginning: an event at a certain time is easier to learn without
                // counting steps.
                steps[at + code.Length] = 2f * at / steps.Length - 1;
            }
        }
        _codes.Pack();
        // Dropout of features and of the code makes the task of the encoder harder; the decoder reads the code as the encoder gave it.
        _decoder.Forward(_codes, keep, dropout with { Key = SplitMix64.Mix(dropout.Key), Inputs = 0, Outputs = 0 });
    }

    public override void Measure(OutputLoss loss) => _decoder.Measure(loss);

    public override ReadOnlySpan<float> InputGradient(int packedRow) => _encoder.InputGradient(packedRow);

    public override void AddStaticGradient(int row, Span<float> sum) => _encoder.AddStaticGradient(row, sum);

    public override void CopyStates(int row, int step, StateSpans states) => _encoder.CopyStates(row, step, states);

    public override void Backward(OutputLoss loss, Gradient? gradient)
    {
        _decoder.Backward(loss, gradient);
        _encoder.Backward(_codeLoss, gradient);
    }

    public override void PackNetwork() => _encoder.PackNetwork();

    /// <summary>The gradient of a code: the gradient of the decoder's inputs, summed over the steps that read the code.</summary>
    private sealed class CodeLoss(NetworkBatchRunner decoder, SequenceBatch codes) : OutputLoss
    {
        public override void Differentiate(int row, Span<float> outputs)
        {
            outputs.Clear();
            for (int t = 0; t < codes.Length(row); t++)
                TensorPrimitives.Add(outputs, decoder.InputGradient(codes.FirstRow(t) + row)[..outputs.Length], outputs);
        }
    }
}

using System.Numerics.Tensors;
using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Layers;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Network;

/// <summary>
/// Runs the members of an ensemble over batches, one after the other, and averages their outputs: logits, emissions, values, of an
/// autoencoder the reconstructed features. Encodings stand one behind the other. The members were trained one by one, so there is no way
/// back.
/// </summary>
internal sealed unsafe class EnsembleBatchRunner : BatchRunner
{
    private readonly BatchRunner[] _members;
    private readonly int _outputSize;
    private readonly bool _areSteps;
    private readonly FloatBuffer _outputs = new();
    private readonly float[] _encoding;
    private float[] _attention = [];
    private SequenceBatch _batch = null!;

    /// <param name="members">The networks, which read the same inputs and have the same outputs.</param>
    /// <param name="team">The threads to share large batches among.</param>
    public EnsembleBatchRunner(IReadOnlyList<SequenceNetwork> members, WorkerTeam team)
    {
        _members = [.. members.Select(member => Create(member, team))];
        NetworkShape shape = members[0].Shape;
        _outputSize = (shape.Decoder ?? shape).OutputSize;
        _areSteps = (shape.Decoder ?? shape).Head.IsPerStep;
        _encoding = new float[members.Sum(member => member.Shape.CodeSize)];
    }

    public override CancellationToken Stop
    {
        get => _members[0].Stop;
        set => Array.ForEach(_members, member => member.Stop = value);
    }

    public override SequenceBatch OutputSteps => _members[0].OutputSteps;

    public override ReadOnlySpan<float> Output(int row) => Outputs[row];

    /// <summary>The encodings of the members, one behind the other; valid until the next call.</summary>
    public override ReadOnlySpan<float> Encoding(int row)
    {
        Span<float> rest = _encoding;
        foreach (BatchRunner member in _members)
        {
            ReadOnlySpan<float> encoding = member.Encoding(row);
            encoding.CopyTo(rest);
            rest = rest[encoding.Length..];
        }
        return _encoding;
    }

    /// <summary>The mean of the members' attention weights; valid until the next call.</summary>
    public override ReadOnlySpan<float> AttentionWeights(int row)
    {
        int steps = _batch.Length(row);
        FloatBuffer.Require(ref _attention, steps);
        Span<float> mean = _attention.AsSpan(0, steps);
        mean.Clear();
        foreach (BatchRunner member in _members)
            TensorPrimitives.Add(mean, member.AttentionWeights(row), mean);
        TensorPrimitives.Multiply(mean, 1f / _members.Length, mean);
        return mean;
    }

    public override int StateLength => _members.Sum(member => member.StateLength);

    public override void RequireInitialStates(int sequences)
    {
        foreach (BatchRunner member in _members)
            member.RequireInitialStates(sequences);
    }

    public override void SetInitialState(int row, ReadOnlySpan<float> state)
    {
        foreach (BatchRunner member in _members)
        {
            member.SetInitialState(row, state[..member.StateLength]);
            state = state[member.StateLength..];
        }
    }

    public override void CopyFinalState(int row, Span<float> state)
    {
        foreach (BatchRunner member in _members)
        {
            member.CopyFinalState(row, state[..member.StateLength]);
            state = state[member.StateLength..];
        }
    }

    public override void Forward(SequenceBatch batch, bool keep, Dropout dropout = default)
    {
        _batch = batch;
        foreach (BatchRunner member in _members)
            member.Forward(batch, keep, dropout);
        int rows = _areSteps ? OutputSteps.TotalSteps : batch.Count;
        _outputs.Require((long)rows * _outputSize);
        for (int row = 0; row < rows; row++)
        {
            Span<float> mean = Outputs[row];
            _members[0].Output(row).CopyTo(mean);
            for (int member = 1; member < _members.Length; member++)
                TensorPrimitives.Add(mean, _members[member].Output(row), mean);
            TensorPrimitives.Multiply(mean, 1f / _members.Length, mean);
        }
    }

    public override void Measure(OutputLoss loss)
    {
        for (int row = 0; row < _batch.Count; row++)
            loss.Differentiate(OutputSteps, row, Outputs);
    }

    public override void Backward(OutputLoss loss, Gradient? gradient) => throw OneByOne();

    public override ReadOnlySpan<float> InputGradient(int packedRow) => throw OneByOne();

    public override void AddStaticGradient(int row, Span<float> sum) => throw OneByOne();

    public override void CopyStates(int row, int step, StateSpans states) => throw OneByOne();

    public override void PackNetwork() => Array.ForEach(_members, member => member.PackNetwork());

    private static NotSupportedException OneByOne() => new("The members of an ensemble are run backward one by one.");

    private OutputRows Outputs => new(_outputs.Pointer, _outputSize, _outputSize, _areSteps);
}

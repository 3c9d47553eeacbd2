using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Network;

/// <summary>
/// Takes the states of sequences from one piece to the next: a piece goes on with the state in which the one before it has ended. Gradients
/// end at the beginning of a piece (truncated backpropagation through time; Williams and Peng 1990).
/// </summary>
/// <param name="runner">Runs the pieces.</param>
internal sealed class CarriedStates(BatchRunner runner)
{
    private readonly int _length = runner.StateLength;
    private float[] _states = [];

    /// <summary>Sets the states that the pieces of a batch begin with, before its forward pass.</summary>
    /// <param name="batch">The pieces, packed.</param>
    /// <param name="lanes">The lane of each piece, in the order of adding; none where all are whole sequences.</param>
    public void Begin(SequenceBatch batch, ReadOnlySpan<Lane> lanes)
    {
        runner.RequireInitialStates(batch.Count);
        for (int row = 0; row < batch.Count; row++)
        {
            Lane lane = LaneOf(batch, lanes, row);
            int needed = (lane.Number + 1) * _length;
            if (_states.Length < needed)
                Array.Resize(ref _states, FloatBuffer.Grow(_states.Length, needed));
            if (!lane.GoesOn)
                StateOf(lane).Clear();
            runner.SetInitialState(row, StateOf(lane));
        }
    }

    /// <summary>Keeps the states in which the pieces of a batch have ended, after its forward pass.</summary>
    /// <param name="batch">The pieces, packed.</param>
    /// <param name="lanes">As for <see cref="Begin"/>.</param>
    public void End(SequenceBatch batch, ReadOnlySpan<Lane> lanes)
    {
        for (int row = 0; row < batch.Count; row++)
            runner.CopyFinalState(row, StateOf(LaneOf(batch, lanes, row)));
    }

    private static Lane LaneOf(SequenceBatch batch, ReadOnlySpan<Lane> lanes, int row)
    {
        int sequence = batch.SequenceAt(row);
        return lanes.IsEmpty ? new Lane(sequence, GoesOn: false) : lanes[sequence];
    }

    private Span<float> StateOf(Lane lane) => _states.AsSpan(lane.Number * _length, _length);
}

/// <summary>The lane of a batch that a piece of a sequence is in.</summary>
/// <param name="Number">The lane, from 0.</param>
/// <param name="GoesOn">Whether the piece goes on where the one before it in this lane has ended; else it begins with a state of zero.
/// </param>
internal readonly record struct Lane(int Number, bool GoesOn);

using System.Numerics.Tensors;
using Microsoft.ML.Lstm.Engine.Layers;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Network;

/// <content>What explains a network's outputs: gradients of its inputs, states and gates.</content>
internal sealed unsafe partial class NetworkBatchRunner
{
    private StackStates? _states;

    private StackStates States => _states ??= new StackStates(_layers);

    /// <summary>
    /// Fills in the embeddings of a packed batch's tokens, and the features of its words, behind the numeric features of its rows: for a
    /// network for <see cref="NetworkPasses.InputsOnly"/>, which reads the rows as they are.
    /// </summary>
    public void Embed(SequenceBatch batch)
    {
        _inputs.Prepare(batch, keep: false, dropout: default);
        _inputs.Forward(0, batch.Count);
    }

    public override int StateLength => _shape.StateSize;

    public override void RequireInitialStates(int sequences) => States.RequireInitial(sequences);

    public override void SetInitialState(int row, ReadOnlySpan<float> state) => States.SetInitial(row, state);

    public override void CopyFinalState(int row, Span<float> state)
        => States.CopyFinal(row, _steps.FirstRow(_steps.Length(row) - 1) + row, state);

    /// <summary>The gradient of the state that <see cref="SetInitialState"/> set, after a backward pass.</summary>
    public void CopyInitialGradient(int row, Span<float> gradient) => States.CopyInitialGradient(row, gradient);

    public override void AddStaticGradient(int row, Span<float> sum)
    {
        for (int t = 0; t < (_shape.Head.IsPerStep ? _steps.Length(row) : 1); t++)
        {
            int headRow = _shape.Head.IsPerStep ? _steps.FirstRow(t) + row : row;
            TensorPrimitives.Add(sum, DHeadInput(headRow).Slice(_shape.EncodingSize, _shape.StaticSize), sum);
        }
    }

    public override void CopyStates(int row, int step, StateSpans states)
    {
        int packedRow = _steps.FirstRow(step / _shape.FrameSteps) + row, h = _shape.HiddenSize;
        foreach (RecurrentLayer layer in _layers)
        {
            for (int d = 0; d < layer.Directions.Length; d++)
            {
                layer.Row(packedRow, d).CopyTo(states.Hidden);
                states.Hidden = states.Hidden[h..];
                layer.Directions[d].CopyGates(packedRow, states.Gates);
                states.Gates = states.Gates[(_shape.CellDescription.Gates * h)..];
                if (!_shape.CellDescription.HasCellState)
                    continue;
                layer.Directions[d].CellState(packedRow).CopyTo(states.Cell);
                states.Cell = states.Cell[h..];
            }
        }
    }
}

/// <summary>
/// Receives what the recurrent layers made of a step: layer by layer, and in a layer direction by direction, h [H], c [H] where the cell
/// has one, and the activated gates [G x H] in PyTorch's order. With several steps a frame, it is what they made of the step's frame.
/// </summary>
internal ref struct StateSpans
{
    public Span<float> Hidden;
    public Span<float> Cell;
    public Span<float> Gates;
}

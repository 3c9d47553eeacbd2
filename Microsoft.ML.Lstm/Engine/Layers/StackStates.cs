using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Layers;

/// <summary>
/// The states of a stack of recurrent layers of one direction, as a vector for each sequence: h of each layer, each with c behind it where
/// the cell has one, <see cref="NetworkShape.StateSize"/> numbers.
/// </summary>
internal sealed class StackStates(RecurrentLayer[] layers)
{
    /// <inheritdoc cref="RecurrentDirection.RequireInitialStates"/>
    public void RequireInitial(int sequences)
    {
        foreach (RecurrentLayer layer in layers)
            layer.Directions[0].RequireInitialStates(sequences);
    }

    /// <summary>Sets the state before the first step of the sequence in a row of the batch.</summary>
    public void SetInitial(int row, ReadOnlySpan<float> state)
    {
        foreach (RecurrentLayer layer in layers)
        {
            Take(layer.Directions[0].InitialHidden(row), ref state);
            if (HasCellState(layer))
                Take(layer.Directions[0].InitialCellState(row), ref state);
        }

        static void Take(Span<float> part, ref ReadOnlySpan<float> rest)
        {
            rest[..part.Length].CopyTo(part);
            rest = rest[part.Length..];
        }
    }

    /// <summary>Copies the state after the last step of the sequence in a row of the batch, which is in a packed row.</summary>
    public void CopyFinal(int row, int lastPackedRow, Span<float> state)
    {
        foreach (RecurrentLayer layer in layers)
        {
            Give(layer.Row(lastPackedRow, direction: 0), ref state);
            if (HasCellState(layer))
                Give(layer.Directions[0].FinalCellState(row), ref state);
        }
    }

    /// <summary>Copies the gradient of the state that <see cref="SetInitial"/> set, after a backward pass.</summary>
    public void CopyInitialGradient(int row, Span<float> gradient)
    {
        foreach (RecurrentLayer layer in layers)
        {
            Give(layer.Directions[0].InitialHiddenGradient(row), ref gradient);
            if (HasCellState(layer))
                Give(layer.Directions[0].InitialCellGradient(row), ref gradient);
        }
    }

    private static bool HasCellState(RecurrentLayer layer) => layer.Directions[0].Layout.Cell.HasCellState;

    private static void Give(ReadOnlySpan<float> part, ref Span<float> rest)
    {
        part.CopyTo(rest);
        rest = rest[part.Length..];
    }
}

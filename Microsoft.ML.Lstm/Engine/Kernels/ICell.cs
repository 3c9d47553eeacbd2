namespace Microsoft.ML.Lstm.Engine.Kernels;

/// <summary>
/// A recurrent cell: how its gates lie in memory and in PyTorch's weights, and what happens to one vector of units of one row
/// between the matrix products.
/// </summary>
/// <remarks>
/// A slot is one of the vectors that a block of units has in a row of gates: slot s of block u is the vector at (u·Slots + s)·Lanes.
/// There are up to four. The product with the input fills the first slots and the product with the hidden state the last ones; a
/// cell may have one slot more than gates, as GRU does, and the two products then share all but the first and the last slot.
/// Forward comes in two parts, since each is a long chain of operations that wait for one another: a processor is kept busy by the
/// first part of all rows of a tile, then the second of all. The packed weights and biases have the factor
/// <see cref="CellDescription.ExponentFactor"/>, so the products are the exponents of the activations' powers of two rather than the
/// sums in the cell's formulas. <c>Backward</c> reads the activated gates and replaces them by the gradients of these sums.
/// The members are static, so that the JIT compiles a kernel for each cell with constants and inlined calls.
/// </remarks>
internal interface ICell
{
    /// <summary>The activation function of each slot; the length is a constant to the JIT.</summary>
    static abstract ReadOnlySpan<GateActivation> Slots { get; }

    /// <summary>The gate of PyTorch's <c>weight_ih</c>, a block of H rows, that each of the first slots multiplies the input by.</summary>
    static abstract ReadOnlySpan<int> InputGates { get; }

    /// <summary>The gate of PyTorch's <c>weight_hh</c> that each of the last slots multiplies the hidden state by.</summary>
    static abstract ReadOnlySpan<int> HiddenGates { get; }

    /// <summary>The H elements of the merged bias, counted in blocks of H, that each slot adds.</summary>
    static abstract ReadOnlySpan<int> Biases { get; }

    /// <summary>The block of the bias that the forget gate adds, which does not start at zero; null for a cell without one.</summary>
    static abstract int? ForgetGate { get; }

    /// <summary>The letter of each gate in formulas, in PyTorch's order.</summary>
    static abstract string GateNames { get; }

    /// <summary>Whether the cell has a state c beside h.</summary>
    static abstract bool HasCellState { get; }

    /// <summary>One step of one row's unit block, up to the cell state.</summary>
    /// <param name="products">The sums of the products and biases, slot by slot; may be overwritten with values for
    /// <see cref="Finish"/>.</param>
    /// <param name="cPrevious">The cell state before the step.</param>
    /// <param name="c">Receives the cell state; left alone by cells that have none.</param>
    /// <param name="gates">Receives the activated gates, slot by slot; null when no backward step follows.</param>
    static abstract unsafe void Begin<S, V>(float* products, V cPrevious, float* c, float* gates)
        where S : struct, ISimd<V>
        where V : struct;

    /// <summary>The rest of the step, after <see cref="Begin"/>.</summary>
    /// <returns>The hidden state h.</returns>
    static abstract unsafe V Finish<S, V>(float* products, V hPrevious, float* c, float* gates)
        where S : struct, ISimd<V>
        where V : struct;

    /// <summary>The derivative of <see cref="Begin"/> and <see cref="Finish"/>.</summary>
    /// <param name="gates">The activated gates; replaced by the gradients of the products.</param>
    /// <param name="cPrevious">The cell state before the step.</param>
    /// <param name="hPrevious">The hidden state before the step.</param>
    /// <param name="c">The cell state after the step.</param>
    /// <param name="dh">The gradient of h.</param>
    /// <param name="dc">The gradient of c from later steps; replaced by the gradient of <paramref name="cPrevious"/>.</param>
    /// <returns>The gradient of <paramref name="hPrevious"/>, without the part that goes through the products.</returns>
    static abstract unsafe V Backward<S, V>(float* gates, V cPrevious, V hPrevious, float* c, V dh, float* dc)
        where S : struct, ISimd<V>
        where V : struct;
}

/// <summary>The activation function of a gate.</summary>
internal enum GateActivation : byte
{
    Sigmoid,
    Tanh,
}

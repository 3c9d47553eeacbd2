namespace Microsoft.ML.Lstm.Engine.Kernels;

/// <summary>
/// The element-wise part of a recurrent cell: what happens to one vector of units of one row, between the products.
/// </summary>
/// <remarks>
/// The slots of a unit block (one vector of units) lie beside each other in a row of gates: slot s of block u is the vector
/// at (u·<see cref="Slots"/> + s)·Lanes. Forward comes in two parts, since each is a long chain of operations that wait for
/// one another: a processor is kept busy by the first part of all rows of a tile, then the second of all. What the products
/// and biases gave are the exponents of the activations' powers of two, <see cref="CellLayout.ExponentFactor"/> times the
/// sums that the formulas of the cells have. <c>Backward</c> finds the activated gates and leaves the gradients of these sums.
/// </remarks>
internal interface ICell<S, V>
    where S : struct, ISimd<V>
    where V : struct
{
    /// <summary>Vectors a unit block has in a row of gates.</summary>
    static abstract int Slots { get; }

    /// <summary>Whether the cell has a state c beside h.</summary>
    static abstract bool HasCellState { get; }

    /// <summary>One step of one row's unit block, up to the cell state.</summary>
    /// <param name="products">What the products and biases gave, slot by slot; room for what <see cref="Finish"/> needs.</param>
    /// <param name="cPrevious">The cell state before the step.</param>
    /// <param name="c">Receives the cell state; left alone by cells that have none.</param>
    /// <param name="gates">Receives the activated gates, slot by slot; null when nobody needs them.</param>
    static abstract unsafe void Begin(float* products, V cPrevious, float* c, float* gates);

    /// <summary>The rest of the step, from what <see cref="Begin"/> left.</summary>
    /// <returns>The hidden state h.</returns>
    static abstract unsafe V Finish(float* products, V hPrevious, float* c, float* gates);

    /// <summary>The derivative of the two.</summary>
    /// <param name="gates">The activated gates; replaced by the gradients of the products.</param>
    /// <param name="cPrevious">The cell state before the step.</param>
    /// <param name="hPrevious">The hidden state before the step.</param>
    /// <param name="c">The cell state after the step.</param>
    /// <param name="dh">The gradient of h.</param>
    /// <param name="dc">The gradient of c from later steps; replaced by that of <paramref name="cPrevious"/>.</param>
    /// <returns>The gradient of <paramref name="hPrevious"/>, without the part that goes through the products.</returns>
    static abstract unsafe V Backward(float* gates, V cPrevious, V hPrevious, float* c, V dh, float* dc);
}

namespace Microsoft.ML.Lstm.Kernels;

/// <summary>
/// The element-wise part of a recurrent cell: what happens to one vector of units of one row, between the products.
/// </summary>
/// <remarks>
/// The slots of a unit block (one vector of units) lie beside each other in a row of gates: slot s of block u is the vector
/// at (u·<see cref="Slots"/> + s)·Lanes. <c>Forward</c> finds there what the products and biases gave and leaves the
/// activated gates; <c>Backward</c> finds these and leaves the gradients of what <c>Forward</c> had found.
/// </remarks>
internal interface ICell<S, V>
    where S : struct, ISimd<V>
    where V : struct
{
    /// <summary>Vectors a unit block has in a row of gates.</summary>
    static abstract int Slots { get; }

    /// <summary>Whether the cell has a state c beside h.</summary>
    static abstract bool HasCellState { get; }

    /// <summary>One step of one row's unit block.</summary>
    /// <param name="gates">The block's slots; replaced by the activated gates.</param>
    /// <param name="cPrevious">The cell state before the step.</param>
    /// <param name="hPrevious">The hidden state before the step.</param>
    /// <param name="c">Receives the cell state; left alone by cells that have none.</param>
    /// <returns>The hidden state h.</returns>
    static abstract unsafe V Forward(float* gates, V cPrevious, V hPrevious, float* c);

    /// <summary>The derivative of <see cref="Forward"/>.</summary>
    /// <param name="gates">The activated gates; replaced by the gradients of the products.</param>
    /// <param name="cPrevious">The cell state before the step.</param>
    /// <param name="hPrevious">The hidden state before the step.</param>
    /// <param name="c">The cell state after the step.</param>
    /// <param name="dh">The gradient of h.</param>
    /// <param name="dc">The gradient of c from later steps; replaced by that of <paramref name="cPrevious"/>.</param>
    /// <returns>The gradient of <paramref name="hPrevious"/>, without the part that goes through the products.</returns>
    static abstract unsafe V Backward(float* gates, V cPrevious, V hPrevious, float* c, V dh, float* dc);
}

namespace Microsoft.ML.Lstm;

/// <summary>
/// The recurrent cell of a network, as PyTorch and cuDNN define it and with their order of gates.
/// </summary>
public enum CellType
{
    /// <summary>
    /// Long short-term memory (Hochreiter and Schmidhuber 1997; forget gate of Gers, Schmidhuber and Cummins 2000):
    /// i, f, o = σ(W x + U h + b), g = tanh(W x + U h + b), c' = f·c + i·g, h' = o·tanh(c').
    /// </summary>
    Lstm,

    /// <summary>
    /// Gated recurrent unit (Cho et al. 2014), with the reset gate applied after the product: r, z = σ(W x + U h + b), n = tanh(W x + b +
    /// r·(U h + b')), h' = (1 − z)·n + z·h.
    /// </summary>
    Gru,

    /// <summary>Plain recurrent cell (Elman 1990): h' = tanh(W x + U h + b).</summary>
    Rnn,
}

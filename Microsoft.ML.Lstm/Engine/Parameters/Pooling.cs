namespace Microsoft.ML.Lstm;

/// <summary>How the last recurrent layer's outputs, one a step, become the one encoding of the sequence.</summary>
public enum Pooling
{
    /// <summary>The final state: the output after the last step and, of a reverse direction, after the first step.</summary>
    Last,

    /// <summary>The mean of the outputs over the sequence's steps.</summary>
    Mean,

    /// <summary>The element-wise maximum of the outputs over the sequence's steps.</summary>
    Max,

    /// <summary>
    /// A mean of the outputs with learned weights, additive attention (Bahdanau et al. 2015; Yang et al. 2016): the weights are
    /// the softmax over the sequence's steps of v·tanh(W·h + b), where h is a step's output, all directions together, and W is
    /// square. They tell how much each step mattered.
    /// </summary>
    Attention,
}

namespace Microsoft.ML.Lstm;

/// <summary>How the outputs of the last recurrent layer, one for each step, become one encoding of the sequence.</summary>
public enum Pooling
{
    /// <summary>The final state: the output after the last step and, of a reverse direction, after the first step.</summary>
    Last,

    /// <summary>The mean of the outputs over the steps of the sequence.</summary>
    Mean,

    /// <summary>The element-wise maximum of the outputs over the steps of the sequence.</summary>
    Max,

    /// <summary>
    /// A weighted mean of the outputs, additive attention (Bahdanau et al. 2015; Yang et al. 2016): the weights are the softmax over the
    /// steps of the sequence of v·tanh(W·h + b), where h is the output of a step in all directions and W is square. They tell how much
    /// each step mattered.
    /// </summary>
    Attention,
}

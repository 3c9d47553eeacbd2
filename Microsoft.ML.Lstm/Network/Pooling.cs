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
}

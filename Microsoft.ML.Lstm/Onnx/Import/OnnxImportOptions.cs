namespace Microsoft.ML.Lstm;

/// <summary>What of an ONNX file is read, and how its tokens are numbered.</summary>
public sealed class OnnxImportOptions
{
    /// <summary>
    /// The value to take as the network's output: an output of the graph or a value within it, such as the encoding before layers that
    /// networks of this package don't have. <see langword="null"/> for the first of the graph's outputs that is made of numbers and can be
    /// read. Default: <see langword="null"/>.
    /// </summary>
    public string? OutputName;

    /// <summary>
    /// Inputs to take as zeros, such as the initial states <c>h0</c> and <c>c0</c>: sequences begin at states of zero here. Default: none.
    /// </summary>
    public string[] ZeroInputNames = [];

    /// <summary>
    /// Whether key k of an ML.NET column, which counts from 1, is the file's token k, and the missing key token 0; otherwise key k is token
    /// k − 1, so that <c>MapValueToKey</c> with the file's vocabulary as <c>keyData</c>, in its order, gives the right tokens.
    /// <see langword="null"/> for the first where the file's input is of the type of keys, <see cref="uint"/>, as in files of this package.
    /// Default: <see langword="null"/>.
    /// </summary>
    public bool? KeysAreTokens;

    /// <summary>
    /// The file's token that a missing key is read as. <see langword="null"/> for token 0 where <see cref="KeysAreTokens"/>, otherwise for
    /// the mean of all vectors. Default: <see langword="null"/>.
    /// </summary>
    public int? UnknownToken;
}

namespace Microsoft.ML.Lstm;

/// <summary>The names of modules that a network is written under for PyTorch.</summary>
public sealed class PyTorchExportOptions
{
    /// <summary>
    /// The module of the recurrent layers: <c>rnn.weight_ih_l0</c>; empty for names without a module. Default: <c>rnn</c>.
    /// </summary>
    public string RecurrentModule = "rnn";

    /// <summary>The linear layer behind the recurrent layers. Default: <c>head</c>.</summary>
    public string LinearModule = "head";

    /// <summary>
    /// The embeddings, as many as a step has tokens. Default: <see langword="null"/>, for <c>embeddings.0</c> and so on, an
    /// <c>nn.ModuleList</c>.
    /// </summary>
    public string[]? EmbeddingModules;
}

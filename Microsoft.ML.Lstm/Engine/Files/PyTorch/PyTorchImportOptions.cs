namespace Microsoft.ML.Lstm;

/// <summary>
/// How the tensors of a file of PyTorch become a network. What is <see langword="null"/> is guessed from the tensors' names and shapes;
/// <see cref="SequenceModelParameters.TensorNames"/> says what became of it. A file has the weights alone, so what a program computes
/// between them, such as <see cref="Pooling"/>, is said here.
/// </summary>
public sealed class PyTorchImportOptions
{
    /// <summary>
    /// The dictionary with the weights, in a file that has other things beside it, such as <c>model_state_dict</c>; keys of dictionaries
    /// within each other have dots between them. Default: <see langword="null"/>, for the only one that has recurrent layers.
    /// </summary>
    public string? StateDict;

    /// <summary>
    /// The modules of the recurrent layers (<c>LSTM</c>, <c>GRU</c>, <c>RNN</c>, or cells), from the first on, each of which reads the
    /// outputs of the one before. The name of a module is that of its tensors up to the last dot, such as <c>encoder.lstm</c>, and empty
    /// for tensors without one. Default: <see langword="null"/>, for all in the order in which they were defined; that is the order of a
    /// file of <c>torch.save</c>, while in a safetensors file numbers in the names or the shapes have to say it.
    /// </summary>
    public string[]? RecurrentModules;

    /// <summary>
    /// The modules of embeddings, one for each token of a step, in the order in which their vectors stand in the recurrent layers' input.
    /// Default: <see langword="null"/>, for those that are found, in the order in which they were defined; numbers in the names have to say
    /// it where there are several in a safetensors file.
    /// </summary>
    public string[]? EmbeddingModules;

    /// <summary>
    /// The linear layers behind the recurrent ones, the first of which reads their outputs, with no function between them. Empty for none:
    /// the outputs are then the encoding. Default: <see langword="null"/>, for the only one, or none.
    /// </summary>
    public string[]? LinearModules;

    /// <summary>
    /// Modules that are left out, with those within them; others that can't be read are an error. Default: none.
    /// </summary>
    public string[] IgnoredModules = [];

    /// <summary>
    /// Where steps have tokens and numbers, whether the embeddings stand before the numbers in the recurrent layers' input
    /// (<c>torch.cat([embedding(tokens), numbers], 2)</c>). Has to be given then. Default: <see langword="null"/>.
    /// </summary>
    public bool? EmbeddingsFirst;

    /// <summary>
    /// The static features, which stand behind the encoding in the first linear layer's input. Default: 0.
    /// </summary>
    public int StaticFeatureCount;

    /// <summary>
    /// How the steps become the encoding: <see cref="Pooling.Last"/> is <c>h_n</c> of the last layer, for two directions
    /// <c>torch.cat([h_n[-2], h_n[-1]], 1)</c>; <see cref="Pooling.Attention"/> reads the tensors <c>attention.weight</c>,
    /// <c>attention.bias</c> and <c>attention.vector</c>. Default: <see cref="Pooling.Last"/>.
    /// </summary>
    public Pooling Pooling;

    /// <summary>
    /// Whether each step has outputs of its own, the linear layers applied to <c>output</c>, and nothing is pooled. Default:
    /// <see langword="false"/>.
    /// </summary>
    public bool StepOutputs;

    /// <summary>The function behind the last linear layer. Default: <see cref="OutputFunction.None"/>.</summary>
    public OutputFunction OutputFunction;

    /// <summary>
    /// Whether key k of an ML.NET column, which counts from 1, is the embedding's row k, and the missing key row 0; otherwise key k is row
    /// k − 1, so that <c>MapValueToKey</c> with the vocabulary as <c>keyData</c>, in its order, gives the right tokens. Networks that
    /// <see cref="SequenceModelParameters.SavePyTorch(string, PyTorchExportOptions?)"/> wrote need <see langword="true"/>. Default:
    /// <see langword="false"/>.
    /// </summary>
    public bool KeysAreTokens;

    /// <summary>
    /// The row that a missing key is read as. Default: <see langword="null"/>, for row 0 where <see cref="KeysAreTokens"/>, otherwise for
    /// the mean of all rows.
    /// </summary>
    public int? UnknownToken;
}

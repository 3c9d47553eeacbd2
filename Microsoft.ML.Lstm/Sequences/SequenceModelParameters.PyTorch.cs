using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Files.PyTorch;
using Microsoft.ML.Lstm.Engine.Standalone;

namespace Microsoft.ML.Lstm;

// Files of PyTorch.
public sealed partial class SequenceModelParameters
{
    /// <summary>
    /// For a network from a file of PyTorch, the tensors that each weight was made of, by the weight's name; empty where there was none,
    /// as of a bias that the file does not have. Empty for other networks.
    /// </summary>
    public IReadOnlyDictionary<string, string> TensorNames { get; private init; } = new Dictionary<string, string>();

    /// <summary>
    /// Reads the weights of an LSTM, GRU or RNN of PyTorch with embeddings and linear layers around it: a state dict that
    /// <c>torch.save(model.state_dict(), path)</c> wrote, or a safetensors file; what <see cref="Save(string)"/> wrote comes back too.
    /// What each tensor is follows from names and shapes, or from <paramref name="options"/>; <see cref="TensorNames"/> shows it.
    /// docs/pytorch.md lists what is read.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="options">What tensors and names can't say; <see langword="null"/> for a linear layer on the last state.</param>
    /// <returns>The network, to score with (<see cref="LstmScoringEstimator"/>) or to go on training.</returns>
    /// <exception cref="InvalidDataException">The file is damaged, of another format, or its tensors don't fit together.</exception>
    /// <exception cref="NotSupportedException">The file has something else than the weights of such a network; the message names
    /// it. Nothing in a file is ever run.</exception>
    /// <example>
    /// <code>
    /// var network = SequenceModelParameters.LoadPyTorch("sentiment.pt", new() { OutputFunction = OutputFunction.Sigmoid });
    /// </code>
    /// </example>
    public static SequenceModelParameters LoadPyTorch(string path, PyTorchImportOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using FileStream stream = File.OpenRead(path);
        return LoadPyTorch(stream, options);
    }

    /// <summary>Reads the weights of a network of PyTorch, see <see cref="LoadPyTorch(string, PyTorchImportOptions?)"/>.</summary>
    /// <param name="stream">Holds the file, from its position to its end; it stays open.</param>
    /// <param name="options">What tensors and names can't say; <see langword="null"/> for a linear layer on the last state.</param>
    /// <returns>The network.</returns>
    /// <exception cref="InvalidDataException">The stream does not hold such a file, or a damaged one.</exception>
    /// <exception cref="NotSupportedException">The file has something else than the weights of such a network.</exception>
    public static SequenceModelParameters LoadPyTorch(Stream stream, PyTorchImportOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        options ??= new PyTorchImportOptions();
        stream = WholeStream.Of(stream);
        if (StateDict.IsSafeTensors(stream))
        {
            bool isOurs = ModelFile.IsModel(SafeTensors.ReadHeader(stream, out _));
            stream.Position = 0;
            if (isOurs)
                return Load(stream);
        }
        using StateDict file = StateDict.Open(stream);
        StateDictNetwork network = StateDictNetwork.Read(file, options);
        return new SequenceModelParameters(network.Model) { TensorNames = network.TensorNames, OutputFunction = options.OutputFunction };
    }

    /// <summary>
    /// Writes the weights as a safetensors file with PyTorch's names, for <c>load_state_dict</c>: each recurrent layer has the two biases
    /// of PyTorch, and the scaling of inputs and outputs is a part of the weights, so that the network there reads and gives the units of
    /// the user's data. Rows of embeddings are ML.NET's keys, row 0 the missing or unknown one. docs/pytorch.md has the program that reads
    /// it.
    /// </summary>
    /// <param name="path">The file. An existing one is replaced as a whole.</param>
    /// <param name="options">The names of modules; <see langword="null"/> for <c>rnn</c>, <c>head</c>, <c>embeddings.0</c>.</param>
    /// <exception cref="NotSupportedException">The network has a part that is no recurrent layer, linear layer or embedding.</exception>
    public void SavePyTorch(string path, PyTorchExportOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        AtomicFile.Write(path, stream => SavePyTorch(stream, options));
    }

    /// <summary>Writes the weights with PyTorch's names, see <see cref="SavePyTorch(string, PyTorchExportOptions?)"/>.</summary>
    /// <param name="stream">Receives the file; it stays open.</param>
    /// <param name="options">The names of modules; <see langword="null"/> for <c>rnn</c>, <c>head</c>, <c>embeddings.0</c>.</param>
    /// <exception cref="NotSupportedException">The network has a part that is no recurrent layer, linear layer or embedding.</exception>
    public void SavePyTorch(Stream stream, PyTorchExportOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        StateDictWriter.Write(stream, Network, options ?? new PyTorchExportOptions());
    }

    /// <summary>Reads a network from a file of any format that is read, which its first bytes tell.</summary>
    /// <exception cref="ArgumentException">There are options for the other format.</exception>
    internal static SequenceModelParameters LoadAny(string path, OnnxImportOptions? onnx, PyTorchImportOptions? pyTorch)
    {
        using FileStream stream = File.OpenRead(path);
        bool isOnnx = !StateDict.IsSafeTensors(stream) && !StateDict.IsZip(stream);
        if ((isOnnx ? pyTorch : (object?)onnx) is not null)
        {
            (string option, string format) = isOnnx
                ? (nameof(LstmScoringEstimator.Options.PyTorch), "state dicts")
                : (nameof(LstmScoringEstimator.Options.Import), "ONNX files");
            throw new ArgumentException($"{option} has to be null: it is for {format}, and '{Path.GetFileName(path)}' is none.", option);
        }
        return isOnnx ? LoadOnnx(stream, onnx) : LoadPyTorch(stream, pyTorch);
    }
}

using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Files.PyTorch;

/// <summary>
/// Writes a network as a state dict in the safetensors format: PyTorch's names, and its two biases for each one of ours. The scaling of
/// inputs and outputs becomes a part of the weights, so that the network reads and gives the user's units.
/// </summary>
internal static class StateDictWriter
{
    // Its probability is 0 beside any other class's, and the losses of a training that goes on there stay finite.
    private const float BiasOfUnseen = -1e9f;

    /// <exception cref="NotSupportedException">The network has a part that can't be written; the message says which.</exception>
    /// <exception cref="ArgumentException">There are not as many names as embeddings.</exception>
    public static void Write(Stream stream, SequenceModel model, PyTorchExportOptions options)
    {
        NetworkShape known = model.Shape;
        string? part = model.OtherMembers.Count > 0 ? "it is an ensemble; write each of its Members"
            : known.Head == Head.Autoencoder ? "it is an autoencoder"
            : known.Head == Head.SequenceToSequence ? "it is an encoder with a decoder"
            : known.Head == Head.Crf ? "it has a conditional random field"
            : known.AdaptiveSoftmax is not null ? "its outputs are an adaptive softmax (SoftmaxCutoffs)"
            : known.Characters is not null ? "it reads the characters of words"
            : known.Convolutions.Count > 0 ? "it has convolutions"
            : known.StepsPerFrame > 1 ? "its recurrent layers read frames of several steps (StepsPerFrame)"
            : known.InputConvolutions.Count > 0 ? "it has convolutions in front of its recurrent layers (InputConvolution)"
            : known.TiesHead ? "its last layer has the embedding's weights (TieEmbeddings)"
            : known.SkipSteps > 0 || known.Head.ReadsInputs ? "its last layer also reads the steps' numbers (SkipSteps)"
            : null;
        if (part is not null)
            throw new NotSupportedException($"The network can't be written for PyTorch as recurrent and linear layers: {part}.");
        NetworkShape shape = WithAllKeys(model.Shape);
        if (shape.ParameterCount > NetworkShape.MaxParameters)
            throw new NotSupportedException($"The network can't be written for PyTorch: with all keys of its columns it would have "
                + $"{shape.ParameterCount:N0} parameters; at most {NetworkShape.MaxParameters:N0} are written.");
        string[] embeddings = options.EmbeddingModules ?? [.. shape.Embeddings.Select((_, i) => $"embeddings.{i}")];
        if (embeddings.Length != shape.Embeddings.Count)
            throw new ArgumentException($"{nameof(PyTorchExportOptions.EmbeddingModules)} has to have {shape.Embeddings.Count} names, one "
                + $"for each token of a step; it has {embeddings.Length}.", nameof(options));
        ParameterSet parameters = model.Parameters.Clone();
        Fold(parameters, model);
        parameters = Spread(model with { Parameters = parameters }, shape);
        string recurrent = Prefix(options.RecurrentModule), linear = Prefix(options.LinearModule);
        var tensors = new List<SafeTensor>();
        foreach (Parameter parameter in parameters.Parameters)
        {
            var values = new ReadOnlyMemory<float>(parameters.Values, parameter.Offset, parameter.Length);
            switch (parameter.Role)
            {
                case ParameterRole.RecurrentBias:
                    CellDescription cell = shape.CellDescription;
                    float[] ofInput = new float[cell.Gates * shape.HiddenSize], ofHidden = new float[ofInput.Length];
                    MergedBias.Split(cell, values.Span, ofInput, ofHidden);
                    string suffix = parameter.Name["bias".Length..];
                    tensors.Add(new SafeTensor($"{recurrent}bias_ih{suffix}", [ofInput.Length], ofInput));
                    tensors.Add(new SafeTensor($"{recurrent}bias_hh{suffix}", [ofHidden.Length], ofHidden));
                    break;
                case ParameterRole.InputWeight or ParameterRole.HiddenWeight:
                    tensors.Add(new SafeTensor(recurrent + parameter.Name, parameter.Dimensions, values));
                    break;
                case ParameterRole.HeadWeight or ParameterRole.HeadBias:
                    tensors.Add(new SafeTensor(linear + (parameter.Role == ParameterRole.HeadWeight ? "weight" : "bias"),
                        parameter.Dimensions, values));
                    break;
                case ParameterRole.Embedding:
                    int table = Array.IndexOf(parameters.Embeddings, parameter);
                    tensors.Add(new SafeTensor($"{Prefix(embeddings[table])}weight", parameter.Dimensions, values));
                    break;
                case ParameterRole.AttentionWeight or ParameterRole.AttentionBias or ParameterRole.AttentionVector:
                    tensors.Add(new SafeTensor(parameter.Name, parameter.Dimensions, values));
                    break;
                default:
                    // A part that the list above does not have must not be written as if PyTorch knew it.
                    throw new NotSupportedException($"The network can't be written for PyTorch: it has weights '{parameter.Name}'.");
            }
        }
        // What Hugging Face's loaders ask for.
        new SafeTensors(new Dictionary<string, string> { ["format"] = "pt" }, tensors).Write(stream);
    }

    /// <summary>
    /// The shape with a vector for each key that a column may have, and an output for each class, those that the training data lacked too:
    /// a network has the others alone, renumbered.
    /// </summary>
    private static NetworkShape WithAllKeys(NetworkShape shape)
    {
        var tables = new ValueList<EmbeddingShape>(
            [.. shape.Embeddings.Select(table => table with { Vocabulary = table.KeyCount, Keys = null })]);
        return shape with
        {
            Embeddings = tables,
            Classes = null,
            OutputSize = shape.Head == Head.NextToken ? tables[0].Rows - 1
                : shape.Classes is { } classes ? classes.KeyCount + FirstClassOf(shape)
                : shape.OutputSize,
        };
    }

    // The blank comes first.
    private static int FirstClassOf(NetworkShape shape) => shape.Head == Head.Ctc ? 1 : 0;

    /// <summary>
    /// The weights with the vectors and outputs where their keys are. Other keys have the vector of the unknown one, as which they are
    /// read.
    /// </summary>
    private static ParameterSet Spread(SequenceModel model, NetworkShape all)
    {
        NetworkShape known = model.Shape;
        if (all == known)
            return model.Parameters;
        var same = new KeyMatches([.. known.Embeddings.Select(table => KeyMatch.OfSame(table.Keys, table.KeyCount))], Labels: null);
        ParameterSet parameters = ModelWidening.Widen(model, all, same).Parameters;
        if ((known.Head == Head.NextToken ? known.Embeddings[0].Keys : known.Classes) is { } classes)
        {
            Span<float> biases = parameters[ParameterSet.HeadBias];
            for (int key = 1; key <= classes.KeyCount; key++)
            {
                if (classes.NumberOf(key) == 0)
                    biases[FirstClassOf(known) + key - 1] = BiasOfUnseen;
            }
        }
        return parameters;
    }

    private static string Prefix(string module) => module == "" ? "" : module + ".";

    private static void Fold(ParameterSet parameters, SequenceModel model)
    {
        NetworkShape shape = parameters.Shape;
        for (int direction = 0; direction < shape.Directions; direction++)
        {
            string suffix = ParameterSet.Suffix(0, direction);
            float[] shifts = FoldInput(parameters, parameters.Find("weight_ih" + suffix), first: 0, model.InputScaler);
            Span<float> bias = parameters["bias" + suffix];
            CellDescription cell = shape.CellDescription;
            for (int slot = 0; slot < cell.Slots; slot++)
            {
                for (int unit = 0; unit < shape.HiddenSize && cell.InputGate(slot) is var gate and >= 0; unit++)
                    bias[cell.Bias(slot) * shape.HiddenSize + unit] += shifts[gate * shape.HiddenSize + unit];
            }
        }
        Parameter head = parameters.Find(ParameterSet.HeadWeight);
        float[] ofStatics = FoldInput(parameters, head, first: shape.EncodingSize, model.StaticScaler);
        Span<float> biases = parameters[ParameterSet.HeadBias];
        for (int row = 0; row < biases.Length; row++)
        {
            // y / scale + offset, or the offset alone.
            (float offset, float scale) = (model.OutputScaler.Offset[row], model.OutputScaler.Scale[row]);
            float factor = scale == 0 ? 0 : 1 / scale;
            foreach (ref float weight in parameters.Row(head, row))
                weight *= factor;
            biases[row] = (biases[row] + ofStatics[row]) * factor + offset;
        }
    }

    /// <summary>Weights for x in place of (x − offset)·scale, and what the rows' biases lack then.</summary>
    private static float[] FoldInput(ParameterSet parameters, Parameter matrix, int first, AffineScaler scaler)
    {
        float[] shifts = new float[matrix.Rows];
        for (int row = 0; row < matrix.Rows; row++)
        {
            Span<float> weights = parameters.Row(matrix, row).Slice(first, scaler.Size);
            double shift = 0;
            for (int i = 0; i < weights.Length; i++)
            {
                weights[i] *= scaler.Scale[i];
                shift -= (double)weights[i] * scaler.Offset[i];
            }
            shifts[row] = (float)shift;
        }
        return shifts;
    }
}

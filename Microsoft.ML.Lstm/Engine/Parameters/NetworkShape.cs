using Microsoft.ML.Lstm.Engine.Kernels;

namespace Microsoft.ML.Lstm.Engine.Parameters;

/// <summary>
/// The dimensions of a network: a stack of recurrent layers over the features and embedded tokens of each step; then a dense
/// head, with the static features (if any) joined to its input, either on the encoding that the steps are pooled to or on
/// each step. An autoencoder has a second network behind it, which makes the sequence again out of the outputs.
/// </summary>
internal sealed record NetworkShape
{
    /// <summary>The recurrent cell of every layer.</summary>
    public required CellType Cell { get; init; }

    /// <summary>I: what the first layer reads of a step, the numeric features and behind them the embeddings of its tokens.</summary>
    public required int InputSize { get; init; }

    /// <summary>The tables of embeddings, one for each token that a step has.</summary>
    public EmbeddingShapes Embeddings { get; init; }

    /// <summary>F: numeric features a step.</summary>
    public int NumericSize
    {
        get
        {
            // Asked for at every step, so it must not allocate.
            int size = InputSize;
            for (int i = 0; i < Embeddings.Count; i++)
                size -= Embeddings[i].Size;
            return size;
        }
    }

    /// <summary>H: units of one direction of one layer.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>L: recurrent layers, one on top of the other.</summary>
    public int Layers { get; init; } = 1;

    /// <summary>Whether each layer also runs from the last step to the first.</summary>
    public bool Bidirectional { get; init; }

    /// <summary>How the steps' outputs become the encoding; without effect when each step has outputs of its own.</summary>
    public Pooling Pooling { get; init; }

    /// <summary>Whether the head is applied to each step rather than to the encoding.</summary>
    public bool StepOutputs { get; init; }

    /// <summary>
    /// Whether the head also reads the numeric features of its step, a linear way past the recurrent layers (the autoregressive
    /// part of LSTNet, Lai et al. 2018); only with outputs a step.
    /// </summary>
    public bool HeadReadsInputs { get; init; }

    /// <summary>
    /// Whether a linear-chain conditional random field joins the outputs of the steps to the scores of whole paths of labels.
    /// </summary>
    public bool HasCrf { get; init; }

    /// <summary>
    /// Whether the outputs are the code of an autoencoder, from which a second network, the <see cref="Decoder"/>, reconstructs the
    /// sequence.
    /// </summary>
    public bool HasDecoder { get; init; }

    /// <summary>
    /// The network that reconstructs the features of each step from the code and the place of the step, for a network that has one.
    /// </summary>
    public NetworkShape Decoder => new()
    {
        Cell = Cell,
        InputSize = OutputSize + 1,
        HiddenSize = HiddenSize,
        Layers = Layers,
        StepOutputs = true,
        OutputSize = InputSize,
    };

    /// <summary>Whether the steps are pooled with learned weights.</summary>
    public bool HasAttention => Pooling == Pooling.Attention && !StepOutputs;

    /// <summary>S: features of the sequence as a whole, joined to the encoding; 0 for none.</summary>
    public int StaticSize { get; init; }

    /// <summary>O: outputs of the head.</summary>
    public required int OutputSize { get; init; }

    /// <summary>Which keys of the label's column the outputs of a classification are; null for all of them, and for other tasks.</summary>
    public KeySubset? Classes { get; init; }

    /// <summary>How many classes a label may have, those that never occurred in the training data included; O for other tasks.</summary>
    public int ClassCount => Classes?.KeyCount ?? OutputSize;

    /// <summary>D: 1, or 2 when bidirectional.</summary>
    public int Directions => Bidirectional ? 2 : 1;

    /// <summary>E = D·H: the width of a layer's output at one step, and of the encoding.</summary>
    public int EncodingSize => Directions * HiddenSize;

    /// <summary>K = E + S, and F more where the head reads these: the width of what the head reads.</summary>
    public int HeadInputSize => EncodingSize + StaticSize + (HeadReadsInputs ? NumericSize : 0);

    /// <summary>The width of what stands for a sequence: of an autoencoder its code, else the encoding.</summary>
    public int CodeSize => HasDecoder ? OutputSize : EncodingSize;

    /// <summary>Floats that a forward pass has for each step.</summary>
    public long StepSize => InputSize + (long)Layers * EncodingSize + (StepOutputs ? OutputSize : 0) + (HasDecoder ? Decoder.StepSize : 0);

    /// <summary>What the cell is made of: its gates, their order, and its states.</summary>
    public CellDescription CellDescription => CellDescription.Of(Cell);

    /// <summary>The width of the input of recurrent layer <paramref name="layer"/>.</summary>
    public int LayerInputSize(int layer) => layer == 0 ? InputSize : EncodingSize;

    /// <summary>The most parameters a network may have, since they are stored as one array.</summary>
    public const long MaxParameters = int.MaxValue / 2;

    /// <summary>The number of parameters.</summary>
    public long ParameterCount
    {
        get
        {
            long count = (long)OutputSize * (HeadInputSize + 1) + Embeddings.Sum(embedding => (embedding.Vocabulary + 1L) * embedding.Size);
            if (HasAttention)
                count += (long)EncodingSize * (EncodingSize + 2);
            if (HasCrf)
                count += (long)OutputSize * (OutputSize + 2);
            if (HasDecoder)
                count += Decoder.ParameterCount;
            CellDescription cell = CellDescription;
            for (int layer = 0; layer < Layers; layer++)
                count += (long)Directions * HiddenSize * ((long)cell.Gates * (LayerInputSize(layer) + HiddenSize) + cell.Slots);
            return count;
        }
    }
}

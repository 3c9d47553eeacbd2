using Microsoft.ML.Lstm.Engine.Kernels;

namespace Microsoft.ML.Lstm.Engine.Parameters;

/// <summary>
/// The dimensions of a network: a stack of recurrent layers over the features and embedded tokens of each step, beside them convolutions
/// over the same steps, if there are any, and a <see cref="Head"/> on top of both, whose input is joined with the static features of the
/// sequence, if there are any.
/// </summary>
internal sealed record NetworkShape
{
    /// <summary>The most parameters a network may have, since they are stored as one array.</summary>
    public const long MaxParameters = int.MaxValue / 2;

    /// <summary>The most convolutions, one on top of the other.</summary>
    public const int MaxConvolutions = 64;

    /// <summary>The most convolutions in front of the recurrent layers.</summary>
    public const int MaxInputConvolutions = 8;

    /// <summary>The most steps of a frame.</summary>
    public const int MaxStepsPerFrame = 65536;

    /// <summary>The recurrent cell of every layer.</summary>
    public required CellType Cell { get; init; }

    /// <summary>
    /// I: the width of a step as the first layer reads it: its numeric features, behind them the embeddings of its tokens, and at last the
    /// features of its word's characters.
    /// </summary>
    public required int InputSize { get; init; }

    /// <summary>The embedding tables, one for each token that a step has.</summary>
    public ValueList<EmbeddingShape> Embeddings { get; init; }

    /// <summary>The encoder of the characters of each step's word; null for steps without.</summary>
    public CharacterShape? Characters { get; init; }

    /// <summary>Whole numbers of a step: its token for each table and, where its word has characters, the word's number.</summary>
    public int TokenColumns => Embeddings.Count + (Characters is null ? 0 : 1);

    /// <summary>F: numeric features a step.</summary>
    public int NumericSize
    {
        get
        {
            // Asked for at every step, so it must not allocate.
            int size = InputSize - (Characters?.Filters ?? 0);
            for (int i = 0; i < Embeddings.Count; i++)
                size -= Embeddings[i].Size;
            return size;
        }
    }

    /// <summary>H: units of one direction of one layer.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Recurrent layers, one on top of the other.</summary>
    public int Layers { get; init; } = 1;

    /// <summary>Whether each layer also runs from the last step to the first.</summary>
    public bool Bidirectional { get; init; }

    /// <summary>
    /// Steps that the recurrent layers read as one, side by side: a frame. Convolutions read every step. 1 where each is a step of its own.
    /// </summary>
    public int StepsPerFrame { get; init; } = 1;

    /// <summary>
    /// The convolutions in front of the recurrent layers, one on top of the other, whose last outputs are their frames; without
    /// <see cref="StepsPerFrame"/>.
    /// </summary>
    public ValueList<InputConvolutionShape> InputConvolutions { get; init; }

    /// <summary>Steps from one frame to the next: <see cref="StepsPerFrame"/>, or all strides multiplied.</summary>
    public int FrameSteps
    {
        get
        {
            int steps = StepsPerFrame;
            for (int i = 0; i < InputConvolutions.Count; i++)
                steps *= InputConvolutions[i].Stride;
            return steps;
        }
    }

    /// <summary>Frames of a sequence, the last one of which may have fewer steps.</summary>
    public int FramesOf(int steps) => FramesOf(steps, FrameSteps);

    /// <summary>Frames of a sequence where one begins every few steps.</summary>
    public static int FramesOf(int steps, int frameSteps) => (steps + frameSteps - 1) / frameSteps;

    /// <summary>The convolutions beside the recurrent layers, one on top of the other.</summary>
    public ValueList<ConvolutionShape> Convolutions { get; init; }

    /// <summary>
    /// Whether the largest output over the steps of each filter of the last one becomes a part of the encoding, rather than the mean;
    /// without effect where the head is per step.
    /// </summary>
    public bool PoolsConvolutionsByMax { get; init; }

    /// <summary>How the outputs of the steps become the encoding of the sequence; without effect where the head is per step.</summary>
    public Pooling Pooling { get; init; }

    /// <summary>What the network makes of the outputs of its last layer.</summary>
    public Head Head { get; init; }

    /// <summary>What the decoder of a <see cref="Head.SequenceToSequence"/> writes; null for other heads.</summary>
    public TargetShape? Target { get; init; }

    /// <summary>The <see cref="Target"/> but for the tokens that it may have.</summary>
    public TargetShape? TargetWithoutTable => Target is { } target ? target with { Table = default } : null;

    /// <summary>How a decoder looks at the steps of its source; for the decoder of a <see cref="Head.SequenceToSequence"/> alone.</summary>
    public SourceAttention SourceAttention { get; init; }

    /// <summary>E of the encoder: the width of the steps that a decoder looks at.</summary>
    public int SourceSize { get; init; }

    /// <summary>
    /// Whether the weights of a <see cref="Head.NextToken"/>, or of a decoder's head, are the vectors of the tokens in the embedding table
    /// (Inan et al. 2017; Press and Wolf 2017), which then have E features. There are no weights of the head beside them.
    /// </summary>
    public bool TiesHead { get; init; }

    /// <summary>
    /// The second network: of an autoencoder the one that reconstructs the features of each step from the code and the step's position, of
    /// a <see cref="Head.SequenceToSequence"/> the one that writes the <see cref="Target"/>; null for other heads.
    /// </summary>
    public NetworkShape? Decoder => Head switch
    {
        Head.Autoencoder => new()
        {
            Cell = Cell,
            InputSize = OutputSize + 1,
            HiddenSize = HiddenSize,
            Layers = Layers,
            Head = Head.EveryStep,
            OutputSize = InputSize,
        },
        Head.SequenceToSequence => DecoderOf(Target!.Value),
        _ => null,
    };

    /// <summary>The numbers of the state of a network of one direction: h of each layer and, where the cell has one, c.</summary>
    public int StateSize => Layers * HiddenSize * (CellDescription.HasCellState ? 2 : 1);

    /// <summary>The <see cref="StateSize"/> of a decoder of this cell.</summary>
    public int StateSizeOf(TargetShape target) => DecoderOf(target).StateSize;

    /// <summary>Whether the steps are pooled with learned weights.</summary>
    public bool HasAttention => Pooling == Pooling.Attention && !Head.IsPerStep;

    /// <summary>S: features of the sequence as a whole, joined to the encoding; 0 for none.</summary>
    public int StaticSize { get; init; }

    /// <summary>
    /// Steps at the end of a sequence whose numeric features the dense layer of <see cref="Head.Pooled"/> reads too, behind the static
    /// features and with the last step last, a linear way past the recurrent layers; 0 for none. In place of steps that a shorter sequence
    /// lacks there is 0.
    /// </summary>
    public int SkipSteps { get; init; }

    /// <summary>O: outputs of the head.</summary>
    public required int OutputSize { get; init; }

    /// <summary>The keys of the label column that the outputs of a classification stand for; null for all, and for other tasks.</summary>
    public KeySubset? Classes { get; init; }

    /// <summary>
    /// The clusters of an adaptive softmax, with <see cref="Head.NextToken"/> or <see cref="Head.EveryStep"/>; null for outputs of all
    /// classes at once.
    /// </summary>
    public AdaptiveSoftmaxShape? AdaptiveSoftmax { get; init; }

    /// <summary>Rows of the head's weights: O, or of an adaptive softmax the classes of the shortlist and the tails.</summary>
    public int HeadOutputSize => AdaptiveSoftmax?.HeadSize ?? OutputSize;

    /// <summary>The number of classes of the label, including those that never occurred in the training data; O for other tasks.</summary>
    public int ClassCount
        => Target?.Table.KeyCount ?? Classes?.KeyCount ?? (Head == Head.Ctc ? OutputSize - 1 : OutputSize);

    /// <summary>The keys of the label that the network knows, as classes or as tokens to write; null for all, and for no keys.</summary>
    public KeySubset? LabelKeys => Target?.Table.Keys ?? Classes;

    /// <summary>D: 1, or 2 when bidirectional.</summary>
    public int Directions => Bidirectional ? 2 : 1;

    /// <summary>D·H: the width of a recurrent layer's output at one step.</summary>
    public int LayerSize => Directions * HiddenSize;

    /// <summary>The width of the convolutions' output at one step; 0 without convolutions.</summary>
    public int ConvolutionSize => Convolutions.Count == 0 ? 0 : Convolutions[Convolutions.Count - 1].Filters;

    /// <summary>E: the width of the encoding, D·H and behind it the filters of the last convolution.</summary>
    public int EncodingSize => LayerSize + ConvolutionSize;

    /// <summary>
    /// K = E + S, and with a skip connection F more, or F for each of the <see cref="SkipSteps"/>: the width of the head's input.
    /// </summary>
    public int HeadInputSize => EncodingSize + StaticSize + (Head.ReadsInputs ? NumericSize : SkipSteps * NumericSize);

    /// <summary>The width of the vector that stands for a sequence: the code of an autoencoder, else the encoding.</summary>
    public int CodeSize => Head == Head.Autoencoder ? OutputSize : EncodingSize;

    /// <summary>Floats that a forward pass keeps for each step.</summary>
    public long StepSize => InputSize + (long)Layers * LayerSize + (Head.IsPerStep ? HeadOutputSize : 0) + (Decoder?.StepSize ?? 0)
        + Convolutions.Sum(convolution => (long)convolution.Filters)
        + InputConvolutions.Select((convolution, i) => convolution.Filters + (long)convolution.KernelSize * InputConvolutionInputSize(i))
            .Sum();

    /// <summary>What the cell is made of: its gates, their order, and its states.</summary>
    public CellDescription CellDescription => CellDescription.Of(Cell);

    /// <summary>The width of the input of recurrent layer <paramref name="layer"/>.</summary>
    public int LayerInputSize(int layer)
        => layer > 0 ? LayerSize : InputConvolutions.Count > 0 ? InputConvolutions[^1].Filters : InputSize * StepsPerFrame;

    /// <summary>The channels that a convolution in front of the recurrent layers reads.</summary>
    public int InputConvolutionInputSize(int layer) => layer == 0 ? InputSize : InputConvolutions[layer - 1].Filters;

    /// <summary>The channels that convolution <paramref name="layer"/> reads.</summary>
    public int ConvolutionInputSize(int layer) => layer == 0 ? InputSize : Convolutions[layer - 1].Filters;

    /// <summary>
    /// Whether a network of this shape reads the same inputs and has the same outputs as one of another shape, so that the two can be
    /// averaged.
    /// </summary>
    public bool IsAlike(NetworkShape other) => other == this with
    {
        Cell = other.Cell,
        HiddenSize = other.HiddenSize,
        Layers = other.Layers,
        Bidirectional = other.Bidirectional,
        Pooling = other.Pooling,
        StepsPerFrame = Head == Head.Ctc ? StepsPerFrame : other.StepsPerFrame,
        InputConvolutions = Head == Head.Ctc ? InputConvolutions : other.InputConvolutions,
        Convolutions = other.Convolutions,
        PoolsConvolutionsByMax = other.PoolsConvolutionsByMax,
        AdaptiveSoftmax = other.AdaptiveSoftmax,
    };

    // Input feeding puts numbers in front of the token's embedding.
    private NetworkShape DecoderOf(TargetShape target) => new()
    {
        Cell = Cell,
        InputSize = target.Table.Size + (target.FeedsInput ? target.HiddenSize : 0),
        Embeddings = new ValueList<EmbeddingShape>(target.Table),
        HiddenSize = target.HiddenSize,
        Layers = target.Layers,
        Head = Head.EveryStep,
        SourceAttention = target.Attention,
        SourceSize = EncodingSize,
        OutputSize = target.OutputSize,
        TiesHead = target.TiesHead,
    };

    /// <summary>The width of the query that a decoder's attention compares with the steps of the source.</summary>
    public int QuerySize => SourceAttention == SourceAttention.General ? SourceSize : HiddenSize;

    private int SourceAttentionTensors => SourceAttention switch
    {
        SourceAttention.None => 0,
        SourceAttention.Dot => 1,
        SourceAttention.General => 2,
        _ => 5,
    };

    private long SourceAttentionParameters
    {
        get
        {
            long h = HiddenSize, e = SourceSize, combine = h * (e + h);
            return SourceAttention switch
            {
                SourceAttention.None => 0,
                SourceAttention.Dot => combine,
                SourceAttention.General => combine + e * h,
                _ => combine + h * h + h * e + 2 * h,
            };
        }
    }

    /// <summary>Tensors that the parameters are stored as.</summary>
    public long TensorCount
        => 3L * Directions * Layers + (HasAttention ? 3 : 0) + (TiesHead ? 1 : 2) + 2L * (AdaptiveSoftmax?.Tails.Count ?? 0)
            + (Head == Head.Crf ? 3 : 0) + (Decoder?.TensorCount ?? 0)
            + SourceAttentionTensors
            + Embeddings.Count + (Characters is null ? 0 : CharacterShape.TensorCount)
            + (ConvolutionShape.Vectors + 1L) * Convolutions.Count + 2L * InputConvolutions.Count;

    /// <summary>The number of parameters.</summary>
    public long ParameterCount
    {
        get
        {
            long count = (long)HeadOutputSize * (TiesHead ? 1 : HeadInputSize + 1L) + Embeddings.Sum(embedding => embedding.Length);
            count += AdaptiveSoftmax?.Tails.Sum(tail => tail.Size * ((long)HeadInputSize + tail.Classes.Count)) ?? 0;
            count += SourceAttentionParameters;
            count += Characters?.ParameterCount ?? 0;
            if (HasAttention)
                count += (long)LayerSize * (LayerSize + 2);
            if (Head == Head.Crf)
                count += (long)OutputSize * (OutputSize + 2);
            if (Decoder is { } decoder)
                count += decoder.ParameterCount;
            for (int layer = 0; layer < Convolutions.Count; layer++)
                count += Convolutions[layer].Filters
                    * ((long)Convolutions[layer].KernelSize * ConvolutionInputSize(layer) + ConvolutionShape.Vectors);
            for (int layer = 0; layer < InputConvolutions.Count; layer++)
                count += InputConvolutions[layer].Filters
                    * ((long)InputConvolutions[layer].KernelSize * InputConvolutionInputSize(layer) + 1);
            CellDescription cell = CellDescription;
            for (int layer = 0; layer < Layers; layer++)
                count += (long)Directions * HiddenSize * ((long)cell.Gates * (LayerInputSize(layer) + HiddenSize) + cell.Slots);
            return count;
        }
    }
}

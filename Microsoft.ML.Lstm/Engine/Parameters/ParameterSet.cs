namespace Microsoft.ML.Lstm.Engine.Parameters;

/// <summary>The role of a parameter in the network.</summary>
internal enum ParameterRole
{
    InputWeight,
    HiddenWeight,
    RecurrentBias,
    AttentionWeight,
    AttentionBias,
    AttentionVector,
    ConvolutionWeight,
    InputConvolutionWeight,
    InputConvolutionBias,
    NormalizationWeight,
    NormalizationBias,
    HeadWeight,
    HeadBias,
    TailProjection,
    TailWeight,
    Transitions,
    EndTransitions,
    CharacterWeight,
    CharacterBias,
    Embedding,
    RunningMean,
    RunningVariance,
}

/// <summary>
/// One named parameter: <paramref name="Rows"/> x <paramref name="Columns"/> row-major values from <paramref name="Offset"/> on.
/// </summary>
internal sealed record Parameter(ParameterRole Role, string Name, int Rows, int Columns, int Offset)
{
    /// <summary>The size of the last dimension where there are three, which are one row to the kernels: K of a convolution.</summary>
    public int Depth { get; init; } = 1;

    public int Length => Rows * Columns;

    /// <summary>The dimensions of the tensor.</summary>
    // A matrix with one column stays a matrix, so the rank does not follow from the sizes.
    public int[] Dimensions => IsVector ? [Length]
        : Role is ParameterRole.ConvolutionWeight or ParameterRole.InputConvolutionWeight ? [Rows, Columns / Depth, Depth]
        : [Rows, Columns];

    /// <summary>Whether it belongs to a recurrent layer.</summary>
    public bool IsRecurrent => Role is ParameterRole.InputWeight or ParameterRole.HiddenWeight or ParameterRole.RecurrentBias;

    /// <summary>Whether it belongs to the batch normalization behind a convolution.</summary>
    public bool IsOfNormalization => IsStatistic || Role is ParameterRole.NormalizationWeight or ParameterRole.NormalizationBias;

    /// <summary>Whether it is a running statistic, which has no gradient.</summary>
    public bool IsStatistic => Role is ParameterRole.RunningMean or ParameterRole.RunningVariance;

    /// <summary>Whether it belongs to the second network, the decoder.</summary>
    public bool IsOfDecoder => Name.StartsWith(ParameterSet.DecoderPrefix, StringComparison.Ordinal);

    /// <summary>
    /// Whether it belongs to the layers under the output layer, which any network that reads the same may begin with; embeddings of tokens,
    /// whose numbers may differ, are none of them.
    /// </summary>
    public bool IsOfEncoder => !IsOfDecoder && (IsRecurrent || IsOfNormalization || Name == ParameterSet.CharacterEmbedding
        || Role is ParameterRole.ConvolutionWeight or ParameterRole.InputConvolutionWeight or ParameterRole.InputConvolutionBias
            or ParameterRole.CharacterWeight or ParameterRole.CharacterBias
            or ParameterRole.AttentionWeight or ParameterRole.AttentionBias or ParameterRole.AttentionVector);

    /// <summary>Whether it belongs to a conditional random field.</summary>
    public bool IsOfCrf => Role is ParameterRole.Transitions or ParameterRole.EndTransitions;

    /// <summary>Whether it is a vector; a matrix with one column is not.</summary>
    public bool IsVector => Role is ParameterRole.RecurrentBias or ParameterRole.AttentionBias or ParameterRole.AttentionVector
        or ParameterRole.HeadBias or ParameterRole.EndTransitions or ParameterRole.NormalizationWeight or ParameterRole.NormalizationBias
        or ParameterRole.RunningMean or ParameterRole.RunningVariance or ParameterRole.CharacterBias
        or ParameterRole.InputConvolutionBias;
}

/// <summary>
/// All parameters of a network in one array, so that optimizers, clipping and checkpoints see a single vector.
/// Gradients are a second set of the same layout.
/// </summary>
/// <remarks>
/// Names and layouts are PyTorch's: <c>weight_ih_l{k}</c> [G·H x I], <c>weight_hh_l{k}</c> [G·H x H] with the suffix <c>_reverse</c> for
/// the second direction, gates in the order i, f, g, o (LSTM) or r, z, n (GRU). PyTorch's two bias vectors are merged into one,
/// <c>bias_l{k}</c>: [4H] for LSTM, [H] for RNN, and for GRU [4H] in the order r, z, n of the input, n of the hidden state. Attention has
/// <c>attention.weight</c> [E x E], <c>attention.bias</c> and <c>attention.vector</c> [E]. The head is <c>head.weight</c> [O x K] and
/// <c>head.bias</c> [O]; where the head is tied to the embeddings there is the bias alone. That of an adaptive softmax
/// has a row for each class of the shortlist and for each tail, and tail i has <c>tail.{i}.0.weight</c> [h x K], a projection, and
/// <c>tail.{i}.1.weight</c> [classes x h]. A conditional random field has <c>crf.transitions</c> [O x O], from row to column,
/// <c>crf.start_transitions</c> and <c>crf.end_transitions</c> [O], as in pytorch-crf.
/// The parameters of a decoder follow, their names prefixed with <c>decoder.</c>; one that looks at its source has
/// <c>attention.query.weight</c> [E x H, additive H x H], <c>attention.query.bias</c>, <c>attention.key.weight</c> [H x E] and
/// <c>attention.vector</c> [H] as far as its kind of attention needs them, and <c>attention.combine.weight</c> [H x (E + H)].
/// The convolution over the characters of words has
/// <c>characters.weight</c>, for each filter the kernel of each embedding's element, as PyTorch's Conv1d has it, and
/// <c>characters.bias</c>. The embedding tables, <c>embeddings.{i}.weight</c> [(V + 1) x size] or, with a boundary, [(V + 2) x size], and
/// that of characters, <c>characters.embedding.weight</c>, come last, so that the dense parameters are contiguous. Convolutions beside the
/// recurrent layers have <c>conv.{i}.weight</c> [filters x channels x K], and their batch normalization <c>norm.{i}.weight</c>,
/// <c>norm.{i}.bias</c> and, behind everything else, the <c>norm.{i}.running_mean</c> and <c>norm.{i}.running_var</c> of the batches,
/// [filters], which are kept with the weights but have no gradient. Convolutions in front of the recurrent layers have
/// <c>input_conv.{i}.weight</c> [filters x channels x K] and <c>input_conv.{i}.bias</c> [filters].
/// </remarks>
internal sealed class ParameterSet
{
    public const string AttentionWeight = "attention.weight";
    public const string AttentionBias = "attention.bias";
    public const string AttentionVector = "attention.vector";
    public const string HeadWeight = "head.weight";
    public const string HeadBias = "head.bias";
    public const string CrfTransitions = "crf.transitions";
    public const string CrfStart = "crf.start_transitions";
    public const string CrfEnd = "crf.end_transitions";
    public const string CharacterWeight = "characters.weight";
    public const string CharacterBias = "characters.bias";
    public const string CharacterEmbedding = "characters.embedding.weight";
    public const string QueryWeight = "attention.query.weight";
    public const string QueryBias = "attention.query.bias";
    public const string KeyWeight = "attention.key.weight";
    public const string CombineWeight = "attention.combine.weight";

    /// <summary>Before the names of a decoder's parameters.</summary>
    public const string DecoderPrefix = "decoder.";

    /// <param name="shape">The network's shape.</param>
    /// <param name="format">The format that holds the values which the set will have.</param>
    public ParameterSet(NetworkShape shape, WeightFormat format = WeightFormat.Float32)
        : this(shape, format, Allocate(shape), offset: 0, tablesAt: null)
    {
    }

    /// <summary>
    /// A set whose values begin at <paramref name="offset"/> of an array, and its embeddings at <paramref name="tablesAt"/> or, where that
    /// is null, behind the dense ones.
    /// </summary>
    private ParameterSet(NetworkShape shape, WeightFormat format, float[] values, int offset, int? tablesAt)
    {
        Shape = shape;
        Format = format;
        Values = values;
        var parameters = new List<Parameter>();
        int start = offset;
        int gateRows = shape.CellDescription.Gates * shape.HiddenSize, biases = shape.CellDescription.Slots * shape.HiddenSize;
        for (int layer = 0; layer < shape.Layers; layer++)
        {
            for (int direction = 0; direction < shape.Directions; direction++)
            {
                string suffix = Suffix(layer, direction);
                Add(ParameterRole.InputWeight, "weight_ih" + suffix, gateRows, shape.LayerInputSize(layer));
                Add(ParameterRole.HiddenWeight, "weight_hh" + suffix, gateRows, shape.HiddenSize);
                Add(ParameterRole.RecurrentBias, "bias" + suffix, biases, 1);
            }
        }
        if (shape.HasAttention)
        {
            Add(ParameterRole.AttentionWeight, AttentionWeight, shape.LayerSize, shape.LayerSize);
            Add(ParameterRole.AttentionBias, AttentionBias, shape.LayerSize, 1);
            Add(ParameterRole.AttentionVector, AttentionVector, 1, shape.LayerSize);
        }
        AddSourceAttention();
        for (int i = 0; i < shape.InputConvolutions.Count; i++)
        {
            (int filters, int size, _) = shape.InputConvolutions[i];
            Add(ParameterRole.InputConvolutionWeight, InputConvolutionWeight(i), filters, shape.InputConvolutionInputSize(i) * size, size);
            Add(ParameterRole.InputConvolutionBias, InputConvolutionBias(i), filters, 1);
        }
        for (int i = 0; i < shape.Convolutions.Count; i++)
        {
            (int filters, int size) = shape.Convolutions[i];
            Add(ParameterRole.ConvolutionWeight, ConvolutionWeight(i), filters, shape.ConvolutionInputSize(i) * size, size);
            AddVector(ParameterRole.NormalizationWeight, i);
            AddVector(ParameterRole.NormalizationBias, i);
        }
        if (!shape.TiesHead)
            Add(ParameterRole.HeadWeight, HeadWeight, shape.HeadOutputSize, shape.HeadInputSize);
        Add(ParameterRole.HeadBias, HeadBias, shape.HeadOutputSize, 1);
        for (int i = 0; i < shape.AdaptiveSoftmax?.Tails.Count; i++)
        {
            (KeySubset classes, int size) = shape.AdaptiveSoftmax.Tails[i];
            Add(ParameterRole.TailProjection, TailProjection(i), size, shape.HeadInputSize);
            Add(ParameterRole.TailWeight, TailWeight(i), classes.Count, size);
        }
        if (shape.Head == Head.Crf)
        {
            Add(ParameterRole.Transitions, CrfTransitions, shape.OutputSize, shape.OutputSize);
            Add(ParameterRole.EndTransitions, CrfStart, shape.OutputSize, 1);
            Add(ParameterRole.EndTransitions, CrfEnd, shape.OutputSize, 1);
        }
        if (shape.Decoder is { } decoder)
        {
            long decoderTables = decoder.Embeddings.Sum(table => table.Length);
            Decoder = new ParameterSet(decoder, format, values, offset, tablesAt: (int)(shape.ParameterCount - decoderTables));
            AddOfDecoder(ofTables: false);
            offset += Decoder.DenseLength;
        }
        if (shape.Characters is { } words)
        {
            Add(ParameterRole.CharacterWeight, CharacterWeight, words.Filters, words.Table.Size * words.KernelSize);
            Add(ParameterRole.CharacterBias, CharacterBias, words.Filters, 1);
        }
        DenseLength = offset - start;
        offset = tablesAt ?? offset;
        for (int i = 0; i < shape.Embeddings.Count; i++)
            Add(ParameterRole.Embedding, EmbeddingName(i), shape.Embeddings[i].Rows, shape.Embeddings[i].Size);
        // As weights of the head, all rows have gradients. A decoder's table is not behind its other parameters.
        if (shape.TiesHead && tablesAt is null)
            DenseLength = offset - start;
        if (shape.Characters is { Table: var characters })
            Add(ParameterRole.Embedding, CharacterEmbedding, characters.Rows, characters.Size);
        AddOfDecoder(ofTables: true);
        for (int i = 0; i < shape.Convolutions.Count; i++)
        {
            AddVector(ParameterRole.RunningMean, i);
            AddVector(ParameterRole.RunningVariance, i);
        }
        Parameters = parameters;
        Embeddings = [.. parameters.Where(parameter => parameter.Role == ParameterRole.Embedding)];

        void Add(ParameterRole role, string name, int rows, int columns, int depth = 1)
        {
            parameters.Add(new Parameter(role, name, rows, columns, offset) { Depth = depth });
            offset += rows * columns;
        }

        void AddSourceAttention()
        {
            int h = shape.HiddenSize;
            if (shape.SourceAttention is SourceAttention.General or SourceAttention.Additive)
                Add(ParameterRole.AttentionWeight, QueryWeight, shape.QuerySize, h);
            if (shape.SourceAttention == SourceAttention.Additive)
            {
                Add(ParameterRole.AttentionBias, QueryBias, h, 1);
                Add(ParameterRole.AttentionWeight, KeyWeight, h, shape.SourceSize);
                Add(ParameterRole.AttentionVector, AttentionVector, 1, h);
            }
            if (shape.SourceAttention != SourceAttention.None)
                Add(ParameterRole.AttentionWeight, CombineWeight, h, shape.SourceSize + h);
        }

        void AddOfDecoder(bool ofTables)
            => parameters.AddRange((Decoder?.Parameters ?? []).Where(parameter => parameter.Role == ParameterRole.Embedding == ofTables)
                .Select(parameter => parameter with { Name = DecoderPrefix + parameter.Name }));

        void AddVector(ParameterRole role, int convolution)
            => Add(role, NormalizationName(convolution, role), shape.Convolutions[convolution].Filters, 1);
    }

    private static float[] Allocate(NetworkShape shape)
    {
        if (shape.ParameterCount > NetworkShape.MaxParameters)
            throw new ArgumentOutOfRangeException(nameof(shape),
                $"The network would have {shape.ParameterCount:N0} parameters; at most {NetworkShape.MaxParameters:N0} are supported. Use "
                + "fewer hidden units, layers or features.");
        return new float[shape.ParameterCount];
    }

    public NetworkShape Shape { get; }

    /// <summary>
    /// The format that holds all values which <see cref="WeightRounding"/> reaches to the last bit; files and kernels for scoring use it.
    /// </summary>
    public WeightFormat Format { get; }

    /// <summary>
    /// The parameters of the decoder, if there is one, without the prefix; they share the <see cref="Values"/> of this set.
    /// </summary>
    public ParameterSet? Decoder { get; }

    public IReadOnlyList<Parameter> Parameters { get; }

    /// <summary>
    /// The embedding tables among the parameters: one for each token that a step has and, where words have characters, at last theirs.
    /// </summary>
    public Parameter[] Embeddings { get; }

    /// <summary>The values of all parameters, one after the other; the set of a decoder has the array of the whole autoencoder.</summary>
    public float[] Values { get; }

    /// <summary>
    /// The number of values before the embeddings, and before the running statistics behind them; with embeddings that are the head's
    /// weights too, those are among them.
    /// </summary>
    public int DenseLength { get; }

    /// <summary>The values of the parameter called <paramref name="name"/>.</summary>
    public Span<float> this[string name] => this[Find(name)];

    public Span<float> this[Parameter parameter] => Values.AsSpan(parameter.Offset, parameter.Length);

    /// <summary>The values of a row of a matrix.</summary>
    public Span<float> Row(Parameter matrix, int row) => this[matrix].Slice(row * matrix.Columns, matrix.Columns);

    /// <summary>The parameter called <paramref name="name"/>.</summary>
    public Parameter Find(string name) => Parameters.First(p => p.Name == name);

    /// <summary>PyTorch's suffix of a layer's parameters: <c>_l0</c>, <c>_l0_reverse</c>, ...</summary>
    public static string Suffix(int layer, int direction) => direction == 0 ? $"_l{layer}" : $"_l{layer}_reverse";

    /// <summary>The name of the filters of convolution <paramref name="index"/>.</summary>
    public static string ConvolutionWeight(int index) => $"conv.{index}.weight";

    /// <summary>The name of the filters of convolution <paramref name="index"/> in front of the recurrent layers.</summary>
    public static string InputConvolutionWeight(int index) => $"input_conv.{index}.weight";

    /// <summary>The name of what is added to their sums.</summary>
    public static string InputConvolutionBias(int index) => $"input_conv.{index}.bias";

    /// <summary>The name of a vector of the batch normalization behind convolution <paramref name="index"/>.</summary>
    public static string NormalizationName(int index, ParameterRole role) => $"norm.{index}." + role switch
    {
        ParameterRole.NormalizationWeight => "weight",
        ParameterRole.NormalizationBias => "bias",
        ParameterRole.RunningMean => "running_mean",
        _ => "running_var",
    };

    /// <summary>The name of the projection of tail <paramref name="index"/> of an adaptive softmax.</summary>
    public static string TailProjection(int index) => $"tail.{index}.0.weight";

    /// <summary>The name of the weights from that projection to the tail's classes.</summary>
    public static string TailWeight(int index) => $"tail.{index}.1.weight";

    /// <summary>The name of embedding table <paramref name="index"/>.</summary>
    public static string EmbeddingName(int index) => $"embeddings.{index}.weight";

    /// <summary>A copy of this set, to be changed: as floats, whatever format has held its values.</summary>
    public ParameterSet Clone()
    {
        var clone = new ParameterSet(Shape);
        Values.CopyTo(clone.Values, 0);
        return clone;
    }
}

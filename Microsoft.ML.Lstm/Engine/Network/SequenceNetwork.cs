using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Layers;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Network;

/// <summary>The passes that a network is packed for.</summary>
internal enum NetworkPasses
{
    /// <summary>The forward pass only.</summary>
    Forward,

    /// <summary>The forward pass and the backward pass to the gradients of the parameters.</summary>
    Backward,

    /// <summary>As <see cref="Backward"/>, and to the gradients of the input features too.</summary>
    BackwardToInput,

    /// <summary>
    /// The forward pass as in scoring, and the backward pass to the gradients of the inputs alone: of the steps as the first layer reads
    /// them, of the static features and of the states before the first step. The caller fills in the rows of a packed batch, embeddings
    /// included, with the help of <see cref="NetworkBatchRunner.Embed"/>.
    /// </summary>
    InputsOnly,
}

/// <summary>
/// A network that is ready to run: its <see cref="ParameterSet"/>, packed for the kernels. A <see cref="BatchRunner"/> runs it over
/// batches, a <see cref="SequenceStream"/> step by step; any number of them may do so at once, as long as nobody calls <see cref="Pack()"/>
/// meanwhile. With the scaling of inputs and outputs it is a <see cref="SequenceModel"/>, which a <see cref="SequenceScorer"/> applies.
/// </summary>
internal sealed class SequenceNetwork
{
    private readonly RecurrentWeights[][] _layers;
    private readonly Panel[] _panels;

    /// <param name="parameters">The parameters; kept, not copied.</param>
    /// <param name="passes">The passes that will be run.</param>
    /// <param name="kernels">The kernels; <see langword="null"/> for the machine's best.</param>
    public SequenceNetwork(ParameterSet parameters, NetworkPasses passes, CpuKernels? kernels = null)
    {
        Parameters = parameters;
        Kernels = kernels ?? CpuKernels.Best;
        Passes = passes;
        bool backward = passes != NetworkPasses.Forward, toInput = passes is NetworkPasses.BackwardToInput or NetworkPasses.InputsOnly;
        _layers = new RecurrentWeights[Shape.Layers][];
        for (int layer = 0; layer < _layers.Length; layer++)
        {
            _layers[layer] = new RecurrentWeights[Shape.Directions];
            for (int direction = 0; direction < Shape.Directions; direction++)
                _layers[layer][direction] = new RecurrentWeights(parameters, layer, direction, Kernels, backward,
                    inputGradient: toInput || (backward && (layer > 0 || Shape.InputConvolutions.Count > 0)));
        }
        if (Shape.HasAttention)
            Attention = new AttentionWeights(parameters, Weights(Shape.Layers - 1, direction: 0).Layout, Kernels, backward);
        if (Shape.Characters is not null)
            Characters = new CharacterWeights(parameters, Kernels, backward);
        Convolutions = new ConvolutionWeights[Shape.Convolutions.Count];
        for (int layer = 0; layer < Convolutions.Length; layer++)
            Convolutions[layer] = new ConvolutionWeights(parameters, layer, Kernels, inputGradient: toInput || (backward && layer > 0));
        InputConvolutions = InputConvolution.WeightsOf(parameters, Kernels, backward, toInput);
        Parameter headBias = parameters.Find(ParameterSet.HeadBias);
        // Output o is for token o + 1 of the table, and one more for the unknown token in row 0.
        Head = Shape.TiesHead
            ? new DenseLayer(parameters.Embeddings[0], headBias, Kernels, backward,
                outputs: [.. Enumerable.Range(1, Shape.OutputSize)
                    .Select(token => token % parameters.Embeddings[0].Rows * parameters.Embeddings[0].Columns)])
            : new DenseLayer(parameters.Find(ParameterSet.HeadWeight), headBias, Kernels, backward);
        if (Shape.AdaptiveSoftmax is not null)
            AdaptiveSoftmax = new AdaptiveSoftmaxWeights(parameters, Head, Kernels, backward);
        if (Shape.SourceAttention != Lstm.SourceAttention.None)
            SourceAttention = new SourceAttentionWeights(parameters, Kernels, backward);
        if (parameters.Decoder is { } decoder)
            Decoder = new SequenceNetwork(decoder, passes == NetworkPasses.Backward ? NetworkPasses.BackwardToInput : passes, Kernels);
        var panels = new List<Panel>();
        foreach (RecurrentWeights[] directions in _layers)
        {
            foreach (RecurrentWeights weights in directions)
                Add(weights.Packed);
        }
        Add(Attention?.Packed);
        Add(Characters?.Products.Packed);
        foreach (ConvolutionWeights weights in Convolutions)
            Add(weights.Packed);
        foreach (DenseLayer weights in InputConvolutions)
            Add(weights.Packed);
        Add(SourceAttention?.Packed);
        Add(Head.Packed);
        Add(AdaptiveSoftmax?.Packed);
        panels.AddRange(Decoder?._panels ?? []);
        _panels = [.. panels];
        Pack();

        void Add(IEnumerable<PackedParameter>? all)
        {
            foreach (PackedParameter packed in all ?? [])
            {
                for (int panel = 0; panel < packed.Matrix.Panels; panel++)
                    panels.Add(new Panel(packed, panel));
            }
        }
    }

    public NetworkShape Shape => Parameters.Shape;

    public ParameterSet Parameters { get; }

    public CpuKernels Kernels { get; }

    public NetworkPasses Passes { get; }

    /// <summary>The attention weights; null where the steps are pooled in another way.</summary>
    public AttentionWeights? Attention { get; }

    /// <summary>The weights of the encoder of words by their characters; null for steps without.</summary>
    public CharacterWeights? Characters { get; }

    /// <summary>The weights of the convolutions beside the recurrent layers; none where there are no convolutions.</summary>
    public ConvolutionWeights[] Convolutions { get; }

    /// <summary>The weights of the convolutions in front of the recurrent layers; none where there are none.</summary>
    public DenseLayer[] InputConvolutions { get; }

    /// <summary>The dense layer of the head, from the encoding of a sequence or the output of a step to the outputs.</summary>
    public DenseLayer Head { get; }

    /// <summary>The <see cref="Head"/> and the tails of an adaptive softmax; null for outputs of all classes at once.</summary>
    public AdaptiveSoftmaxWeights? AdaptiveSoftmax { get; }

    /// <summary>The weights with which a decoder looks at its source; null for other networks, and for decoders that don't.</summary>
    public SourceAttentionWeights? SourceAttention { get; }

    /// <summary>The decoder, if this is the encoder of one. It is packed together with the encoder.</summary>
    public SequenceNetwork? Decoder { get; }

    /// <summary>The weights of a recurrent layer, one for each direction.</summary>
    public RecurrentWeights[] Weights(int layer) => _layers[layer];

    public RecurrentWeights Weights(int layer, int direction) => _layers[layer][direction];

    /// <summary>Packs the present values of the parameters; call it whenever they have changed.</summary>
    public void Pack() => Pack(part: 0, parts: 1);

    /// <summary>Packs share <paramref name="part"/> of <paramref name="parts"/>.</summary>
    public void Pack(int part, int parts)
    {
        // In turn, so that each share gets as many large panels as small ones.
        for (int i = part; i < _panels.Length; i += parts)
        {
            (PackedParameter packed, int panel) = _panels[i];
            packed.Matrix.PackPanel(Parameters[packed.Parameter], panel);
        }
        for (int layer = part; layer < Convolutions.Length; layer += parts)
            Convolutions[layer].PackNormalization();
    }

    private sealed record Panel(PackedParameter Packed, int Index);
}

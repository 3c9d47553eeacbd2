using Microsoft.ML.Lstm.Kernels;

namespace Microsoft.ML.Lstm.Network;

/// <summary>What a network is made ready to run.</summary>
internal enum NetworkPasses
{
    /// <summary>To the outputs only.</summary>
    Forward,

    /// <summary>And back to the gradients of the parameters.</summary>
    Backward,

    /// <summary>And back to the gradients of the input features too.</summary>
    BackwardToInput,
}

/// <summary>
/// A network's parameters, ready to run: packed for the kernels. Any number of <see cref="NetworkWorkspace"/>s may run the
/// same network at once, as long as nobody calls <see cref="Pack"/> meanwhile.
/// </summary>
internal sealed class SequenceNetwork
{
    private readonly RecurrentWeights[][] _layers;

    /// <param name="parameters">The parameters; kept, not copied.</param>
    /// <param name="passes">What it will run.</param>
    /// <param name="kernels">The kernels; <see langword="null"/> for the machine's best.</param>
    public SequenceNetwork(ParameterSet parameters, NetworkPasses passes, CpuKernels? kernels = null)
    {
        Parameters = parameters;
        Kernels = kernels ?? CpuKernels.Best;
        Passes = passes;
        _layers = Enumerable.Range(0, Shape.Layers)
            .Select(layer => Enumerable.Range(0, Shape.Directions)
                .Select(direction => new RecurrentWeights(parameters, layer, direction, Kernels.Lanes, passes))
                .ToArray())
            .ToArray();
        if (Shape.HasAttention)
            Attention = new AttentionWeights(parameters, Weights(Shape.Layers - 1, direction: 0).Layout, Kernels, passes);
        Head = new DenseLayer(parameters.Find(ParameterSet.HeadWeight), parameters.Find(ParameterSet.HeadBias), Kernels, passes);
        Pack();
    }

    public NetworkShape Shape => Parameters.Shape;

    public ParameterSet Parameters { get; }

    public CpuKernels Kernels { get; }

    public NetworkPasses Passes { get; }

    /// <summary>The weights of attention, if that is how the steps are pooled.</summary>
    public AttentionWeights? Attention { get; }

    /// <summary>The last layer: from the encoding and the static features, or from each step's, to the outputs.</summary>
    public DenseLayer Head { get; }

    public RecurrentWeights Weights(int layer, int direction) => _layers[layer][direction];

    /// <summary>Takes over the parameters' present values; to be called after each change of them.</summary>
    public void Pack()
    {
        foreach (RecurrentWeights[] directions in _layers)
        {
            foreach (RecurrentWeights weights in directions)
                weights.Pack(Parameters);
        }
        Attention?.Pack(Parameters);
        Head.Pack(Parameters);
    }
}

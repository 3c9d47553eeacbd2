using Microsoft.ML.Lstm.Kernels;

namespace Microsoft.ML.Lstm.Network;

/// <summary>
/// A network's parameters, ready to run: packed for the kernels. Any number of <see cref="NetworkWorkspace"/>s may run the
/// same network at once, as long as nobody calls <see cref="Pack"/> meanwhile.
/// </summary>
internal sealed class SequenceNetwork
{
    private readonly RecurrentWeights[][] _layers;

    /// <param name="parameters">The parameters; kept, not copied.</param>
    /// <param name="training">Whether the network will also run backward.</param>
    /// <param name="kernels">The kernels; <see langword="null"/> for the machine's best.</param>
    public SequenceNetwork(ParameterSet parameters, bool training, CpuKernels? kernels = null)
    {
        Parameters = parameters;
        Kernels = kernels ?? CpuKernels.Best;
        Training = training;
        _layers = Enumerable.Range(0, Shape.Layers)
            .Select(layer => Enumerable.Range(0, Shape.Directions)
                .Select(direction => new RecurrentWeights(parameters, layer, direction, Kernels.Lanes, training))
                .ToArray())
            .ToArray();
        Pack();
    }

    public NetworkShape Shape => Parameters.Shape;

    public ParameterSet Parameters { get; }

    public CpuKernels Kernels { get; }

    public bool Training { get; }

    public RecurrentWeights Weights(int layer, int direction) => _layers[layer][direction];

    /// <summary>Takes over the parameters' present values; to be called after each change of them.</summary>
    public void Pack()
    {
        foreach (RecurrentWeights[] directions in _layers)
        {
            foreach (RecurrentWeights weights in directions)
                weights.Pack(Parameters);
        }
    }
}

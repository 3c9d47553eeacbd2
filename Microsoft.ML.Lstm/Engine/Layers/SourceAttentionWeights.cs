using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Layers;

/// <summary>The packed weights with which a decoder looks at the steps of its source, see <see cref="SourceAttention"/>.</summary>
internal sealed class SourceAttentionWeights
{
    private readonly ParameterSet _parameters;

    /// <param name="parameters">The decoder's parameters.</param>
    /// <param name="kernels">The kernels to run.</param>
    /// <param name="backward">Whether a backward pass will run.</param>
    public SourceAttentionWeights(ParameterSet parameters, CpuKernels kernels, bool backward)
    {
        _parameters = parameters;
        Shape = parameters.Shape;
        bool isAdditive = Shape.SourceAttention == SourceAttention.Additive;
        if (Shape.SourceAttention != SourceAttention.Dot)
            Query = new DenseLayer(parameters.Find(ParameterSet.QueryWeight),
                isAdditive ? parameters.Find(ParameterSet.QueryBias) : null, kernels, backward);
        if (isAdditive)
        {
            Key = new DenseLayer(parameters.Find(ParameterSet.KeyWeight), bias: null, kernels, backward);
            VectorParameter = parameters.Find(ParameterSet.AttentionVector);
        }
        Combine = new DenseLayer(parameters.Find(ParameterSet.CombineWeight), bias: null, kernels, backward);
    }

    /// <summary>The decoder's shape.</summary>
    public NetworkShape Shape { get; }

    /// <summary>What is compared with the steps of the source, of h; null where it is h itself.</summary>
    public DenseLayer? Query { get; }

    /// <summary>What of the steps of the source is compared; null where it is the steps themselves.</summary>
    public DenseLayer? Key { get; }

    /// <summary>From the mean of the source and h to what the head reads.</summary>
    public DenseLayer Combine { get; }

    /// <summary>v of additive attention.</summary>
    public ReadOnlySpan<float> Vector => _parameters[VectorParameter!];

    /// <summary>The parameter v; null for other kinds of attention.</summary>
    public Parameter? VectorParameter { get; }

    /// <summary>All packed matrices, each with the parameter that it is packed from.</summary>
    public IEnumerable<(PackedMatrix Matrix, Parameter Parameter)> Packed
        => [.. Query?.Packed ?? [], .. Key?.Packed ?? [], .. Combine.Packed];
}

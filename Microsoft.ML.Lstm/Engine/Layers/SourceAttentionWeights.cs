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
        if (Shape.SourceAttention == SourceAttention.General)
        {
            // h·W·e = h·(Wᵀ·e): the steps of the source are as many for each step of the decoder, and each is multiplied once.
            Parameter weight = parameters.Find(ParameterSet.QueryWeight);
            Key = new DenseLayer(weight, bias: null, kernels, backward,
                inputs: [.. Enumerable.Range(0, weight.Rows).Select(e => e * weight.Columns)],
                outputs: [.. Enumerable.Range(0, weight.Columns)]);
        }
        if (Shape.SourceAttention == SourceAttention.Additive)
        {
            Query = new DenseLayer(parameters.Find(ParameterSet.QueryWeight), parameters.Find(ParameterSet.QueryBias), kernels, backward);
            Key = new DenseLayer(parameters.Find(ParameterSet.KeyWeight), bias: null, kernels, backward);
            VectorParameter = parameters.Find(ParameterSet.AttentionVector);
        }
        Combine = new DenseLayer(parameters.Find(ParameterSet.CombineWeight), bias: null, kernels, backward);
    }

    /// <summary>The decoder's shape.</summary>
    public NetworkShape Shape { get; }

    /// <summary>From h to what is compared with the keys, in additive attention; null where it is h itself.</summary>
    public DenseLayer? Query { get; }

    /// <summary>From a step of the source to its key [H], which is compared; null where it is the step itself.</summary>
    public DenseLayer? Key { get; }

    /// <summary>From the mean of the source and h to what the head reads.</summary>
    public DenseLayer Combine { get; }

    /// <summary>v of additive attention.</summary>
    public ReadOnlySpan<float> Vector => _parameters[VectorParameter!];

    /// <summary>The parameter v; null for other kinds of attention.</summary>
    public Parameter? VectorParameter { get; }

    /// <summary>All packed matrices, each with the parameter that it is packed from.</summary>
    public IEnumerable<PackedParameter> Packed
        => [.. Query?.Packed ?? [], .. Key?.Packed ?? [], .. Combine.Packed];
}

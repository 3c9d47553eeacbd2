using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Layers;

/// <summary>
/// The dense layers of an adaptive softmax, which all runners of a network share: the head, and for each tail its projection and its
/// outputs. None has a bias, as in PyTorch's AdaptiveLogSoftmaxWithLoss.
/// </summary>
internal sealed class AdaptiveSoftmaxWeights
{
    /// <param name="parameters">The network's parameters.</param>
    /// <param name="head">The dense layer of the head.</param>
    /// <param name="kernels">The kernels to run.</param>
    /// <param name="backward">Whether a backward pass will run.</param>
    public AdaptiveSoftmaxWeights(ParameterSet parameters, DenseLayer head, CpuKernels kernels, bool backward)
    {
        Shape = parameters.Shape.AdaptiveSoftmax!;
        Kernels = kernels;
        Head = head;
        Tails = [.. Enumerable.Range(0, Shape.Tails.Count).Select(tail => new Tail(
            new DenseLayer(parameters.Find(ParameterSet.TailProjection(tail)), bias: null, kernels, backward),
            new DenseLayer(parameters.Find(ParameterSet.TailWeight(tail)), bias: null, kernels, backward)))];
    }

    public AdaptiveSoftmaxShape Shape { get; }

    public CpuKernels Kernels { get; }

    /// <summary>From the head's input to the classes of the shortlist and the tails.</summary>
    public DenseLayer Head { get; }

    public Tail[] Tails { get; }

    /// <summary>The packed matrices of the tails, each with the parameter that it is packed from.</summary>
    public IEnumerable<PackedParameter> Packed
        => Tails.SelectMany(tail => tail.Projection.Packed.Concat(tail.Outputs.Packed));

    /// <summary>A tail's layers.</summary>
    /// <param name="Projection">From the head's input to fewer numbers.</param>
    /// <param name="Outputs">From these to the tail's classes.</param>
    public sealed record Tail(DenseLayer Projection, DenseLayer Outputs);
}

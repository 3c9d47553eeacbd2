using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Parameters;


namespace Microsoft.ML.Lstm.Engine.Layers;

/// <summary>The weights of additive attention, packed: what each row of h of the top layer scores is v·tanh(W·h + b).</summary>
internal sealed class AttentionWeights
{
    /// <param name="parameters">The network's parameters.</param>
    /// <param name="layout">How a direction's h lies in memory.</param>
    /// <param name="kernels">The kernels to run.</param>
    /// <param name="backward">Whether a backward pass will run.</param>
    public AttentionWeights(ParameterSet parameters, CellLayout layout, CpuKernels kernels, bool backward)
    {
        Hidden = new DenseLayer(parameters.Find(ParameterSet.AttentionWeight), parameters.Find(ParameterSet.AttentionBias), kernels, backward,
            RecurrentWeights.OutputFeatures(layout, parameters.Shape.Directions));
        Score = new DenseLayer(parameters.Find(ParameterSet.AttentionVector), bias: null, kernels, backward);
    }

    /// <summary>W·h + b, of rows of h as the layer leaves them.</summary>
    public DenseLayer Hidden { get; }

    /// <summary>v·a.</summary>
    public DenseLayer Score { get; }

    /// <summary>All packed matrices, each with the parameter that it is made from.</summary>
    public IEnumerable<(PackedMatrix Matrix, Parameter Parameter)> Packed => Hidden.Packed.Concat(Score.Packed);
}

namespace Microsoft.ML.Lstm;

/// <summary>How gradients become weight updates. Definitions and names are PyTorch's.</summary>
public enum OptimizerType
{
    /// <summary>Adam (Kingma and Ba 2015); weight decay is added to the gradient.</summary>
    Adam,

    /// <summary>Adam with decoupled weight decay (Loshchilov and Hutter 2019).</summary>
    AdamW,

    /// <summary>
    /// Stochastic gradient descent with momentum: v ← μ·v + g, w ← w − lr·v; weight decay is added to the gradient.
    /// </summary>
    Sgd,

    /// <summary>RMSProp (Tieleman and Hinton 2012); weight decay is added to the gradient.</summary>
    RmsProp,
}

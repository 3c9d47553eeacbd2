using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Training.Optimizers;

namespace Microsoft.ML.Lstm;

/// <summary>Updates the weights of layers by their gradients. Definitions are PyTorch's.</summary>
public sealed class LayerOptimizer
{
    private readonly Layer[] _layers;
    private readonly Optimizer[] _optimizers;

    /// <summary>Makes an optimizer of the layers of a network.</summary>
    /// <param name="layers">The layers; one that occurs twice counts once.</param>
    /// <param name="type">How gradients become updates.</param>
    /// <param name="learningRate">The step size, above 0.</param>
    /// <param name="momentum">The momentum of <see cref="OptimizerType.Sgd"/>, from 0 to below 1.</param>
    /// <param name="weightDecay">The weight decay, 0 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
    public LayerOptimizer(IEnumerable<Layer> layers, OptimizerType type = OptimizerType.Adam, float learningRate = 0.001f,
        float momentum = 0.9f, float weightDecay = 0)
    {
        ArgumentNullException.ThrowIfNull(layers);
        if (!Enum.IsDefined(type))
            throw new ArgumentOutOfRangeException(nameof(type), type, "Has to be one of the type's values.");
        if (!(momentum >= 0 && momentum < 1))
            throw new ArgumentOutOfRangeException(nameof(momentum), momentum, "Has to be at least 0 and below 1.");
        if (!(weightDecay >= 0 && float.IsFinite(weightDecay)))
            throw new ArgumentOutOfRangeException(nameof(weightDecay), weightDecay, "Has to be 0 or more.");
        LearningRate = learningRate;
        _layers = [.. layers.Distinct()];
        var team = new WorkerTeam(1);
        var settings = new OptimizerSettings(type, momentum, weightDecay);
        _optimizers = [.. _layers.Select(layer => Optimizer.Create(settings, layer.Weights, layer.Gradient, team))];
    }

    /// <summary>The step size, above 0; a schedule sets it before each step.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is not above 0.</exception>
    public float LearningRate
    {
        get;
        set => field = value > 0 && float.IsFinite(value)
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, "Has to be above 0.");
    }

    /// <summary>
    /// The Euclidean norm that the gradient of all layers together is scaled down to where it is above; 0 for no clipping. Default: 0.
    /// </summary>
    public float GradientClipNorm { get; set; }

    /// <summary>Updates the weights, and sets the gradients to zero.</summary>
    /// <returns>The norm of the gradient, before clipping.</returns>
    /// <exception cref="InvalidOperationException">The gradient is not finite, and nothing was updated; or weights became so.</exception>
    public double Step()
    {
        double sum = 0;
        foreach (Optimizer optimizer in _optimizers)
        {
            double part = optimizer.GradientNorm();
            sum += part * part;
        }
        double norm = Math.Sqrt(sum);
        if (!double.IsFinite(norm))
            throw new InvalidOperationException("The gradient is not finite. A lower learning rate or GradientClipNorm may help.");
        float coefficient = GradientClipNorm > 0 && norm > GradientClipNorm ? (float)(GradientClipNorm / norm) : 1f;
        bool isFinite = true;
        for (int i = 0; i < _layers.Length; i++)
        {
            isFinite &= _optimizers[i].Update(LearningRate, coefficient);
            _layers[i].Change();
        }
        return isFinite ? norm : throw new InvalidOperationException("A weight is not finite any more. A lower learning rate may help.");
    }
}

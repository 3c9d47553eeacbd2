using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Training.Optimizers;

/// <summary>
/// How the layers of a network that begins with trained ones learn: the nearer to the inputs, the slower (discriminative fine-tuning), and
/// the later (gradual unfreezing); both from Howard and Ruder (2018). Layers with rates of their own are out of this order.
/// </summary>
/// <param name="RateDecay">The learning rate of a layer as a share of that of the layer above it, above 0 and at most 1.</param>
/// <param name="UnfreezingEpochs">Epochs until the next layer below begins to learn; 0 for all from the first.</param>
internal sealed record FineTuning(float RateDecay, float UnfreezingEpochs)
{
    /// <summary>The rates of layers by name.</summary>
    public IReadOnlyList<LayerRate> Rates { get; init; } = [];

    /// <summary>Checks that the network has all layers with rates of their own, and that something is left to learn.</summary>
    /// <exception cref="ArgumentException">It has no such layer, or all are frozen.</exception>
    public void Check(ParameterSet weights)
    {
        foreach (LayerRate layer in Rates)
            LayerNames.Require(weights, layer.Name, nameof(TrainingOptions.FrozenLayers), nameof(TrainingOptions.LayerLearningRates));
        if (weights.Parameters.All(parameter => parameter.IsStatistic || RateOf(parameter) == 0))
            throw new ArgumentException($"All layers are frozen by {nameof(TrainingOptions.FrozenLayers)} or "
                + $"{nameof(TrainingOptions.LayerLearningRates)}, so that nothing is left to learn.");
    }

    /// <summary>The rate that a parameter has by its name, as a share of the learning rate; null for none.</summary>
    public float? RateOf(Parameter parameter)
    {
        LayerRate? longest = null;
        foreach (LayerRate layer in Rates)
        {
            // What is frozen stays so under any name.
            if (!LayerNames.Matches(parameter, layer.Name))
                continue;
            if (layer.Rate == 0)
                return 0;
            if (longest is null || layer.Name.Length > longest.Value.Name.Length)
                longest = layer;
        }
        return longest?.Rate;
    }

    /// <summary>
    /// The layer of a parameter, counted from the top: 0 for the head, a decoder and what else is beside the layers, then the recurrent
    /// layers from the last to the first, then the embeddings and what else is in front of these layers.
    /// </summary>
    public static int DepthOf(Parameter parameter, NetworkShape shape)
    {
        if (parameter.IsOfDecoder)
            return 0;
        if (parameter.Role is ParameterRole.Embedding or ParameterRole.CharacterWeight or ParameterRole.CharacterBias
            or ParameterRole.InputConvolutionWeight or ParameterRole.InputConvolutionBias)
            return shape.Layers + 1;
        if (!parameter.IsRecurrent)
            return 0;
        int layer = shape.Layers - 1;
        while (layer > 0 && !IsOf(layer))
            layer--;
        return shape.Layers - layer;

        bool IsOf(int layer) => Enumerable.Range(0, shape.Directions)
            .Any(direction => parameter.Name.EndsWith(ParameterSet.Suffix(layer, direction), StringComparison.Ordinal));
    }

    /// <summary>The factor of the learning rate of a parameter after some epochs; 0 while it is frozen.</summary>
    /// <param name="parameter">The parameter.</param>
    /// <param name="shape">Its network.</param>
    /// <param name="epochs">Epochs done so far.</param>
    public float FactorOf(Parameter parameter, NetworkShape shape, int epochs)
        => RateOf(parameter)
            ?? (epochs < FrozenEpochsOf(parameter, shape) ? 0 : MathF.Pow(RateDecay, DepthOf(parameter, shape)));

    /// <summary>The epochs in which a parameter is frozen before it begins to learn.</summary>
    public double FrozenEpochsOf(Parameter parameter, NetworkShape shape)
        => RateOf(parameter) is null ? Math.Ceiling((double)DepthOf(parameter, shape) * UnfreezingEpochs) : 0;
}

/// <summary>The learning rate of a layer.</summary>
/// <param name="Name">The name, see <see cref="LayerNames"/>.</param>
/// <param name="Rate">The rate as a share of the learning rate; 0 for a frozen layer.</param>
internal readonly record struct LayerRate(string Name, float Rate);

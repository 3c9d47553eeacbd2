using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Training.Optimizers;

/// <summary>
/// How the layers of a network that begins with trained ones learn: the nearer to the inputs, the slower (discriminative fine-tuning), and
/// the later (gradual unfreezing); both from Howard and Ruder (2018).
/// </summary>
/// <param name="RateDecay">The learning rate of a layer as a share of that of the layer above it, above 0 and at most 1.</param>
/// <param name="UnfreezingEpochs">Epochs until the next layer below begins to learn; 0 for all from the first.</param>
internal sealed record FineTuning(float RateDecay, float UnfreezingEpochs)
{
    /// <summary>
    /// The layer of a parameter, counted from the top: 0 for the head and what the trained network did not have, then the recurrent layers
    /// from the last to the first, then the embeddings.
    /// </summary>
    public static int DepthOf(Parameter parameter, NetworkShape shape)
    {
        if (parameter.Role == ParameterRole.Embedding)
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

    /// <summary>The factor of the learning rate of a layer after some epochs; 0 while it is frozen.</summary>
    /// <param name="depth">The result of <see cref="DepthOf"/>.</param>
    /// <param name="epochs">Epochs done so far.</param>
    public float FactorOf(int depth, int epochs) => epochs < FrozenEpochsOf(depth) ? 0 : MathF.Pow(RateDecay, depth);

    /// <summary>The epochs in which a layer is frozen.</summary>
    /// <param name="depth">The result of <see cref="DepthOf"/>.</param>
    public double FrozenEpochsOf(int depth) => Math.Ceiling((double)depth * UnfreezingEpochs);
}

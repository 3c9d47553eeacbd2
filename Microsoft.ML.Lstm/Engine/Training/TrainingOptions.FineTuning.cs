using Microsoft.ML.Lstm.Engine.Training;
using Microsoft.ML.Lstm.Engine.Training.Optimizers;

namespace Microsoft.ML.Lstm;

// How the layers of a network learn that begins with trained ones.
public abstract partial class TrainingOptions
{
    // Howard and Ruder have 1 / 2.6, for networks that have read millions of texts.
    private const float UsualRateDecay = 0.8f;

    private const string EncoderReason = "trained layers under a new output layer";

    /// <summary>
    /// The learning rate of a layer as a share of that of the layer above it, above 0 and at most 1: the output layer learns by
    /// <see cref="LearningRate"/>, the recurrent layers below it ever slower, and the embeddings the slowest (discriminative fine-tuning,
    /// Howard and Ruder 2018). <see langword="null"/>, the default: chosen from the data: 1; where layers of an initial model are under a
    /// new output layer, as those of a language model, 0.8.
    /// </summary>
    public float? LayerLearningRateDecay;

    /// <summary>
    /// Epochs until the next layer below begins to learn, 0 or more: at first the output layer learns alone, then with the last recurrent
    /// layer, and so on down to the embeddings (gradual unfreezing, Howard and Ruder 2018). <see langword="null"/>, the default: chosen
    /// from the data: 0; where layers of an initial model are under a new output layer, as those of a language model, 1.
    /// </summary>
    public float? UnfreezingEpochs;

    /// <summary>
    /// Layers or parameters that keep their weights to the last bit, by name; <c>*</c> stands for any characters. Parameters have the names
    /// of <see cref="SequenceModelParameters.Weights"/>, such as <c>weight_hh_l0</c>. A layer has all parameters that begin with its name
    /// and a point: <c>head</c>, <c>embeddings.0</c>, <c>embeddings</c>, <c>characters</c>, <c>attention</c>, <c>crf</c>, <c>decoder</c>;
    /// of recurrent layers <c>l0</c> is the first, in both directions, and <c>rnn</c> are all; <c>conv.0</c> is a convolution with its
    /// batch normalization. Their gradient does not count for <see cref="GradientClipNorm"/>. For a network that begins with an initial
    /// model, mostly. A name that the network does not have is an <see cref="ArgumentException"/> in <c>Fit</c>. <see langword="null"/>
    /// for none. Default: <see langword="null"/>.
    /// </summary>
    public string[]? FrozenLayers;

    /// <summary>
    /// The learning rates of layers or parameters, named as in <see cref="FrozenLayers"/>, as shares of <see cref="LearningRate"/>: 0 or
    /// more and finite, 0 freezes. Of several names that a parameter has, the longest counts; it takes the place of
    /// <see cref="LayerLearningRateDecay"/>. <see langword="null"/> for none. Default: <see langword="null"/>.
    /// </summary>
    public Dictionary<string, float>? LayerLearningRates;

    /// <summary>A copy with the same values.</summary>
    internal TrainingOptions Clone()
    {
        var clone = (TrainingOptions)MemberwiseClone();
        clone.FrozenLayers = (string[]?)FrozenLayers?.Clone();
        clone.LayerLearningRates = LayerLearningRates is null ? null : new Dictionary<string, float>(LayerLearningRates);
        return clone;
    }

    private FineTuning? Tuning
    {
        get
        {
            var rates = (FrozenLayers ?? []).Select(name => new LayerRate(name, 0))
                .Concat((LayerLearningRates ?? []).Select(layer => new LayerRate(layer.Key, layer.Value)));
            var tuning = new FineTuning(LayerLearningRateDecay!.Value, UnfreezingEpochs!.Value) { Rates = [.. rates] };
            return tuning is { RateDecay: 1, UnfreezingEpochs: 0, Rates.Count: 0 } ? null : tuning;
        }
    }

    private void ChooseFineTuning(DataFacts facts, OptionChoices choices)
    {
        if (facts.Encoder is not null)
        {
            LayerLearningRateDecay ??= choices.Note(nameof(LayerLearningRateDecay), UsualRateDecay, EncoderReason);
            UnfreezingEpochs ??= choices.Note(nameof(UnfreezingEpochs), 1f, EncoderReason);
        }
        LayerLearningRateDecay ??= 1;
        UnfreezingEpochs ??= 0;
    }

    private void ValidateFineTuning()
    {
        Require(LayerLearningRateDecay is null or (> 0 and <= 1), LayerLearningRateDecay, nameof(LayerLearningRateDecay),
            "above 0 and at most 1");
        Require(UnfreezingEpochs is null or (>= 0 and < float.PositiveInfinity), UnfreezingEpochs, nameof(UnfreezingEpochs),
            "0 or more and finite");
        Require(FrozenLayers?.All(name => !string.IsNullOrEmpty(name)) ?? true, FrozenLayers, nameof(FrozenLayers),
            "names of layers, or null");
        foreach ((string name, float rate) in LayerLearningRates ?? [])
        {
            Require(name != "", name, nameof(LayerLearningRates), "rates by the names of layers, or null");
            Require(rate is >= 0 and < float.PositiveInfinity, rate, nameof(LayerLearningRates), "0 or more and finite for each layer");
            Require(FrozenLayers?.Contains(name) is not true, name, nameof(LayerLearningRates),
                $"rates of other layers than {nameof(FrozenLayers)}");
        }
    }

    /// <summary>How much more often rare tokens are replaced.</summary>
    private protected virtual float DropoutOfRareTokens => 0;

    /// <summary>Whether the encoding has the largest outputs of convolutions beside the recurrent layers rather than the means.</summary>
    private protected virtual bool PoolsByMax => false;
}

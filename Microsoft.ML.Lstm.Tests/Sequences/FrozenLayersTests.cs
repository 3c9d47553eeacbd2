namespace Microsoft.ML.Lstm.Tests.Sequences;

/// <summary>Layers that every trainer keeps as they are.</summary>
[TestClass]
public sealed class FrozenLayersTests
{
    private static readonly MLContext Ml = new(seed: 1);

    public static IEnumerable<string> All =>
    [
        .. AnyTrainer.Names, .. AnyTrainer.PerStep, AnyTrainer.Ctc, AnyTrainer.SequenceToSequence, AnyTrainer.Autoencoder,
        AnyTrainer.LanguageModel,
    ];

    [TestMethod]
    [DynamicData(nameof(All))]
    public void FrozenLayersKeepTheirBitsAndOthersLearn(string trainer)
    {
        IDataView data = AnyTrainer.Data(Ml, Example.Make(24));
        SequencePredictionTransformer one = Fit(epochs: 1, threads: 1), two = Fit(epochs: 2, threads: 1);
        foreach ((string name, ReadOnlyMemory<float> weights) in two.Model.Weights)
            Assert.AreEqual(name.EndsWith("_l0", StringComparison.Ordinal) && !name.StartsWith("decoder.", StringComparison.Ordinal),
                weights.Span.SequenceEqual(one.Model.Weights[name].Span), name);
        AnyTrainer.AssertSameWeights(two, Fit(epochs: 2, threads: 3));

        SequencePredictionTransformer Fit(int epochs, int threads) => AnyTrainer.CreateAny(Ml, trainer, options =>
        {
            (options.NumberOfEpochs, options.NumberOfThreads, options.FrozenLayers) = (epochs, threads, ["l0"]);
            (options.LearningRateSchedule, options.Bidirectional) = (LearningRateSchedule.Constant, false);
        }).Fit(data);
    }

    [TestMethod]
    public void AFrozenConvolutionKeepsItsStatistics()
    {
        IDataView data = AnyTrainer.Data(Ml, Example.Make(24));
        SequencePredictionTransformer Fit(int epochs, string[] frozen) => AnyTrainer.Create(Ml, AnyTrainer.Binary, options =>
        {
            options.Convolution = new ConvolutionOptions { Filters = [4], KernelSizes = [3] };
            (options.NumberOfEpochs, options.FrozenLayers) = (epochs, frozen);
        }).Fit(data);
        SequencePredictionTransformer one = Fit(1, ["conv.0"]), two = Fit(2, ["conv.0"]), free = Fit(2, ["head"]);
        foreach (string name in new[] { "conv.0.weight", "norm.0.weight", "norm.0.bias", "norm.0.running_mean", "norm.0.running_var" })
        {
            Assert.IsTrue(two.Model.Weights[name].Span.SequenceEqual(one.Model.Weights[name].Span), name);
            Assert.IsFalse(free.Model.Weights[name].Span.SequenceEqual(one.Model.Weights[name].Span), name);
        }
    }

    [TestMethod]
    public void WrongNamesAndRatesAreRefused()
    {
        IDataView data = AnyTrainer.Data(Ml, Example.Make(8));
        var error = Assert.ThrowsExactly<ArgumentException>(
            () => AnyTrainer.Create(Ml, AnyTrainer.Binary, options => options.FrozenLayers = ["heads"]).Fit(data));
        StringAssert.Contains(error.Message, "'heads', which FrozenLayers or LayerLearningRates names; the nearest name is 'head'");
        foreach (Action<SequenceTrainerOptions> change in (Action<SequenceTrainerOptions>[])
        [
            options => options.FrozenLayers = [""],
            options => options.LayerLearningRates = new() { ["head"] = -1 },
            options => options.LayerLearningRates = new() { ["head"] = float.NaN },
            options => options.LayerLearningRates = new() { ["head"] = float.PositiveInfinity },
            options => options.LayerLearningRates = new() { [""] = 1 },
            options => (options.FrozenLayers, options.LayerLearningRates) = (["head"], new() { ["head"] = 1 }),
        ])
        {
            Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => AnyTrainer.Create(Ml, AnyTrainer.Binary, change));
        }
    }
}

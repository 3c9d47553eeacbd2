namespace Microsoft.ML.Lstm.Tests.Trainers;

/// <summary>Options for networks that train in milliseconds on <see cref="Example"/>s.</summary>
internal static class SmallOptions
{
    public static LstmRegressionTrainer.Options Create(Action<LstmRegressionTrainer.Options>? change = null)
    {
        var options = new LstmRegressionTrainer.Options { FeaturesPerStep = 2, HiddenSize = 5, NumberOfEpochs = 2, BatchSize = 8, LearningRate = 0.02f, Seed = 7 };
        change?.Invoke(options);
        return options;
    }
}

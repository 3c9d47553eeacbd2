using Microsoft.ML.Lstm.Tests.Sequences;

namespace Microsoft.ML.Lstm.Tests.Onnx.Export;

/// <summary>Exports of networks with options by chance.</summary>
[TestClass]
public sealed class RandomExportTests
{
    [TestMethod]
    [TestCategory("onnx")]
    public void AnyNetworkScoresAsOursAndItsFileIsValid()
    {
        var random = new Random(20);
        for (int i = 0; i < Acceptance.Count(5, 200); i++)
        {
            string trainer = AnyTrainer.Names.Append(AnyTrainer.Autoencoder).ElementAt(i % (AnyTrainer.Names.Length + 1));
            using OnnxRun run = Fit(trainer, random);
            run.AssertSame(OnnxRun.Rows(random.Next(), [.. Enumerable.Range(0, random.Next(1, 65)).Select(_ => random.Next(1, 301))]));
            run.AssertSame(OnnxRun.Rows(random.Next(), [.. Enumerable.Repeat(random.Next(1, 50), random.Next(1, 9))]), hasLengths: false);
        }
    }

    private static OnnxRun Fit(string trainer, Random random)
    {
        var ml = new MLContext(seed: 1);
        return new OnnxRun(AnyTrainer.CreateAny(ml, trainer, options =>
        {
            (options.CellType, options.NumberOfLayers) = ((CellType)random.Next(3), random.Next(1, 4));
            (options.HiddenSize, options.LearningRate, options.Seed) = (random.Next(1, 70), 0.01f, random.Next());
            options.Bidirectional = random.Next(2) == 0;
            options.FeatureColumnNames = random.Next(3) switch
            {
                0 when options is SequenceTrainerOptions => ["Tokens"],
                1 when options is SequenceTrainerOptions => ["Shapes", "Features", "Tokens"],
                _ => ["Features"],
            };
            options.StaticFeatureColumnName = random.Next(2) == 0 ? null : nameof(Example.Statics);
            options.EncodingColumnName = trainer == AnyTrainer.Labeling || random.Next(2) == 0 ? null : "Encoding";
            if (options is SequenceTrainerOptions predicting && trainer != AnyTrainer.Labeling)
            {
                predicting.Pooling = (Pooling)random.Next(4);
                predicting.AttentionColumnName = predicting.Pooling == Pooling.Attention ? "Attention" : null;
                predicting.StepsPerFrame = random.Next(2) == 0 ? 1 : random.Next(2, 9);
            }
            if (options is SequenceTrainerOptions convolved && random.Next(2) == 0)
                convolved.Convolution = new ConvolutionOptions { Filters = [random.Next(1, 20), 9], KernelSizes = [random.Next(1, 12), 3] };
            if (options is LstmSequenceLabelingTrainer.Options labeling)
                labeling.UseConditionalRandomField = random.Next(2) == 0;
            if (options is LstmAutoencoderTrainer.Options autoencoder)
                autoencoder.StepErrorColumnName = "Errors";
        }).Fit(AnyTrainer.Data(ml, Example.Make(40, variable: true))));
    }
}

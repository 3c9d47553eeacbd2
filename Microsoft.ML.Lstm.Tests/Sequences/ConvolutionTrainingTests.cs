using Microsoft.ML.Data;

namespace Microsoft.ML.Lstm.Tests.Sequences;

/// <summary>Trainings with convolutions beside the recurrent layers, and with frames.</summary>
[TestClass]
public sealed class ConvolutionTrainingTests
{
    private readonly MLContext _ml = new(seed: 1);

    [TestMethod]
    public void AShapeIsFoundWhereverItIsInACurve()
    {
        LstmBinaryTransformer model = _ml.BinaryClassification.Trainers.Lstm(Options()).Fit(Curves(seed: 1));

        Assert.IsGreaterThan(0.97, _ml.BinaryClassification.Evaluate(model.Transform(Curves(seed: 2))).Accuracy);
        Assert.AreEqual(2 * 4 + 8, ((VectorDataViewType)model.Transform(Curves(seed: 2)).Schema["Encoding"].Type).Size);
    }

    [TestMethod]
    public void AResumedTrainingHasTheBitsOfOneThatWasNeverInterrupted()
    {
        string folder = Directory.CreateTempSubdirectory("lstm-tests-").FullName;
        try
        {
            LstmBinaryTransformer expected = Fit(_ => { });
            Fit(options =>
            {
                options.CheckpointPath = Path.Combine(folder, "checkpoint.safetensors");
                options.EpochCompleted = epoch => epoch.Cancel = epoch.Epoch == 2;
            });
            LstmBinaryTransformer resumed = Fit(options =>
                (options.CheckpointPath, options.ResumeFromCheckpoint) = (Path.Combine(folder, "checkpoint.safetensors"), true));
            AnyTrainer.AssertSameWeights(expected, resumed);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        LstmBinaryTransformer Fit(Action<LstmBinaryTrainer.Options> change)
        {
            LstmBinaryTrainer.Options options = Options();
            (options.NumberOfEpochs, options.ValidationFraction) = (4, 0.2f);
            change(options);
            return _ml.BinaryClassification.Trainers.Lstm(options).Fit(Curves(seed: 1));
        }
    }

    [TestMethod]
    public void AnInitialModelKeepsItsStatisticsAndOtherConvolutionsAreRefused()
    {
        LstmBinaryTrainer.Options options = Options();
        (options.NumberOfEpochs, options.LearningRate) = (1, 1e-9f);
        LstmBinaryTransformer first = _ml.BinaryClassification.Trainers.Lstm(Options()).Fit(Curves(seed: 1));
        LstmBinaryTransformer second = _ml.BinaryClassification.Trainers.Lstm(options).Fit(Curves(seed: 1), null, first.Model);
        Assert.IsGreaterThan(0.97, _ml.BinaryClassification.Evaluate(second.Transform(Curves(seed: 2))).Accuracy);

        options.Convolution!.KernelSizes[1] = 7;
        var error = Assert.ThrowsExactly<ArgumentException>(
            () => _ml.BinaryClassification.Trainers.Lstm(options).Fit(Curves(seed: 1), null, first.Model));
        StringAssert.Contains(error.Message, "Convolution");
    }

    [TestMethod]
    public void OptionsAreCopiedAtConstruction()
    {
        LstmBinaryTrainer.Options options = Options();
        LstmBinaryTrainer trainer = _ml.BinaryClassification.Trainers.Lstm(options);
        options.Convolution!.Filters[0] = 0;
        Assert.IsNotEmpty(trainer.Fit(Curves(seed: 1, count: 20)).Model.Weights);
    }

    [TestMethod]
    public void FramesAreRefusedWhereEachStepHasALabel()
    {
        foreach (var options in new LstmSequenceLabelingTrainer.Options[]
        {
            new() { StepsPerFrame = 2 },
            new() { InputConvolution = new InputConvolutionOptions() },
        })
            Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _ml.MulticlassClassification.Trainers.LstmSequenceLabeling(options));
    }

    private static LstmBinaryTrainer.Options Options() => new()
    {
        LabelColumnName = nameof(Curve.Label),
        Convolution = new ConvolutionOptions { Filters = [8, 8], KernelSizes = [8, 5] },
        StepsPerFrame = 4,
        HiddenSize = 4,
        BatchSize = 16,
        NumberOfEpochs = 20,
        LearningRate = 0.01f,
        EncodingColumnName = "Encoding",
        NumberOfThreads = 1,
        Seed = 1,
    };

    /// <summary>Noise with a tooth somewhere that goes up and down, or down and up.</summary>
    private IDataView Curves(int seed, int count = 120)
    {
        var random = new Random(seed);
        return _ml.Data.LoadFromEnumerable(Enumerable.Range(0, count).Select(i =>
        {
            float[] values = [.. Enumerable.Range(0, 30 + random.Next(8)).Select(_ => 0.2f * (random.NextSingle() - 0.5f))];
            int at = random.Next(values.Length - 8);
            for (int k = 0; k < 8; k++)
                values[at + k] += (k < 4 == (i % 2 == 0) ? 1 : -1) * 1.5f;
            return new Curve { Features = values, Label = i % 2 == 0 };
        }).ToArray());
    }

    private sealed class Curve
    {
        public float[] Features { get; set; } = [];

        public bool Label { get; set; }
    }
}

using System.Text.Json;
using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Onnx;
using Microsoft.ML.Lstm.Tests.Sequences;

namespace Microsoft.ML.Lstm.Tests.Onnx.Export;

/// <summary>ONNX Runtime scores what <c>ExportToOnnx</c> wrote as the transformer does.</summary>
[TestClass]
public sealed class ExportTests
{
    private static readonly int[] Lengths = [3, 1, 7, 2, 30, 5];

    public static IEnumerable<object[]> Networks =>
        from cell in OnnxCell.All.Select(known => known.Cell)
        from layers in new[] { 1, 2 }
        from isBidirectional in new[] { false, true }
        from pooling in Enum.GetValues<Pooling>()
        select new object[] { cell, layers, isBidirectional, pooling };

    [TestMethod]
    [DynamicData(nameof(Networks))]
    public void EachNetworkScoresAsOurs(CellType cell, int layers, bool isBidirectional, Pooling pooling)
    {
        using OnnxRun run = Export(AnyTrainer.Regression, options =>
        {
            (options.CellType, options.NumberOfLayers, options.Bidirectional, options.Pooling) = (cell, layers, isBidirectional, pooling);
            options.EncodingColumnName = "Encoding";
            options.AttentionColumnName = pooling == Pooling.Attention ? "Attention" : null;
        });
        run.AssertSame(OnnxRun.Rows(seed: 2, Lengths));
        run.AssertSame(OnnxRun.Rows(seed: 3, 4, 4, 4), hasLengths: false);
    }

    [TestMethod]
    [DataRow(AnyTrainer.Regression, 1)]
    [DataRow(AnyTrainer.Regression, 4)]
    [DataRow(AnyTrainer.Binary, 2)]
    [DataRow(AnyTrainer.Multiclass, 4)]
    public void TheLastStepsAreReadToo(string trainer, int steps)
    {
        using OnnxRun run = Export(trainer, options =>
        {
            if (options is LstmRegressionTrainer.Options regression)
                regression.SkipSteps = steps;
            else
                ((ClassificationTrainerOptions)options).SkipSteps = steps;
            options.StaticFeatureColumnName = nameof(Example.Statics);
        });
        run.AssertSame(OnnxRun.Rows(seed: 2, Lengths));
        run.AssertSame(OnnxRun.Rows(seed: 3, 5, 5, 5), hasLengths: false);
        run.AssertSame(OnnxRun.Rows(seed: 4, 2, 2), hasLengths: false);
    }

    [TestMethod]
    [DataRow(Pooling.Last, false)]
    [DataRow(Pooling.Mean, true)]
    [DataRow(Pooling.Max, true)]
    [DataRow(Pooling.Attention, false)]
    public void ConvolutionsInFrontAreReadToo(Pooling pooling, bool isBeside)
    {
        using OnnxRun run = Export(AnyTrainer.Regression, options =>
        {
            options.InputConvolution = new InputConvolutionOptions { Filters = [9, 4], KernelSizes = [4, 3], Strides = [2, 3] };
            options.Convolution = isBeside
                ? new ConvolutionOptions { Filters = [3], KernelSizes = [2], Pooling = Pooling.Max }
                : ConvolutionOptions.Off();
            (options.Pooling, options.EncodingColumnName, options.Bidirectional) = (pooling, "Encoding", true);
            options.AttentionColumnName = pooling == Pooling.Attention ? "Attention" : null;
        });
        run.AssertSame(OnnxRun.Rows(seed: 2, Lengths));
        run.AssertSame(OnnxRun.Rows(seed: 3, 5, 5, 5), hasLengths: false);
        run.AssertSame(OnnxRun.Rows(seed: 4, 3, 0, 5));
        run.AssertSame(OnnxRun.Rows(seed: 5, 0, 0), hasLengths: false);
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(64)]
    public void BatchesAndLengthsAreFree(int batch)
    {
        using OnnxRun run = Export(AnyTrainer.Regression,
            options => (options.Bidirectional, options.EncodingColumnName) = (true, "Encoding"));
        var random = new Random(4);
        run.AssertSame(OnnxRun.Rows(seed: 5, [.. Enumerable.Range(0, batch).Select(row => row == 0 ? 300 : random.Next(1, 300))]));
        run.AssertSame(OnnxRun.Rows(seed: 6, [.. Enumerable.Repeat(17, batch)]), hasLengths: false);
    }

    [TestMethod]
    public void RowsThatCannotBeScoredAreMissingAndLeaveOthersAlone()
    {
        foreach (string trainer in (string[])[.. AnyTrainer.Names, .. AnyTrainer.PerStep])
        {
            using OnnxRun run = Export(trainer, options =>
            {
                options.StaticFeatureColumnName = nameof(Example.Statics);
                options.EncodingColumnName = AnyTrainer.HasEncoding(trainer) ? "Encoding" : null;
            });
            Example[] rows = OnnxRun.Rows(seed: 7, 3, 0, 5, 4, 6, 2);
            rows[2].Features[9] = float.NaN;
            rows[3].Features[0] = float.NegativeInfinity;
            rows[4].Statics[1] = float.PositiveInfinity;
            // Large, but a number.
            (rows[5].Features[0], rows[5].Features[3]) = (3e38f, -1e30f);
            run.AssertSame(rows);
            run.AssertSame(OnnxRun.Rows(seed: 15, 0, 0));
        }
    }

    [TestMethod]
    public void AFeatureThatNeverVariedIsReadAsTheSameWhateverItsSize()
    {
        Example[] training = Example.Make(40, variable: true);
        foreach (Example row in training)
        {
            for (int i = 0; i < row.Features.Length; i += 2)
                row.Features[i] = 3e38f;
        }
        using var run = new OnnxRun(AnyTrainer.Fit(AnyTrainer.Regression, training).Model);
        Example[] rows = OnnxRun.Rows(seed: 18, 3, 5);
        (rows[0].Features[0], rows[1].Features[2]) = (-3e38f, 3e38f);
        run.AssertSame(rows);
    }

    [TestMethod]
    [DataRow(Pooling.Last, false)]
    [DataRow(Pooling.Mean, false)]
    [DataRow(Pooling.Max, true)]
    [DataRow(Pooling.Attention, true)]
    public void ATimeAxisOfNoStepsHasNoScores(Pooling pooling, bool isBidirectional)
    {
        using OnnxRun run = Export(AnyTrainer.Regression, options => (options.Pooling, options.Bidirectional) = (pooling, isBidirectional));
        run.AssertSame(OnnxRun.Rows(seed: 16, 0));
        run.AssertSame(OnnxRun.Rows(seed: 17, 0, 0), hasLengths: false);
    }

    [TestMethod]
    [DynamicData(nameof(Trainers))]
    public void EachTaskScoresAsOurs(string trainer)
    {
        using OnnxRun run = Export(trainer, options => options.StaticFeatureColumnName = nameof(Example.Statics));
        run.AssertSame(OnnxRun.Rows(seed: 8, Lengths));
    }

    [TestMethod]
    [DynamicData(nameof(Trainers))]
    public void SeveralNetworksScoreAsOurs(string trainer)
    {
        using OnnxRun run = Export(trainer, options =>
        {
            options.Effort = TrainingEffort.Best;
            options.FeatureColumnNames = [nameof(Example.Tokens), nameof(Example.Features)];
            options.StaticFeatureColumnName = nameof(Example.Statics);
            if (trainer == AnyTrainer.Labeling)
                return;
            (options.Pooling, options.AttentionColumnName, options.EncodingColumnName) = (Pooling.Attention, "Attention", "Encoding");
        });
        run.AssertSame(OnnxRun.Rows(seed: 18, Lengths));
    }

    [TestMethod]
    [DynamicData(nameof(Trainers))]
    public void KeysAreThoseOfMlNet(string trainer)
    {
        using OnnxRun run = Export(trainer, options =>
            options.FeatureColumnNames = [nameof(Example.Tokens), nameof(Example.Features), nameof(Example.Shapes)]);
        run.AssertSame(OnnxRun.Rows(seed: 9, Lengths));
    }

    [TestMethod]
    [DataRow(AnyTrainer.Multiclass, 1)]
    [DataRow(AnyTrainer.Labeling, 2)]
    [DataRow(AnyTrainer.Labeling, 3)]
    [DataRow(AnyTrainer.Regression, 6)]
    public void WordsAreReadByTheirCharacters(string trainer, int kernelSize)
    {
        using OnnxRun run = Export(trainer, options =>
        {
            options.FeatureColumnNames = [nameof(Example.Tokens), nameof(Example.Features)];
            (options.CharacterColumnName, options.CharacterKernelSize, options.NumberOfCharacterFilters)
                = (nameof(Example.Words), kernelSize, 7);
        });
        run.AssertSame(OnnxRun.Rows(seed: 19, Lengths));
        run.AssertSame(OnnxRun.Rows(seed: 20, 4, 4), hasLengths: false);
        run.AssertSame(OnnxRun.Rows(seed: 21, 0, 3));
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void StepsAreLabelledAsOurs(bool hasCrf)
    {
        using OnnxRun run = Export(AnyTrainer.Labeling, options =>
        {
            (options.NumberOfEpochs, options.CellType) = (10, CellType.Gru);
            ((LstmSequenceLabelingTrainer.Options)options).UseConditionalRandomField = hasCrf;
        });
        run.AssertSame(OnnxRun.Rows(seed: 12, 300, 1, 2, 117, 40));
        run.AssertSame(OnnxRun.Rows(seed: 13, 1));
        run.AssertSame(OnnxRun.Rows(seed: 14, 9, 9, 9), hasLengths: false);
    }

    [TestMethod]
    public void ALabelsNamesAreInTheMetadata()
    {
        var ml = new MLContext(seed: 1);
        IDataView data = AnyTrainer.Data(ml, Example.Make(40));
        data = ml.Transforms.Conversion.MapValueToKey("Named", nameof(Example.ClassName)).Fit(data).Transform(data);
        using var run = new OnnxRun(AnyTrainer.Create(ml, AnyTrainer.Multiclass, options => options.LabelColumnName = "Named").Fit(data));
        string names = run.Metadata["PredictedLabel"];
        CollectionAssert.AreEquivalent((string[])["low", "middle", "high"], JsonSerializer.Deserialize<string[]>(names));
    }

    [TestMethod]
    public void MlNetScoresAFileWithoutLengthsRowByRow()
    {
        SequencePredictionTransformer model = AnyTrainer.Fit(AnyTrainer.Regression, Example.Make(40, variable: true)).Model;
        var ml = new MLContext(seed: 1);
        IDataView data = AnyTrainer.Data(ml, Example.Make(10, variable: true, seed: 2));
        string path = Path.GetTempFileName();
        try
        {
            using (FileStream stream = File.Create(path))
                model.ExportToOnnx(stream);
            IDataView scored = ml.Transforms.ApplyOnnxModel("Score", "Features", path).Fit(data).Transform(data);
            float[] expected = [.. model.Transform(data).GetColumn<float>("Score")];
            float[] actual = [.. scored.GetColumn<float[]>("Score").Select(score => score.Single())];
            for (int i = 0; i < expected.Length; i++)
                Assert.AreEqual(expected[i], actual[i], 1e-4);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [TestMethod]
    public void AnAutoencoderScoresAsOurs()
    {
        foreach (CellType cell in OnnxCell.All.Select(known => known.Cell))
        {
            var ml = new MLContext(seed: 1);
            LstmAutoencoderTransformer model = ml.AnomalyDetection.Trainers.LstmAutoencoder(SmallOptions.CreateAutoencoder(options =>
            {
                (options.CellType, options.NumberOfLayers, options.EncodingColumnName, options.StepErrorColumnName)
                    = (cell, 2, "Encoding", "Errors");
            })).Fit(AnyTrainer.Data(ml, Example.Make(40, variable: true)));
            using var run = new OnnxRun(model);
            Example[] rows = OnnxRun.Rows(seed: 10, 3, 1, 7, 2, 30, 0, 5);
            rows[4].Features[9] = float.NaN;
            run.AssertSame(rows);
            run.AssertSame(OnnxRun.Rows(seed: 11, 6, 6), hasLengths: false);
        }
    }

    public static IEnumerable<object[]> Trainers => AnyTrainer.Names.Select(name => new object[] { name });

    private static OnnxRun Export(string trainer, Action<SequenceTrainerOptions> change)
        => new(AnyTrainer.Fit(trainer, Example.Make(40, variable: true), change).Model);
}

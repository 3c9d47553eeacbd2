using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Onnx;
using Microsoft.ML.Lstm.Tests.Sequences;

namespace Microsoft.ML.Lstm.Tests.Onnx.Import;

/// <summary>The graph that <c>ExportToOnnx</c> wrote is read again as the same network, whatever the file says of it.</summary>
[TestClass]
public sealed class RoundTripTests
{
    private static readonly Example[] Rows = OnnxRun.Rows(seed: 2, 3, 1, 7, 2, 30, 5);

    public static IEnumerable<object[]> Networks =>
        from cell in OnnxCell.All.Select(known => known.Cell)
        from layers in new[] { 1, 3 }
        from isBidirectional in new[] { false, true }
        from pooling in Enum.GetValues<Pooling>()
        select new object[] { cell, layers, isBidirectional, pooling };

    [TestMethod]
    [DynamicData(nameof(Networks))]
    public void ANetworkWithoutScalingHasTheSameWeightsToTheLastBit(CellType cell, int layers, bool isBidirectional, Pooling pooling)
    {
        (SequencePredictionTransformer model, _) = AnyTrainer.Fit(AnyTrainer.Regression, Example.Make(40, variable: true), options =>
        {
            (options.CellType, options.NumberOfLayers, options.Bidirectional, options.Pooling) = (cell, layers, isBidirectional, pooling);
            options.StaticFeatureColumnName = nameof(Example.Statics);
            (options.NormalizeFeatures, ((LstmRegressionTrainer.Options)options).NormalizeLabel) = (false, false);
        });
        SequenceModelParameters read = Read(model);
        Assert.AreEqual(model.Model.Network.Shape with { Classes = null }, read.Network.Shape);
        foreach ((string name, ReadOnlyMemory<float> weights) in model.Model.Weights)
            CollectionAssert.AreEqual(weights.ToArray(), read.Weights[name].ToArray(), name);
        AssertSameScores(model, read, tolerance: 0);
    }

    [TestMethod]
    [DataRow(AnyTrainer.Regression)]
    [DataRow(AnyTrainer.Binary)]
    [DataRow(AnyTrainer.Multiclass)]
    [DataRow(AnyTrainer.Labeling)]
    public void EachTaskScoresTheSameWithTokensAndScaling(string trainer)
    {
        (SequencePredictionTransformer model, _) = AnyTrainer.Fit(trainer, Example.Make(60, variable: true), options =>
        {
            options.FeatureColumnNames = [nameof(Example.Tokens), nameof(Example.Features), nameof(Example.Shapes)];
            options.StaticFeatureColumnName = nameof(Example.Statics);
            options.Bidirectional = true;
            if (options is LstmSequenceLabelingTrainer.Options labeling)
                labeling.UseConditionalRandomField = false;
        });
        SequenceModelParameters read = Read(model);
        CollectionAssert.AreEqual((string[])["Features", "Tokens", "Shapes"], read.InputNames.ToArray());
        AssertSameScores(model, read, tolerance: 1e-6f);
    }

    [TestMethod]
    [DataRow(AnyTrainer.Multiclass)]
    [DataRow(AnyTrainer.Labeling)]
    public void KeysAndClassesThatTrainingDidNotSeeStayUnknown(string trainer)
    {
        Example[] rows = Example.Make(60, variable: true);
        foreach (Example row in rows)
        {
            row.Tokens = [.. row.Tokens.Select(token => token % 3 * 2)];
            (row.Class, row.StepClasses) = (row.Class / 2 * 2, [.. row.StepClasses.Select(key => key == 2 ? 1u : key)]);
        }
        (SequencePredictionTransformer model, _) = AnyTrainer.Fit(trainer, rows, options =>
        {
            options.FeatureColumnNames = [nameof(Example.Tokens), nameof(Example.Features)];
            if (options is LstmSequenceLabelingTrainer.Options labeling)
                labeling.UseConditionalRandomField = false;
        });
        SequenceModelParameters read = Read(model);
        Assert.IsNotNull(read.Network.Shape.Classes);
        Assert.IsNotNull(read.Network.Shape.Embeddings[0].Keys);
        Assert.AreEqual(model.Model.Network.Shape, read.Network.Shape);
        AssertSameScores(model, read, tolerance: 1e-6f);
    }

    [TestMethod]
    public void APipelineThatMlNetConvertedIsRead()
    {
        var ml = new MLContext(seed: 1);
        IDataView data = ml.Data.LoadFromEnumerable(Example.Make(40)
            .Select(row => new Window { Features = row.Features, Label = row.Label }));
        ITransformer model = ml.Transforms.Concatenate("Joined", "Features")
            .Append(ml.Regression.Trainers.Lstm(SmallOptions.Create(options
                => (options.FeatureColumnName, options.SkipSteps) = ("Joined", 0)))).Fit(data);
        var stream = new MemoryStream();
        ml.Model.ConvertToOnnx(model, data, stream);
        stream.Position = 0;
        SequenceModelParameters read = SequenceModelParameters.LoadOnnx(stream, new OnnxImportOptions { OutputName = "Score.output" });
        IDataView scored = ml.Transforms.ApplyLstmModel(new LstmScoringEstimator.Options { Model = read, OutputColumnName = "Read" })
            .Fit(data).Transform(model.Transform(data));
        float[][] expected = EstimatorHarness.Values(scored, "Score"), found = EstimatorHarness.Values(scored, "Read");
        for (int row = 0; row < expected.Length; row++)
            Assert.AreEqual(expected[row][0], found[row][0], 1e-5f);
    }

    [TestMethod]
    [DataRow(AnyTrainer.Multiclass)]
    [DataRow(AnyTrainer.Labeling)]
    public void ProbabilitiesWithoutScalingAreTheSameToTheLastBit(string trainer)
    {
        (SequencePredictionTransformer model, _) = AnyTrainer.Fit(trainer, Example.Make(60, variable: true), options =>
        {
            options.NormalizeFeatures = false;
            if (options is LstmSequenceLabelingTrainer.Options labeling)
                labeling.UseConditionalRandomField = false;
        });
        AssertSameScores(model, Read(model), tolerance: 0);
    }

    [TestMethod]
    public void SeveralColumnsOfAnyNumberOfStepsHaveTheFeaturesOfTheFile()
    {
        var ml = new MLContext(seed: 1);
        IDataView data = AnyTrainer.Data(ml, Example.Make(40, variable: true));
        data = ml.Transforms.CopyColumns("Copy", "Features").Fit(data).Transform(data);
        LstmRegressionTransformer model = ml.Regression.Trainers.Lstm(SmallOptions.Create(options =>
            (options.FeatureColumnNames, options.FeaturesPerStep, options.NormalizeFeatures) = (["Features", "Copy"], 2, false))).Fit(data);
        var scoring = new LstmScoringEstimator.Options { Model = Read(model), OutputColumnName = "Read" };
        IDataView scored = ml.Transforms.ApplyLstmModel(scoring).Fit(data).Transform(model.Transform(data));
        float[][] expected = EstimatorHarness.Values(scored, "Score"), found = EstimatorHarness.Values(scored, "Read");
        for (int row = 0; row < expected.Length; row++)
            Assert.AreEqual(expected[row][0], found[row][0], 1e-6f);
    }

    [TestMethod]
    public void ScalingOfLargeNumbersKeepsItsDigits()
    {
        Example[] rows = Example.Make(40, variable: true);
        foreach (Example row in rows)
            (row.Features, row.Label) = ([.. row.Features.Select(x => 1e6f + x)], 1000 * row.Label);
        (SequencePredictionTransformer model, _) = AnyTrainer.Fit(AnyTrainer.Regression, rows);
        SequenceModelParameters read = Read(model);
        AffineScaler expected = model.Model.Network.InputScaler, found = read.Network.InputScaler;
        CollectionAssert.AreEqual(expected.Offset, found.Offset);
        CollectionAssert.AreEqual(expected.Scale, found.Scale);
        CollectionAssert.AreEqual(model.Model.Network.OutputScaler.Offset, read.Network.OutputScaler.Offset);
        AssertSameScores(model, read, tolerance: 1e-6f);
    }

    [TestMethod]
    public void TheGraphOfAnAutoencoderIsRefused()
    {
        var ml = new MLContext(seed: 1);
        LstmAutoencoderTransformer model = ml.AnomalyDetection.Trainers.LstmAutoencoder(SmallOptions.CreateAutoencoder())
            .Fit(AnyTrainer.Data(ml, Example.Make(40, variable: true)));
        Assert.ThrowsExactly<NotSupportedException>(() => Read(model));
    }

    [TestMethod]
    public void AForecasterIsNoNetworkOfSequences()
    {
        OnePassModel fitted = OnePassModel.Fit(OnePassModel.Forecaster);
        var stream = new MemoryStream();
        ((LstmForecastingTransformer)fitted.Model).ExportToOnnx(stream);
        stream.Position = 0;
        Assert.ThrowsExactly<NotSupportedException>(() => SequenceModelParameters.LoadOnnx(stream));
    }

    private static SequenceModelParameters Read(SequencePredictionTransformer model)
    {
        var stream = new MemoryStream();
        model.ExportToOnnx(stream);
        stream.Position = 0;
        // What says how a graph is to be read has the graph read.
        return SequenceModelParameters.LoadOnnx(stream, new OnnxImportOptions { KeysAreTokens = true });
    }

    private static void AssertSameScores(SequencePredictionTransformer model, SequenceModelParameters read, float tolerance)
    {
        var ml = new MLContext(seed: 1);
        IDataView data = AnyTrainer.Data(ml, Rows);
        IDataView scored = ml.Transforms.ApplyLstmModel(new LstmScoringEstimator.Options { Model = read, OutputColumnName = "Read" })
            .Fit(data).Transform(model.Transform(data));
        float[][] expected = EstimatorHarness.Values(scored, "Score"), found = EstimatorHarness.Values(scored, "Read");
        float scale = expected.SelectMany(row => row).Max(Math.Abs);
        for (int row = 0; row < expected.Length; row++)
        {
            Assert.HasCount(expected[row].Length, found[row]);
            for (int i = 0; i < found[row].Length; i++)
                Assert.AreEqual(expected[row][i], found[row][i], tolerance * scale, $"Row {row}, {i}");
        }
    }

    private sealed class Window
    {
        [VectorType(10)]
        public float[] Features { get; set; } = [];

        public float Label { get; set; }
    }
}

using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Tests.Files;

namespace Microsoft.ML.Lstm.Tests.Sequences;

/// <summary>Transformers whose weights are rounded: each kind through the harness, and what is said of them.</summary>
[TestClass]
public sealed class WeightFormatTests
{
    public static IEnumerable<object[]> Forms =>
        from format in new[] { WeightFormat.BFloat16, WeightFormat.Int8 }
        from form in new[]
        {
            ("regression", "encoding"), ("binary", "variable tokens"), ("multiclass", "names"),
            ("labeling", "variable columns of all kinds"), ("labeling", "variable words"),
            ("values of steps", "variable"), ("truths of steps", "variable tokens"),
            ("ctc", "variable with names"), ("autoencoder", "variable with errors of steps"), ("language model", "variable tied tokens"),
            ("sequence to sequence", "variable with names"),
        }
        select new object[] { format, form.Item1, form.Item2 };

    [TestMethod]
    [DynamicData(nameof(Forms))]
    public void EachKindGoesThroughTheHarness(WeightFormat format, string trainer, string form)
    {
        EstimatorHarness harness = HarnessForms.Create(trainer, form).WithChange(model => model.WithWeightFormat(format));
        harness.CheckSchemaPromise();
        harness.CheckRowMapperEqualsCursorEqualsBatch();
        harness.CheckSaveAndLoad();
        harness.CheckViews();
        harness.CheckThreads(rounds: 1);
    }

    [TestMethod]
    [DataRow(WeightFormat.Int8, "multiclass", "names")]
    [DataRow(WeightFormat.BFloat16, "labeling", "variable words")]
    public void ARoundedModelLoadsInANewProcess(WeightFormat format, string trainer, string form)
        => HarnessForms.Create(trainer, form).WithChange(model => model.WithWeightFormat(format)).CheckLoadInNewProcess();

    [TestMethod]
    [DataRow("Pipeline")]
    [DataRow("Several networks")]
    [DataRow("Forecaster")]
    [DataRow("Forecaster with members")]
    [DataRow("Detector")]
    public void WhatWasLoadedCanBeRoundedAndSavedAgain(string kind)
    {
        var ml = new MLContext(seed: 1);
        SavedKind saved = SavedKind.Of(kind);
        ITransformer rounded = ml.Model.Load(saved.Zip.ToStream(), out DataViewSchema schema).WithWeightFormat(WeightFormat.Int8);
        string scores = saved.Score(ml, rounded);
        // The detector's matrices have three columns, too few to be rounded.
        Assert.AreEqual(kind == "Detector", saved.Scores == scores);
        var stream = new MemoryStream();
        ml.Model.Save(rounded, schema, stream);
        stream.Position = 0;
        Assert.AreEqual(scores, saved.Score(ml, ml.Model.Load(stream, out _)));
    }

    [TestMethod]
    [DataRow(WeightFormat.Int8)]
    [DataRow(WeightFormat.BFloat16)]
    public void AForecasterForecastsWithoutMlNetToo(WeightFormat format)
    {
        var ml = new MLContext(seed: 1);
        var model = (LstmForecastingTransformer)ml.Model.Load(SavedKind.Of("Forecaster").Zip.ToStream(), out DataViewSchema schema);
        LstmForecastingTransformer rounded = model.WithWeightFormat(format);
        string name = rounded.SeriesNames[0];
        var stream = new MemoryStream();
        ml.Model.Save(rounded, schema, stream);
        stream.Position = 0;
        float[] expected = [.. rounded.Forecast().GetColumn<float>(rounded.Settings.OutputColumnName).Take(rounded.Horizon)];
        CollectionAssert.AreEqual(expected, SeriesPredictor.Load(stream).Forecast(series: name)!.Values.ToArray());
    }

    [TestMethod]
    public void ThePipelineKeepsItsStepsAndTheModelBeforeStays()
    {
        var ml = new MLContext(seed: 1);
        IDataView data = AnyTrainer.Data(ml, Example.Make(40));
        TransformerChain<LstmRegressionTransformer> model = ml.Transforms.CopyColumns("Other", "Label")
            .Append(ml.Transforms.CopyColumns("Target", "Other"), TransformerScope.TrainTest)
            .Append(ml.Regression.Trainers.Lstm(SmallOptions.Create(options => options.LabelColumnName = "Target"))).Fit(data);
        float[] before = [.. model.Transform(data).GetColumn<float>("Score")];

        TransformerChain<LstmRegressionTransformer> rounded = model.WithWeightFormat(WeightFormat.Int8);

        Assert.AreEqual(WeightFormat.Int8, rounded.LastTransformer.Model.WeightFormat);
        Assert.AreEqual(WeightFormat.Float32, model.LastTransformer.Model.WeightFormat);
        CollectionAssert.AreEqual(before, model.Transform(data).GetColumn<float>("Score").ToArray());
        float[] after = [.. rounded.Transform(data).GetColumn<float>("Score")];
        CollectionAssert.AreNotEqual(before, after);
        float spread = before.Max() - before.Min();
        for (int i = 0; i < before.Length; i++)
            Assert.AreEqual(before[i], after[i], 0.03f * spread);
        // A column that only training needs is none of scoring's.
        Assert.AreEqual(2, rounded.GetModelFor(TransformerScope.Scoring).Count());
        var untyped = (TransformerChain<ITransformer>)((ITransformer)model).WithWeightFormat(WeightFormat.Int8);
        CollectionAssert.AreEqual(after, untyped.Transform(data).GetColumn<float>("Score").ToArray());
        Assert.AreEqual(2, untyped.GetModelFor(TransformerScope.Scoring).Count());
        Assert.AreEqual(WeightFormat.Float32, rounded.WithWeightFormat(WeightFormat.Float32).LastTransformer.Model.WeightFormat);
    }

    [TestMethod]
    public void WhatIsNoneOfOursAndFormatsThatAreNoneAreRefused()
    {
        var ml = new MLContext(seed: 1);
        IDataView data = AnyTrainer.Data(ml, Example.Make(10));
        ITransformer copying = ml.Transforms.CopyColumns("Other", "Label").Fit(data);
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => copying.WithWeightFormat(WeightFormat.Int8)).Message,
            "no network of this package");
        ITransformer model = AnyTrainer.Create(ml, AnyTrainer.Regression).Fit(data);
        Assert.AreEqual("format",
            Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => model.WithWeightFormat((WeightFormat)7)).ParamName);
        Assert.ThrowsExactly<ArgumentNullException>(() => ((ITransformer)null!).WithWeightFormat(WeightFormat.Int8));
    }

    [TestMethod]
    public void TrainingGoesOnFromRoundedWeightsWithFloats()
    {
        var ml = new MLContext(seed: 1);
        IDataView data = AnyTrainer.Data(ml, Example.Make(40));
        var trainer = ml.Regression.Trainers.Lstm(SmallOptions.Create());
        SequenceModelParameters rounded = trainer.Fit(data).Model.WithWeightFormat(WeightFormat.Int8);
        float[] weights = rounded.Weights["weight_hh_l0"].ToArray();

        LstmRegressionTransformer further = trainer.Fit(data, null, rounded);

        Assert.AreEqual(WeightFormat.Float32, further.Model.WeightFormat);
        Assert.AreNotEqual(further.Model.WithWeightFormat(WeightFormat.Int8).Weights["weight_hh_l0"].Span[0],
            further.Model.Weights["weight_hh_l0"].Span[0]);
        CollectionAssert.AreEqual(weights, rounded.Weights["weight_hh_l0"].ToArray());
    }
}

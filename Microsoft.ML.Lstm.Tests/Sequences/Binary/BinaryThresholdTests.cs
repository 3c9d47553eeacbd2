using Microsoft.ML.Data;

namespace Microsoft.ML.Lstm.Tests.Sequences.Binary;

/// <summary>The threshold of a binary classification, changed after training.</summary>
[TestClass]
public sealed class BinaryThresholdTests
{
    private readonly MLContext _ml = new(seed: 1);

    [TestMethod]
    public void TheOtherThresholdDecidesAndIsSaved()
    {
        IDataView data = AnyTrainer.Data(_ml, Example.Make(40));
        LstmBinaryTransformer model = Trainer().Fit(data);
        float[] probabilities = [.. EstimatorHarness.Values(model.Transform(data), "Probability").Select(row => row[0])];
        float threshold = probabilities.Order().ElementAt(30);

        LstmBinaryTransformer other = model.WithThreshold(threshold);
        Assert.AreEqual(threshold, other.ProbabilityThreshold);
        Assert.AreEqual(0.5f, model.ProbabilityThreshold);
        AssertLabels(other.Transform(data), threshold);
        AssertLabels(model.Transform(data), 0.5f);

        var file = new MemoryStream();
        _ml.Model.Save(other, data.Schema, file);
        file.Position = 0;
        AssertLabels(new MLContext().Model.Load(file, out _).Transform(data), threshold);

        void AssertLabels(IDataView scored, float threshold)
        {
            string[] labels = [.. ColumnReader.Read(scored, "PredictedLabel").Select(row => row[0])];
            CollectionAssert.AreEqual(probabilities.Select(probability => $"{probability > threshold}").ToArray(), labels);
            CollectionAssert.AreEqual(probabilities, EstimatorHarness.Values(scored, "Probability").Select(row => row[0]).ToArray());
        }
    }

    [TestMethod]
    public void TheLastStepOfAPipelineIsReplaced()
    {
        IDataView data = AnyTrainer.Data(_ml, Example.Make(20));
        TransformerChain<LstmBinaryTransformer> chain = _ml.Transforms.CopyColumns("Copy", "Features").Append(Trainer()).Fit(data);
        var certain = new TransformerChain<ITransformer>([.. chain.SkipLast(1), chain.LastTransformer.WithThreshold(1)]);
        Assert.IsTrue(ColumnReader.Read(certain.Transform(data), "PredictedLabel").All(row => row[0] == "False"));
    }

    [TestMethod]
    public void WhatIsNoProbabilityIsRefused()
    {
        LstmBinaryTransformer model = Trainer().Fit(AnyTrainer.Data(_ml, Example.Make(20)));
        foreach (float threshold in new[] { -0.1f, 1.1f, float.NaN })
            Assert.AreEqual("probabilityThreshold",
                Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => model.WithThreshold(threshold)).ParamName);
    }

    private LstmBinaryTrainer Trainer()
        => _ml.BinaryClassification.Trainers.Lstm(SmallOptions.Create<LstmBinaryTrainer.Options>(options => options.NumberOfEpochs = 10));
}

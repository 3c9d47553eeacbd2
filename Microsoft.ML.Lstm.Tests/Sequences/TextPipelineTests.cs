using Microsoft.ML.Data;
using Microsoft.ML.Transforms;

namespace Microsoft.ML.Lstm.Tests.Sequences;

/// <summary>From words to names of classes and back to objects, as an application uses it.</summary>
[TestClass]
public sealed class TextPipelineTests
{
    private static readonly string[] Nouns = ["dog", "man", "cat", "bird", "child"];

    private readonly MLContext _ml = new(seed: 1);

    [TestMethod]
    public void ClassesOfSentencesArePredictedByName()
    {
        var pipeline = Words()
            .Append(_ml.Transforms.Conversion.MapValueToKey("Label", "Biter"))
            .Append(_ml.MulticlassClassification.Trainers.Lstm(new LstmMulticlassTrainer.Options
            {
                FeatureColumnName = "Words",
                HiddenSize = 16,
                LearningRate = 0.02f,
                NumberOfEpochs = 60,
                Seed = 1
            }))
            .Append(_ml.Transforms.Conversion.MapKeyToValue("PredictedLabel"));
        PredictionEngine<Sentence, ClassPrediction> engine =
            _ml.Model.CreatePredictionEngine<Sentence, ClassPrediction>(Reload(pipeline.Fit(Sentences())));

        // The same words in another order, and in one that is not in the training data.
        Assert.AreEqual("dog", engine.Predict(new Sentence { Text = "The dog bites the man" }).PredictedLabel);
        Assert.AreEqual("man", engine.Predict(new Sentence { Text = "The man bites the dog" }).PredictedLabel);
        ClassPrediction unknown = engine.Predict(new Sentence { Text = "The walrus bites the dog" });
        Assert.AreEqual(1, unknown.Score.Sum(), 1e-5);
        CollectionAssert.Contains(Nouns, unknown.PredictedLabel);
        Assert.IsTrue(float.IsNaN(engine.Predict(new Sentence()).Score[0]));
        Assert.AreEqual("dog", engine.Predict(new Sentence { Text = "The dog bites the man" }).PredictedLabel);
    }

    [TestMethod]
    public void ProbabilitiesOfSentencesArePredicted()
    {
        var pipeline = Words()
            .Append(_ml.BinaryClassification.Trainers.Lstm(new LstmBinaryTrainer.Options
            {
                LabelColumnName = "IsDogBiting",
                FeatureColumnName = "Words",
                HiddenSize = 16,
                LearningRate = 0.02f,
                NumberOfEpochs = 60,
                Seed = 1
            }));
        PredictionEngine<Sentence, AnswerPrediction> engine =
            _ml.Model.CreatePredictionEngine<Sentence, AnswerPrediction>(Reload(pipeline.Fit(Sentences())));
        AnswerPrediction yes = engine.Predict(new Sentence { Text = "The dog bites the man" }),
            no = engine.Predict(new Sentence { Text = "The man bites the dog" });
        Assert.IsTrue(yes.PredictedLabel);
        Assert.IsFalse(no.PredictedLabel);
        Assert.IsGreaterThan(0.9f, yes.Probability);
        Assert.IsLessThan(0.1f, no.Probability);
        AnswerPrediction none = engine.Predict(new Sentence());
        Assert.IsFalse(none.PredictedLabel);
        Assert.IsTrue(float.IsNaN(none.Probability));
    }

    [TestMethod]
    public void RolesOfWordsArePredictedByName()
    {
        var pipeline = Words()
            .Append(_ml.Transforms.Conversion.MapValueToKey("Label", "Roles"))
            .Append(_ml.MulticlassClassification.Trainers.LstmSequenceLabeling(
                new LstmSequenceLabelingTrainer.Options
                {
                    FeatureColumnName = "Words",
                    HiddenSize = 16,
                    LearningRate = 0.02f,
                    NumberOfEpochs = 60,
                    Seed = 1
                }))
            .Append(_ml.Transforms.Conversion.MapKeyToValue("PredictedLabel"));
        PredictionEngine<Sentence, RolePrediction> engine =
            _ml.Model.CreatePredictionEngine<Sentence, RolePrediction>(Reload(pipeline.Fit(Sentences())));
        CollectionAssert.AreEqual((string[])["O", "B-BITER", "O", "O", "B-BITTEN"],
            engine.Predict(new Sentence { Text = "The dog bites the man" }).PredictedLabel);
        CollectionAssert.AreEqual((string[])["B-BITER", "O", "B-BITTEN"],
            engine.Predict(new Sentence { Text = "Man bites dog" }).PredictedLabel);
        CollectionAssert.AreEqual(Array.Empty<string>(), engine.Predict(new Sentence()).PredictedLabel ?? []);
        Assert.HasCount(5, engine.Predict(new Sentence { Text = "The walrus bites the dog" }).PredictedLabel);
    }

    [TestMethod]
    public void CharactersAreReadToo()
    {
        var pipeline = _ml.Transforms.Text.TokenizeIntoCharactersAsKeys("Characters", "Text")
            .Append(_ml.BinaryClassification.Trainers.Lstm(new LstmBinaryTrainer.Options
            {
                LabelColumnName = "IsDogBiting",
                FeatureColumnName = "Characters",
                HiddenSize = 16,
                LearningRate = 0.02f,
                NumberOfEpochs = 60,
                Seed = 1
            }));
        PredictionEngine<Sentence, AnswerPrediction> engine =
            _ml.Model.CreatePredictionEngine<Sentence, AnswerPrediction>(Reload(pipeline.Fit(Sentences())));
        Assert.IsTrue(engine.Predict(new Sentence { Text = "The dog bites the man" }).PredictedLabel);
        Assert.IsFalse(engine.Predict(new Sentence { Text = "The man bites the dog" }).PredictedLabel);
        Assert.IsTrue(float.IsFinite(engine.Predict(new Sentence { Text = "Ωμέγα ☃" }).Probability));
    }

    private EstimatorChain<ValueToKeyMappingTransformer> Words() => _ml.Transforms.Text.NormalizeText("Normalized", "Text")
        .Append(_ml.Transforms.Text.TokenizeIntoWords("Words", "Normalized"))
        .Append(_ml.Transforms.Conversion.MapValueToKey("Words"));

    // All pairs of nouns but dog and man, with and without articles.
    private IDataView Sentences() => _ml.Data.LoadFromEnumerable(
        from biter in Nouns
        from bitten in Nouns
        where biter != bitten && !(biter is "dog" or "man" && bitten is "dog" or "man")
        from articles in new[] { true, false }
        from copy in Enumerable.Range(0, 3)
        select new Sentence
        {
            Text = articles ? $"The {biter} bites the {bitten}" : $"{biter} bites {bitten}",
            Roles = articles ? ["O", "B-BITER", "O", "O", "B-BITTEN"] : ["B-BITER", "O", "B-BITTEN"],
            Biter = biter,
            IsDogBiting = biter == "dog",
        });

    private ITransformer Reload(ITransformer model)
    {
        using var stream = new MemoryStream();
        _ml.Model.Save(model, Sentences().Schema, stream);
        stream.Position = 0;
        return _ml.Model.Load(stream, out _);
    }

    private sealed class Sentence
    {
        public string Text { get; set; } = "";

        public string[] Roles { get; set; } = [];

        public string Biter { get; set; } = "";

        public bool IsDogBiting { get; set; }
    }

    private sealed class ClassPrediction
    {
        public string PredictedLabel { get; set; } = "";

        public float[] Score { get; set; } = [];
    }

    private sealed class AnswerPrediction
    {
        public bool PredictedLabel { get; set; }

        public float Probability { get; set; }
    }

    private sealed class RolePrediction
    {
        public string[] PredictedLabel { get; set; } = [];
    }
}

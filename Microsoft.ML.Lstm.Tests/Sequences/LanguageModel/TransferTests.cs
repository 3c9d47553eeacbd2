using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Tests.Sequences.LanguageModel;

/// <summary>Classifiers and taggers that begin with a language model.</summary>
[TestClass]
public sealed class TransferTests
{
    private const float AsGoodAsFrozen = 1e-30f;

    private static readonly MLContext Ml = new(seed: 1);

    [TestMethod]
    [DataRow(nameof(LstmMulticlassTrainer))]
    [DataRow(nameof(LstmBinaryTrainer))]
    [DataRow(nameof(LstmSequenceLabelingTrainer))]
    public void TheLayersAreTheLanguageModelsAndTheVectorsThoseOfTheSameWords(string trainer)
    {
        Row[] texts = Texts(40, "red green blue one two three");
        (LstmLanguageModelTransformer languageModel, ITransformer _) = FitLanguageModel(texts, layers: 2);
        // Other keys, and a word that is new.
        Row[] labelled = Texts(40, "three blue new red");
        ITransformer keys = Keys(labelled);
        IDataView data = keys.Transform(Ml.Data.LoadFromEnumerable(labelled));

        SequenceModelParameters model = trainer switch
        {
            nameof(LstmMulticlassTrainer) => Ml.MulticlassClassification.Trainers.Lstm(
                Small(new LstmMulticlassTrainer.Options { LabelColumnName = "Class" })).Fit(data, null, languageModel.Model).Model,
            nameof(LstmBinaryTrainer) => Ml.BinaryClassification.Trainers.Lstm(
                Small(new LstmBinaryTrainer.Options { LabelColumnName = nameof(Row.IsOdd) })).Fit(data, null, languageModel.Model).Model,
            _ => Ml.MulticlassClassification.Trainers.LstmSequenceLabeling(
                Small(new LstmSequenceLabelingTrainer.Options { LabelColumnName = "Tags" })).Fit(data, null, languageModel.Model).Model,
        };

        ParameterSet before = languageModel.Model.Network.Members[0], after = model.Network.Members[0];
        Assert.AreEqual((12, 2, false), (after.Shape.HiddenSize, after.Shape.Layers, after.Shape.Bidirectional));
        foreach (Parameter parameter in after.Parameters.Where(parameter => parameter.IsRecurrent))
            CollectionAssert.AreEqual(before[parameter.Name].ToArray(), after[parameter].ToArray(), parameter.Name);
        string[] old = ["", .. "red green blue one two three".Split(' ')];
        // The new word keeps the mean of those that are known, with the unknown word's.
        float[][] known = [.. new[] { "", "three", "blue", "red" }.Select(word => Vector(before, Array.IndexOf(old, word)))];
        float[] mean = [.. Enumerable.Range(0, known[0].Length).Select(i => known.Average(vector => vector[i]))];
        string[] now = ["", "three", "blue", "new", "red"];
        for (int token = 0; token < now.Length; token++)
        {
            float[] expected = now[token] == "new" ? mean : Vector(before, Array.IndexOf(old, now[token]));
            float[] actual = Vector(after, token);
            for (int i = 0; i < expected.Length; i++)
                Assert.AreEqual(expected[i], actual[i], 1e-6f, now[token]);
        }
    }

    [TestMethod]
    public void AFrozenEncoderStaysAndThenLearnsFromAboveToBelow()
    {
        Row[] texts = Texts(40, "red green blue one two three");
        (LstmLanguageModelTransformer languageModel, ITransformer keys) = FitLanguageModel(texts, layers: 1);
        IDataView data = keys.Transform(Ml.Data.LoadFromEnumerable(texts));
        ParameterSet before = languageModel.Model.Network.Members[0];

        foreach (int epochs in new[] { 1, 2, 3 })
        {
            var options = new LstmMulticlassTrainer.Options
            {
                FeatureColumnName = "Tokens",
                LabelColumnName = "Class",
                NumberOfEpochs = epochs,
                LearningRate = 0.01f,
                TokenDropout = 0,
                Seed = 1,
            };
            ParameterSet after = Ml.MulticlassClassification.Trainers.Lstm(options).Fit(data, null, languageModel.Model).Model
                .Network.Members[0];
            Assert.AreEqual(epochs > 1, !before["weight_hh_l0"].SequenceEqual(after["weight_hh_l0"]), $"{epochs} epochs, layer");
            Assert.AreEqual(epochs > 2, !Vector(before, 1).AsSpan().SequenceEqual(Vector(after, 1)), $"{epochs} epochs, embeddings");
        }
    }

    [TestMethod]
    public void WordsThatOnlyTheLanguageModelHasSeenAreClassifiedByThoseTheyAreUsedLike()
    {
        // Animals run and swim, things break and burn; only a few of either have labels.
        string[] animals = [.. Enumerable.Range(0, 20).Select(i => $"animal{i}")];
        string[] things = [.. Enumerable.Range(0, 20).Select(i => $"thing{i}")];
        string[] do1 = ["runs", "swims", "eats"], do2 = ["breaks", "burns", "rusts"];
        var random = new Random(5);
        Row[] texts = [.. Enumerable.Range(0, 1200).Select(i => Row.Of(i % 2 == 0
            ? $"the {animals[random.Next(20)]} {do1[random.Next(3)]}"
            : $"the {things[random.Next(20)]} {do2[random.Next(3)]}", i % 2 > 0))];
        (LstmLanguageModelTransformer languageModel, ITransformer keys) = FitLanguageModel(texts, layers: 1, epochs: 12);
        Row[] few = [.. Enumerable.Range(0, 8).Select(i => Row.Of($"the {(i % 2 == 0 ? animals : things)[i / 2]}", i % 2 > 0))];
        Row[] others = [.. Enumerable.Range(8, 32).Select(i => Row.Of($"the {(i % 2 == 0 ? animals : things)[i / 2]}", i % 2 > 0))];

        double with = Accuracy(languageModel.Model), without = Accuracy(null);

        Assert.IsGreaterThan(0.95, with);
        Assert.IsLessThan(0.8, without);

        double Accuracy(SequenceModelParameters? initial)
        {
            LstmBinaryTransformer model = Ml.BinaryClassification.Trainers.Lstm(new LstmBinaryTrainer.Options
            {
                FeatureColumnName = "Tokens",
                LabelColumnName = nameof(Row.IsOdd),
                HiddenSize = initial is null ? 12 : null,
                NumberOfEpochs = 30,
                BatchSize = 4,
                LearningRate = 0.02f,
                Seed = 1,
            }).Fit(keys.Transform(Ml.Data.LoadFromEnumerable(few)), null, initial);
            IDataView scored = model.Transform(keys.Transform(Ml.Data.LoadFromEnumerable(others)));
            return Ml.BinaryClassification.Evaluate(scored, nameof(Row.IsOdd)).Accuracy;
        }
    }

    [TestMethod]
    public void WhatCantBeginWithALanguageModelIsRefused()
    {
        Row[] texts = Texts(20, "red green blue");
        (LstmLanguageModelTransformer languageModel, ITransformer keys) = FitLanguageModel(texts, layers: 1);
        IDataView data = keys.Transform(Ml.Data.LoadFromEnumerable(texts));
        Refuse("HiddenSize is 5, expected 12", options => options.HiddenSize = 5);
        Refuse("Bidirectional is True, expected False", options => options.Bidirectional = true);
        Refuse("CellType is Gru, expected Lstm", options => options.CellType = CellType.Gru);
        Row[] strange = Texts(20, "uno due tre");
        data = Keys(strange).Transform(Ml.Data.LoadFromEnumerable(strange));
        Refuse("None of the 3 tokens of column 'Tokens'", _ => { });
        foreach (float share in new[] { 0, 1.1f, float.NaN })
            Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Ml.MulticlassClassification.Trainers.Lstm(
                new LstmMulticlassTrainer.Options { LayerLearningRateDecay = share }));
        foreach (float epochs in new[] { -1, float.NaN, float.PositiveInfinity })
            Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Ml.MulticlassClassification.Trainers.Lstm(
                new LstmMulticlassTrainer.Options { UnfreezingEpochs = epochs }));

        void Refuse(string says, Action<LstmMulticlassTrainer.Options> change)
        {
            var options = new LstmMulticlassTrainer.Options { FeatureColumnName = "Tokens", LabelColumnName = "Class", NumberOfEpochs = 1 };
            change(options);
            var e = Assert.ThrowsExactly<ArgumentException>(
                () => Ml.MulticlassClassification.Trainers.Lstm(options).Fit(data, null, languageModel.Model));
            StringAssert.Contains(e.Message, says);
        }
    }

    private static (LstmLanguageModelTransformer Model, ITransformer Keys) FitLanguageModel(Row[] texts, int layers, int epochs = 2)
    {
        ITransformer keys = Keys(texts);
        return (Ml.MulticlassClassification.Trainers.LstmLanguageModel(SmallOptions.CreateLanguageModel(options =>
            (options.HiddenSize, options.EmbeddingSize, options.NumberOfLayers, options.NumberOfEpochs) = (12, 8, layers, epochs)))
            .Fit(keys.Transform(Ml.Data.LoadFromEnumerable(texts))), keys);
    }

    private static ITransformer Keys(Row[] rows) => Ml.Transforms.Conversion
        .MapValueToKey([new("Tokens", nameof(Row.Words)), new("Class", nameof(Row.ClassName)), new("Tags", nameof(Row.Words))])
        .Fit(Ml.Data.LoadFromEnumerable(rows));

    private static TOptions Small<TOptions>(TOptions options)
        where TOptions : SequenceTrainerOptions
    {
        (options.FeatureColumnName, options.NumberOfEpochs, options.Seed) = ("Tokens", 1, 1);
        (options.LearningRate, options.UnfreezingEpochs, options.TokenDropout) = (AsGoodAsFrozen, 0, 0);
        return options;
    }

    private static float[] Vector(ParameterSet parameters, int token) => parameters.Row(parameters.Embeddings[0], token).ToArray();

    /// <summary>Texts of these words in turn, so that the keys are in their order.</summary>
    private static Row[] Texts(int count, string words)
    {
        string[] all = words.Split(' ');
        return [.. Enumerable.Range(0, count).Select(i => Row.Of(string.Join(' ', Enumerable.Range(0, 3 + i % 2)
            .Select(t => all[(i + t) % all.Length])), i % 2 > 0))];
    }

    private sealed class Row
    {
        public string[] Words { get; init; } = [];

        public string ClassName { get; init; } = "";

        public bool IsOdd { get; init; }

        public static Row Of(string text, bool isOdd)
            => new() { Words = text.Split(' '), ClassName = isOdd ? "odd" : "even", IsOdd = isOdd };
    }
}

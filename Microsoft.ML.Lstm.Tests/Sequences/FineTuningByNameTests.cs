using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Tests.Sequences;

/// <summary>Trainings that begin with a network of other tokens, other classes or another task.</summary>
[TestClass]
public sealed class FineTuningByNameTests
{
    private const float AsGoodAsFrozen = 1e-30f;

    private static readonly MLContext Ml = new(seed: 1);

    public static IEnumerable<string> WithTokens =>
    [
        .. AnyTrainer.Names, .. AnyTrainer.PerStep, AnyTrainer.Ctc, AnyTrainer.SequenceToSequence, AnyTrainer.LanguageModel,
    ];

    public static IEnumerable<(string First, string Second)> OtherTasks =>
        from first in WithTokens
        from second in WithTokens
        where first != second
        select (first, second);

    [TestMethod]
    [DynamicData(nameof(WithTokens))]
    public void TokensAndClassesAreFoundByNameAndNewOnesAreAdded(string trainer)
    {
        string[] few = ["red", "green", "blue"], more = ["new", "blue", "other", "green", "red"];
        SequencePredictionTransformer first = Reload(Fit(trainer, Rows(few), null), Rows(few));
        SequencePredictionTransformer second = Fit(trainer, Rows(more), first.Model, change: AlmostFrozen);
        ParameterSet before = first.Model.Network.Parameters, after = second.Model.Network.Parameters;
        Assert.AreEqual(3, before.Shape.Embeddings[0].Vocabulary);
        Assert.AreEqual(5, after.Shape.Embeddings[0].Vocabulary);
        foreach ((int index, string word) in more.Index())
        {
            // A new word begins as the unknown one.
            int row = Array.IndexOf(few, word) + 1;
            AssertRows(before, row, after, index + 1, "embeddings.0.weight");
            if (trainer == AnyTrainer.SequenceToSequence)
                AssertRows(before, row, after, index + 1, "decoder.embeddings.0.weight");
            if (trainer is AnyTrainer.Multiclass or AnyTrainer.Labeling or AnyTrainer.Ctc or AnyTrainer.SequenceToSequence
                or AnyTrainer.LanguageModel)
            {
                string head = trainer == AnyTrainer.SequenceToSequence ? "decoder.head." : "head.";
                int blank = trainer == AnyTrainer.Ctc ? 1 : 0;
                if (row > 0)
                {
                    AssertRows(before, row - 1 + blank, after, index + blank, head + "weight");
                    AssertRows(before, row - 1 + blank, after, index + blank, head + "bias");
                }
                else
                {
                    Assert.IsTrue(after.Row(after.Find(head + "weight"), index + blank).ToArray().All(weight => Math.Abs(weight) < 1e-20f));
                }
            }
        }
        if (trainer == AnyTrainer.Ctc)
            AssertRows(before, 0, after, 0, "head.weight");
        if (trainer == AnyTrainer.Labeling)
            Assert.AreEqual(before["crf.transitions"][1 * 3 + 2], after["crf.transitions"][3 * 5 + 1], "green to blue");
        foreach (Parameter parameter in after.Parameters.Where(parameter => parameter.IsRecurrent))
            Assert.IsTrue(before[parameter.Name].SequenceEqual(after[parameter]), parameter.Name);
    }

    [TestMethod]
    public void AnAdaptiveSoftmaxKeepsItsClustersByName()
    {
        string[] few = ["red", "green", "blue", "grey", "pink"], more = ["new", "pink", "grey", "blue", "green", "red"];
        Action<SequenceInputOptions> cutoffs = options => ((LstmLanguageModelTrainer.Options)options).SoftmaxCutoffs = [2];
        SequencePredictionTransformer first = Fit(AnyTrainer.LanguageModel, Rows(few), null, cutoffs);
        SequencePredictionTransformer second = Fit(AnyTrainer.LanguageModel, Rows(more), first.Model, cutoffs + AlmostFrozen);
        ParameterSet before = first.Model.Network.Parameters, after = second.Model.Network.Parameters;
        AdaptiveSoftmaxShape old = before.Shape.AdaptiveSoftmax!, now = after.Shape.AdaptiveSoftmax!;
        Assert.AreEqual(2, old.Shortlist.Count);
        foreach ((int index, string word) in more.Index().Skip(1))
        {
            (int cluster, int place) = old.Find(Array.IndexOf(few, word));
            (int newCluster, int newPlace) = now.Find(index);
            Assert.AreEqual(cluster, newCluster, word);
            AssertRows(before, place, after, newPlace, cluster == 0 ? "head.weight" : "tail.0.1.weight");
        }
        Assert.AreEqual(1, now.Find(0).Cluster);
        AssertRows(before, 2, after, 2, "head.weight");
    }

    [TestMethod]
    [DynamicData(nameof(OtherTasks))]
    public void AnotherTaskHasANewOutputLayerOnTheSameLayers((string First, string Second) tasks)
    {
        string[] few = ["red", "green", "blue"], more = ["new", "blue", "green", "red"];
        Action<SequenceInputOptions> oneWay = options => options.Bidirectional = false;
        SequencePredictionTransformer first = Fit(tasks.First, Rows(few), null, oneWay);
        SequencePredictionTransformer second = Reload(Fit(tasks.Second, Rows(more), first.Model,
            options => (options.FrozenLayers, options.UnfreezingEpochs) = (["rnn", "embeddings"], 0)), Rows(more));
        ParameterSet before = first.Model.Network.Parameters, after = second.Model.Network.Parameters;
        foreach (Parameter parameter in after.Parameters.Where(parameter => parameter.IsRecurrent && !parameter.IsOfDecoder))
            Assert.IsTrue(before[parameter.Name].SequenceEqual(after[parameter]), parameter.Name);
        foreach ((int index, string word) in more.Index().Skip(1))
            AssertRows(before, Array.IndexOf(few, word) + 1, after, index + 1, "embeddings.0.weight");
    }

    [TestMethod]
    public void WithoutAClassInCommonOrWithOthersThanNumbersTheOutputLayerIsNew()
    {
        string[] few = ["red", "green", "blue"];
        Row[] rows = Rows(few);
        foreach (Row row in rows)
            row.Class = row.Class.ToUpperInvariant();
        SequencePredictionTransformer first = Fit(AnyTrainer.Multiclass, Rows(few), null);
        var log = new List<string>();
        SequencePredictionTransformer second = Fit(AnyTrainer.Multiclass, rows, first.Model, AlmostFrozen, log);
        Assert.IsTrue(log.Any(line => line.Contains("The output layer is new, since the initial model has none of the classes of column",
            StringComparison.Ordinal)));
        Assert.IsFalse(first.Model.Weights["head.weight"].Span.SequenceEqual(second.Model.Weights["head.weight"].Span));
        Assert.IsTrue(first.Model.Weights["weight_hh_l0"].Span.SequenceEqual(second.Model.Weights["weight_hh_l0"].Span));
    }

    /// <summary>Numbers are scaled as the layers have learned, also where another task's output layer is on top.</summary>
    [TestMethod]
    [DataRow(AnyTrainer.Multiclass)]
    [DataRow(AnyTrainer.Autoencoder)]
    public void ScalingOfTheFeaturesGoesAlongWithTheLayers(string trainer)
    {
        Example[] rows = Example.Make(60);
        var regression = (LstmRegressionTransformer)AnyTrainer.Fit(AnyTrainer.Regression, rows).Model;
        foreach (Example row in rows)
            row.Features = [.. row.Features.Select(feature => 3 * feature + 1)];
        IDataView data = AnyTrainer.Data(Ml, rows);
        Action<SequenceInputOptions> change = options =>
            (options.FrozenLayers, options.Bidirectional, options.UnfreezingEpochs) = (["l0"], false, 0);
        SequencePredictionTransformer second = AnyTrainer.CreateAny(Ml, trainer, change) switch
        {
            LstmMulticlassTrainer multiclass => multiclass.Fit(data, null, regression.Model),
            var other => ((LstmAutoencoderTrainer)other).Fit(data, null, regression.Model),
        };
        Assert.IsTrue(regression.Model.Network.InputScaler.Offset.SequenceEqual(second.Model.Network.InputScaler.Offset));
        Assert.IsTrue(regression.Model.Network.InputScaler.Scale.SequenceEqual(second.Model.Network.InputScaler.Scale));
        Assert.IsTrue(regression.Model.Weights["weight_ih_l0"].Span.SequenceEqual(second.Model.Weights["weight_ih_l0"].Span));
    }

    [TestMethod]
    public void FrozenVectorsOfAGrownVocabularyKeepTheirBitsOnAnyNumberOfThreads()
    {
        string[] few = ["red", "green", "blue"], more = ["new", "blue", "green", "red"];
        SequencePredictionTransformer first = Fit(AnyTrainer.Binary, Rows(few), null, options => options.Seed = 3);
        SequencePredictionTransformer[] second = [.. new[] { 1, 3 }.Select(threads => Fit(AnyTrainer.Binary, Rows(more), first.Model,
            options => (options.FrozenLayers, options.NumberOfThreads) = (["embeddings.0", "bias*"], threads)))];
        AnyTrainer.AssertSameWeights(second[0], second[1]);
        ParameterSet before = first.Model.Network.Parameters, after = second[0].Model.Network.Parameters;
        AssertRows(before, 0, after, 0, "embeddings.0.weight");
        foreach ((int index, string word) in more.Index())
            AssertRows(before, Array.IndexOf(few, word) + 1, after, index + 1, "embeddings.0.weight");
        Assert.IsTrue(before["bias_l0"].SequenceEqual(after["bias_l0"]));
        Assert.IsFalse(before["weight_hh_l0"].SequenceEqual(after["weight_hh_l0"]));
    }

    [TestMethod]
    [DataRow(AnyTrainer.Labeling)]
    [DataRow(AnyTrainer.StepValues)]
    [DataRow(AnyTrainer.StepTruths)]
    [DataRow(AnyTrainer.SequenceToSequence)]
    public void LayersThatReadFramesDoNotBeginANetworkThatNeedsEachStep(string trainer)
    {
        Row[] rows = Rows(["red", "green", "blue"]);
        SequencePredictionTransformer first = Fit(AnyTrainer.Regression, rows, null,
            options => ((SequenceTrainerOptions)options).StepsPerFrame = 2);
        var error = Assert.ThrowsExactly<ArgumentException>(() => Fit(trainer, rows, first.Model));
        StringAssert.StartsWith(error.Message, "The layers of the initial model read frames of several steps");
        // Where a sequence has one output, they do.
        Assert.AreEqual(2, Fit(AnyTrainer.Binary, rows, first.Model).Model.Network.Shape.StepsPerFrame);
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void LayersThatReadFromBothEndsDoNotBeginALanguageModel(bool boundaries)
    {
        Row[] rows = Rows(["red", "green", "blue"]);
        SequencePredictionTransformer first = Fit(AnyTrainer.Multiclass, rows, null, options => options.Bidirectional = true);
        foreach (bool? bidirectional in new bool?[] { null, false })
        {
            var error = Assert.ThrowsExactly<ArgumentException>(() => Fit(AnyTrainer.LanguageModel, rows, first.Model, options =>
            {
                (options.Bidirectional, options.EpochCompleted) = (bidirectional, _ => Assert.Fail("It was trained."));
                ((LstmLanguageModelTrainer.Options)options).HasBoundaries = boundaries;
            }));
            StringAssert.StartsWith(error.Message, "The layers of the initial model read sequences from both ends");
        }
    }

    [TestMethod]
    public void LayersOfTheInitialModelThatTheTaskCanNotHaveAreRefused()
    {
        Row[] rows = Rows(["red", "green", "blue"]);
        var convolution = new ConvolutionOptions { Filters = [4], KernelSizes = [3] };
        Refuse(AnyTrainer.Labeling, options => options.Bidirectional = true, AnyTrainer.SequenceToSequence,
            "expected a decoder with 10 units, the width of the encoder, where attention is Dot, found 5",
            options => ((LstmSequenceToSequenceTrainer.Options)options).Attention = SourceAttention.Dot);
        Refuse(AnyTrainer.Multiclass, options => (options.StepsPerFrame, options.Convolution) = (2, convolution), AnyTrainer.Ctc,
            "expected no convolutions, which give each step an output, where ctc has stepsPerFrame",
            options => ((SequenceTrainerOptions)options).LabelColumnName = "FirstTags");
        Refuse(AnyTrainer.Multiclass, options => options.Convolution = convolution, AnyTrainer.SequenceToSequence, "found convolutions");

        void Refuse(string first, Action<SequenceTrainerOptions> layers, string second, string says,
            Action<SequenceInputOptions>? change = null)
        {
            SequenceModelParameters initial = Fit(first, rows, null, options => layers((SequenceTrainerOptions)options)).Model;
            var error = Assert.ThrowsExactly<ArgumentException>(() => Fit(second, rows, initial, options =>
            {
                options.EpochCompleted = _ => Assert.Fail("It was trained.");
                change?.Invoke(options);
            }));
            StringAssert.Contains(error.Message, says);
            Assert.AreEqual("initialModel", error.ParamName);
        }
    }

    [TestMethod]
    public void ALanguageModelTiesNoEmbeddingsOfAnotherSizeThanItsLayers()
    {
        Row[] rows = Rows(["red", "green", "blue"]);
        SequencePredictionTransformer first = Fit(AnyTrainer.Multiclass, rows, null, options => options.Bidirectional = false);
        foreach (int? size in new int?[] { null, 3, 5 })
        {
            var error = Assert.Throws<ArgumentException>(() => Fit(AnyTrainer.LanguageModel, rows, first.Model, options =>
            {
                var language = (LstmLanguageModelTrainer.Options)options;
                (language.TieEmbeddings, language.EmbeddingSize) = (true, size);
            }));
            StringAssert.Contains(error.Message,
                size == 5 ? "EmbeddingSize is 3, expected 5" : "embeddings have 3 features and layers 5 units");
        }
    }

    [TestMethod]
    public void ANetworkOfPyTorchBeginsAClassifierOfMoreClasses()
    {
        Example[] rows = Example.Make(40);
        SequencePredictionTransformer ours = AnyTrainer.Fit(AnyTrainer.Binary, rows,
            options => (options.Pooling, options.Bidirectional) = (Pooling.Last, true)).Model;
        using var file = new MemoryStream();
        ours.Model.SavePyTorch(file);
        file.Position = 0;
        SequenceModelParameters imported = SequenceModelParameters.LoadPyTorch(file);
        IDataView data = AnyTrainer.Data(Ml, rows);
        var trainer = (LstmMulticlassTrainer)AnyTrainer.Create(Ml, AnyTrainer.Multiclass, options => options.FrozenLayers = ["rnn"]);
        LstmMulticlassTransformer model = trainer.Fit(data, null, imported);
        Assert.AreEqual(3, model.Model.OutputCount);
        Assert.IsTrue(model.Model.Bidirectional);
        foreach (string name in imported.Weights.Keys.Where(name => name.Contains("_l0", StringComparison.Ordinal)))
            Assert.IsTrue(imported.Weights[name].Span.SequenceEqual(model.Model.Weights[name].Span), name);
    }

    [TestMethod]
    public void WhatDiffersIsSaid()
    {
        string[] words = ["red", "green", "blue"];
        SequencePredictionTransformer first = Fit(AnyTrainer.Multiclass, Rows(words), null);
        foreach (string trainer in new[] { AnyTrainer.Multiclass, AnyTrainer.Binary })
        {
            Refuse("CellType is", options => options.CellType = CellType.Gru);
            Refuse("HiddenSize is", options => options.HiddenSize = 9);
            Refuse("NumberOfLayers is", options => options.NumberOfLayers = 2);
            Refuse("Bidirectional is", options => options.Bidirectional = false);
            Refuse("EmbeddingSize is 3, expected 4", options => ((SequenceTrainerOptions)options).EmbeddingSize = 4);
            Refuse("the nearest name is 'embeddings'", options => options.FrozenLayers = ["embedding"]);
            Refuse("All layers are frozen", options => options.LayerLearningRates = new() { ["*"] = 0 });

            void Refuse(string says, Action<SequenceInputOptions> change) => StringAssert.Contains(
                Assert.ThrowsExactly<ArgumentException>(() => Fit(trainer, Rows(words), first.Model, change)).Message, says);
        }
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(
            () => Fit(AnyTrainer.Binary, Rows(["uno", "due"]), first.Model)).Message, "None of the 2 tokens of column 'Tokens'");
        // What Save writes has the names, a checkpoint has none.
        using var named = new MemoryStream();
        first.Model.Save(named);
        named.Position = 0;
        Assert.AreEqual(3, Fit(AnyTrainer.Multiclass, Rows(["new", "blue", "red"]), SequenceModelParameters.Load(named))
            .Model.VocabularySizes[0]);
        using var unnamed = new MemoryStream();
        new SequenceModelParameters(first.Model.Network).Save(unnamed);
        unnamed.Position = 0;
        SequenceModelParameters loaded = SequenceModelParameters.Load(unnamed);
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(
            () => Fit(AnyTrainer.Binary, Rows(["uno", "due"]), loaded)).Message, "vocabulary is 3, expected 2");
    }

    private static void AlmostFrozen(SequenceInputOptions options)
        => (options.LearningRate, options.NumberOfEpochs, options.UnfreezingEpochs) = (AsGoodAsFrozen, 1, 0);

    private static void AssertRows(ParameterSet before, int row, ParameterSet after, int newRow, string name)
    {
        ReadOnlySpan<float> expected = before.Row(before.Find(name), row), actual = after.Row(after.Find(name), newRow);
        Assert.IsTrue(expected.SequenceEqual(actual), $"{name}: {newRow} was {row}");
    }

    private static SequencePredictionTransformer Reload(SequencePredictionTransformer model, Row[] rows)
    {
        using var stream = new MemoryStream();
        Ml.Model.Save(model, Keys(rows).Transform(Ml.Data.LoadFromEnumerable(rows)).Schema, stream);
        return (SequencePredictionTransformer)Ml.Model.Load(stream, out _);
    }

    private static SequencePredictionTransformer Fit(string trainer, Row[] rows, SequenceModelParameters? initial,
        Action<SequenceInputOptions>? change = null, List<string>? log = null)
    {
        var ml = new MLContext(seed: 1);
        ml.Log += (_, entry) => log?.Add(entry.RawMessage);
        IDataView data = Keys(rows).Transform(ml.Data.LoadFromEnumerable(rows));
        IEstimator<SequencePredictionTransformer> estimator = AnyTrainer.CreateAny(ml, trainer, options =>
        {
            options.FeatureColumnName = "Tokens";
            // Open sizes are those of the initial model.
            if (initial is not null)
                options.HiddenSize = null;
            if (options is LstmLanguageModelTrainer.Options language)
                (language.TieEmbeddings, language.HasBoundaries, language.EmbeddingSize) = (false, true, initial is null ? 3 : null);
            if (options is SequenceTrainerOptions labelled)
            {
                (labelled.TokenDropout, labelled.EmbeddingSize) = (0.1f, initial is null ? 3 : null);
                labelled.LabelColumnName = trainer switch
                {
                    AnyTrainer.Regression => nameof(Row.Number),
                    AnyTrainer.Binary => nameof(Row.IsOdd),
                    AnyTrainer.Multiclass => "ClassKey",
                    AnyTrainer.StepValues => nameof(Row.StepNumbers),
                    AnyTrainer.StepTruths => nameof(Row.StepTruths),
                    _ => "Tags",
                };
            }
            if (options is PerStepTrainerOptions perStep)
                perStep.LabelsPerStep = 1;
            change?.Invoke(options);
        });
        return estimator switch
        {
            LstmRegressionTrainer one => one.Fit(data, null, initial),
            LstmBinaryTrainer one => one.Fit(data, null, initial),
            LstmMulticlassTrainer one => one.Fit(data, null, initial),
            LstmSequenceLabelingTrainer one => one.Fit(data, null, initial),
            LstmPerStepRegressionTrainer one => one.Fit(data, null, initial),
            LstmPerStepBinaryTrainer one => one.Fit(data, null, initial),
            LstmCtcTrainer one => one.Fit(data, null, initial),
            LstmSequenceToSequenceTrainer one => one.Fit(data, null, initial),
            var one => ((LstmLanguageModelTrainer)one).Fit(data, null, initial),
        };
    }

    private static ITransformer Keys(Row[] rows) => Ml.Transforms.Conversion
        .MapValueToKey([new("Tokens", nameof(Row.Words)), new("ClassKey", nameof(Row.Class)), new("Tags", nameof(Row.Words)),
            new("FirstTags", nameof(Row.FirstWords))])
        .Fit(Ml.Data.LoadFromEnumerable(rows));

    /// <summary>Texts of these words in turn, so that the keys are in their order.</summary>
    private static Row[] Rows(string[] words) => [.. Enumerable.Range(0, 20).Select(i => new Row
    {
        Words = [.. Enumerable.Range(0, 4 + i % 2).Select(t => words[(i + t) % words.Length])],
        Class = words[i % words.Length],
        IsOdd = i % 2 > 0,
        Number = i,
        StepNumbers = [.. Enumerable.Range(0, 4 + i % 2).Select(t => (float)(i + t))],
        StepTruths = [.. Enumerable.Range(0, 4 + i % 2).Select(t => (i + t) % 2 == 0)],
    })];

    private sealed class Row
    {
        public string[] Words { get; set; } = [];

        public string[] FirstWords => Words[..2];

        public string Class { get; set; } = "";

        public bool IsOdd { get; set; }

        public float Number { get; set; }

        public float[] StepNumbers { get; set; } = [];

        public bool[] StepTruths { get; set; } = [];
    }
}

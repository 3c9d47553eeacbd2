using Microsoft.ML.Data;

namespace Microsoft.ML.Lstm.Tests.Sequences.LanguageModel;

/// <summary>What language models learn, and what their columns say.</summary>
[TestClass]
public sealed class LanguageModelTests
{
    private static readonly MLContext Ml = new(seed: 1);

    [TestMethod]
    public void APieceKnowsWhatWasInThePieceBefore()
    {
        // Three random tokens out of eight, and the same again: half of the tokens can be known. Of those, three in five come from before
        // the piece of five that they are in, which without it would cost 1.2 nats each.
        var random = new Random(1);
        double loss = double.NaN;
        LstmLanguageModelTransformer model = Fit([Text(4000)], options =>
        {
            (options.HiddenSize, options.NumberOfEpochs, options.EpochCompleted) = (32, 8, epoch => loss = epoch.Training.Loss);
            (options.BackpropagationLength, options.BatchSize) = (5, 4);
        });
        double half = Math.Log(8) / 2;
        Assert.IsLessThan(half + 0.3, loss);
        LanguageModelMetrics metrics = Evaluate(model, [Text(100)]);
        Assert.AreEqual(599, metrics.NumberOfTokens);
        Assert.AreEqual(half, metrics.CrossEntropy, 0.3);
        Assert.AreEqual(Math.Exp(metrics.CrossEntropy), metrics.Perplexity, 1e-12);
        Assert.AreEqual(metrics.CrossEntropy / Math.Log(2), metrics.BitsPerToken, 1e-12);

        uint[] Text(int rounds) => [.. Enumerable.Range(0, rounds).SelectMany(_ =>
        {
            uint[] three = [.. Enumerable.Range(0, 3).Select(_ => (uint)random.Next(1, 9))];
            return three.Concat(three);
        })];
    }

    [TestMethod]
    [DataRow(null)]
    [DataRow(new[] { 2 })]
    public void WithBoundariesTheBeginningAndTheEndArePredictedToo(int[]? cutoffs)
    {
        uint[][] texts = [.. Enumerable.Range(0, 60).Select(i => i % 3 > 0 ? (uint[])[1, 2, 3] : [4, 5, 6])];
        LstmLanguageModelTransformer model = Fit(texts, options =>
            (options.NumberOfEpochs, options.SoftmaxCutoffs) = (cutoffs is null ? 60 : 120, cutoffs));
        uint[][] some = [[1, 2, 3], [4, 5, 6], [1], [1, 2]];
        float[][] tokens = EstimatorHarness.Values(Transform(model, some), "TokenLogLikelihood");
        CollectionAssert.AreEqual(new[] { 4, 4, 2, 3 }, tokens.Select(row => row.Length).ToArray());
        Assert.AreEqual(Math.Log(2 / 3.0), tokens[0][0], 0.1);
        Assert.AreEqual(Math.Log(1 / 3.0), tokens[1][0], 0.1);
        Assert.IsTrue(tokens[0][1..].Concat(tokens[1][1..]).All(likelihood => likelihood > -0.1));
        Assert.IsLessThan(-2, tokens[2][^1], "after 1 the text does not end");
        IDataView scored = Transform(model, some);
        CollectionAssert.AreEqual(new[] { "2", "3" }, ColumnReader.Read(scored, "PredictedLabel")[2..].Select(row => row[0]).ToArray());
        Assert.IsGreaterThan(0.9f, EstimatorHarness.Values(scored, "Score")[3][0]);
        // After a whole text hardly anything but the end follows.
        Assert.IsLessThan(0.1f, EstimatorHarness.Values(scored, "Score")[0].Sum());
    }

    [TestMethod]
    public void TokensThatTheModelDoesNotKnowHaveNoPart()
    {
        uint[][] texts = [.. Enumerable.Range(0, 30).Select(_ => (uint[])[1, 2, 3])];
        LstmLanguageModelTransformer model = Fit(texts, options => options.TokenDropout = 0.1f);
        IDataView scored = Transform(model, [[1, 7, 3], [1, 0, 3], [8]]);
        float[][] tokens = EstimatorHarness.Values(scored, "TokenLogLikelihood");
        CollectionAssert.AreEqual(tokens[0], tokens[1], "a missing key is as unknown as one that did not occur");
        Assert.IsTrue(float.IsNaN(tokens[0][1]) && tokens[0].Count(float.IsNaN) == 1);
        CollectionAssert.AreEqual(new[] { "3", "3", "1" }, ColumnReader.Read(scored, "NumberOfTokens").Select(row => row[0]).ToArray());
        float[] sums = [.. EstimatorHarness.Values(scored, "LogLikelihood").Select(row => row[0])];
        Assert.AreEqual(tokens[0].Where(float.IsFinite).Sum(), sums[0], 1e-5f);
        string[] predicted = [.. ColumnReader.Read(scored, "PredictedLabel").SelectMany(row => row).Distinct()];
        CollectionAssert.IsSubsetOf(predicted, new[] { "1", "2", "3" });
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    [DataRow(false, new[] { 1, 5 })]
    public void ALongTextIsScoredInPiecesAsInOne(bool tied, int[]? cutoffs = null)
    {
        var random = new Random(1);
        uint[] text = [.. Enumerable.Range(0, 700).Select(_ => (uint)random.Next(0, 9))];
        LstmLanguageModelTransformer model = Fit([text], options =>
            (options.NumberOfLayers, options.TieEmbeddings, options.EmbeddingSize, options.SoftmaxCutoffs) = (2, tied, null, cutoffs));
        float[] whole = EstimatorHarness.Values(Transform(model, [text]), "TokenLogLikelihood")[0];
        foreach (int length in new[] { 1, 2, 255, 256, 257, 513 })
        {
            float[] part = EstimatorHarness.Values(Transform(model, [text[..length]]), "TokenLogLikelihood")[0];
            Assert.HasCount(length, part);
            CollectionAssert.AreEqual(whole[..length], part);
        }
        // Beside others it is no other.
        float[][] together = EstimatorHarness.Values(Transform(model, [text[..3], text, text[..300]]), "TokenLogLikelihood");
        CollectionAssert.AreEqual(whole, together[1]);
        CollectionAssert.AreEqual(whole[..300], together[2]);
    }

    [TestMethod]
    public void ValidationGoesThroughTheWholeText()
    {
        var random = new Random(1);
        uint[] Text(int length) => [.. Enumerable.Range(0, length).Select(_ => (uint)random.Next(1, 9))];
        uint[] training = Text(600), validation = Text(900);
        double loss = double.NaN;
        var options = SmallOptions.CreateLanguageModel(options =>
        {
            options.EpochCompleted = epoch => loss = epoch.Validation!.Loss;
            options.NumberOfEpochs = 1;
        });
        LstmLanguageModelTransformer model = Ml.MulticlassClassification.Trainers.LstmLanguageModel(options)
            .Fit(Data([training]), Data([validation]));
        Assert.AreEqual(loss, Evaluate(model, [validation]).CrossEntropy, 1e-5);
        Assert.AreEqual(Math.Exp(loss), model.TrainingReport!.Error!.Value, 1e-3);
    }

    [TestMethod]
    public void AnAdaptiveSoftmaxGoesOnWithTokensThatAreNew()
    {
        uint[][] texts = [.. Enumerable.Range(0, 60).Select(i => i % 2 > 0 ? (uint[])[2, 4, 6] : [2, 4, 8])];
        uint[][] more = [.. Enumerable.Range(0, 60).Select(i => i % 2 > 0 ? (uint[])[2, 4, 6] : [1, 5, 9])];
        LstmLanguageModelTransformer model = Fit(texts, options => options.SoftmaxCutoffs = [2]);
        double before = Evaluate(model, more[1..2]).CrossEntropy;
        LstmLanguageModelTransformer longer = Ml.MulticlassClassification.Trainers
            .LstmLanguageModel(SmallOptions.CreateLanguageModel(options =>
                (options.HiddenSize, options.EmbeddingSize, options.NumberOfEpochs) = (12, 8, 100)))
            .Fit(Data(more), null, model.Model);
        Assert.IsNotNull(longer.Model.Network.Shape.AdaptiveSoftmax);
        CollectionAssert.AreEqual(new[] { 2 }, longer.Model.Network.Shape.AdaptiveSoftmax.Cutoffs);
        Assert.AreEqual(Math.Log(2) / 4, Evaluate(longer, more).CrossEntropy, 0.1);
        Assert.IsTrue(double.IsFinite(before));
        // Which token is the most probable is not computed, so there is no accuracy to stop by.
        var error = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Ml.MulticlassClassification.Trainers
            .LstmLanguageModel(SmallOptions.CreateLanguageModel(options =>
            {
                (options.HiddenSize, options.EmbeddingSize) = (12, 8);
                options.EarlyStopping = new() { Metric = EarlyStoppingMetric.Accuracy };
            })).Fit(Data(more), null, model.Model));
        StringAssert.StartsWith(error.Message, "EarlyStopping.Metric must be Loss with SoftmaxCutoffs, those of an initial model too");
    }

    [TestMethod]
    public void CutoffsThatAreNoneAndTiedEmbeddingsWithThemAreRefused()
    {
        foreach (int[] cutoffs in new int[][] { [], [0], [3, 3], [5, 2] })
        {
            var options = new LstmLanguageModelTrainer.Options { SoftmaxCutoffs = cutoffs };
            var e = Assert.ThrowsExactly<ArgumentOutOfRangeException>(
                () => Ml.MulticlassClassification.Trainers.LstmLanguageModel(options));
            StringAssert.Contains(e.Message, nameof(options.SoftmaxCutoffs));
        }
        var tied = new LstmLanguageModelTrainer.Options { SoftmaxCutoffs = [5], TieEmbeddings = true };
        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Ml.MulticlassClassification.Trainers.LstmLanguageModel(tied)).Message,
            "projections of other sizes");
        // Cutoffs behind the last token are none.
        LstmLanguageModelTransformer model = Fit([[1, 2, 3, 1, 2]], options =>
            (options.SoftmaxCutoffs, options.NumberOfEpochs) = ([2, 90], 1));
        CollectionAssert.AreEqual(new[] { 2 }, model.Model.Network.Shape.AdaptiveSoftmax!.Cutoffs);
    }

    private static LstmLanguageModelTransformer Fit(uint[][] texts, Action<LstmLanguageModelTrainer.Options>? change = null)
        => Ml.MulticlassClassification.Trainers.LstmLanguageModel(SmallOptions.CreateLanguageModel(options =>
        {
            (options.HiddenSize, options.EmbeddingSize, options.TokenLogLikelihoodColumnName) = (12, 8, "TokenLogLikelihood");
            change?.Invoke(options);
        })).Fit(Data(texts));

    private static IDataView Transform(LstmLanguageModelTransformer model, uint[][] texts) => model.Transform(Data(texts));

    private static LanguageModelMetrics Evaluate(LstmLanguageModelTransformer model, uint[][] texts)
        => Ml.MulticlassClassification.EvaluateLanguageModel(Transform(model, texts));

    private static IDataView Data(uint[][] texts)
    {
        SchemaDefinition schema = SchemaDefinition.Create(typeof(Row));
        schema[nameof(Row.Tokens)].ColumnType = new VectorDataViewType(new KeyDataViewType(typeof(uint), 25));
        return Ml.Data.LoadFromEnumerable(texts.Select(text => new Row { Tokens = text }), schema);
    }

    private sealed class Row
    {
        public uint[] Tokens = [];
    }
}

using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Tests.Sequences;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm.Tests.Columns;

/// <summary>A model stores and uses only those keys of a column that occurred in its training data.</summary>
[TestClass]
public sealed class OccurringKeysTests
{
    private const int ManyKeys = 65534;

    private static readonly KeyDataViewType Many = new(typeof(uint), ManyKeys);

    [TestMethod]
    [DynamicData(nameof(Trainers))]
    public void ManyKeysOfWhichFewOccurMakeASmallModelThatScoresTheSameAfterLoading(string trainer)
    {
        (MLContext ml, SequencePredictionTransformer model, IDataView data, _) = Fit(trainer, Spread(Example.Make(40)));
        Assert.AreEqual(Example.Vocabulary, model.Model.VocabularySizes[0]);

        using var stream = new MemoryStream();
        ml.Model.Save(model, data.Schema, stream);
        Assert.IsLessThan(50_000L, stream.Length);
        ITransformer loaded = new MLContext().Model.Load(stream, out _);
        foreach (string column in (string[])["Score", .. trainer == AnyTrainer.Regression ? [] : (string[])["PredictedLabel"]])
            EstimatorHarness.AssertSame(ColumnReader.Read(model.Transform(data), column),
                ColumnReader.Read(loaded.Transform(data), column));
    }

    [TestMethod]
    [DynamicData(nameof(Trainers))]
    public void WhichKeysTheTokensHaveDoesNotMatter(string trainer)
    {
        // All eight keys of a column, and the same eight far apart among many.
        (_, SequencePredictionTransformer few, IDataView fewData, _) = Fit(trainer, Example.Make(40),
            keys: new KeyDataViewType(typeof(uint), Example.Vocabulary));
        (_, SequencePredictionTransformer many, IDataView manyData, _) = Fit(trainer, Spread(Example.Make(40)));
        AnyTrainer.AssertSameWeights(few, many);
        EstimatorHarness.AssertSame(ColumnReader.Read(few.Transform(fewData), "Score"),
            ColumnReader.Read(many.Transform(manyData), "Score"));
    }

    [TestMethod]
    [DynamicData(nameof(Trainers))]
    public void AKeyThatNeverOccurredIsTheUnknownToken(string trainer)
    {
        foreach (float dropout in (float[])[0, 0.3f])
        {
            (MLContext ml, SequencePredictionTransformer model, _, _) = Fit(trainer, Spread(Example.Make(40)),
                options => options.TokenDropout = dropout);
            string[][] expected = ColumnReader.Read(model.Transform(Load(ml, With(0), Many)), "Score");
            Assert.DoesNotContain("NaN", expected.SelectMany(values => values));
            foreach (uint unseen in (uint[])[1, 4, ManyKeys])
                EstimatorHarness.AssertSame(expected, ColumnReader.Read(model.Transform(Load(ml, With(unseen), Many)), "Score"));
        }

        static Example[] With(uint token) => [.. Spread(Example.Make(10)).Select(row =>
        {
            row.Tokens[2] = token;
            return row;
        })];
    }

    [TestMethod]
    public void AnUnknownTokenThatWasNeverTrainedIsTheMeanOfTheOthers()
    {
        (_, SequencePredictionTransformer model, _, string[] log) = Fit(AnyTrainer.Regression, Example.Make(40),
            keys: new KeyDataViewType(typeof(uint), Example.Vocabulary));
        ReadOnlySpan<float> table = model.Model.Weights["embeddings.0.weight"].Span;
        int size = table.Length / (Example.Vocabulary + 1);
        for (int i = 0; i < size; i++)
        {
            double sum = 0;
            for (int token = 1; token <= Example.Vocabulary; token++)
                sum += table[token * size + i];
            Assert.AreEqual((float)(sum / Example.Vocabulary), table[i]);
        }
        Assert.Contains("The training data has no missing key in column 'Tokens', and TokenDropout is 0, so nothing is learned of the "
            + "unknown token: it is the mean of the others.", log);

        (_, SequencePredictionTransformer dropping, _, string[] otherLog) = Fit(AnyTrainer.Regression, Example.Make(40),
            options => options.TokenDropout = 0.3f, new KeyDataViewType(typeof(uint), Example.Vocabulary));
        Assert.IsFalse(otherLog.Any(line => line.Contains("unknown token", StringComparison.Ordinal)));
        Assert.AreNotEqual(table[0], dropping.Model.Weights["embeddings.0.weight"].Span[0]);
    }

    [TestMethod]
    public void ATokenThatOnlyHeldOutRowsHaveIsTheUnknownToken()
    {
        Example[] rows = Example.Make(20);
        for (int i = 0; i < rows.Length; i++)
            rows[i].Tokens = [.. Enumerable.Repeat((uint)i + 1, 5)];
        (_, SequencePredictionTransformer model, _, _) = Fit(AnyTrainer.Regression, rows, options => options.ValidationFraction = 0.5f,
            new KeyDataViewType(typeof(uint), 20));
        float[] table = model.Model.Weights["embeddings.0.weight"].ToArray();
        int size = table.Length / 21;
        float[][] vectors = [.. table.Chunk(size)];
        Assert.AreEqual(10, vectors[1..].Count(vector => vector.AsSpan().SequenceEqual(vectors[0])));
    }

    [TestMethod]
    [DynamicData(nameof(Trainers))]
    public void TokensThatAreAllTheSameHaveNoEffectWhateverComesLater(string trainer)
    {
        foreach (uint only in (uint[])[0, 3])
        {
            (MLContext ml, SequencePredictionTransformer model, IDataView data, string[] log) = Fit(trainer, With(only), options =>
            {
                options.FeatureColumnNames = ["Features", "Tokens"];
                options.TokenDropout = 0.2f;
            });
            Assert.Contains("What never varied in the training data has no effect on a score: column 'Tokens'.", log);
            string[][] expected = ColumnReader.Read(model.Transform(data), "Score");
            foreach (uint later in (uint[])[0, 1, 3, 40000])
                EstimatorHarness.AssertSame(expected, ColumnReader.Read(model.Transform(Load(ml, With(later), Many)), "Score"));
        }

        static Example[] With(uint token) => [.. Example.Make(30).Select(row =>
        {
            row.Tokens = [.. row.Tokens.Select(_ => token)];
            return row;
        })];
    }

    [TestMethod]
    [DataRow(4, false)]
    [DataRow(ManyKeys, false)]
    [DataRow(4, true)]
    [DataRow(ManyKeys, true)]
    public void AClassThatNeverOccurredHasProbabilityZero(int classes, bool streams)
    {
        (MLContext ml, SequencePredictionTransformer model, IDataView data, string[] log) = FitClasses(classes, streams);
        Assert.AreEqual(2, model.Model.OutputCount);
        string warning = log.Single(line => line.Contains("never occur", StringComparison.Ordinal));
        StringAssert.StartsWith(warning,
            $"{classes - 2} of the {classes} classes of column 'Kind' never occur in the training data, so their probability is 0, or "
            + "next to it, in every score: 1, 3");

        using var stream = new MemoryStream();
        ml.Model.Save(model, data.Schema, stream);
        foreach (ITransformer transformer in (ITransformer[])[model, new MLContext().Model.Load(stream, out _)])
        {
            IDataView scored = transformer.Transform(data);
            Assert.AreEqual(classes, ((VectorDataViewType)scored.Schema["Score"].Type).Size);
            foreach (float[] score in EstimatorHarness.Values(scored, "Score"))
            {
                Assert.HasCount(classes, score);
                Assert.AreEqual(1, score[1] + score[3], 1e-5);
                Assert.AreEqual(2, score.Count(probability => probability > 0));
            }
            Assert.IsTrue(ColumnReader.Read(scored, "PredictedLabel").All(label => label[0] is "2" or "4"));
            // The confusion table of ML.NET's evaluation has as many rows and columns as there are classes.
            if (classes == 4)
                Assert.IsGreaterThanOrEqualTo(0.4, ml.MulticlassClassification.Evaluate(scored, "Kind").MicroAccuracy);
        }
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void AStepLabelThatNeverOccurredHasProbabilityZero(bool withField)
    {
        const int labels = 1000;
        Example[] rows = Example.Make(30);
        foreach (Example row in rows)
            row.StepClasses = [.. row.StepClasses.Select(label => label == 1 ? 2u : 700u)];
        (_, SequencePredictionTransformer model, IDataView data, _) = Fit(AnyTrainer.Labeling, rows,
            options => ((LstmSequenceLabelingTrainer.Options)options).UseConditionalRandomField = withField);
        IDataView scored = model.Transform(data);
        foreach (float[] score in EstimatorHarness.Values(scored, "Score"))
        {
            Assert.HasCount(5 * labels, score);
            foreach (float[] step in score.Chunk(labels))
                Assert.AreEqual(1, step[1] + step[699], 1e-5);
        }
        Assert.IsTrue(ColumnReader.Read(scored, "PredictedLabel").SelectMany(row => row).All(label => label is "2" or "700"));
    }

    [TestMethod]
    public void StepsWithoutALabelAreCounted()
    {
        Example[] rows = Example.Make(20);
        foreach (Example row in rows[..8])
            row.StepClasses[1] = 0;
        Assert.Contains("8 of the 100 steps of the training data have no label in column 'StepClasses'; they don't count.",
            Fit(AnyTrainer.Labeling, rows).Log);
    }

    [TestMethod]
    public void AWordWithAGivenVectorIsKnownThoughItNeverOccurs()
    {
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, "good 1 0\nbad -1 0\nnever 0 2\n");
            (MLContext ml, List<string> log) = NewContext();
            Word[] Rows(params string[] words) => [.. words.Select(word => new Word { Text = word, Label = word == "good" })];
            IDataView all = ml.Data.LoadFromEnumerable(Rows("other", "never", "bad", "good"));
            ITransformer keys = ml.Transforms.Text.TokenizeIntoWords("Words", "Text")
                .Append(ml.Transforms.Conversion.MapValueToKey("Words"))
                .Fit(all);
            IDataView data = keys.Transform(ml.Data.LoadFromEnumerable(Rows("good", "bad", "good", "bad")));
            LstmBinaryTransformer model = ml.BinaryClassification.Trainers.Lstm(new LstmBinaryTrainer.Options
            {
                FeatureColumnName = "Words",
                NumberOfEpochs = 2,
                Seed = 1,
                FreezeEmbeddings = true,
                WordVectorFiles = new() { ["Words"] = path },
            }).Fit(data);
            // The keys are other, never, bad, good.
            Assert.AreEqual(3, model.Model.VocabularySizes[0]);
            CollectionAssert.AreEqual((float[])[0, 2, -1, 0, 1, 0], model.Model.Weights["embeddings.0.weight"].ToArray()[2..]);
            Assert.Contains("3 of the 4 keys of column 'Words' are known; all others are read as the unknown token.", log);
            float[][] scores = EstimatorHarness.Values(model.Transform(keys.Transform(ml.Data.LoadFromEnumerable(Rows("never", "other",
                "unheard")))), "Score");
            Assert.AreNotEqual(scores[0][0], scores[1][0]);
            Assert.AreEqual(scores[1][0], scores[2][0]);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [TestMethod]
    public void TrainingGoesOnWithTokensAndClassesThatTheInitialModelDidNotKnow()
    {
        Example[] first = [.. Spread(Example.Make(60)).Where(row => row.Class < 2)];
        first = [.. first.Where(row => !row.Tokens.Contains(Far(8)))];
        Action<SequenceTrainerOptions> change = options => options.TokenDropout = 0;
        (MLContext ml, SequencePredictionTransformer model, _, _) = Fit(AnyTrainer.Multiclass, first, change);
        Assert.AreEqual((7, 2), (model.Model.VocabularySizes[0], model.Model.OutputCount));

        IDataView data = Load(ml, Spread(Example.Make(60)), Many);
        LstmMulticlassTransformer Continue(SequenceModelParameters initial, float learningRate) =>
            ml.MulticlassClassification.Trainers.Lstm((LstmMulticlassTrainer.Options)AnyTrainer.Options(AnyTrainer.Multiclass, options =>
        {
            change(options);
            (options.FeatureColumnName, options.LearningRate) = ("Tokens", learningRate);
        })).Fit(data, null, initial);
        using var checkpoint = new MemoryStream();
        model.Model.Save(checkpoint);
        checkpoint.Position = 0;
        LstmMulticlassTransformer still = Continue(SequenceModelParameters.Load(checkpoint), 1e-12f);
        Assert.AreEqual((8, 3), (still.Model.VocabularySizes[0], still.Model.OutputCount));

        // Nothing has moved: known keys keep their rows, a new token begins as the unknown one, and a new class has zero weights.
        int size = model.Model.Weights["embeddings.0.weight"].Length / 8;
        Assert.IsTrue(still.Model.Weights["embeddings.0.weight"].Span[..(8 * size)].SequenceEqual(
            model.Model.Weights["embeddings.0.weight"].Span));
        Assert.IsTrue(still.Model.Weights["head.bias"].Span[..2].SequenceEqual(model.Model.Weights["head.bias"].Span));
        Assert.AreEqual(0, still.Model.Weights["head.bias"].Span[2], 1e-9);

        LstmMulticlassTransformer moved = Continue(model.Model, 0.02f);
        Assert.IsTrue(EstimatorHarness.Values(moved.Transform(data), "Score")
            .All(score => score.Length == 3 && score.All(float.IsFinite) && score[2] > 0));
    }

    [TestMethod]
    public void AnInitialModelThatKnowsAllKeysKeepsThem()
    {
        Example[] all = Example.Make(40), few = [.. Example.Make(40).Where(row => !row.Tokens.Contains(8u))];
        var keys = new KeyDataViewType(typeof(uint), Example.Vocabulary);
        (MLContext ml, SequencePredictionTransformer model, _, _) = Fit(AnyTrainer.Regression, all, keys: keys);
        LstmRegressionTransformer continued =
            ml.Regression.Trainers.Lstm((LstmRegressionTrainer.Options)AnyTrainer.Options(AnyTrainer.Regression,
            options => options.FeatureColumnName = "Tokens"))
            .Fit(Load(ml, few, keys), null, model.Model);
        Assert.AreEqual(Example.Vocabulary, continued.Model.VocabularySizes[0]);
        // The unseen key was not learned, and the others were not forgotten.
        int size = model.Model.Weights["embeddings.0.weight"].Length / 9;
        Assert.IsTrue(continued.Model.Weights["embeddings.0.weight"].Span[^size..].SequenceEqual(
            model.Model.Weights["embeddings.0.weight"].Span[^size..]));
    }

    [TestMethod]
    public void AHashOf22BitsIsSmallAndFast()
    {
        var ml = new MLContext(seed: 1);
        var random = new Random(1);
        IDataView data = ml.Data.LoadFromEnumerable(Enumerable.Range(0, 40)
            .Select(i => new Text { Words = [.. Enumerable.Range(0, 6).Select(_ => $"w{random.Next(50)}")], Label = i % 2 == 0 }));
        var pipeline = ml.Transforms.Conversion.Hash("Keys", "Words", numberOfBits: 22)
            .Append(ml.BinaryClassification.Trainers.Lstm(new LstmBinaryTrainer.Options
            {
                FeatureColumnName = "Keys",
                NumberOfEpochs = 1
            }));
        long before = GC.GetTotalAllocatedBytes();
        ITransformer model = pipeline.Fit(data);
        Assert.IsLessThan(200L << 20, GC.GetTotalAllocatedBytes() - before);
        using var stream = new MemoryStream();
        ml.Model.Save(model, data.Schema, stream);
        Assert.IsLessThan(500_000L, stream.Length);
        Assert.DoesNotContain("NaN", ColumnReader.Read(model.Transform(data), "Score").SelectMany(values => values));
    }

    public static IEnumerable<string> Trainers => AnyTrainer.Names;

    /// <summary>Tokens whose keys are far apart.</summary>
    private static Example[] Spread(Example[] rows) => [.. rows.Select(row =>
    {
        row.Tokens = [.. row.Tokens.Select(Far)];
        return row;
    })];

    private static uint Far(uint token) => 7000 * token + 5;

    private static IDataView Load(MLContext ml, Example[] rows, KeyDataViewType keys)
    {
        SchemaDefinition schema = Example.Schema(Example.Vector(5, 2));
        schema[nameof(Example.Tokens)].ColumnType = new VectorDataViewType(keys, 5);
        schema[nameof(Example.StepClasses)].ColumnType = new VectorDataViewType(rows.Any(row => row.StepClasses.Any(label => label > 3))
            ? new KeyDataViewType(typeof(uint), 1000)
            : new KeyDataViewType(typeof(uint), 3), 5);
        return ml.Data.LoadFromEnumerable(rows, schema);
    }

    private static (MLContext Ml, SequencePredictionTransformer Model, IDataView Data, string[] Log) Fit(string trainer, Example[] rows,
        Action<SequenceTrainerOptions>? change = null, KeyDataViewType? keys = null)
    {
        (MLContext ml, List<string> log) = NewContext();
        IDataView data = Load(ml, rows, keys ?? Many);
        SequencePredictionTransformer model = AnyTrainer.Create(ml, trainer, options =>
        {
            (options.FeatureColumnName, options.FeaturesPerStep, options.TokenDropout) = ("Tokens", null, 0);
            change?.Invoke(options);
        }).Fit(data);
        return (ml, model, data, [.. log]);
    }

    private static (MLContext Ml, SequencePredictionTransformer Model, IDataView Data, string[] Log) FitClasses(int classes, bool streams)
    {
        (MLContext ml, List<string> log) = NewContext();
        SchemaDefinition schema = SchemaDefinition.Create(typeof(Kinds));
        schema["Kind"].ColumnType = new KeyDataViewType(typeof(uint), classes);
        schema["Features"].ColumnType = Example.Vector(5, 2);
        IDataView data = ml.Data.LoadFromEnumerable(Example.Make(30)
            .Select(row => new Kinds { Kind = row.IsHigh ? 3u : 1u, Features = row.Features }), schema);
        LstmMulticlassTransformer model =
            ml.MulticlassClassification.Trainers.Lstm(SmallOptions.Create<LstmMulticlassTrainer.Options>(options =>
        {
            (options.LabelColumnName, options.BalanceClasses, options.LabelSmoothing) = ("Kind", true, 0.1f);
            options.StreamingBufferMegabytes = streams ? 1 : null;
        })).Fit(data);
        return (ml, model, data, [.. log]);
    }

    private static (MLContext Ml, List<string> Log) NewContext()
    {
        var ml = new MLContext(seed: 1);
        var log = new List<string>();
        ml.Log += (_, entry) =>
        {
            if (entry.Kind is ChannelMessageKind.Warning or ChannelMessageKind.Info)
                log.Add(entry.RawMessage);
        };
        return (ml, log);
    }

    private sealed class Kinds
    {
        public uint Kind { get; set; }

        public float[] Features { get; set; } = [];
    }

    private sealed class Word
    {
        public string Text { get; set; } = "";

        public bool Label { get; set; }
    }

    private sealed class Text
    {
        [VectorType(6)]
        public string[] Words { get; set; } = [];

        public bool Label { get; set; }
    }
}

using Microsoft.ML.Data;

namespace Microsoft.ML.Lstm.Tests.Sequences;

/// <summary>Transformers that were trained one by one, and whose networks are averaged.</summary>
[TestClass]
public sealed class AverageTests
{
    private readonly MLContext _ml = new(seed: 1);

    [TestMethod]
    [DataRow(AnyTrainer.Regression, "variable attention")]
    [DataRow(AnyTrainer.Binary, "threshold")]
    [DataRow(AnyTrainer.Multiclass, "tokens")]
    [DataRow(AnyTrainer.Labeling, "variable words")]
    [DataRow(AnyTrainer.StepValues, "variable")]
    [DataRow(AnyTrainer.StepTruths, "variable tokens")]
    [DataRow(AnyTrainer.Ctc, "beam")]
    [DataRow(AnyTrainer.Autoencoder, "variable with errors of steps")]
    [DataRow(AnyTrainer.LanguageModel, "variable tied tokens")]
    [DataRow(AnyTrainer.SequenceToSequence, "variable matrix")]
    public void EachKindGoesThroughTheHarness(string trainer, string form)
    {
        // Rounded weights stand for another training.
        EstimatorHarness harness = HarnessForms.Create(trainer, form).WithChange(model => ((SequencePredictionTransformer)model)
            .AverageWith((SequencePredictionTransformer)Other(model)));
        // The encodings of all networks stand one behind the other.
        if (form != "variable attention")
            harness.CheckSchemaPromise();
        harness.CheckRowMapperEqualsCursorEqualsBatch();
        harness.CheckSaveAndLoad();
        harness.CheckViews();
        harness.CheckThreads(rounds: 1);

        static ITransformer Other(ITransformer model)
            => model.WithWeightFormat(WeightFormat.Int8).WithWeightFormat(WeightFormat.Float32);
    }

    [TestMethod]
    public void ScoresAreTheMeanOfThoseOfAllNetworks()
    {
        IDataView data = AnyTrainer.Data(_ml, Example.Make(40));
        LstmRegressionTransformer[] models = [.. Enumerable.Range(1, 3).Select(seed => Regression(data, options => (options.Seed,
            options.HiddenSize, options.EncodingColumnName, options.NumberOfLayers) = (seed, 3 + seed, "Code", seed == 2 ? 2 : 1)))];
        float[][] scores = Array.ConvertAll(models, Scores);

        LstmRegressionTransformer pair = models[0].AverageWith(models[1]), all = pair.AverageWith(models[2]);

        Assert.HasCount(3, all.Model.Members);
        float[] average = Scores(all);
        for (int row = 0; row < average.Length; row++)
            Assert.AreEqual(scores.Average(score => score[row]), average[row], 1e-6f);
        CollectionAssert.AreEqual(new[] { 1, 2, 3 }, all.TrainingReport!.Members.Select(member => member.Seed).ToArray());
        Assert.AreEqual(4 + 5 + 6, ((VectorDataViewType)all.Transform(data).Schema["Code"].Type).Size);
        Assert.HasCount(4 + 5 + 6, all.Transform(data).GetColumn<float[]>("Code").First());
        CollectionAssert.AreEqual(scores[0], Scores(models[0]));
        CollectionAssert.AreEqual(scores[0], Scores(models[0].AverageWith()));

        float[] Scores(ITransformer model) => [.. model.Transform(data).GetColumn<float>("Score")];
    }

    // The first model has the columns; none of its numbers may count for more than those of the other.
    [TestMethod]
    [DataRow(AnyTrainer.Regression, "Score")]
    [DataRow(AnyTrainer.Binary, "Probability")]
    [DataRow(AnyTrainer.Multiclass, "Score")]
    [DataRow(AnyTrainer.Labeling, "Score")]
    [DataRow(AnyTrainer.StepValues, "Score")]
    [DataRow(AnyTrainer.StepTruths, "Probability")]
    [DataRow(AnyTrainer.Ctc, "LogProbability")]
    [DataRow(AnyTrainer.SequenceToSequence, "Score")]
    [DataRow(AnyTrainer.Autoencoder, "Score")]
    [DataRow(AnyTrainer.LanguageModel, "LogLikelihood")]
    public void OrderDoesNotMatter(string trainer, string column)
    {
        IDataView data = AnyTrainer.Data(_ml, Example.Make(40));
        SequencePredictionTransformer[] models = [.. Enumerable.Range(1, 2).Select(seed => AnyTrainer.CreateAny(_ml, trainer,
            options => (options.Seed, options.NumberOfEpochs, options.ValidationFraction) = (seed, 8, 0)).Fit(data))];
        string[][] first = Values(models[0]);

        string[][] average = Values(models[0].AverageWith(models[1]));

        EstimatorHarness.AssertSame(average, Values(models[1].AverageWith(models[0])));
        Assert.IsFalse(first.Zip(average).All(row => row.First.SequenceEqual(row.Second)));

        string[][] Values(ITransformer model) => ColumnReader.Read(model.Transform(data), column);
    }

    [TestMethod]
    public void ATransformerOfAFileIsAveragedAndLoadedInANewProcess()
        => HarnessForms.Create(AnyTrainer.Multiclass, "tokens").WithChange(model =>
        {
            var stream = new MemoryStream();
            _ml.Model.Save(model, null, stream);
            stream.Position = 0;
            return ((LstmMulticlassTransformer)model).AverageWith((LstmMulticlassTransformer)_ml.Model.Load(stream, out _));
        }).CheckLoadInNewProcess();

    [TestMethod]
    public void WhatDoesNotGoTogetherIsRefused()
    {
        IDataView data = AnyTrainer.Data(_ml, Example.Make(40)), others = AnyTrainer.Data(_ml, Example.Make(60));
        LstmRegressionTransformer model = Regression(data);

        Refused("has other inputs", Regression(data, options => options.FeaturesPerStep = 1));
        Refused("has other inputs", Regression(data, options => options.StaticFeatureColumnName = "Statics"));
        Refused("scaled otherwise", Regression(others));
        Refused("weights are Int8 and not Float32", model.WithWeightFormat(WeightFormat.Int8));
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => ((SequencePredictionTransformer)model).AverageWith(
            AnyTrainer.Create(_ml, AnyTrainer.StepValues).Fit(data))).Message, "A LstmPerStepRegressionTransformer can't be averaged");
        Assert.ThrowsExactly<ArgumentNullException>(() => model.AverageWith(null!));
        Assert.ThrowsExactly<ArgumentNullException>(() => model.AverageWith(model, null!));
        Assert.ThrowsExactly<ArgumentNullException>(() => ((LstmRegressionTransformer)null!).AverageWith(model));

        LstmRegressionTransformer looking = Regression(data, options => (options.Pooling, options.AttentionColumnName)
            = (Pooling.Attention, "Attention"));
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => looking.AverageWith(model)).Message, "attention");
        Assert.HasCount(2, model.AverageWith(looking).Model.Members);

        void Refused(string reason, LstmRegressionTransformer other)
            => StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => model.AverageWith(other)).Message, reason);
    }

    // Without normalization nothing but the names tells columns of numbers apart.
    [TestMethod]
    public void ModelsOfOtherColumnsAreRefused()
    {
        IDataView data = AnyTrainer.Data(_ml, Example.Make(40));
        LstmRegressionTransformer model = Fit("Features", "StepValues", "Tokens");
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => model.AverageWith(Fit("StepValues", "Features", "Tokens")))
            .Message, "reads 'StepValues', 'Features', 'Tokens' can't be averaged with one of 'Features', 'StepValues', 'Tokens'");
        // A network reads numbers first.
        Assert.HasCount(2, model.AverageWith(Fit("Tokens", "Features", "StepValues")).Model.Members);

        LstmRegressionTransformer Fit(params string[] columns)
            => Regression(data, options => (options.FeatureColumnNames, options.NormalizeFeatures) = (columns, false));
    }

    // Nothing is known of the first model's classes, and it goes with either of the others.
    [TestMethod]
    public void ModelsAreComparedWithAllOthers()
    {
        LstmMulticlassTransformer[] models = [.. new[] { "", "abc", "bca" }.Select(Fit)];
        Assert.HasCount(2, models[0].AverageWith(models[1]).Model.Members);
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => models[0].AverageWith(models[1], models[2])).Message,
            "labels are others");

        LstmMulticlassTransformer Fit(string names)
        {
            SchemaDefinition schema = Example.Schema(Example.Vector(0));
            if (names != "")
                schema[nameof(Example.Class)].AddAnnotation("KeyValues", new VBuffer<ReadOnlyMemory<char>>(3,
                    [.. names.Select(name => $"{name}".AsMemory())]), new VectorDataViewType(TextDataViewType.Instance, 3));
            return _ml.MulticlassClassification.Trainers.Lstm(SmallOptions.Create<LstmMulticlassTrainer.Options>())
                .Fit(_ml.Data.LoadFromEnumerable(Example.Make(40), schema));
        }
    }

    [TestMethod]
    public void NamesThatStandForOtherKeysAreRefused()
    {
        LstmMulticlassTransformer[] models = [.. new[] { "abc", "bac" }.Select(names => Fit(names, "xy"))];
        Refused("labels are others", models[1]);
        Refused("other tokens", Fit("abc", "yx"));
        Assert.HasCount(2, models[0].AverageWith(Fit("abc", "xy")).Model.Members);

        void Refused(string reason, LstmMulticlassTransformer other)
            => StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => models[0].AverageWith(other)).Message, reason);

        // Keys are counted as their names come.
        LstmMulticlassTransformer Fit(string classes, string words)
        {
            IDataView rows = _ml.Data.LoadFromEnumerable(Enumerable.Range(0, 30).Select(i => new NamedRow
            {
                Name = $"{classes[i % 3]}",
                Words = [$"{words[i % 2]}", $"{words[i / 2 % 2]}"],
            }).ToArray());
            return _ml.Transforms.Conversion.MapValueToKey("Label", nameof(NamedRow.Name))
                .Append(_ml.Transforms.Conversion.MapValueToKey("Tokens", nameof(NamedRow.Words)))
                .Append(_ml.MulticlassClassification.Trainers.Lstm(new LstmMulticlassTrainer.Options
                {
                    FeatureColumnName = "Tokens",
                    HiddenSize = 4,
                    EmbeddingSize = 3,
                    NumberOfEpochs = 1,
                })).Fit(rows).LastTransformer;
        }
    }

    private LstmRegressionTransformer Regression(IDataView data, Action<LstmRegressionTrainer.Options>? change = null)
        => _ml.Regression.Trainers.Lstm(SmallOptions.Create(change)).Fit(data);

    private sealed class NamedRow
    {
        public string Name { get; init; } = "";

        public string[] Words { get; init; } = [];
    }
}

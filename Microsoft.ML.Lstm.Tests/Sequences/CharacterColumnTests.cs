using System.Globalization;

namespace Microsoft.ML.Lstm.Tests.Sequences;

/// <summary>Words that trainers read by their characters.</summary>
[TestClass]
public sealed class CharacterColumnTests
{
    private static readonly string[] Endings = ["ing", "ed", "ly", "ness"];

    public static IEnumerable<object[]> Trainers => from trainer in AnyTrainer.Names select new object[] { trainer };

    /// <summary>Each word of the test rows is new: only its ending says what it is, and the stems are random.</summary>
    [TestMethod]
    public void WordsThatTrainingDidNotSeeAreKnownByTheirCharacters()
    {
        double with = Accuracy(options => options.CharacterColumnName = "Words"), without = Accuracy(_ => { });
        Assert.IsGreaterThan(0.97, with);
        Assert.IsLessThan(0.6, without);

        static double Accuracy(Action<LstmSequenceLabelingTrainer.Options> change)
        {
            var ml = new MLContext(seed: 1);
            var options = new LstmSequenceLabelingTrainer.Options
            {
                FeatureColumnName = "WordKeys",
                LabelColumnName = "LabelKeys",
                HiddenSize = 8,
                EmbeddingSize = 4,
                NumberOfEpochs = 15,
                LearningRate = 0.01f,
                TokenDropout = 0.3f,
                UseConditionalRandomField = false,
                Seed = 1,
            };
            change(options);
            ITransformer model = ml.Transforms.Conversion.MapValueToKey("LabelKeys", "Labels")
                .Append(ml.Transforms.Conversion.MapValueToKey("WordKeys", "Words"))
                .Append(ml.MulticlassClassification.Trainers.LstmSequenceLabeling(options))
                .Fit(ml.Data.LoadFromEnumerable(Text.Make(300, seed: 1)));
            IDataView scored = model.Transform(ml.Data.LoadFromEnumerable(Text.Make(100, seed: 2)));
            return ml.MulticlassClassification.EvaluateSequenceLabeling(scored, labelColumnName: "LabelKeys").TokenAccuracy;
        }
    }

    [TestMethod]
    [DynamicData(nameof(Trainers))]
    public void AResumedTrainingHasTheBitsOfOneThatWasNeverInterrupted(string trainer)
    {
        string folder = Directory.CreateTempSubdirectory("lstm-tests-").FullName, path = Path.Combine(folder, "checkpoint");
        try
        {
            foreach (int? megabytes in new int?[] { null, 1 })
            {
                SequencePredictionTransformer expected = Fit(_ => { });
                Fit(options => (options.CheckpointPath, options.EpochCompleted) = (path, epoch => epoch.Cancel = epoch.Epoch == 2));
                AnyTrainer.AssertSameWeights(expected,
                    Fit(options => (options.CheckpointPath, options.ResumeFromCheckpoint) = (path, true)));

                SequencePredictionTransformer Fit(Action<SequenceTrainerOptions> change) => FitOn(trainer, Example.Make(40, variable: true),
                    options =>
                    {
                        (options.NumberOfEpochs, options.CharacterDropout, options.StreamingBufferMegabytes) = (4, 0.2f, megabytes);
                        change(options);
                    });
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [TestMethod]
    [DynamicData(nameof(Trainers))]
    public void AnyNumberOfThreadsGivesTheSameBits(string trainer)
    {
        Example[] rows = Example.Make(40, variable: true);
        AnyTrainer.AssertSameWeights(FitOn(trainer, rows, options => options.NumberOfThreads = 1),
            FitOn(trainer, rows, options => options.NumberOfThreads = 3));
    }

    [TestMethod]
    public void TheModelStoresTheCharactersThatOccurAndReadsOthersAsUnknown()
    {
        Example[] rows = Example.Make(40, variable: true);
        SequencePredictionTransformer model = FitOn(AnyTrainer.Labeling, rows);
        int known = rows.SelectMany(row => row.Words).SelectMany(word => word).Distinct().Count();
        // The unknown character, those that occur, and the boundary.
        Assert.HasCount(4 * (1 + known + 1), model.Model.Weights["characters.embedding.weight"].ToArray());
        Assert.HasCount(5 * 4 * 3, model.Model.Weights["characters.weight"].ToArray());

        Example[] cyrillic = Example.Make(3, variable: true, seed: 5), han = Example.Make(3, variable: true, seed: 5);
        foreach ((Example one, Example other) in cyrillic.Zip(han))
            (one.Words, other.Words) = ([.. one.Words.Select(_ => "\u0436\u0436")], [.. other.Words.Select(_ => "\u6f22\u8a9e")]);
        EstimatorHarness.AssertSame(Scores(model, cyrillic), Scores(model, han));
        Assert.AreNotEqual(Scores(model, cyrillic)[0][0], Scores(model, Example.Make(3, variable: true, seed: 5))[0][0]);
    }

    [TestMethod]
    public void ScoresDependOnCharactersAndMissingTextsAreScoredToo()
    {
        SequencePredictionTransformer model = FitOn(AnyTrainer.Labeling, Example.Make(40, variable: true));
        Example[] rows = Example.Make(3, seed: 5), other = Example.Make(3, seed: 5), missing = Example.Make(3, seed: 5);
        other[0].Words[0] = "zzlow";
        foreach (Example row in missing)
            row.Words = ["", "", "", "", ""];
        Assert.AreNotEqual(Scores(model, rows)[0][0], Scores(model, other)[0][0]);
        EstimatorHarness.AssertSame([Scores(model, rows)[1]], [Scores(model, other)[1]]);
        Assert.IsFalse(Scores(model, missing).Any(row => row.Contains("NaN")));
    }

    [TestMethod]
    public void RowsWithAnotherNumberOfWordsThanStepsAreSkippedAndGetNoScore()
    {
        Example[] rows = Example.Make(20, variable: true);
        rows[3].Words = [.. rows[3].Words, "more"];
        (SequencePredictionTransformer model, string[] warnings) = AnyTrainer.Fit(AnyTrainer.Labeling, rows, Change);
        StringAssert.Contains(warnings.Single(), "1 with different numbers of steps in the feature columns");
        Assert.IsEmpty(Scores(model, rows)[3]);
    }

    [TestMethod]
    [DataRow("Tokens", "a vector of Text")]
    [DataRow("ClassName", "a vector of Text")]
    [DataRow("Absent", "Could not find")]
    public void AColumnThatIsNoVectorOfTextIsRefused(string column, string says)
    {
        var ml = new MLContext(seed: 1);
        IEstimator<SequencePredictionTransformer> trainer = AnyTrainer.Create(ml, AnyTrainer.Labeling, options =>
        {
            Change(options);
            options.CharacterColumnName = column;
        });
        IDataView data = AnyTrainer.Data(ml, Example.Make(5, variable: true));
        foreach (Action check in new Action[] { () => trainer.Fit(data), () => trainer.GetOutputSchema(data.Schema.ToShape()) })
        {
            var error = Assert.ThrowsExactly<ArgumentOutOfRangeException>(check);
            StringAssert.Contains(error.Message, says);
        }
    }

    [TestMethod]
    public void TrainingGoesOnFromAModelThatKnowsFewerCharacters()
    {
        var ml = new MLContext(seed: 1);
        Example[] few = Example.Make(20, variable: true), more = Example.Make(20, variable: true, seed: 3);
        foreach (Example row in more)
            row.Words = [.. row.Words.Select(word => word.ToUpperInvariant())];
        SequencePredictionTransformer first = FitOn(AnyTrainer.Labeling, few);
        LstmSequenceLabelingTransformer second = ml.MulticlassClassification.Trainers
            .LstmSequenceLabeling(SmallOptions.Create<LstmSequenceLabelingTrainer.Options>(options =>
            {
                Change(options);
                (options.LearningRate, options.NumberOfEpochs) = (1e-6f, 1);
            }))
            .Fit(AnyTrainer.Data(ml, more), null, first.Model);
        Assert.IsGreaterThan(first.Model.Weights["characters.embedding.weight"].Length,
            second.Model.Weights["characters.embedding.weight"].Length);
        string[] expected = Scores(first, few)[0], actual = Scores(second, few)[0];
        for (int i = 0; i < expected.Length; i++)
            Assert.AreEqual(Parse(expected[i]), Parse(actual[i]), 1e-3);

        var error = Assert.ThrowsExactly<ArgumentException>(() => ml.MulticlassClassification.Trainers
            .LstmSequenceLabeling(SmallOptions.Create<LstmSequenceLabelingTrainer.Options>(options =>
            {
                Change(options);
                options.CharacterKernelSize = 5;
            }))
            .Fit(AnyTrainer.Data(ml, more), null, first.Model));
        StringAssert.Contains(error.Message, "CharacterKernelSize");

        static double Parse(string text) => double.Parse(text, CultureInfo.InvariantCulture);
    }

    [TestMethod]
    [DataRow(null, null)]
    [DataRow("Words", "0.15")]
    public void MoreTokensAreDroppedWhereThereAreCharactersToGoBy(string? column, string? expected)
    {
        SequencePredictionTransformer model = FitOn(AnyTrainer.Labeling, Example.Make(20, variable: true),
            options => options.CharacterColumnName = column);
        Assert.AreEqual(expected, model.TrainingReport!.Choices.FirstOrDefault(choice => choice.Option == "TokenDropout")?.Value);
    }

    [TestMethod]
    public void ThePredictionEngineGivesTheScoresOfTheCursor()
    {
        var ml = new MLContext(seed: 1);
        IDataView data = ml.Data.LoadFromEnumerable(Text.Make(20, seed: 1));
        ITransformer model = ml.Transforms.Conversion.MapValueToKey("LabelKeys", "Labels")
            .Append(ml.Transforms.Conversion.MapValueToKey("WordKeys", "Words"))
            .Append(ml.MulticlassClassification.Trainers.LstmSequenceLabeling(new LstmSequenceLabelingTrainer.Options
            {
                FeatureColumnName = "WordKeys",
                LabelColumnName = "LabelKeys",
                CharacterColumnName = "Words",
                HiddenSize = 4,
                NumberOfEpochs = 1,
            }))
            .Fit(data);
        using PredictionEngine<Text, Scored> engine = ml.Model.CreatePredictionEngine<Text, Scored>(model);
        Text[] rows = Text.Make(10, seed: 2);
        float[][] expected = EstimatorHarness.Values(model.Transform(ml.Data.LoadFromEnumerable(rows)), "Score");
        EstimatorHarness.AssertSame(expected, [.. rows.Select(row => engine.Predict(row).Score)]);
    }

    private static void Change(SequenceTrainerOptions options)
        => (options.FeatureColumnName, options.CharacterColumnName, options.CharacterEmbeddingSize, options.NumberOfCharacterFilters)
            = ("Tokens", "Words", 4, 5);

    private static SequencePredictionTransformer FitOn(string trainer, Example[] rows, Action<SequenceTrainerOptions>? change = null)
        => AnyTrainer.Fit(trainer, rows, options =>
        {
            Change(options);
            change?.Invoke(options);
        }).Model;

    private static string[][] Scores(SequencePredictionTransformer model, Example[] rows)
        => ColumnReader.Read(model.Transform(AnyTrainer.Data(new MLContext(), rows)), "Score");

    /// <summary>Words of random stems, whose endings are their labels.</summary>
    private sealed class Text
    {
        public string[] Words = [];
        public string[] Labels = [];

        public static Text[] Make(int count, int seed)
        {
            var random = new Random(seed);
            return [.. Enumerable.Range(0, count).Select(_ =>
            {
                string[] labels = [.. Enumerable.Range(0, random.Next(3, 7)).Select(_ => Endings[random.Next(Endings.Length)])];
                return new Text { Labels = labels, Words = [.. labels.Select(label => Stem(random) + label)] };
            })];
        }

        private static string Stem(Random random) => string.Concat(Enumerable.Range(0, 6).Select(_ => (char)('a' + random.Next(26))));
    }

    private sealed class Scored
    {
        public float[] Score = [];
    }
}

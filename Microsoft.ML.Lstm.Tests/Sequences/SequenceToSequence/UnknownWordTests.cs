using Microsoft.ML.Data;

namespace Microsoft.ML.Lstm.Tests.Sequences.SequenceToSequence;

/// <summary>Words in place of the keys that a decoder wrote, and those that it has no key for from the source.</summary>
[TestClass]
public sealed class UnknownWordTests
{
    private const int Known = 6;

    [TestMethod]
    public void AnUnknownWordIsTheOneOfTheSourceThatWasLookedAtMost()
    {
        var ml = new MLContext(seed: 1);
        Row[] rows =
        [
            new(["le", "?", "voit", "?"], ["Ann", "sees", "the", "Bob"], [.. Look(2, 4), .. Look(0, 4), .. Look(1, 4), .. Look(3, 4)]),
            new(["?"], ["Zoe"], [1f]),
            new([], ["Zoe"], []),
            new(["voit"], ["sees"], [1f]),
        ];
        IDataView data = Load(ml, rows);
        ITransformer transformer = ml.Transforms.Text.CopyUnknownWords("Words", "Source", "Looks").Fit(data);
        string[][] words = WordsOf(transformer.Transform(data));
        string[][] expected = [["le", "Ann", "voit", "Bob"], ["Zoe"], [], ["voit"]];
        for (int i = 0; i < expected.Length; i++)
            CollectionAssert.AreEqual(expected[i], words[i]);

        IDataView wrong = Load(ml, [new Row(["?"], ["Ann", "sees"], [1f])]);
        InvalidOperationException thrown = Assert.Throws<InvalidOperationException>(() => WordsOf(transformer.Transform(wrong)));
        StringAssert.Contains(thrown.Message, "'Looks' has 1 weights in row 0");
        Assert.Throws<ArgumentOutOfRangeException>(() => ml.Transforms.Text.CopyUnknownWords("Words", "Source", "Source").Fit(data));
        Assert.Throws<ArgumentOutOfRangeException>(() => ml.Transforms.Text.CopyUnknownWords("Words", "Missing", "Looks").Fit(data));
        IDataView withoutNames = LoadKeys(ml);
        Assert.Throws<ArgumentOutOfRangeException>(() => ml.Transforms.Text.CopyUnknownWords("Words", "Source", "Looks").Fit(withoutNames));
    }

    [TestMethod]
    public void NamesThatTrainingNeverHadAreCopied()
    {
        var ml = new MLContext(seed: 1);
        Source[] train = Texts(600, seed: 1), test = Texts(60, seed: 2);
        var pipeline = ml.Transforms.Conversion.MapValueToKey("SourceKeys", "Words", keyData: NamesOf("word"))
            .Append(ml.Transforms.Conversion.MapValueToKey("TargetKeys", "Written", keyData: NamesOf("mot")))
            .Append(ml.MulticlassClassification.Trainers.LstmSequenceToSequence(new()
            {
                LabelColumnName = "TargetKeys",
                FeatureColumnName = "SourceKeys",
                HiddenSize = 32,
                EmbeddingSize = 16,
                LearningRate = 0.01f,
                NumberOfEpochs = 12,
                Seed = 1,
                AttentionColumnName = "Looks",
                WriteUnknown = true,
            }))
            .Append(ml.Transforms.Text.CopyUnknownWords("Copied", "Words", "Looks"));
        IDataView written = pipeline.Fit(ml.Data.LoadFromEnumerable(train)).Transform(ml.Data.LoadFromEnumerable(test));
        string[][] copied = [.. written.GetColumn<ReadOnlyMemory<char>[]>("Copied")
            .Select(words => words.Select(word => word.ToString()).ToArray())];
        int right = test.Zip(copied, (text, words) => text.Written.SequenceEqual(words) ? 1 : 0).Sum();
        Assert.IsGreaterThan(45, right);

        IDataView NamesOf(string prefix)
            => ml.Data.LoadFromEnumerable(Enumerable.Range(0, Known).Select(word => new { Name = $"{prefix}{word}" }));
    }

    [TestMethod]
    public void CopyingIsWhatMlNetExpectsOfATransform()
    {
        EstimatorHarness harness = Harness();
        harness.CheckSchemaPromise();
        harness.CheckRowMapperEqualsCursorEqualsBatch();
        harness.CheckSaveAndLoad();
        harness.CheckViews();
        harness.CheckThreads();
    }

    [TestMethod]
    public void CopyingLoadsInANewProcess() => Harness().CheckLoadInNewProcess();

    /// <summary>Words in another language in the same order; one of them is a name, each time another one.</summary>
    private static Source[] Texts(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(text =>
        {
            int[] words = [.. Enumerable.Range(0, random.Next(3, 6)).Select(_ => random.Next(Known))];
            int name = random.Next(words.Length);
            return new Source
            {
                Words = [.. words.Select((word, t) => t == name ? $"Name{seed}{text}" : $"word{word}")],
                Written = [.. words.Select((word, t) => t == name ? $"Name{seed}{text}" : $"mot{word}")],
            };
        })];
    }

    private static EstimatorHarness Harness()
    {
        var ml = new MLContext(seed: 1);
        IEstimator<ITransformer> trainer = AnyTrainer.Create(ml, AnyTrainer.SequenceToSequence, options =>
            (options.LabelColumnName, options.FeatureColumnName, options.AttentionColumnName) = ("LabelKey", "WordKeys", "Looks"));
        var estimator = ml.Transforms.Conversion.MapValueToKey("LabelKey", "StepClassNames")
            .Append(ml.Transforms.Conversion.MapValueToKey("WordKeys", nameof(Example.Words)))
            .Append(trainer)
            .Append(ml.Transforms.Text.CopyUnknownWords("Copied", nameof(Example.Words), "Looks"));
        return new EstimatorHarness(ml, estimator, Example.Make(20, variable: true), Example.Schema(Example.Vector(0)), "Copied", "Score");
    }

    private static float[] Look(int step, int steps) => [.. Enumerable.Range(0, steps).Select(s => s == step ? 0.7f : 0.1f)];

    private static string[][] WordsOf(IDataView data)
        => [.. data.GetColumn<ReadOnlyMemory<char>[]>("Words").Select(words => words.Select(word => word.ToString()).ToArray())];

    private static IDataView Load(MLContext ml, Row[] rows)
    {
        IDataView names = ml.Data.LoadFromEnumerable(new[] { new { Name = "le" }, new { Name = "voit" } });
        IDataView data = ml.Data.LoadFromEnumerable(rows.Select(row => new Source
        {
            Written = row.Written,
            Words = row.Words,
            Looks = row.Looks,
        }));
        var pipeline = ml.Transforms.Conversion.MapValueToKey("PredictedLabel", "Written", keyData: names)
            .Append(ml.Transforms.CopyColumns("Source", "Words"));
        return pipeline.Fit(data).Transform(data);
    }

    private static IDataView LoadKeys(MLContext ml)
    {
        var schema = SchemaDefinition.Create(typeof(Keys));
        schema["PredictedLabel"].ColumnType = new VectorDataViewType(new KeyDataViewType(typeof(uint), 3));
        return ml.Data.LoadFromEnumerable(new[] { new Keys { PredictedLabel = [1], Source = ["a"], Looks = [1f] } }, schema);
    }

    private sealed record Row(string[] Written, string[] Words, float[] Looks);

    private sealed class Source
    {
        public string[] Written { get; set; } = [];

        public string[] Words { get; set; } = [];

        public float[] Looks { get; set; } = [];
    }

    private sealed class Keys
    {
        public uint[] PredictedLabel = [];
        public string[] Source = [];
        public float[] Looks = [];
    }
}

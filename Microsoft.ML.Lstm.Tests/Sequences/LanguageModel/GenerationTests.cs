using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Tests.Text;

namespace Microsoft.ML.Lstm.Tests.Sequences.LanguageModel;

/// <summary>Texts that a trained language model goes on with, by its keys, as a column and as text.</summary>
[TestClass]
public sealed class GenerationTests
{
    private static readonly string[] Sentences =
    [
        "the cat sat on the mat", "the dog sat on the log", "a cat ran to the dog", "the café is 😀 good", "a dog ran to the mat",
    ];

    private readonly MLContext _ml = new(seed: 1);
    private readonly VocabularyFiles _files = new();

    [TestCleanup]
    public void DeleteFiles() => _files.Dispose();

    private ITransformer Train(string tokens, Action<LstmLanguageModelTrainer.Options>? change = null, int epochs = 3)
    {
        var options = new LstmLanguageModelTrainer.Options
        {
            FeatureColumnName = "Tokens",
            HiddenSize = 24,
            NumberOfEpochs = epochs,
            HasBoundaries = true,
            BatchSize = 8,
        };
        change?.Invoke(options);
        var trainer = _ml.MulticlassClassification.Trainers.LstmLanguageModel(options);
        IDataView data = Data([.. Enumerable.Range(0, 60).Select(i => Sentences[i % Sentences.Length])]);
        TransformsCatalog.TextTransforms text = _ml.Transforms.Text;
        return tokens switch
        {
            "subwords" => text.TokenizeIntoSubwords("Tokens", "Text", _files.WriteBytePairs(20)).Append(trainer).Fit(data),
            "characters" => text.TokenizeIntoCharactersAsKeys("Tokens", "Text", useMarkerCharacters: false).Append(trainer).Fit(data),
            "marked characters" => text.TokenizeIntoCharactersAsKeys("Tokens", "Text").Append(trainer).Fit(data),
            _ => text.TokenizeIntoWords("Words", "Text").Append(_ml.Transforms.Conversion.MapValueToKey("Tokens", "Words"))
                .Append(trainer).Fit(data),
        };
    }

    private IDataView Data(params string[] texts)
        => _ml.Data.LoadFromEnumerable(texts.Select(text => new Sentence { Text = text }).ToArray());

    [TestMethod]
    [DataRow("subwords")]
    [DataRow("characters")]
    [DataRow("marked characters")]
    [DataRow("words")]
    public void ATrainedModelWritesWhatItHasRead(string tokens)
    {
        LstmTextGenerator generator = _ml.Model.CreateTextGenerator(Train(tokens, epochs: 80));
        Assert.AreEqual("ran to the", generator.Generate("a cat", new() { Temperature = 0 }).Trim()[..10]);
        CollectionAssert.Contains(Sentences, "a dog" + generator.Generate("a dog", new() { BeamWidth = 4 }));
        CollectionAssert.Contains(Sentences, generator.Generate("", new() { Temperature = 0.2f, Seed = 3 }));
    }

    [TestMethod]
    [DataRow("subwords")]
    [DataRow("characters")]
    [DataRow("words")]
    public async Task PartsAreTheTextWhateverTheThread(string tokens)
    {
        LstmTextGenerator generator = _ml.Model.CreateTextGenerator(Train(tokens));
        var options = new GenerationOptions { Seed = 7, TopP = 0.95f, MaximumLength = 60 };
        string whole = generator.Generate("the", options);
        Assert.IsGreaterThan(3, whole.Length);
        IEnumerable<string> parts = generator.GenerateParts("the", options);
        Assert.AreEqual(whole, string.Concat(parts));
        Assert.AreEqual(whole, string.Concat(parts), "Going through the parts again gives others.");
        Assert.IsFalse(parts.Any(part => part.Length == 0 || char.IsHighSurrogate(part[^1])));
        string[] others = new string[6];
        Parallel.For(0, others.Length, i => others[i] = generator.Generate("the", options));
        Assert.IsTrue(others.All(other => other == whole));
        var found = new List<string>();
        await foreach (string part in generator.GenerateAsync("the", options))
            found.Add(part);
        CollectionAssert.AreEqual(parts.ToArray(), found);
        Assert.AreNotEqual(whole, generator.Generate("the", new() { Seed = 8, MaximumLength = 60 }));
    }

    [TestMethod]
    public async Task GenerationIsCanceledBetweenTokens()
    {
        LstmLanguageModelTransformer model = ModelOf(Train("characters", options => options.HasBoundaries = false));
        using var source = new CancellationTokenSource();
        var found = new List<uint>();
        await Assert.ThrowsAsync<OperationCanceledException>(async () =>
        {
            await foreach (uint key in model.GenerateAsync([5], new() { MaximumLength = 1_000_000 }, source.Token))
            {
                found.Add(key);
                if (found.Count == 5)
                    source.Cancel();
            }
        });
        Assert.HasCount(5, found);
        // The token of the enumeration does it too.
        using var other = new CancellationTokenSource();
        await Assert.ThrowsAsync<OperationCanceledException>(async () =>
        {
            await foreach (uint _ in model.GenerateAsync([5], new() { MaximumLength = 1_000_000 }).WithCancellation(other.Token))
                other.Cancel();
        });
        Assert.ThrowsExactly<OperationCanceledException>(() => model.Generate([5], cancellationToken: source.Token).Count());
    }

    [TestMethod]
    public void StopTokensEndATextAndAreNoPartOfIt()
    {
        ITransformer pipeline = Train("words", epochs: 80);
        LstmTextGenerator generator = _ml.Model.CreateTextGenerator(pipeline);
        Assert.AreEqual(" ran to", generator.Generate("a cat", new() { Temperature = 0, StopTokens = ["the"] }));
        Assert.AreEqual("StopTokens", Assert.ThrowsExactly<ArgumentOutOfRangeException>(
            () => generator.Generate("a", new() { StopTokens = ["zebra"] })).ParamName);
        Assert.AreEqual("StopKeys", Assert.ThrowsExactly<ArgumentOutOfRangeException>(
            () => generator.Generate("a", new() { StopKeys = [1000] })).ParamName);
    }

    [TestMethod]
    public void CharactersThatEndATextAreGivenAsTheyAre()
    {
        LstmTextGenerator generator = _ml.Model.CreateTextGenerator(Train("characters", epochs: 80));
        Assert.AreEqual("n", Generate(" "));
        // The value of a key, which is a symbol for people.
        Assert.AreEqual("n", Generate("<\u2420>"));
        // It never occurred, so it is never written.
        Assert.AreEqual(Generate(), Generate("\n"));
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Generate("\n\n")).Message,
            "No key of the model's column has the value \"\\n\\n\"; StopKeys takes keys as numbers.");

        string Generate(params string[] stops) => generator.Generate("a cat ra", new() { Temperature = 0, StopTokens = stops });
    }

    [TestMethod]
    public void SubwordsThatEndATextAreGivenByTextOrByName()
    {
        LstmTextGenerator generator = _ml.Model.CreateTextGenerator(Train("subwords", epochs: 80));
        foreach (string stop in new[] { " the", "\u0120the" })
            Assert.AreEqual(" ran to", generator.Generate("a cat", new() { Temperature = 0, StopTokens = [stop] }));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => generator.Generate("a", new() { StopTokens = ["the cat"] }));
    }

    [TestMethod]
    public void OptionsOutOfRangeAreNamed()
    {
        LstmLanguageModelTransformer model = ModelOf(Train("words"));
        foreach ((GenerationOptions options, string name) in new[]
        {
            (new GenerationOptions { MaximumLength = 0 }, "MaximumLength"),
            (new() { Temperature = -1 }, "Temperature"),
            (new() { Temperature = float.NaN }, "Temperature"),
            (new() { TopK = 0 }, "TopK"),
            (new() { TopP = 0 }, "TopP"),
            (new() { TopP = 1.1f }, "TopP"),
            (new() { RepetitionPenalty = 0 }, "RepetitionPenalty"),
            (new() { BeamWidth = 0 }, "BeamWidth"),
            (new() { BeamWidth = 2, TopK = 2 }, "BeamWidth"),
            (new() { LengthPenalty = -1 }, "LengthPenalty"),
        })
            Assert.AreEqual(name, Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => model.Generate([1], options)).ParamName);
        Assert.ThrowsExactly<ArgumentNullException>(() => model.Generate(null!));
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(
            () => ModelOf(Train("words", options => options.HasBoundaries = false)).Generate([])).Message, "no boundary");
    }

    [TestMethod]
    public void APipelineWithoutALanguageModelGeneratesNothing()
    {
        var words = _ml.Transforms.Text.TokenizeIntoWords("Words", "Text").Fit(Data("a"));
        Assert.ThrowsExactly<ArgumentException>(() => _ml.Model.CreateTextGenerator(words));
    }

    [TestMethod]
    public void GeneratedTokensAreAColumn()
    {
        Example[] rows = Example.Make(9, variable: true);
        rows[4].Tokens = [];
        SchemaDefinition schema = Example.Schema(Example.Vector(0));
        IDataView data = _ml.Data.LoadFromEnumerable(rows, schema);
        LstmLanguageModelTransformer model = _ml.MulticlassClassification.Trainers.LstmLanguageModel(new()
        {
            FeatureColumnName = nameof(Example.Tokens),
            HiddenSize = 9,
            NumberOfEpochs = 2,
        }).Fit(data);
        var options = new GenerationOptions { Seed = 5, MaximumLength = 12, TopK = 5 };
        LstmGeneratingTransformer generator = model.CreateGenerator("More", options);
        IDataView more = generator.Transform(data);
        Assert.AreEqual(generator.GetOutputSchema(data.Schema).ToString(), more.Schema.ToString());
        string[][] expected = ColumnReader.Read(more, "More");
        Assert.IsTrue(expected.All(keys => keys.Length <= 12) && expected.Any(keys => keys.Length > 0));

        // Row by row, shuffled, saved, in a new process: the same.
        string[][] one = [.. rows.SelectMany(row => ColumnReader.Read(
            generator.Transform(_ml.Data.LoadFromEnumerable([row], schema)), "More"))];
        EstimatorHarness.AssertSame(expected, one);
        IRowToRowMapper mapper = ((ITransformer)generator).GetRowToRowMapper(data.Schema);
        using (DataViewRowCursor cursor = data.GetRowCursor(mapper.GetDependencies([mapper.OutputSchema["More"]])))
        {
            Func<string[]> get = ColumnReader.Getter(mapper.GetRow(cursor, [mapper.OutputSchema["More"]]), mapper.OutputSchema["More"]);
            foreach (string[] row in expected)
            {
                Assert.IsTrue(cursor.MoveNext());
                CollectionAssert.AreEqual(row, get());
            }
        }
        EstimatorHarness.AssertSame(expected, NewProcess.Score(path => _ml.Model.Save(generator, data.Schema, path), rows, ["More"])[0]);
        using var stream = new MemoryStream();
        _ml.Model.Save(generator, data.Schema, stream);
        stream.Position = 0;
        EstimatorHarness.AssertSame(expected, ColumnReader.Read(new MLContext().Model.Load(stream, out _).Transform(data), "More"));
        // Other seeds, other texts.
        options.Seed = 6;
        Assert.AreNotEqual(string.Join(';', expected.Select(keys => string.Join(',', keys))), string.Join(';',
            ColumnReader.Read(model.CreateGenerator("More", options).Transform(data), "More").Select(keys => string.Join(',', keys))));
    }

    [TestMethod]
    [TestCategory("language")]
    public void NestedBracketsAreBalanced()
    {
        var random = new Random(1);
        BracketRow[] rows = [.. Enumerable.Range(0, Acceptance.Count(1500, 60_000))
            .Select(_ => new BracketRow { Text = Brackets(random, 0) })];
        ITransformer pipeline = _ml.Transforms.Text.TokenizeIntoCharactersAsKeys("Tokens", "Text", useMarkerCharacters: false)
            .Append(_ml.MulticlassClassification.Trainers.LstmLanguageModel(new()
            {
                FeatureColumnName = "Tokens",
                HiddenSize = Acceptance.Count(48, 128),
                NumberOfEpochs = Acceptance.Count(12, 20),
                LearningRate = Acceptance.IsFull ? 0.003f : null,
                BatchSize = 16,
                LearningRateSchedule = LearningRateSchedule.Cosine(),
            })).Fit(_ml.Data.LoadFromEnumerable(rows));
        LstmTextGenerator generator = _ml.Model.CreateTextGenerator(pipeline);
        int texts = Acceptance.Count(300, 5000);
        string[] made = new string[texts];
        Parallel.For(0, texts, i => made[i] = generator.Generate("", new() { Seed = i, MaximumLength = 1000 }));
        double balanced = made.Count(IsBalanced) / (double)texts;
        Console.WriteLine($"{balanced:P2} of {texts} texts are balanced; {made.Distinct().Count()} are different, the deepest "
            + $"{made.Max(DepthOf)}.");
        Assert.IsGreaterThanOrEqualTo(Acceptance.IsFull ? 0.999 : 0.75, balanced);
        Assert.IsGreaterThanOrEqualTo(5, made.Max(text => IsBalanced(text) ? DepthOf(text) : 0));
    }

    // Some pairs side by side, each with such a text in it: at most five deep.
    private static string Brackets(Random random, int depth)
    {
        var text = new System.Text.StringBuilder();
        for (int pairs = depth == 0 ? 1 + random.Next(2) : random.Next(3); pairs > 0 && depth < 5; pairs--)
        {
            string pair = new[] { "()", "[]", "{}" }[random.Next(3)];
            text.Append(pair[0]).Append(Brackets(random, depth + 1)).Append(pair[1]);
        }
        return text.ToString();
    }

    private static bool IsBalanced(string text)
    {
        var open = new Stack<char>();
        foreach (char bracket in text)
        {
            if (bracket is '(' or '[' or '{')
                open.Push(bracket);
            else if (!open.TryPop(out char last) || $"{last}{bracket}" is not ("()" or "[]" or "{}"))
                return false;
        }
        return open.Count == 0;
    }

    private static int DepthOf(string text)
    {
        int depth = 0, deepest = 0;
        foreach (char bracket in text)
        {
            depth += bracket is '(' or '[' or '{' ? 1 : -1;
            deepest = Math.Max(deepest, depth);
        }
        return deepest;
    }

    private static LstmLanguageModelTransformer ModelOf(ITransformer pipeline)
        => ((IEnumerable<ITransformer>)pipeline).OfType<LstmLanguageModelTransformer>().Single();

    private sealed class Sentence
    {
        public string Text { get; set; } = "";
    }

    private sealed class BracketRow
    {
        public string Text { get; set; } = "";
    }
}

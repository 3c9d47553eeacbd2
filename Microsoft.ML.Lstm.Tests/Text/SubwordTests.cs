using System.Text;
using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Text;
using Microsoft.ML.Tokenizers;

namespace Microsoft.ML.Lstm.Tests.Text;

/// <summary>Texts to subwords and back, by each kind of vocabulary.</summary>
[TestClass]
public sealed class SubwordTests
{
    private const string Odd = " in the  end\tthe walker \r\n\r\n 😀 ü\u0000 naïve café 漢字 they'll 12,345 \u00A0x\u2028 ";

    private readonly MLContext _ml = new(seed: 1);
    private readonly VocabularyFiles _files = new();

    [TestCleanup]
    public void DeleteFiles() => _files.Dispose();

    private string File(string kind) => kind switch
    {
        "BPE" => _files.WriteBytePairs(),
        "Tiktoken" => _files.WriteTiktoken(),
        "WordPiece" => _files.WriteWordPieces(),
        "unigram" => _files.WriteUnigram(),
        _ => _files.WriteSentencePieces(),
    };

    [TestMethod]
    [DataRow("BPE")]
    [DataRow("Tiktoken")]
    [DataRow("SentencePiece")]
    public void TextsComeBackAsTheyWere(string kind)
    {
        string[] texts = [Odd, VocabularyFiles.Corpus, "", " ", "   ", "the", " the", "\n", "é", "😀😀", "a\u0301"];
        (string[] back, uint[][] keys) = RoundTrip(File(kind), texts);
        CollectionAssert.AreEqual(texts, back);
        Assert.IsEmpty(keys[2]);
        Assert.IsLessThan(VocabularyFiles.Corpus.Length, keys[1].Length, "Nothing was merged.");
    }

    [TestMethod]
    public void TextsOfAUnigramModelComeBackInItsCharacters()
    {
        string[] texts = ["the walker, they walk.", "", "  a <name>  b "];
        (string[] back, uint[][] keys) = RoundTrip(File("unigram"), texts);
        CollectionAssert.AreEqual(texts, back);
        Assert.IsLessThan(texts[0].Length, keys[0].Length);
        Assert.AreEqual(" ⁇  is unknown", RoundTrip(File("unigram"), ["Ü is unknown"]).Texts[0]);
    }

    [TestMethod]
    public void WordPieceGivesWordsBackWithOneSpaceBetweenThem()
    {
        (string[] back, uint[][] keys) = RoundTrip(File("WordPiece"),
            ["The walking\twalker\r\nCafé,  A", "the walkerish", "", "\n", "[SEP]"]);
        CollectionAssert.AreEqual(new[] { "the walking walker cafe , a", "the [UNK]", "", "", "" }, back);
        // Line breaks and tabs separate words; no special tokens are added; keys are ids + 1.
        CollectionAssert.AreEqual(new uint[] { 6, 7, 8, 7, 9, 11, 10, 12 }, keys[0]);
        CollectionAssert.AreEqual(new uint[] { 4 }, keys[4]);
    }

    [TestMethod]
    public void SpecialTokensAreAddedIfAskedForAndAreNoText()
    {
        SubwordTokenizer bert = Read(new() { VocabularyFile = File("WordPiece"), AddSpecialTokens = true });
        CollectionAssert.AreEqual(new[] { 2, 5, 6, 8, 3 }, bert.Encode("the walker").ToArray());
        Assert.AreEqual("the walker", bert.Decode(bert.Encode("the walker")));
        SubwordTokenizer sentences = Read(new() { VocabularyFile = File("SentencePiece"), AddSpecialTokens = true });
        IReadOnlyList<int> ids = sentences.Encode("the walk");
        Assert.AreEqual((1, 2), (ids[0], ids[^1]));
        Assert.AreEqual("the walk", sentences.Decode(ids));
    }

    [TestMethod]
    public void CapitalsAreKeptWhereTheVocabularyHasSome()
    {
        SubwordTokenizer cased = Read(new() { VocabularyFile = _files.WriteWordPieces("cased.txt", "The", "Café") });
        Assert.IsFalse(cased.Settings.LowerCase);
        Assert.AreEqual("The Café the cafe", cased.Decode(cased.Encode("The Café the cafe")));
        Assert.IsTrue(Read(new() { VocabularyFile = File("WordPiece") }).Settings.LowerCase);
        SubwordTokenizer told = Read(new() { VocabularyFile = File("WordPiece"), LowerCase = false });
        Assert.AreEqual("[UNK] the", told.Decode(told.Encode("The the")));
    }

    [TestMethod]
    public void WordPieceNeedsNoSpecialTokensOfBert()
    {
        SubwordTokenizer plain = Read(new() { VocabularyFile = _files.Write("vocab.txt", "[UNK]\nthe\nwalk\n##er\n,\n") });
        Assert.AreEqual("the walker , the [UNK]", plain.Decode(plain.Encode("THE walker, the\nend")));
    }

    [TestMethod]
    public void SpecialTokensOfBytePairsAreOneTokenAndComeBack()
    {
        foreach (string kind in new[] { "BPE", "Tiktoken" })
        {
            SubwordTokenizer tokenizer = Read(new() { VocabularyFile = File(kind), SpecialTokens = new() { ["<|end|>"] = 400 } });
            IReadOnlyList<int> ids = tokenizer.Encode("the <|end|>the");
            Assert.AreEqual(1, ids.Count(id => id == 400), kind);
            Assert.AreEqual("the <|end|>the", tokenizer.Decode(ids));
            Assert.HasCount(401, tokenizer.Pieces);
            Assert.AreEqual("", tokenizer.Pieces[399].Name);
        }
    }

    [TestMethod]
    [DataRow("BPE")]
    [DataRow("Tiktoken")]
    [DataRow("SentencePiece")]
    [DataRow("unigram")]
    public void TextIsAsThePackageDecodesIt(string kind)
    {
        string file = File(kind);
        SubwordTokenizer ours = Read(new() { VocabularyFile = file });
        using FileStream stream = System.IO.File.OpenRead(file);
        Tokenizer theirs = kind switch
        {
            "BPE" => BpeTokenizer.Create(file, _files.Path("merges.txt")),
            "Tiktoken" => TiktokenTokenizer.Create(stream, PreTokenizer.CreateWhiteSpace(), null),
            _ => SentencePieceTokenizer.Create(stream),
        };
        IReadOnlyList<int> ids = ours.Encode("the walker, there the end");
        string expected = theirs.Decode(ids)!;
        if (kind == "BPE")
            expected = string.Concat(ids.Select(id => ours.Pieces[id].Name)).Replace('Ġ', ' ');
        Assert.AreEqual(expected, ours.Decode(ids));
    }

    [TestMethod]
    public void CharactersWaitForTheirLastByte()
    {
        foreach (string kind in new[] { "BPE", "Tiktoken", "SentencePiece" })
        {
            SubwordTokenizer tokenizer = Read(new() { VocabularyFile = File(kind) });
            var decoder = new SubwordDecoder(tokenizer);
            var text = new StringBuilder();
            foreach (int id in tokenizer.Encode("x😀ü"))
            {
                decoder.Append(id, text);
                Assert.IsFalse(text.ToString().Contains('\uFFFD'), kind);
                Assert.IsTrue("x😀ü".StartsWith(text.ToString(), StringComparison.Ordinal), $"{kind}: {text}");
                Assert.IsFalse(text.Length == 2, "Half of a character came out.");
            }
            decoder.Finish(text);
            Assert.AreEqual("x😀ü", text.ToString());
            // An end within a character.
            text.Clear();
            decoder.Append(tokenizer.Encode("x")[0], text);
            decoder.Append(tokenizer.Encode("ü") is var ids && kind == "SentencePiece" ? ids[1] : ids[0], text);
            decoder.Finish(text);
            StringAssert.EndsWith(text.ToString(), "\uFFFD", kind);
        }
    }

    [TestMethod]
    public void UserDefinedSymbolsOfSentencePieceAreNotCut()
    {
        SubwordTokenizer tokenizer = Read(new() { VocabularyFile = File("SentencePiece") });
        IReadOnlyList<int> ids = tokenizer.Encode("the <name> walk");
        Assert.AreEqual(1, ids.Count(id => tokenizer.Pieces[id].Name == "<name>"));
        Assert.AreEqual("the <name> walk", tokenizer.Decode(ids));
    }

    [TestMethod]
    public void BytePairsOfCharactersHaveAnUnknownToken()
    {
        _files.Write("merges.txt", "a b\n");
        SubwordTokenizer tokenizer = Read(new()
        {
            VocabularyFile = _files.Write("vocab.json", """{ "<unk>": 0, "a": 1, "b": 2, " ": 3, "ab": 4 }"""),
        });
        CollectionAssert.AreEqual(new[] { 4, 3, 3, 2, 1 }, tokenizer.Encode("ab  ba").ToArray());
        Assert.AreEqual("ab <unk>", tokenizer.Decode(tokenizer.Encode("ab z")));
    }

    [TestMethod]
    public void KeyValuesAreThePieces()
    {
        IDataView tokens = _ml.Transforms.Text.TokenizeIntoSubwords("Tokens", "Text", File("BPE")).Fit(Texts("the walker"))
            .Transform(Texts("the walker"));
        VBuffer<ReadOnlyMemory<char>> values = default;
        tokens.Schema["Tokens"].GetKeyValues(ref values);
        Assert.AreEqual(316, values.Length);
        string[] pieces = [.. tokens.GetColumn<uint[]>("Tokens").Single().Select(key => values.GetItemOrDefault((int)key - 1).ToString())];
        Assert.AreEqual("theĠwalker", string.Concat(pieces));
        Assert.IsInstanceOfType<VectorDataViewType>(tokens.Schema["Tokens"].Type);
        // Bytes that are no character by themselves have a name, and no two pieces have the same.
        string[] names = [.. Read(new() { VocabularyFile = File("Tiktoken") }).Pieces.Select(piece => piece.Name)];
        Assert.AreEqual("<0xE2>", names[0xE2]);
        Assert.HasCount(names.Length, names.Distinct());
    }

    [TestMethod]
    public void MissingFilesAreNamed()
    {
        StringAssert.Contains(Assert.ThrowsExactly<FileNotFoundException>(
            () => _ml.Transforms.Text.TokenizeIntoSubwords("Tokens", "Text", _files.Path("none.model"))).Message, "none.model");
        string vocabulary = File("BPE");
        System.IO.File.Delete(_files.Path("merges.txt"));
        StringAssert.Contains(Assert.ThrowsExactly<FileNotFoundException>(
            () => _ml.Transforms.Text.TokenizeIntoSubwords("Tokens", "Text", vocabulary)).Message, "merges.txt");
    }

    [TestMethod]
    [DataRow("vocab.json", "", "JSON")]
    [DataRow("vocab.json", "{ \"a\": 0 }", "no token for unknown")]
    [DataRow("vocab.json", "{ \"<unk>\": 0, \"a\": 0 }", "the id 0")]
    [DataRow("vocab.json", "{ \"<unk>\": 0, \"a\": -1 }", "has -1")]
    [DataRow("vocab.json", "{ \"<unk>\": 0, \"a\": 2147483647 }", "has 2147483647")]
    [DataRow("vocab.json", "{ \"<unk>\": 0, \"a\": 1 }", "merg")]
    [DataRow("vocab.txt", "a\nb\n", "'[UNK]'")]
    [DataRow("vocab.txt", "[UNK]\na\na\n", "'a' 2 times")]
    [DataRow("vocab.txt", "[UNK]\n\na\n", "line 2 is empty")]
    [DataRow("small.tiktoken", "", "0 of 256 bytes")]
    [DataRow("small.tiktoken", "IQ== x\n", "'IQ== x'")]
    [DataRow("small.tiktoken", "§ 0\n", "made of")]
    [DataRow("small.model", "nonsense", "no model of SentencePiece")]
    [DataRow("small.model", "", "no piece")]
    public void DamagedFilesAreRefused(string name, string content, string expected)
    {
        _files.Write("merges.txt", "a z\n");
        string file = _files.Write(name, content);
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(
            () => _ml.Transforms.Text.TokenizeIntoSubwords("Tokens", "Text", file)).Message, expected);
    }

    [TestMethod]
    public void ModelsThatWouldBeCutWronglyAreRefused()
    {
        Refuse(_files.WriteUnigram(model => model.TrainerSpec.BosId = -1), "T5");
        Refuse(_files.WriteUnigram(model => model.TrainerSpec.ByteFallback = true), "255 too high");
        Refuse(_files.WriteSentencePieces(model => model.TrainerSpec.TreatWhitespaceAsSuffix = true), "treat_whitespace_as_suffix");
        Refuse(_files.WriteSentencePieces(model => model.TrainerSpec.ModelType = SentencePieceTrainer.Types.Algorithm.Word),
            "only BPE and UNIGRAM");

        void Refuse(string file, string expected) => StringAssert.Contains(Assert.ThrowsExactly<NotSupportedException>(
            () => _ml.Transforms.Text.TokenizeIntoSubwords("Tokens", "Text", file)).Message, expected);
    }

    [TestMethod]
    public void OptionsOfOtherKindsAreRefused()
    {
        string file = File("Tiktoken");
        foreach ((SubwordTokenizingEstimator.Options options, string name) in new[]
        {
            (new SubwordTokenizingEstimator.Options { LowerCase = true }, "LowerCase"),
            (new() { AddSpecialTokens = true }, "AddSpecialTokens"),
            (new() { UnknownToken = "?" }, "UnknownToken"),
            (new() { MergesFile = file }, "MergesFile"),
            (new() { TokenizerType = (SubwordTokenizerType)9 }, "TokenizerType"),
        })
        {
            (options.OutputColumnName, options.VocabularyFile) = ("Tokens", file);
            Assert.AreEqual(name,
                Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _ml.Transforms.Text.TokenizeIntoSubwords(options)).ParamName);
        }
        Assert.ThrowsExactly<ArgumentException>(() => _ml.Transforms.Text.TokenizeIntoSubwords("", "Text", file));
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentOutOfRangeException>(
            () => _ml.Transforms.Text.TokenizeIntoSubwords("Tokens", "Text", _files.Write("vocabulary", "a"))).Message, "TokenizerType");
    }

    [TestMethod]
    [DataRow("BPE")]
    [DataRow("Tiktoken")]
    public void APatternThatIsNoExpressionIsRefused(string kind)
    {
        ArgumentException error = Assert.ThrowsExactly<ArgumentException>(() => _ml.Transforms.Text.TokenizeIntoSubwords(new()
        {
            OutputColumnName = "Tokens",
            VocabularyFile = File(kind),
            Pattern = "(a",
        }));
        Assert.AreEqual("Pattern", error.ParamName);
        StringAssert.Contains(error.Message, "(a");
    }

    [TestMethod]
    public void TheVocabularyIsReadOnce()
    {
        IDataView data = Texts(Odd);
        SubwordTokenizingTransformer model = _ml.Transforms.Text.TokenizeIntoSubwords("Tokens", "Text", File("BPE")).Fit(data);
        Assert.AreSame(model.GetOutputSchema(data.Schema)["Tokens"].Annotations, model.Transform(data).Schema["Tokens"].Annotations);
        SubwordTokenizer other = model.Tokenizer.WithColumns("Back", "Pieces");
        Assert.AreSame(model.Tokenizer.Pieces, other.Pieces);
        Assert.AreEqual(("Back", "Pieces"), (other.Settings.OutputColumnName, other.Settings.InputColumnName));
        Assert.AreEqual(("Tokens", "Text"), (model.OutputColumnName, model.InputColumnName));
    }

    [TestMethod]
    public void ColumnsOfOtherTypesAreRefused()
    {
        string file = File("Tiktoken");
        IDataView numbers = _ml.Data.LoadFromEnumerable([new Numbers()]);
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(
            () => _ml.Transforms.Text.TokenizeIntoSubwords("Tokens", "Number", file).Fit(numbers));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(
            () => _ml.Transforms.Text.TokenizeIntoSubwords("Tokens", "None", file).Fit(numbers));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _ml.Transforms.Text.JoinSubwords("Text", "Number", file).Fit(numbers));
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentOutOfRangeException>(
            () => _ml.Transforms.Text.JoinSubwords("Text", "Keys", file).Fit(numbers)).Message, "a vocabulary of 261 pieces");
    }

    [TestMethod]
    public void KeysWithoutAPieceAreErrorsAndMissingKeysAreNoText()
    {
        string file = File("Tiktoken");
        var joiner = _ml.Transforms.Text.JoinSubwords(new()
        {
            OutputColumnName = "Text",
            InputColumnName = "Pieces",
            VocabularyFile = file,
            SpecialTokens = new() { ["<|end|>"] = 299 },
        });
        string Join(params uint[] keys)
        {
            IDataView data = _ml.Data.LoadFromEnumerable([new Numbers { Pieces = keys }]);
            return joiner.Fit(data).Transform(data).GetColumn<string>("Text").Single();
        }
        Assert.AreEqual("th<|end|>", Join(0, 257, 0, 300));
        Assert.AreEqual("", Join());
        StringAssert.Contains(Assert.ThrowsExactly<InvalidOperationException>(() => Join(1, 280)).Message, "the key 280 in row 0");
        StringAssert.Contains(Assert.ThrowsExactly<InvalidOperationException>(() => Join(301)).Message, "300 keys");
    }

    [TestMethod]
    public void ALoadedModelJoinsWithoutTheFiles()
    {
        IDataView data = Texts(Odd);
        var model = _ml.Transforms.Text.TokenizeIntoSubwords("Tokens", "Text", File("BPE")).Fit(data);
        using var stream = new MemoryStream();
        _ml.Model.Save(model, data.Schema, stream);
        _files.Dispose();
        Directory.CreateDirectory(_files.Path(""));
        stream.Position = 0;
        var loaded = (SubwordTokenizingTransformer)new MLContext().Model.Load(stream, out _);
        Assert.AreEqual(Odd, loaded.CreateJoiner("Back").Transform(loaded.Transform(data)).GetColumn<string>("Back").Single());
    }

    private (string[] Texts, uint[][] Keys) RoundTrip(string file, string[] texts)
    {
        IDataView data = Texts(texts);
        var model = _ml.Transforms.Text.TokenizeIntoSubwords("Tokens", "Text", file)
            .Append(_ml.Transforms.Text.JoinSubwords("Back", "Tokens", file)).Fit(data);
        IDataView back = model.Transform(data);
        return ([.. back.GetColumn<string>("Back")], [.. back.GetColumn<uint[]>("Tokens")]);
    }

    private IDataView Texts(params string[] texts)
        => _ml.Data.LoadFromEnumerable(texts.Select(text => new TextRow { Text = text }).ToArray());

    private static SubwordTokenizer Read(SubwordTokenizingEstimator.Options options)
    {
        options.OutputColumnName = "Tokens";
        return options.Read();
    }

    private sealed class TextRow
    {
        public string Text = "";
    }

    private sealed class Numbers
    {
        public float Number = 1;

        [KeyType(5)]
        public uint[] Keys = [1];

        [KeyType(300)]
        public uint[] Pieces = [];
    }
}

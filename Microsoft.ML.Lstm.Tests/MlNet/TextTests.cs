using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Text;
using static Microsoft.ML.Lstm.Tests.MlNet.VectorRows;

namespace Microsoft.ML.Lstm.Tests.MlNet;

/// <summary>From text to what a sequence model reads: normalized, cut into words and characters, loaded from files.</summary>
[TestClass]
public sealed class TextTests
{
    private readonly MLContext _ml = new(seed: 1);

    [TestMethod]
    public void WordsAreWhatStandsBetweenSeparators()
    {
        IDataView data = Texts("Hello,  Wörld 12!", " \t x\u00A0y  the THE", "");
        AssertRows([["Hello,", "Wörld", "12!"], ["\t", "x\u00A0y", "the", "THE"], []], Words(_ml.Transforms.Text.TokenizeIntoWords("Words", "Text"), data));
        AssertRows([["Hello", "Wörld", "12!"], ["\t", "x\u00A0y", "the", "THE"], []],
            Words(_ml.Transforms.Text.TokenizeIntoWords("Words", "Text", [' ', ',']), data));
        AssertRows([["a b", "c"]], Words(_ml.Transforms.Text.TokenizeIntoWords("Words", "Text", ['\t']), Texts(" a b \t\tc")));
    }

    [TestMethod]
    public void WordsOfAVectorComeOneSlotAfterAnother()
    {
        IDataView data = _ml.Data.LoadFromEnumerable([new Row { Texts = ["a b", "", "c"] }]);
        AssertRows([["a", "b", "c"]], Words(_ml.Transforms.Text.TokenizeIntoWords("Words", "Texts"), data));
    }

    [TestMethod]
    public void CharactersAreKeysOfTheirOwnNumber()
    {
        IDataView data = Texts("aB€", "");
        IDataView marked = Apply(_ml.Transforms.Text.TokenizeIntoCharactersAsKeys("Characters", "Text"), data);
        Assert.AreEqual("Vector<Key<UInt16, 0-65534>>", marked.Schema["Characters"].Type.ToString());
        AssertRows<ushort>([[2, 'a', 'B', '€', 3], []], marked.GetColumn<ushort[]>("Characters"));
        AssertRows<ushort>([['a', 'B', '€'], []], Apply(_ml.Transforms.Text.TokenizeIntoCharactersAsKeys("Text", "Text", useMarkerCharacters: false), data).GetColumn<ushort[]>("Text"));
    }

    [TestMethod]
    public void CharactersOfAVectorAreOneStream()
    {
        IDataView data = _ml.Data.LoadFromEnumerable([new Row { Texts = ["ab", "", "c"] }, new Row { Texts = ["", "d"] }, new Row { Texts = [] }]);
        AssertRows<ushort>([[2, 'a', 'b', 0x1F, 'c', 3], [2, 0x1F, 'd', 3], [2, 3]],
            Apply(_ml.Transforms.Text.TokenizeIntoCharactersAsKeys("Characters", "Texts"), data).GetColumn<ushort[]>("Characters"));
        AssertRows<ushort>([['a', 'b', 0x1F, 'c'], [0x1F, 'd'], []],
            Apply(_ml.Transforms.Text.TokenizeIntoCharactersAsKeys("Characters", "Texts", false), data).GetColumn<ushort[]>("Characters"));
    }

    [TestMethod]
    public void KeysOfCharactersHaveNames()
    {
        IDataView data = Apply(_ml.Transforms.Text.TokenizeIntoCharactersAsKeys("Text", "Text"), Texts("a \u007F\u0085\u2028\uD83D€"));
        string[] names = Apply(_ml.Transforms.Conversion.MapKeyToValue("Text"), data).GetColumn<string[]>("Text").Single();
        CollectionAssert.AreEqual((string[])["<␂>", "a", "<␠>", "<␡>", "<NEL>", "<LSEP>", "\\u4X", "€", "<␃>"], names);
    }

    [TestMethod]
    public void NormalizedTextIsPlainerByOption()
    {
        IDataView data = Texts("Hello,  Wörld 12!", "ÉÇñǕ\u0301\u1EA0ёй\u0385");
        string[] Normalize(TextNormalizingEstimator estimator) => [.. Apply(estimator, data).GetColumn<string>("Text")];
        CollectionAssert.AreEqual((string[])["hello,  world 12!", "ecnu\u1EA1еи\u0385"], Normalize(_ml.Transforms.Text.NormalizeText("Text")));
        CollectionAssert.AreEqual((string[])["HELLO  WÖRLD ", "ÉÇÑǕ\u0301\u1EA0ЁЙ\u0385"],
            Normalize(_ml.Transforms.Text.NormalizeText("Text", null, TextNormalizingEstimator.CaseMode.Upper, true, false, false)));
        CollectionAssert.AreEqual((string[])["Hello  World 12", "ECnU\u1EA0еи\u0385"],
            Normalize(_ml.Transforms.Text.NormalizeText("Text", null, TextNormalizingEstimator.CaseMode.None, keepPunctuations: false)));
    }

    [TestMethod]
    public void NormalizedVectorLosesWhatBecomesEmpty()
    {
        IDataView data = _ml.Data.LoadFromEnumerable([new Row { Texts = ["The", "...", "", "cat"] }]);
        AssertRows([["the", "cat"]], Words(_ml.Transforms.Text.NormalizeText("Words", "Texts", keepPunctuations: false), data));
    }

    [TestMethod]
    public void WhatIsNoTextIsRefused()
    {
        IDataView data = Texts("a");
        IEstimator<ITransformer>[] estimators = [_ml.Transforms.Text.TokenizeIntoWords("Number"), _ml.Transforms.Text.TokenizeIntoCharactersAsKeys("Number", "Number"), _ml.Transforms.Text.NormalizeText("Number")];
        string[] expected = ["String or Vector of String", "String", "String or vector of String"];
        for (int i = 0; i < estimators.Length; i++)
        {
            var chain = _ml.Transforms.CopyColumns("Other", "Number").Append(estimators[i]);
            StringAssert.StartsWith(Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => chain.Fit(data)).Message,
                $"Schema mismatch for input column 'Number': expected {expected[i]}, got Single");
        }
        StringAssert.StartsWith(Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => estimators[0].Fit(data)).Message,
            "Schema mismatch for input column 'Number': expected String or Vector of String, got Single");
    }

    [TestMethod]
    public void ShapePromisesVectorsOfVaryingSize()
    {
        var chain = _ml.Transforms.Text.NormalizeText("Text").Append(_ml.Transforms.Text.TokenizeIntoWords("Words", "Text"))
            .Append(_ml.Transforms.Conversion.MapValueToKey("Words")).Append(_ml.Transforms.Text.TokenizeIntoCharactersAsKeys("Characters", "Text"));
        SchemaShape shape = chain.GetOutputSchema(Lstm.MlNet.SchemaShapes.ToShape(Texts("a").Schema));
        SchemaShape delivered = Lstm.MlNet.SchemaShapes.ToShape(chain.Fit(Texts("a")).GetOutputSchema(Texts("a").Schema));
        string[] Describe(SchemaShape s) => [.. s.Select(c => $"{c.Name} {c.Kind} {c.ItemType} {c.IsKey} {string.Join(',', c.Annotations.Select(a => a.Name))}").Order()];
        CollectionAssert.AreEqual(Describe(shape), Describe(delivered));
        StringAssert.StartsWith(string.Join(';', Describe(shape)), "Characters VariableVector UInt16 True KeyValues;");
    }

    [TestMethod]
    public void SavedTextPipelineDoesTheSame()
    {
        IDataView data = Texts("The cat, Sat", "the Ünknown");
        var pipeline = _ml.Transforms.Text.NormalizeText("Text", keepPunctuations: false).Append(_ml.Transforms.Text.TokenizeIntoWords("Words", "Text", [' ', '+']))
            .Append(_ml.Transforms.Conversion.MapValueToKey("Keys", "Words")).Append(_ml.Transforms.Text.TokenizeIntoCharactersAsKeys("Characters", "Text", false));
        ITransformer model = pipeline.Fit(data);
        var file = new MemoryStream();
        _ml.Model.Save(model, data.Schema, file);
        file.Position = 0;
        IDataView loaded = new MLContext().Model.Load(file, out _).Transform(Texts("CAT+the! sat öf"));
        AssertRows([["cat", "the", "sat", "of"]], loaded.GetColumn<string[]>("Words"));
        AssertRows<uint>([[2, 1, 3, 0]], loaded.GetColumn<uint[]>("Keys"));
        AssertRows<ushort>([.. loaded.GetColumn<string>("Text").Select(text => text.Select(c => (ushort)c).ToArray())], loaded.GetColumn<ushort[]>("Characters"));
    }

    [TestMethod]
    public void TextFileGivesTextsAndKeysOneAColumnOrSeveral()
    {
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, "a\tb c\t2\t0\t4\n\t  \t5\tx\n\"q\"\t\t0\t?\t1\textra\n");
            IDataView data = _ml.Data.LoadFromTextFile<FileRow>(path);
            AssertRows([["a", "b c"], ["", ""], ["\"q\"", ""]], _ml.Data.CreateEnumerable<FileRow>(data, reuseRowObject: false).Select(row => row.Texts));
            CollectionAssert.AreEqual((uint[])[3, 0, 1], data.GetColumn<uint>("Key").ToArray());
            AssertRows<ushort>([[1, 5], [0, 0], [0, 2]], data.GetColumn<ushort[]>("Keys"));
            Assert.AreEqual("Vector<Key<UInt16, 0-4>, 2>", data.Schema["Keys"].Type.ToString());
            Assert.AreEqual("Vector<String, 2>", data.Schema["Texts"].Type.ToString());
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static IDataView Apply(IEstimator<ITransformer> estimator, IDataView data) => estimator.Fit(data).Transform(data);

    private static IEnumerable<string[]> Words(IEstimator<ITransformer> estimator, IDataView data) => Apply(estimator, data).GetColumn<string[]>("Words");

    private IDataView Texts(params string[] texts) => _ml.Data.LoadFromEnumerable(Array.ConvertAll(texts, text => new Row { Text = text }));

    private sealed class Row
    {
        public string Text { get; set; } = "";

        public string[] Texts { get; set; } = [];

        public float Number { get; set; }
    }

    private sealed class FileRow
    {
        [LoadColumn(0, 1)]
        public string[] Texts { get; set; } = [];

        [LoadColumn(2)]
        [KeyType(5)]
        public uint Key { get; set; }

        [LoadColumn(3, 4)]
        [KeyType(5)]
        public ushort[] Keys { get; set; } = [];
    }
}

using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Training;

namespace Microsoft.ML.Lstm.Tests.Engine.Files;

[TestClass]
public sealed class WordVectorReaderTests
{
    private const string Name = "vectors.txt";

    [TestMethod]
    public void GloVesFormatGivesTheVectorsOfTheVocabulary()
    {
        PretrainedEmbeddings given = Read("the 0.5 -1e-3 3\nof 4 5 6\ncat 7 8 9\n", "cat", "dog", "the");

        Assert.AreEqual((3, 3), (given.Shape.Vocabulary, given.Shape.Size));
        CollectionAssert.AreEqual(new[] { 7f, 8, 9 }, given[1]);
        Assert.IsNull(given[2]);
        CollectionAssert.AreEqual(new[] { 0.5f, -0.001f, 3 }, given[3]);
        Assert.IsNull(given[0]);
        Assert.AreEqual(2, given.Found);
        Assert.AreEqual(2 / 3.0, given.Coverage);
        CollectionAssert.AreEqual(new[] { 1, 3 }, given.Tokens.ToArray());
    }

    [TestMethod]
    [DataRow("2 3\nthe 1 2 3\nof 4 5 6\n")]
    [DataRow("2 3\nthe 1 2 3 \nof 4 5 6 \n")]
    [DataRow("2\t3\r\nthe\t1\t2\t3\r\nof\t4\t5\t6\r\n\r\n")]
    [DataRow("\uFEFF2 3\n\nthe 1 2 3\nof  4  5  6")]
    public void Word2VecsFormatIsTheSameBehindItsHeader(string text)
    {
        PretrainedEmbeddings given = Read(text, "of", "the");
        CollectionAssert.AreEqual(new[] { 4f, 5, 6 }, given[1]);
        CollectionAssert.AreEqual(new[] { 1f, 2, 3 }, given[2]);
        Assert.AreEqual(1, given.Coverage);
    }

    [TestMethod]
    public void TheSameWordComesBeforeItsLowerCaseWhereverTheyStand()
    {
        PretrainedEmbeddings given = Read(
            "apple 1 0\nApple 2 0\npear 3 0\nPLUM 4 0\nApple 5 0\npear 6 0\n", "Apple", "APPLE", "apple", "Pear",
            "plum");
        Assert.AreEqual(2, given[1]![0], "the same, though lower case came first");
        Assert.AreEqual(1, given[2]![0], "lower case");
        Assert.AreEqual(1, given[3]![0]);
        Assert.AreEqual(3, given[4]![0], "the first of two");
        Assert.IsNull(given[5], "nobody asked for upper case");
    }

    [TestMethod]
    public void WordsMayHaveSpacesAndAnyLetters()
    {
        PretrainedEmbeddings given = Read("café 1 2\n. . . 3 4\nat name@domain.com 5 6\n2012 7 8\n\u00a0 9 10\n東京 11 12\n", ". . .",
            "at name@domain.com", "café", "2012", "東京", "name@domain.com");
        CollectionAssert.AreEqual(new[] { 3f, 4 }, given[1]);
        CollectionAssert.AreEqual(new[] { 5f, 6 }, given[2]);
        CollectionAssert.AreEqual(new[] { 1f, 2 }, given[3]);
        CollectionAssert.AreEqual(new[] { 7f, 8 }, given[4]);
        CollectionAssert.AreEqual(new[] { 11f, 12 }, given[5]);
        Assert.IsNull(given[6]);
    }

    [TestMethod]
    public void NumbersAreReadTheSameInEveryCulture()
    {
        System.Globalization.CultureInfo before = System.Globalization.CultureInfo.CurrentCulture;
        try
        {
            System.Globalization.CultureInfo.CurrentCulture = new System.Globalization.CultureInfo("de-DE");
            CollectionAssert.AreEqual(new[] { 1.5f, 2 }, Read("the 1.5 2\n", "the")[1]);
        }
        finally
        {
            System.Globalization.CultureInfo.CurrentCulture = before;
        }
    }

    [TestMethod]
    [DataRow("", "vectors.txt: expected words and their vectors, found nothing.")]
    [DataRow("\n \n", "vectors.txt: expected words and their vectors, found nothing.")]
    [DataRow("the\n", "line 1: expected a word and from 1 to 65536 numbers, found 1 fields.")]
    [DataRow("the 1 2\nof 3\n", "line 2: expected a word and 2 numbers, found 2 fields.")]
    [DataRow("the 1 2\n3 4\n", "line 2: expected a word and 2 numbers, found 2 fields.")]
    [DataRow("the 1 2\n\nof 3 4 5\n", "line 3: expected a word and 2 numbers, found more numbers.")]
    [DataRow("the 1 2\nof 3 x\n", "line 2: expected a finite number in place 2 after the word, found 'x'.")]
    [DataRow("the 1 2\nof 3,5 4\n", "line 2: expected a finite number in place 1 after the word, found '3,5'.")]
    [DataRow("the 1 2\nof NaN 4\n", "line 2: expected a finite number in place 1 after the word, found 'NaN'.")]
    [DataRow("the 1 2\nof 1 1e39\n", "line 2: expected a finite number in place 2 after the word, found '1e39'.")]
    [DataRow("the x 2\nof 1 2\n", "line 1: expected a finite number in place 1 after the word, found 'x'.")]
    [DataRow("3 2\nthe 1 2\nof 3 4\n", "line 3: expected 3 vectors, as the first line says, found 2 at the end.")]
    [DataRow("1 2\nthe 1 2\nof 3 4\n", "line 3: expected 1 vectors, as the first line says, found more.")]
    [DataRow("1 2\n", "line 1: expected 1 vectors, as the first line says, found none.")]
    [DataRow("2 3\nthe 1 2\nof 3 4\n", "line 2: expected a word and 3 numbers, found 3 fields.")]
    [DataRow("2 1\nthe 1 2\nof 3 4\n", "line 2: expected a word and 1 numbers, found more numbers.")]
    [DataRow("0 3\n", "line 1: expected the number of vectors, at least 1, and their size, from 1 to 65536, found '0 3'.")]
    [DataRow("5 2000000000\nthe 1\n",
        "line 1: expected the number of vectors, at least 1, and their size, from 1 to 65536, found '5 2000000000'.")]
    public void AMalformedFileIsRefusedWithItsNameAndLine(string text, string message)
    {
        // With a word of the vocabulary and with another one.
        foreach (string word in new[] { "of", "unrelated" })
        {
            var thrown = Assert.ThrowsExactly<InvalidDataException>(() => Read(text, word));
            StringAssert.StartsWith(thrown.Message, Name);
            StringAssert.EndsWith(thrown.Message, message);
        }
    }

    [TestMethod]
    public void AFileIsReadAndNamedByItsPath()
    {
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, "the 1 2\nof 3 4\n");
            Assert.AreEqual(2, WordVectorReader.Read(path, ["The", "of"]).Found);
            File.WriteAllText(path, "the 1 2\nof 3\n");
            StringAssert.StartsWith(Assert.ThrowsExactly<InvalidDataException>(() => WordVectorReader.Read(path, ["of"])).Message,
                path + ", line 2: ");
        }
        finally
        {
            File.Delete(path);
        }
    }

    [TestMethod]
    public void ReadingCanBeCancelled()
        => Assert.ThrowsExactly<OperationCanceledException>(() =>
            WordVectorReader.Read(new StringReader("the 1 2\n"), Name, [], new CancellationToken(canceled: true)));

    [TestMethod]
    public void WhatIsNotAskedForIsNotKept()
    {
        // 30 MB of text with one word of the vocabulary.
        string numbers = string.Join(' ', Enumerable.Repeat("0.12345", 300));
        long before = GC.GetTotalMemory(forceFullCollection: true);
        PretrainedEmbeddings given = WordVectorReader.Read(new RepeatedLine(numbers, 12_000), Name, ["w7", "absent"]);
        long kept = GC.GetTotalMemory(forceFullCollection: true) - before;
        Assert.AreEqual(1, given.Found);
        Assert.AreEqual(0.12345f, given[1]![299]);
        Assert.IsLessThan(1_000_000, kept);
    }

    private static PretrainedEmbeddings Read(string text, params string[] vocabulary)
    {
        using var reader = new StreamReader(new MemoryStream(System.Text.Encoding.UTF8.GetBytes(text)));
        return WordVectorReader.Read(reader, Name, vocabulary);
    }

    /// <summary>Words w0, w1, ..., all with the same vector.</summary>
    private sealed class RepeatedLine(string numbers, int lines) : TextReader
    {
        private int _line;

        public override string? ReadLine() => _line == lines ? null : $"w{_line++} {numbers}";
    }
}

using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Series;

namespace Microsoft.ML.Lstm.Tests.Series;

/// <summary>The names of series: texts, and keys with and without key values.</summary>
[TestClass]
public sealed class SeriesNameReaderTests
{
    private static readonly MLContext Ml = new(1);

    [TestMethod]
    public void TextsAreTheirOwnNames()
        => CollectionAssert.AreEqual(new[] { "b", "b", "a", "", "", "a", " b", "B" },
            Names(Rows("b", "b", "a", "", null, "a", " b", "B"), "Text"));

    [TestMethod]
    public void KeysHaveTheNamesTheyStandFor()
    {
        IDataView texts = Rows("b", "a", "b", "c", "", "a");
        CollectionAssert.AreEqual(new[] { "b", "a", "b", "c", "none", "a" }, Names(Map(texts, "Text"), "Key"));
        // A value that is not among the keys has the missing key.
        IDataView known = Rows("a", "b");
        IDataView mapped = Ml.Transforms.Conversion.MapValueToKey("Key", "Text").Fit(known).Transform(texts);
        CollectionAssert.AreEqual(new[] { "b", "a", "b", "none", "none", "a" }, Names(mapped, "Key"));
        // Numbers are names too, in invariant culture.
        IDataView numbers = Ml.Data.LoadFromEnumerable(new[] { 2.5f, 10f, 2.5f }.Select(number => new Row { Number = number }));
        CollectionAssert.AreEqual(new[] { "2.5", "10", "2.5" }, Names(Map(numbers, "Number"), "Key"));
    }

    [TestMethod]
    public void TheNameOfAKeyDoesNotDependOnItsNumber()
    {
        string[] forwards = Names(Map(Rows("a", "b", "c"), "Text"), "Key"), backwards = Names(Map(Rows("c", "b", "a"), "Text"), "Key");
        CollectionAssert.AreEqual(new[] { "a", "b", "c" }, forwards);
        CollectionAssert.AreEqual(new[] { "c", "b", "a" }, backwards);
    }

    [TestMethod]
    public void KeysWithoutNamesAreNumbersFromOne()
    {
        // ML.NET's objects count keys from 0.
        IDataView data = Ml.Data.LoadFromEnumerable(new uint[] { 4, 4, 0, 999, 4, uint.MaxValue,
            4 }.Select(key => new Row { Plain = key }));
        CollectionAssert.AreEqual(new[] { "5", "5", "1", "1000", "5", "none", "5" }, Names(data, "Plain"));
    }

    private static IDataView Rows(params string?[] texts) => Ml.Data.LoadFromEnumerable(texts.Select(text => new Row { Text = text! }));

    private static IDataView Map(IDataView data, string column)
        => Ml.Transforms.Conversion.MapValueToKey("Key", column).Fit(data).Transform(data);

    private static string[] Names(IDataView data, string column)
    {
        DataViewSchema.Column found = data.Schema[column];
        using DataViewRowCursor cursor = data.GetRowCursor([found]);
        var reader = new SeriesNameReader(cursor, found);
        var names = new List<string>();
        while (cursor.MoveNext())
            names.Add(reader.Read() ?? "none");
        return [.. names];
    }

    private sealed class Row
    {
        public string Text { get; set; } = "";

        public float Number { get; set; }

        [KeyType(1000)]
        public uint Plain { get; set; }
    }
}

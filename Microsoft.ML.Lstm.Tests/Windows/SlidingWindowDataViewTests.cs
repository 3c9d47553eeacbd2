using Microsoft.ML.Data;
using static Microsoft.ML.Lstm.Tests.Windows.WindowSample;

namespace Microsoft.ML.Lstm.Tests.Windows;

/// <summary>How rows with windows come out of a data view.</summary>
[TestClass]
public sealed class SlidingWindowDataViewTests
{
    private readonly MLContext _ml = new(seed: 1);

    [TestMethod]
    public void CachedWindowsAndThoseOfAPartOfTheRowsAreTheSame()
    {
        var estimator = _ml.Transforms.SlidingWindow("Window", 3, ["Value"], labelColumnName: "Label");
        IDataView data = Table(_ml, 10);
        Windowed[] rows = Read(_ml, estimator, data);

        AssertSame(rows, Read(_ml, _ml.Data.Cache(Apply(estimator, data))));
        AssertSame(rows, Read(_ml, estimator, _ml.Data.Cache(data)));
        AssertSame(rows[..4], Read(_ml, _ml.Data.TakeRows(Apply(estimator, data), 4)));
        AssertSame(rows[4..], Read(_ml, estimator, _ml.Data.SkipRows(data, 4)));
    }

    [TestMethod]
    public void DataSplitByTimeBeforeTheWindowLendNoLabelToEachOther()
    {
        Windowed[] train = Read(_ml, _ml.Transforms.SlidingWindow("Window", 3, ["Value"], labelColumnName: "Label"),
            _ml.Data.TakeRows(Table(_ml, 10), 6));

        CollectionAssert.AreEqual(new[] { 4f, 5f, 6f, float.NaN }, train.Select(row => row.Label).ToArray());
    }

    [TestMethod]
    public void CursorsOnSeveralThreadsGiveTheSame()
    {
        IDataView windowed = Apply(_ml.Transforms.SlidingWindow("Window", 5, ["Value"], labelColumnName: "Label", horizon: 3),
            Table(_ml, 2000));
        Windowed[] rows = Read(_ml, windowed);

        var results = new Windowed[4][];
        Parallel.For(0, results.Length, i => results[i] = Read(_ml, windowed));

        foreach (Windowed[] result in results)
            AssertSame(rows, result);
    }

    [TestMethod]
    public void OnlyTheColumnsThatAreNeededAreActive()
    {
        IDataView windowed = Apply(_ml.Transforms.SlidingWindow("Window", 2, ["Value"], labelColumnName: "Label"), Table(_ml, 4));
        DataViewSchema schema = windowed.Schema;

        using DataViewRowCursor cursor = windowed.GetRowCursor([schema["Window"], schema["Name"]]);

        Assert.IsTrue(cursor.IsColumnActive(schema["Window"]));
        Assert.IsTrue(cursor.IsColumnActive(schema["Name"]));
        // The window reads it, but the consumer didn't ask for it.
        Assert.IsFalse(cursor.IsColumnActive(schema["Value"]));
        Assert.IsFalse(cursor.IsColumnActive(schema["Label"]));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => cursor.GetGetter<float>(schema["Value"]));
        Assert.ThrowsExactly<InvalidOperationException>(() => cursor.GetGetter<float>(schema["Window"]));
    }

    [TestMethod]
    public void RowsPositionsAndIdsDoNotDependOnTheColumnsAskedFor()
    {
        IDataView windowed = Apply(_ml.Transforms.SlidingWindow("Window", 3, ["Value"], labelColumnName: "Label", horizon: 2),
            Table(_ml, 6));
        DataViewSchema schema = windowed.Schema;
        DataViewSchema.Column[][] choices = [[], [schema["Name"]], [schema["Label"]], [schema["Window"]], [.. schema]];

        DataViewRowId[] expected = Ids(windowed, []);

        Assert.HasCount(4, expected);
        Assert.HasCount(4, expected.Distinct().ToArray());
        foreach (DataViewSchema.Column[] choice in choices)
            CollectionAssert.AreEqual(expected, Ids(windowed, choice));
    }

    [TestMethod]
    public void TheOrderOfTheRowsIsNotForOthersToChange()
    {
        IDataView windowed = Apply(_ml.Transforms.SlidingWindow("Window", 3, ["Value"]), Table(_ml, 6));
        DataViewSchema schema = windowed.Schema;

        Assert.IsFalse(windowed.CanShuffle);
        DataViewRowCursor[] cursors = windowed.GetRowCursorSet(schema, 4);
        Assert.HasCount(1, cursors);
        cursors[0].Dispose();
        using DataViewRowCursor shuffled = windowed.GetRowCursor([schema["Value"]], new Random(1));
        ValueGetter<float> getter = shuffled.GetGetter<float>(schema["Value"]);
        float value = 0;
        for (float expected = 3; expected <= 6; expected++)
        {
            Assert.IsTrue(shuffled.MoveNext());
            getter(ref value);
            Assert.AreEqual(expected, value);
        }
        Assert.IsFalse(shuffled.MoveNext());
        Assert.IsFalse(shuffled.MoveNext());
    }

    [TestMethod]
    public void ASingleRowHasNoWindow()
    {
        IDataView data = Table(_ml, 3);
        SlidingWindowTransformer transformer = _ml.Transforms.SlidingWindow("Window", 2, ["Value"]).Fit(data);

        Assert.IsFalse(transformer.IsRowToRowMapper);
        var e = Assert.ThrowsExactly<InvalidOperationException>(() => transformer.GetRowToRowMapper(data.Schema));
        StringAssert.Contains(e.Message, "single");
    }

    [TestMethod]
    public void TooFewRowsForAWindowAreWarnedOf()
    {
        var warnings = new List<string>();
        _ml.Log += (_, entry) =>
        {
            if (entry.Kind == Runtime.ChannelMessageKind.Warning)
                warnings.Add(entry.RawMessage);
        };
        foreach (string? label in (string?[])[null, "Label"])
        {
            warnings.Clear();
            Assert.IsEmpty(Read(_ml, _ml.Transforms.SlidingWindow("Window", 5, ["Value"], label), Table(_ml, 4)));
            Assert.IsEmpty(Read(_ml, _ml.Transforms.SlidingWindow("Window", 5, ["Value"], label), Table(_ml, 1)));
            Assert.IsEmpty(Read(_ml, _ml.Transforms.SlidingWindow("Window", 5, ["Value"], label), Table(_ml, 0)));
            Assert.HasCount(1, Read(_ml, _ml.Transforms.SlidingWindow("Window", 5, ["Value"], label), Table(_ml, 5)));
            CollectionAssert.AreEqual((string[])[
                "The data has 4 rows, and a window takes 5, so there is no window (KeepIncompleteWindows makes some).",
                "The data has 1 row, and a window takes 5, so there is no window (KeepIncompleteWindows makes some)."], warnings);
        }
    }

    private static DataViewRowId[] Ids(IDataView data, DataViewSchema.Column[] columns)
    {
        var ids = new List<DataViewRowId>();
        using DataViewRowCursor cursor = data.GetRowCursor(columns);
        ValueGetter<DataViewRowId> getter = cursor.GetIdGetter();
        Assert.AreEqual(-1L, cursor.Position);
        while (cursor.MoveNext())
        {
            Assert.AreEqual(ids.Count, cursor.Position);
            Assert.AreEqual(0L, cursor.Batch);
            DataViewRowId id = default;
            getter(ref id);
            ids.Add(id);
        }
        return [.. ids];
    }
}

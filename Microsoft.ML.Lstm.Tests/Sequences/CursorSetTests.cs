using System.Collections.Concurrent;
using Microsoft.ML.Data;

namespace Microsoft.ML.Lstm.Tests.Sequences;

/// <summary>Several cursors that share the rows of an input, each row with the score that it has in the view of one cursor.</summary>
[TestClass]
public sealed class CursorSetTests
{
    private const int Count = 900;
    private static readonly SourceRow[] Rows = SourceRow.Make(Count);

    public static IEnumerable<object[]> RowByRow => OnePassModel.RowByRow.Select(name => new object[] { name });

    [TestMethod]
    [DynamicData(nameof(RowByRow))]
    public void OneCursorOfTheInputIsSharedOut(string name)
    {
        OnePassModel model = OnePassModel.Fit(name);
        var view = new WatchedDataView(model.Ml.Data.LoadFromEnumerable(Rows)) { IsCounted = true };
        IDataView scored = model.Model.Transform(view);
        DataViewSchema.Column[] columns = Columns(scored, model);
        DataViewRowCursor[] cursors = scored.GetRowCursorSet(columns, 3);
        Assert.HasCount(3, cursors);

        Dictionary<int, string[]> rows = Read(cursors, columns);

        Assert.AreEqual(Count + 1, view.Moves);
        Assert.AreEqual(1, view.Disposals);
        AssertSame(model, rows);
    }

    [TestMethod]
    public void RowsHaveAnyNumberOfSteps()
    {
        OnePassModel model = OnePassModel.Fit(AnyTrainer.Regression);
        Example[] rows = Example.Make(Count);
        for (int i = 0; i < Count; i++)
            rows[i].Features = [.. rows[i].Features.Take(2 * (1 + i % 5))];
        // A row that can't be scored has no effect on others.
        rows[300].Features[0] = float.NaN;
        IDataView data = model.Ml.Data.LoadFromEnumerable(rows, Example.Schema(new VectorDataViewType(NumberDataViewType.Single)));
        IDataView scored = model.Model.Transform(data);
        DataViewSchema.Column[] columns = Columns(scored, model);
        Dictionary<int, string[]> expected = OnePassModel.Read(scored, model.Outputs).ToDictionary(row => row.Id, row => row.Values);

        Dictionary<int, string[]> read = Read(scored.GetRowCursorSet(columns, 4), columns);

        Assert.HasCount(Count, read);
        foreach ((int id, string[] values) in expected)
            CollectionAssert.AreEqual(values, read[id]);
    }

    [TestMethod]
    public void RowsAreShuffledAndShared()
    {
        OnePassModel model = OnePassModel.Fit(AnyTrainer.Regression);
        IDataView rows = model.Ml.Data.Cache(model.Ml.Data.LoadFromEnumerable(Rows));
        IDataView scored = model.Model.Transform(new WatchedDataView(rows) { IsCounted = true });
        Assert.IsTrue(scored.CanShuffle);
        DataViewSchema.Column[] columns = Columns(scored, model);
        DataViewRowCursor[] cursors = scored.GetRowCursorSet(columns, 2, new Random(3));
        Assert.HasCount(2, cursors);
        AssertSame(model, Read(cursors, columns));
    }

    /// <summary>Each may be there long before the next, and then has its score.</summary>
    [TestMethod]
    public void RowsThatNobodyHasCountedAreNotSharedOut()
    {
        OnePassModel model = OnePassModel.Fit(AnyTrainer.Regression);
        IDataView scored = model.Model.Transform(new WatchedDataView(model.Ml.Data.LoadFromEnumerable(Rows)));
        DataViewSchema.Column[] columns = Columns(scored, model);
        DataViewRowCursor[] cursors = scored.GetRowCursorSet(columns, 3);
        Assert.HasCount(1, cursors);
        AssertSame(model, Read(cursors, columns));
    }

    [TestMethod]
    public void RowsWithoutScoresAreTheInputsOwn()
    {
        OnePassModel model = OnePassModel.Fit(AnyTrainer.Regression);
        IDataView scored = model.Model.Transform(new WatchedDataView(model.Ml.Data.LoadFromEnumerable(Rows)) { IsCounted = true });
        DataViewRowCursor cursor = Assert.ContainsSingle(scored.GetRowCursorSet([scored.Schema["Id"]], 3));
        cursor.Dispose();
    }

    [TestMethod]
    public void ACursorThatIsDisposedEarlyLeavesItsRowsBehind()
    {
        OnePassModel model = OnePassModel.Fit(AnyTrainer.Regression);
        var view = new WatchedDataView(model.Ml.Data.LoadFromEnumerable(Rows)) { IsCounted = true };
        IDataView scored = model.Model.Transform(view);
        DataViewSchema.Column[] columns = Columns(scored, model);
        DataViewRowCursor[] cursors = scored.GetRowCursorSet(columns, 3);
        Assert.IsTrue(cursors[0].MoveNext());
        cursors[0].Dispose();
        Dictionary<int, string[]> rows = Read(cursors[1..2], columns);
        cursors[2].Dispose();
        Assert.IsInRange(1, Count, rows.Count);
        foreach ((int id, string[] values) in Expected(model).Where(row => rows.ContainsKey(row.Key)))
            CollectionAssert.AreEqual(values, rows[id]);
        Assert.AreEqual(1, view.Disposals);
    }

    [TestMethod]
    public void AnErrorOfTheInputReachesAConsumer()
    {
        OnePassModel model = OnePassModel.Fit(AnyTrainer.Regression);
        var view = new WatchedDataView(model.Ml.Data.LoadFromEnumerable(Rows), failsAt: 400) { IsCounted = true };
        IDataView scored = model.Model.Transform(view);
        DataViewSchema.Column[] columns = Columns(scored, model);
        var errors = Assert.ThrowsExactly<AggregateException>(() => Read(scored.GetRowCursorSet(columns, 2), columns));
        Exception error = Assert.ContainsSingle(errors.Flatten().InnerExceptions);
        Assert.IsInstanceOfType<IOException>(error.InnerException);
        Assert.AreEqual(1, view.Disposals);
    }

    private static DataViewSchema.Column[] Columns(IDataView scored, OnePassModel model)
        => [scored.Schema["Id"], .. model.Outputs.Select(output => scored.Schema[output]), scored.Schema["Label"]];

    /// <summary>The rows of all cursors, each read by a thread of its own.</summary>
    private static Dictionary<int, string[]> Read(DataViewRowCursor[] cursors, DataViewSchema.Column[] columns)
    {
        var rows = new ConcurrentDictionary<int, string[]>();
        Task.WaitAll([.. cursors.Select(cursor => Task.Factory.StartNew(() =>
        {
            using (cursor)
            {
                Func<(int Id, string[] Values)> get = OnePassModel.Reader(cursor, columns);
                while (cursor.MoveNext())
                {
                    (int id, string[] values) = get();
                    Assert.IsTrue(rows.TryAdd(id, values), $"Row {id} came twice.");
                }
            }
        }, TaskCreationOptions.LongRunning))]);
        return new(rows);
    }

    private static Dictionary<int, string[]> Expected(OnePassModel model)
        => OnePassModel.Read(model.Model.Transform(model.Ml.Data.LoadFromEnumerable(Rows)), model.Outputs)
            .ToDictionary(row => row.Id, row => row.Values);

    private static void AssertSame(OnePassModel model, Dictionary<int, string[]> rows)
    {
        Dictionary<int, string[]> expected = Expected(model);
        Assert.HasCount(expected.Count, rows);
        foreach ((int id, string[] values) in expected)
            CollectionAssert.AreEqual(values, rows[id]);
    }
}

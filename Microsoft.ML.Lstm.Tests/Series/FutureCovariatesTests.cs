using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Series;

namespace Microsoft.ML.Lstm.Tests.Series;

/// <summary>The known covariates of the rows that follow, in each of many series, however they are mixed.</summary>
[TestClass]
public sealed class FutureCovariatesTests
{
    [TestMethod]
    [DataRow(1, 1)]
    [DataRow(3, 2)]
    [DataRow(7, 5)]
    [DataRow(40, 3)]
    public void EachRowIsGivenWhatFollowsItInItsSeries(int horizon, int seriesCount)
    {
        // Series of very different lengths, from one row to most of the table.
        var random = new Random(horizon);
        string[] order = [.. Enumerable.Range(0, seriesCount).SelectMany(s => Enumerable.Repeat($"s{s}", s == 0 ? 1 : s * s * 6))
            .OrderBy(_ => random.Next())];
        Reading[] rows = [.. order.Select((shop, i) => new Reading { Shop = shop, Promotion = i, Size = -i })];

        Check(rows, horizon);
        Check([.. rows.OrderBy(row => row.Shop)], horizon);
        Check([], horizon);
    }

    private static void Check(Reading[] rows, int horizon)
    {
        var ml = new MLContext(1);
        IDataView data = ml.Data.LoadFromEnumerable(rows);
        var columns = new SeriesColumns { Targets = ["Value"], KnownCovariates = ["Promotion", "Size"], Series = "Shop" };
        var bound = new BoundSeriesColumns(ml, data.Schema, columns);
        using DataViewRowCursor cursor = data.GetRowCursor(bound.All);
        var ahead = new FutureCovariates(cursor, bound, horizon, filledGaps: null);
        for (int i = 0; i < rows.Length; i++)
        {
            bool moved = true;
            while (!ahead.IsComplete(rows[i].Shop) && (moved = cursor.MoveNext()))
                ahead.Add();
            Assert.AreEqual(rows.Skip(i + 1).Count(row => row.Shop == rows[i].Shop) >= horizon, moved,
                "no row waits for more than it is given");
            float[] expected = [.. rows.Skip(i + 1).Where(row => row.Shop == rows[i].Shop).Take(horizon)
                .SelectMany(row => new[] { row.Promotion, row.Size })];
            CollectionAssert.AreEqual(expected, ahead.Next(rows[i].Shop).ToArray(), $"row {i}");
        }
    }
}

using System.Globalization;
using Microsoft.ML.Lstm.Tests.Trainers;

namespace Microsoft.ML.Lstm.Tests.Forecasting;

/// <summary>What ML.NET expects of an estimator, as far as it can be expected of one whose rows depend on those before them: views, threads, and other processes.</summary>
[TestClass]
public sealed class ForecastHarnessTests
{
    private const int TrainingRows = 80;
    private static readonly string[] Outputs = ["Forecast", "Lower", "Upper"];
    private static readonly MLContext Ml = new(1);

    [TestMethod]
    [DataRow(CellType.Lstm)]
    [DataRow(CellType.Gru)]
    public void AnotherProcessForecastsTheSame(CellType cell)
    {
        (LstmForecastingTransformer model, Example[] later) = Fit(cell);
        string[][][] found = NewProcess.Score(path => Ml.Model.Save(model, Data(later).Schema, path), later, Outputs);
        AssertSame(Read(model, later), found);
    }

    [TestMethod]
    [DataRow(CellType.Lstm)]
    [DataRow(CellType.Rnn)]
    public void AnotherProcessGoesOnFromACheckpoint(CellType cell)
    {
        (LstmForecastingTransformer model, Example[] later) = Fit(cell);
        using ForecastEngine<Example, ReadingForecast> engine = model.CreateForecastEngine<Example, ReadingForecast>(Ml);
        foreach (Example row in later[..^3])
            engine.Predict(row);
        string[][][] found = NewProcess.Score(path => engine.CheckPoint(Ml, path), later[^3..], Outputs);
        ReadingForecast[] expected = [.. later[^3..].Select(row => engine.Predict(row))];
        AssertSame([Texts(expected, one => one.Forecast), Texts(expected, one => one.Lower), Texts(expected, one => one.Upper)], found);

        static string[][] Texts(ReadingForecast[] forecasts, Func<ReadingForecast, float[]> part)
            => [.. forecasts.Select(forecast => part(forecast).Select(value => value.ToString(CultureInfo.InvariantCulture)).ToArray())];
    }

    [TestMethod]
    public void ViewsOfTheSameRowsAreForecastAlike()
    {
        (LstmForecastingTransformer model, Example[] later) = Fit(CellType.Lstm);
        string[][][] expected = Read(model, later);
        IDataView data = Data(later), scored = model.Transform(data);
        Assert.IsFalse(scored.CanShuffle);
        Assert.AreEqual(later.LongLength, scored.GetRowCount() ?? later.LongLength);
        AssertSame(expected, Read(model.Transform(Ml.Data.Cache(data))));
        AssertSame(expected, Read(Ml.Data.Cache(scored)));
        // Whoever asks for several cursors, or for rows at random, gets all rows from one and in their order.
        DataViewSchema.Column column = scored.Schema["Forecast"];
        DataViewRowCursor[] cursors = scored.GetRowCursorSet([column], 4, new Random(1));
        Assert.HasCount(1, cursors);
        using DataViewRowCursor cursor = cursors[0];
        Func<string[]> get = ColumnReader.Getter(cursor, column);
        for (int t = 0; cursor.MoveNext(); t++)
            CollectionAssert.AreEqual(expected[0][t], get());
        // Rows that nobody asks a forecast of are just rows.
        Assert.HasCount(later.Length, ColumnReader.Read(scored, "Label"));
        // Rows count from the one before them, so what is left out is missed by all behind it.
        AssertSame([.. expected.Select(rows => rows[..10])], Read(model.Transform(Ml.Data.TakeRows(data, 10))));
    }

    [TestMethod]
    public void CachedDataGivesTheSameModel()
    {
        (LstmForecastingTransformer model, Example[] later) = Fit(CellType.Lstm);
        LstmForecastingTransformer cached = Estimator(CellType.Lstm).Fit(Ml.Data.Cache(Data(Rows()[..TrainingRows])));
        AssertSame(Read(model, later), Read(cached, later));
    }

    [TestMethod]
    public void ThreadsDoNotDisturbEachOther()
    {
        (LstmForecastingTransformer model, Example[] later) = Fit(CellType.Lstm);
        string[][][] expected = Read(model, later);
        Parallel.For(0, 16, new ParallelOptions { MaxDegreeOfParallelism = 4 }, _ => AssertSame(expected, Read(model, later)));
    }

    private static (LstmForecastingTransformer Model, Example[] Later) Fit(CellType cell)
    {
        Example[] rows = Rows();
        return (Estimator(cell).Fit(Data(rows[..TrainingRows])), rows[TrainingRows..]);
    }

    private static LstmForecastingEstimator Estimator(CellType cell) => Ml.Forecasting.ForecastByLstm(ForecastRun.Options(options =>
    {
        (options.TargetColumnNames, options.PastCovariateColumnNames, options.SeriesColumnName) = (["Label"], ["Weight"], "ClassName");
        (options.CellType, options.EmbedSeries, options.NumberOfLags) = (cell, true, 3);
    }));

    /// <summary>Two series by turns.</summary>
    private static Example[] Rows()
    {
        var random = new Random(5);
        return [.. Enumerable.Range(0, TrainingRows + 40).Select(t => new Example
        {
            Id = t,
            ClassName = t % 2 == 0 ? "even" : "odd",
            Label = t % 2 * 100 + MathF.Sin(t / 5f) + random.NextSingle(),
            Weight = random.NextSingle(),
        })];
    }

    private static IDataView Data(Example[] rows) => Ml.Data.LoadFromEnumerable(rows);

    private static string[][][] Read(LstmForecastingTransformer model, Example[] rows) => Read(model.Transform(Data(rows)));

    private static string[][][] Read(IDataView scored) => [.. Outputs.Select(column => ColumnReader.Read(scored, column))];

    private static void AssertSame(string[][][] expected, string[][][] actual)
    {
        Assert.HasCount(expected.Length, actual);
        for (int i = 0; i < expected.Length; i++)
            EstimatorHarness.AssertSame(expected[i], actual[i]);
    }
}

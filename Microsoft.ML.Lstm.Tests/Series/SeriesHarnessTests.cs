using System.Globalization;
using Microsoft.ML.Lstm.Engine.Series;
using Microsoft.ML.Lstm.Tests.Forecasting;
using Microsoft.ML.Lstm.Tests.Sequences;

namespace Microsoft.ML.Lstm.Tests.Series;

/// <summary>
/// What ML.NET expects of every estimator, as far as it applies where rows depend on the rows before them: promised schemas, views, threads
/// and other processes.
/// </summary>
[TestClass]
public sealed class SeriesHarnessTests
{
    private const int TrainingRows = 80;
    private const string Forecaster = "forecaster", Detector = "detector";

    // Several networks and baselines.
    private const string Mixture = "mixture";

    private static readonly MLContext Ml = new(1);

    [TestMethod]
    [DataRow(Forecaster)]
    [DataRow(Mixture)]
    [DataRow(Detector)]
    public void SchemaIsAsPromised(string kind)
    {
        IDataView data = Data(Rows());
        IEstimator<ITransformer> estimator = Estimator(kind);
        string[] promised = Describe(estimator.GetOutputSchema(data.Schema.ToShape()));
        ITransformer model = estimator.Fit(data);
        CollectionAssert.AreEqual(promised, Describe(model.GetOutputSchema(data.Schema).ToShape()));
        CollectionAssert.AreEqual(promised, Describe(model.Transform(data).Schema.ToShape()));
        CollectionAssert.IsSubsetOf(Outputs(kind), model.Transform(data).Schema.Select(column => column.Name).ToArray());

        static string[] Describe(SchemaShape shape)
            => [.. shape.Select(column => $"{column.Name}: {column.Kind} of {column.ItemType}").Order(StringComparer.Ordinal)];
    }

    [TestMethod]
    [DataRow(Forecaster, CellType.Lstm)]
    [DataRow(Forecaster, CellType.Gru)]
    [DataRow(Mixture, CellType.Lstm)]
    [DataRow(Detector, CellType.Lstm)]
    public void AnotherProcessSaysTheSame(string kind, CellType cell)
    {
        (ITransformer model, Example[] later) = Fit(kind, cell);
        string[][][] found = NewProcess.Score(path => Ml.Model.Save(model, Data(later).Schema, path), later, Outputs(kind));
        AssertSame(Read(kind, model, later), found);
    }

    [TestMethod]
    [DataRow(Forecaster, CellType.Lstm)]
    [DataRow(Forecaster, CellType.Rnn)]
    [DataRow(Mixture, CellType.Lstm)]
    public void AnotherProcessGoesOnFromAForecastersCheckpoint(string kind, CellType cell)
        => CheckCheckpoint<ReadingForecast>(kind, cell,
            [Texts<ReadingForecast, float>(one => one.Forecast), Texts<ReadingForecast, float>(one => one.Lower),
            Texts<ReadingForecast, float>(one => one.Upper)]);

    [TestMethod]
    public void AnotherProcessGoesOnFromADetectorsCheckpoint()
        => CheckCheckpoint<Verdict>(Detector, CellType.Lstm, [Texts<Verdict, double>(one => one.Anomaly)]);

    [TestMethod]
    [DataRow(Forecaster)]
    [DataRow(Mixture)]
    [DataRow(Detector)]
    public void ViewsOfTheSameRowsAreReadAlike(string kind)
    {
        (ITransformer model, Example[] later) = Fit(kind);
        string[][][] expected = Read(kind, model, later);
        IDataView data = Data(later), scored = model.Transform(data);
        Assert.IsFalse(scored.CanShuffle);
        Assert.AreEqual(later.LongLength, scored.GetRowCount() ?? later.LongLength);
        AssertSame(expected, Read(kind, model.Transform(Ml.Data.Cache(data))));
        AssertSame(expected, Read(kind, Ml.Data.Cache(scored)));
        // A request for several cursors, or for shuffled rows, gets one cursor with all rows in their order.
        DataViewSchema.Column column = scored.Schema[Outputs(kind)[0]];
        DataViewRowCursor[] cursors = scored.GetRowCursorSet([column], 4, new Random(1));
        Assert.HasCount(1, cursors);
        using DataViewRowCursor cursor = cursors[0];
        Func<string[]> get = ColumnReader.Getter(cursor, column);
        for (int t = 0; cursor.MoveNext(); t++)
            CollectionAssert.AreEqual(expected[0][t], get());
        // Without the transformer's columns rows are only passed on.
        Assert.HasCount(later.Length, ColumnReader.Read(scored, "Label"));
        // A row depends on all rows before it, so that leaving out some changes the others.
        AssertSame([.. expected.Select(rows => rows[..10])], Read(kind, model.Transform(Ml.Data.TakeRows(data, 10))));
    }

    [TestMethod]
    [DataRow(Forecaster)]
    [DataRow(Mixture)]
    [DataRow(Detector)]
    public void CachedDataGivesTheSameModel(string kind)
    {
        (ITransformer model, Example[] later) = Fit(kind);
        ITransformer cached = Estimator(kind).Fit(Ml.Data.Cache(Data(Rows()[..TrainingRows])));
        AssertSame(Read(kind, model, later), Read(kind, cached, later));
    }

    [TestMethod]
    [DataRow(Forecaster)]
    [DataRow(Mixture)]
    [DataRow(Detector)]
    public void ThreadsDoNotDisturbEachOther(string kind)
    {
        (ITransformer model, Example[] later) = Fit(kind);
        string[][][] expected = Read(kind, model, later);
        Parallel.For(0, 16, new ParallelOptions { MaxDegreeOfParallelism = 4 }, _ => AssertSame(expected, Read(kind, model, later)));
    }

    private static void CheckCheckpoint<T>(string kind, CellType cell, Func<T[], string[][]>[] texts)
        where T : class, new()
    {
        (ITransformer model, Example[] later) = Fit(kind, cell);
        using ForecastEngine<Example, T> engine = model.CreateForecastEngine<Example, T>(Ml);
        foreach (Example row in later[..^3])
            engine.Predict(row);
        string[][][] found = NewProcess.Score(path => engine.CheckPoint(Ml, path), later[^3..], Outputs(kind));
        T[] expected = [.. later[^3..].Select(row => engine.Predict(row))];
        AssertSame([.. texts.Select(text => text(expected))], found);
    }

    private static Func<T[], string[][]> Texts<T, TValue>(Func<T, TValue[]> part)
        where TValue : IFormattable
        => rows => [.. rows.Select(row => part(row).Select(value => value.ToString(null, CultureInfo.InvariantCulture)).ToArray())];

    private static (ITransformer Model, Example[] Later) Fit(string kind, CellType cell = CellType.Lstm)
    {
        Example[] rows = Rows();
        ITransformer model = Estimator(kind, cell).Fit(Data(rows[..TrainingRows]));
        if (kind == Mixture)
        {
            ForecastModel parts = ((LstmForecastingTransformer)model).Model;
            Assert.IsGreaterThan(1, parts.Networks.Count);
            Assert.IsNotNull(parts.Baselines);
        }
        return (model, rows[TrainingRows..]);
    }

    private static IEstimator<ITransformer> Estimator(string kind, CellType cell = CellType.Lstm)
    {
        if (kind != Detector)
        {
            return Ml.Forecasting.ForecastByLstm(ForecastRun.Options(options =>
            {
                options.TargetColumnNames = ["Label"];
                if (kind == Mixture)
                    (options.Effort, options.FallBackToBaseline) = (TrainingEffort.Best, true);
                Change(options);
            }));
        }
        var options = new LstmAnomalyEstimator.Options
        {
            InputColumnName = "Label",
            WindowSize = 12,
            HiddenSize = 8,
            NumberOfEpochs = 3,
            Seed = 1,
            SmoothingWindow = 2,
            PValueHistoryLength = 100
        };
        Change(options);
        return Ml.Transforms.DetectAnomalyByLstm(options);

        void Change(SeriesEstimatorOptions options)
        {
            (options.PastCovariateColumnNames, options.SeriesColumnName) = (["Weight"], "ClassName");
            (options.CellType, options.EmbedSeries, options.NumberOfLags) = (cell, true, 3);
        }
    }

    private static string[] Outputs(string kind) => kind == Detector ? ["Anomaly"] : ["Forecast", "Lower", "Upper"];

    /// <summary>Rows of two series by turns.</summary>
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

    private static string[][][] Read(string kind, ITransformer model, Example[] rows) => Read(kind, model.Transform(Data(rows)));

    private static string[][][] Read(string kind, IDataView scored)
        => [.. Outputs(kind).Select(column => ColumnReader.Read(scored, column))];

    private static void AssertSame(string[][][] expected, string[][][] actual)
    {
        Assert.HasCount(expected.Length, actual);
        for (int i = 0; i < expected.Length; i++)
            EstimatorHarness.AssertSame(expected[i], actual[i]);
    }

    private sealed class Verdict
    {
        public double[] Anomaly { get; set; } = [];
    }
}

using System.Globalization;
using Microsoft.ML.Data;

namespace Microsoft.ML.Lstm.Tests.Sequences;

/// <summary>
/// Checks what ML.NET expects of any estimator and its transformer. Every trainer goes through all checks.
/// </summary>
internal sealed class EstimatorHarness(MLContext ml, IEstimator<ITransformer> estimator, Example[] rows, SchemaDefinition schema,
    params string[] outputColumns)
{
    private ITransformer? _fitted;

    public IDataView Data { get; } = ml.Data.LoadFromEnumerable(rows, schema);

    public ITransformer Fitted => _fitted ??= estimator.Fit(Data);

    /// <summary>The harness of an estimator whose models are changed after they are fitted.</summary>
    public EstimatorHarness WithChange(Func<ITransformer, ITransformer> change)
        => new(ml, new ChangingEstimator(estimator, change), rows, schema, outputColumns);

    /// <summary>What the estimator says its output will be is what the transformer says it is, and what it really is.</summary>
    public void CheckSchemaPromise()
    {
        string[] promised = Describe(estimator.GetOutputSchema(Data.Schema.ToShape()));
        CollectionAssert.AreEqual(promised, Describe(Fitted.GetOutputSchema(Data.Schema).ToShape()));
        CollectionAssert.AreEqual(promised, Describe(Fitted.Transform(Data).Schema.ToShape()));
        CollectionAssert.AreEqual(promised, Describe(Fitted.GetRowToRowMapper(Data.Schema).OutputSchema.ToShape()));
        foreach (string column in outputColumns)
            Assert.IsTrue(promised.Any(description => description.StartsWith(column + ":", StringComparison.Ordinal)),
                $"{column} is not among {string.Join("; ", promised)}.");
    }

    /// <summary>
    /// Scores don't depend on how rows arrive: all at once, row by row through the mapper, or each in a data view of its own.
    /// </summary>
    public void CheckRowMapperEqualsCursorEqualsBatch()
    {
        IDataView scored = Fitted.Transform(Data);
        Assert.AreEqual(rows.LongLength, scored.GetRowCount() ?? rows.LongLength);
        foreach (string column in outputColumns)
        {
            string[][] batch = ColumnReader.Read(scored, column);
            Assert.HasCount(rows.Length, batch);
            AssertSame(batch, MapRows(column));
            AssertSame(batch, [.. rows.SelectMany(row =>
                ColumnReader.Read(Fitted.Transform(ml.Data.LoadFromEnumerable([row], schema)), column))]);
        }
    }

    /// <summary>A model saved and loaded again has the same columns and scores the same.</summary>
    public void CheckSaveAndLoad()
    {
        using var stream = new MemoryStream();
        ml.Model.Save(Fitted, Data.Schema, stream);
        stream.Position = 0;
        ITransformer loaded = new MLContext().Model.Load(stream, out DataViewSchema inputSchema);
        Assert.AreEqual(Data.Schema.ToString(), inputSchema.ToString());
        CollectionAssert.AreEqual(Describe(Fitted.Transform(Data).Schema.ToShape()), Describe(loaded.Transform(Data).Schema.ToShape()));
        foreach (string column in outputColumns)
            AssertSame(ColumnReader.Read(Fitted.Transform(Data), column), ColumnReader.Read(loaded.Transform(Data), column));
    }

    /// <summary>A saved model scores the same in another process that knows nothing but ML.NET.</summary>
    public void CheckLoadInNewProcess()
    {
        string[][][] found = NewProcess.Score(path => ml.Model.Save(Fitted, Data.Schema, path), rows, outputColumns);
        Assert.HasCount(outputColumns.Length, found);
        for (int i = 0; i < outputColumns.Length; i++)
            AssertSame(ColumnReader.Read(Fitted.Transform(Data), outputColumns[i]), found[i]);
    }

    /// <summary>Rows keep their scores when they are cached, shuffled or filtered before they are scored, or shuffled after it.</summary>
    public void CheckViews()
    {
        foreach (string column in outputColumns)
        {
            var expected = ById(Fitted.Transform(Data), column);
            IDataView[] views =
            [
                Fitted.Transform(ml.Data.Cache(Data)),
                Fitted.Transform(ml.Data.ShuffleRows(Data, seed: 3)),
                Fitted.Transform(ml.Data.TrainTestSplit(Data, 0.4, seed: 5).TrainSet),
                ml.Data.ShuffleRows(Fitted.Transform(Data), seed: 3),
                ml.Data.Cache(Fitted.Transform(Data)),
            ];
            foreach (IDataView view in views)
            {
                var found = ById(view, column);
                Assert.IsTrue(found.Count > 0 && found.Count <= expected.Count);
                foreach ((int id, string[] values) in found)
                    AssertSame([expected[id]], [values]);
            }
        }
    }

    /// <summary>Cached and shuffled data can be trained on as well; cached data gives the very same model.</summary>
    public void CheckFitOnViews()
    {
        string column = outputColumns[0];
        string[][] scores = ColumnReader.Read(estimator.Fit(ml.Data.Cache(Data)).Transform(Data), column);
        AssertSame(ColumnReader.Read(Fitted.Transform(Data), column), scores);
        string[][] shuffled = ColumnReader.Read(estimator.Fit(ml.Data.ShuffleRows(Data, seed: 3)).Transform(Data), column);
        Assert.DoesNotContain("NaN", shuffled.SelectMany(values => values));
    }

    /// <summary>
    /// Threads that use one transformer at the same time, each with cursors and mappers of its own, all get the right scores.
    /// </summary>
    public void CheckThreads(int threads = 4, int rounds = 5)
    {
        string column = outputColumns[0];
        string[][] expected = ColumnReader.Read(Fitted.Transform(Data), column);
        Exception[] failures = new Exception[threads];
        Thread[] workers = [.. Enumerable.Range(0, threads).Select(index => new Thread(() =>
        {
            try
            {
                for (int round = 0; round < rounds; round++)
                {
                    AssertSame(expected, ColumnReader.Read(Fitted.Transform(Data), column));
                    AssertSame(expected, MapRows(column));
                }
            }
            catch (Exception failure)
            {
                failures[index] = failure;
            }
        }))];
        foreach (Thread worker in workers)
            worker.Start();
        foreach (Thread worker in workers)
            worker.Join();
        Assert.IsTrue(Array.TrueForAll(failures, failure => failure is null), string.Join('\n', failures.AsEnumerable()));
    }

    /// <summary>The values of a column of Single or vector of Single, row by row.</summary>
    public static float[][] Values(IDataView data, string column)
        => [.. ColumnReader.Read(data, column)
            .Select(row => Array.ConvertAll(row, value => float.Parse(value, CultureInfo.InvariantCulture)))];

    /// <summary>To the last digit; NaN equals NaN.</summary>
    public static void AssertSame(float[][] expected, float[][] actual) => AssertSame(ToTexts(expected), ToTexts(actual));

    /// <summary>What a <see cref="ColumnReader"/> reads is the same.</summary>
    public static void AssertSame(string[][] expected, string[][] actual)
    {
        Assert.HasCount(expected.Length, actual);
        for (int row = 0; row < expected.Length; row++)
            CollectionAssert.AreEqual(expected[row], actual[row],
                $"Row {row}: expected {string.Join(' ', expected[row])}, found {string.Join(' ', actual[row])}.");
    }

    private static string[][] ToTexts(float[][] rows)
        => Array.ConvertAll(rows, row => Array.ConvertAll(row, value => value.ToString(CultureInfo.InvariantCulture)));

    private string[][] MapRows(string column)
    {
        IRowToRowMapper mapper = Fitted.GetRowToRowMapper(Data.Schema);
        DataViewSchema.Column found = mapper.OutputSchema[column];
        using DataViewRowCursor cursor = Data.GetRowCursor(mapper.GetDependencies([found]));
        DataViewRow row = mapper.GetRow(cursor, [found]);
        Func<string[]> get = ColumnReader.Getter(row, found);
        var values = new List<string[]>();
        while (cursor.MoveNext())
            values.Add(get());
        return [.. values];
    }

    private static Dictionary<int, string[]> ById(IDataView data, string column)
    {
        DataViewSchema.Column id = data.Schema[nameof(Example.Id)];
        DataViewSchema.Column found = data.Schema[column];
        using DataViewRowCursor cursor = data.GetRowCursor([id, found]);
        Func<string[]> get = ColumnReader.Getter(cursor, found);
        ValueGetter<int> getId = cursor.GetGetter<int>(id);
        var values = new Dictionary<int, string[]>();
        int key = 0;
        while (cursor.MoveNext())
        {
            getId(ref key);
            values.Add(key, get());
        }
        return values;
    }

    private static string[] Describe(SchemaShape shape) => [.. shape.Select(column => Describe(column)).Order(StringComparer.Ordinal)];

    private static string Describe(SchemaShape.Column column)
        => $"{column.Name}: {column.Kind} of {(column.IsKey ? "key " : "")}{column.ItemType} "
            + $"({string.Join(", ", column.Annotations.Select(Describe))})";
}

/// <summary>Changes what it has fitted.</summary>
internal sealed class ChangingEstimator(IEstimator<ITransformer> estimator, Func<ITransformer, ITransformer> change)
    : IEstimator<ITransformer>
{
    public ITransformer Fit(IDataView input) => change(estimator.Fit(input));

    public SchemaShape GetOutputSchema(SchemaShape inputSchema) => estimator.GetOutputSchema(inputSchema);
}

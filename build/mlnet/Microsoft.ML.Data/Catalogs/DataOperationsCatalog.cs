using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

/// <summary>Makes data views, and data views of data views.</summary>
public sealed class DataOperationsCatalog : IInternalCatalog
{
    private readonly IHostEnvironment _env;

    internal DataOperationsCatalog(IHostEnvironment env) => _env = env;

    IHostEnvironment IInternalCatalog.Environment => _env;

    public IDataView LoadFromEnumerable<TRow>(IEnumerable<TRow> data, SchemaDefinition schemaDefinition = null)
        where TRow : class =>
        new EnumerableDataView<TRow>(_env.CheckRef(data, nameof(data)),
            schemaDefinition ?? SchemaDefinition.Create(typeof(TRow), SchemaDefinition.Direction.Read));

    public IEnumerable<TRow> CreateEnumerable<TRow>(IDataView data, bool reuseRowObject, bool ignoreMissingColumns = false,
        SchemaDefinition schemaDefinition = null)
        where TRow : class, new()
    {
        _env.CheckValue(data, nameof(data));
        schemaDefinition ??= SchemaDefinition.Create(typeof(TRow), SchemaDefinition.Direction.Write);
        DataViewSchema.Column[] needed = ObjectWriter.Present(schemaDefinition, data.Schema, ignoreMissingColumns).Select(c => data.Schema[c.ColumnName]).ToArray();
        return Rows();

        IEnumerable<TRow> Rows()
        {
            using DataViewRowCursor cursor = data.GetRowCursor(needed);
            Action<TRow> fill = ObjectWriter.Make<TRow>(cursor, schemaDefinition, ignoreMissingColumns);
            var row = new TRow();
            while (cursor.MoveNext())
            {
                fill(row);
                yield return row;
                row = reuseRowObject ? row : new();
            }
        }
    }

    public IDataView Cache(IDataView input, params string[] columnsToPrefetch)
    {
        _env.CheckValue(input, nameof(input));
        return new CacheDataView(input, (columnsToPrefetch ?? []).Select(name => input.Schema[name]));
    }

    /// <summary>The rows in another order, which ML.NET finds with a pool and the stand-in by shuffling them all in memory.</summary>
    public IDataView ShuffleRows(IDataView input, int? seed = null, int shufflePoolSize = 1000, bool shuffleSource = true)
    {
        _env.CheckValue(input, nameof(input));
        _env.CheckUserArg(shufflePoolSize > 0, nameof(shufflePoolSize), "Must be positive");
        return new ShuffleDataView(input, seed ?? _env.Register(nameof(ShuffleRows)).Rand.Next());
    }

    public IDataView FilterRowsByColumn(IDataView input, string columnName, double lowerBound = double.NegativeInfinity,
        double upperBound = double.PositiveInfinity)
    {
        _env.CheckValue(input, nameof(input));
        _env.CheckNonEmpty(columnName, nameof(columnName));
        _env.CheckParam(lowerBound < upperBound, nameof(upperBound), "Must be less than the upper bound");
        DataViewSchema.Column column = input.Schema[columnName];
        return new FilterDataView(input, [column], row =>
        {
            Func<double> value = SamplingKey.ReadNumber(row, column);
            return () => value() is var x && lowerBound <= x && (x < upperBound || double.IsPositiveInfinity(upperBound));
        });
    }

    public IDataView SkipRows(IDataView input, long count)
    {
        _env.CheckValue(input, nameof(input));
        _env.CheckUserArg(count >= 0, nameof(count), "Must be non-negative");
        return new FilterDataView(input, [], _ => Counting(seen => seen > count));
    }

    public IDataView TakeRows(IDataView input, long count)
    {
        _env.CheckValue(input, nameof(input));
        _env.CheckUserArg(count >= 0, nameof(count), "Must be greater than zero.");
        return new FilterDataView(input, [], _ => Counting(seen => seen <= count));
    }

    public TrainTestData TrainTestSplit(IDataView data, double testFraction = 0.1, string samplingKeyColumnName = null, int? seed = null)
    {
        _env.CheckValue(data, nameof(data));
        _env.CheckParam(0 < testFraction && testFraction < 1, nameof(testFraction), "Must be between 0 and 1 exclusive");
        SamplingKey key = MakeSamplingKey(data, samplingKeyColumnName, seed);
        return new(key.Filter(data, u => u >= testFraction), key.Filter(data, u => u < testFraction));
    }

    public IReadOnlyList<TrainTestData> CrossValidationSplit(IDataView data, int numberOfFolds = 5, string samplingKeyColumnName = null, int? seed = null)
    {
        _env.CheckValue(data, nameof(data));
        _env.CheckParam(numberOfFolds > 1, nameof(numberOfFolds), "Must be more than 1");
        SamplingKey key = MakeSamplingKey(data, samplingKeyColumnName, seed);
        return Enumerable.Range(0, numberOfFolds).Select(fold =>
        {
            double low = (double)fold / numberOfFolds;
            double high = (double)(fold + 1) / numberOfFolds;
            return new TrainTestData(key.Filter(data, u => u < low || u > high), key.Filter(data, u => low <= u && u <= high));
        }).ToArray();
    }

    private SamplingKey MakeSamplingKey(IDataView data, string columnName, int? seed)
    {
        if (columnName is not null && data.Schema.GetColumnOrNull(columnName) is null)
            throw _env.ExceptSchemaMismatch("samplingKeyColumn", "SamplingKeyColumn", columnName);
        return new(data, columnName, seed ?? (_env as IHostEnvironmentInternal)?.Seed ?? SamplingKey.DefaultSeed);
    }

    private static Func<bool> Counting(Func<long, bool> accepts)
    {
        long seen = 0;
        return () => accepts(++seen);
    }

    public readonly struct TrainTestData
    {
        public readonly IDataView TrainSet;
        public readonly IDataView TestSet;

        internal TrainTestData(IDataView trainSet, IDataView testSet)
        {
            TrainSet = trainSet;
            TestSet = testSet;
        }
    }
}

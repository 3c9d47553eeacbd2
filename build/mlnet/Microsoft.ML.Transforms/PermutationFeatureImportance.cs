using System.Collections.Immutable;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML
{
    public static class PermutationFeatureImportanceExtensions
    {
        /// <summary>How much the metrics change when one slot of the features is shuffled among the rows; by slot.</summary>
        public static ImmutableArray<RegressionMetricsStatistics> PermutationFeatureImportance<TModel>(this RegressionCatalog catalog,
            ISingleFeaturePredictionTransformer<TModel> predictionTransformer, IDataView data, string labelColumnName = DefaultColumnNames.Label,
            bool useFeatureWeightFilter = false, int? numberOfExamplesToUse = null, int permutationCount = 1)
            where TModel : class =>
            [.. PermuteSlots(catalog, predictionTransformer, predictionTransformer.FeatureColumnName, data, labelColumnName, numberOfExamplesToUse, permutationCount)];

        /// <summary>The same for the last predictor of a model, by the features' slot names; the data have the features already.</summary>
        public static ImmutableDictionary<string, RegressionMetricsStatistics> PermutationFeatureImportance(this RegressionCatalog catalog, ITransformer model,
            IDataView data, string labelColumnName = DefaultColumnNames.Label, bool useFeatureWeightFilter = false, int? numberOfExamplesToUse = null,
            int permutationCount = 1)
        {
            IHostEnvironment env = CatalogUtils.GetEnvironment(catalog);
            env.CheckValue(data, nameof(data));
            env.CheckValue(model, nameof(model));
            ISingleFeaturePredictionTransformer predictor = FindPredictor(model)
                ?? throw env.ExceptValue("lastTransformer", "The model provided does not have a compatible predictor");
            VBuffer<ReadOnlyMemory<char>> names = default;
            data.Schema[predictor.FeatureColumnName].GetSlotNames(ref names);
            RegressionMetricsStatistics[] slots = PermuteSlots(catalog, predictor, predictor.FeatureColumnName, data, labelColumnName, numberOfExamplesToUse,
                permutationCount);
            return slots.Select((statistics, slot) => (Name: names.GetItemOrDefault(slot), slot, statistics))
                .ToImmutableDictionary(s => s.Name.IsEmpty ? $"Slot {s.slot}" : s.Name.ToString(), s => s.statistics);
        }

        private static ISingleFeaturePredictionTransformer FindPredictor(ITransformer model) => model switch
        {
            ISingleFeaturePredictionTransformer predictor => predictor,
            IEnumerable<ITransformer> chain => chain.Reverse().Select(FindPredictor).FirstOrDefault(p => p is not null),
            _ => null,
        };

        private static RegressionMetricsStatistics[] PermuteSlots(RegressionCatalog catalog, ITransformer predictor, string featureColumnName, IDataView data,
            string labelColumnName, int? numberOfExamplesToUse, int permutationCount)
        {
            IHostEnvironment env = CatalogUtils.GetEnvironment(catalog);
            env.CheckValue(data, nameof(data));
            IHost host = env.Register(nameof(PermutationFeatureImportance));
            DataViewSchema.Column column = data.Schema[featureColumnName];
            if (column.Type is not VectorDataViewType { IsKnownSize: true } type || type.ItemType != NumberDataViewType.Single)
                throw host.ExceptSchemaMismatch("schema", "feature", featureColumnName, "Vector<Single>", column.Type.ToString());

            float[][] rows = data.GetColumn<float[]>(column).Take(numberOfExamplesToUse ?? int.MaxValue).ToArray();
            IDataView examples = new FilterDataView(data, [], _ =>
            {
                int seen = 0;
                return () => seen++ < rows.Length;
            });
            RegressionMetrics baseline = catalog.Evaluate(predictor.Transform(examples), labelColumnName);
            var statistics = new RegressionMetricsStatistics[type.Size];
            for (int slot = 0; slot < statistics.Length; slot++)
            {
                statistics[slot] = new();
                for (int i = 0; i < permutationCount; i++)
                {
                    host.CheckAlive();
                    float[] shuffled = Array.ConvertAll(rows, r => r[slot]);
                    host.Rand.Shuffle(shuffled);
                    IDataView permuted = new MappedDataView(examples, new ColumnMapper(examples.Schema, [ReplaceSlot(column, slot, shuffled)]));
                    statistics[slot].Add(catalog.Evaluate(predictor.Transform(permuted), labelColumnName), baseline);
                }
            }
            return statistics;
        }

        private static AddedColumn ReplaceSlot(DataViewSchema.Column column, int slot, float[] values) => new(new(column), [column.Index], row =>
        {
            ValueGetter<VBuffer<float>> source = row.GetGetter<VBuffer<float>>(column);
            VBuffer<float> original = default;
            return (ValueGetter<VBuffer<float>>)((ref VBuffer<float> value) =>
            {
                source(ref original);
                original.CopyToDense(ref value);
                VBufferEditor.CreateFromBuffer(ref value).Values[slot] = values[row.Position];
            });
        });
    }
}

namespace Microsoft.ML.Data
{
    /// <summary>Mean and spread of a metric over permutations.</summary>
    public sealed class MetricStatistics
    {
        private readonly List<double> _values = [];

        internal MetricStatistics()
        {
        }

        public double Mean => _values.Count == 0 ? 0 : _values.Average();

        public double StandardDeviation => _values.Count < 2 ? 0 : Math.Sqrt(_values.Sum(v => (v - Mean) * (v - Mean)) / (_values.Count - 1));

        public double StandardError => _values.Count == 0 ? 0 : StandardDeviation / Math.Sqrt(_values.Count);

        public int Count => _values.Count;

        internal void Add(double metric) => _values.Add(metric);
    }

    public sealed class RegressionMetricsStatistics
    {
        internal RegressionMetricsStatistics()
        {
        }

        public MetricStatistics MeanAbsoluteError { get; } = new();

        public MetricStatistics MeanSquaredError { get; } = new();

        public MetricStatistics RootMeanSquaredError { get; } = new();

        public MetricStatistics LossFunction { get; } = new();

        public MetricStatistics RSquared { get; } = new();

        internal void Add(RegressionMetrics permuted, RegressionMetrics baseline)
        {
            MeanAbsoluteError.Add(permuted.MeanAbsoluteError - baseline.MeanAbsoluteError);
            MeanSquaredError.Add(permuted.MeanSquaredError - baseline.MeanSquaredError);
            RootMeanSquaredError.Add(permuted.RootMeanSquaredError - baseline.RootMeanSquaredError);
            LossFunction.Add(permuted.LossFunction - baseline.LossFunction);
            RSquared.Add(permuted.RSquared - baseline.RSquared);
        }
    }
}

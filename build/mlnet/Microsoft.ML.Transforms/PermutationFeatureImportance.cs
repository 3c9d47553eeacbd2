using System.Collections.Immutable;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

public static class PermutationFeatureImportanceExtensions
{
    /// <summary>How much the metrics change when one slot of the features is shuffled among the rows; by slot.</summary>
    public static ImmutableArray<RegressionMetricsStatistics> PermutationFeatureImportance<TModel>(this RegressionCatalog catalog,
        ISingleFeaturePredictionTransformer<TModel> predictionTransformer, IDataView data, string labelColumnName = DefaultColumnNames.Label,
        bool useFeatureWeightFilter = false, int? numberOfExamplesToUse = null, int permutationCount = 1)
        where TModel : class =>
        [.. PermuteSlots<RegressionMetrics, RegressionMetricsStatistics>(CatalogUtils.GetEnvironment(catalog), scores => catalog.Evaluate(scores, labelColumnName),
            predictionTransformer, predictionTransformer.FeatureColumnName, data, numberOfExamplesToUse, permutationCount)];

    /// <summary>The same for the last predictor of a model, by the features' slot names; the data have the features already.</summary>
    public static ImmutableDictionary<string, RegressionMetricsStatistics> PermutationFeatureImportance(this RegressionCatalog catalog, ITransformer model,
        IDataView data, string labelColumnName = DefaultColumnNames.Label, bool useFeatureWeightFilter = false, int? numberOfExamplesToUse = null,
        int permutationCount = 1) =>
        PermuteNamedSlots<RegressionMetrics, RegressionMetricsStatistics>(CatalogUtils.GetEnvironment(catalog), scores => catalog.Evaluate(scores, labelColumnName),
            model, data, numberOfExamplesToUse, permutationCount);

    public static ImmutableArray<BinaryClassificationMetricsStatistics> PermutationFeatureImportance<TModel>(this BinaryClassificationCatalog catalog,
        ISingleFeaturePredictionTransformer<TModel> predictionTransformer, IDataView data, string labelColumnName = DefaultColumnNames.Label,
        bool useFeatureWeightFilter = false, int? numberOfExamplesToUse = null, int permutationCount = 1)
        where TModel : class =>
        [.. PermuteSlots<BinaryClassificationMetrics, BinaryClassificationMetricsStatistics>(CatalogUtils.GetEnvironment(catalog), scores => catalog.EvaluateNonCalibrated(scores, labelColumnName),
            predictionTransformer, predictionTransformer.FeatureColumnName, data, numberOfExamplesToUse, permutationCount)];

    public static ImmutableDictionary<string, BinaryClassificationMetricsStatistics> PermutationFeatureImportanceNonCalibrated(this BinaryClassificationCatalog catalog, ITransformer model,
        IDataView data, string labelColumnName = DefaultColumnNames.Label, bool useFeatureWeightFilter = false, int? numberOfExamplesToUse = null,
        int permutationCount = 1) =>
        PermuteNamedSlots<BinaryClassificationMetrics, BinaryClassificationMetricsStatistics>(CatalogUtils.GetEnvironment(catalog), scores => catalog.EvaluateNonCalibrated(scores, labelColumnName),
            model, data, numberOfExamplesToUse, permutationCount);

    public static ImmutableArray<MulticlassClassificationMetricsStatistics> PermutationFeatureImportance<TModel>(this MulticlassClassificationCatalog catalog,
        ISingleFeaturePredictionTransformer<TModel> predictionTransformer, IDataView data, string labelColumnName = DefaultColumnNames.Label,
        bool useFeatureWeightFilter = false, int? numberOfExamplesToUse = null, int permutationCount = 1)
        where TModel : class =>
        [.. PermuteSlots<MulticlassClassificationMetrics, MulticlassClassificationMetricsStatistics>(CatalogUtils.GetEnvironment(catalog), scores => catalog.Evaluate(scores, labelColumnName),
            predictionTransformer, predictionTransformer.FeatureColumnName, data, numberOfExamplesToUse, permutationCount)];

    public static ImmutableDictionary<string, MulticlassClassificationMetricsStatistics> PermutationFeatureImportance(this MulticlassClassificationCatalog catalog, ITransformer model,
        IDataView data, string labelColumnName = DefaultColumnNames.Label, bool useFeatureWeightFilter = false, int? numberOfExamplesToUse = null,
        int permutationCount = 1) =>
        PermuteNamedSlots<MulticlassClassificationMetrics, MulticlassClassificationMetricsStatistics>(CatalogUtils.GetEnvironment(catalog), scores => catalog.Evaluate(scores, labelColumnName),
            model, data, numberOfExamplesToUse, permutationCount);

    private static ImmutableDictionary<string, TStatistics> PermuteNamedSlots<TMetrics, TStatistics>(IHostEnvironment env,
        Func<IDataView, TMetrics> evaluate, ITransformer model, IDataView data, int? numberOfExamplesToUse, int permutationCount)
        where TStatistics : IMetricsStatistics<TMetrics>, new()
    {
        env.CheckValue(data, nameof(data));
        env.CheckValue(model, nameof(model));
        ISingleFeaturePredictionTransformer predictor = FindPredictor(model)
            ?? throw env.ExceptValue("lastTransformer", "The model provided does not have a compatible predictor");
        VBuffer<ReadOnlyMemory<char>> names = default;
        data.Schema[predictor.FeatureColumnName].GetSlotNames(ref names);
        return PermuteSlots<TMetrics, TStatistics>(env, evaluate, predictor, predictor.FeatureColumnName, data, numberOfExamplesToUse, permutationCount)
            .Select((statistics, slot) => (Name: names.GetItemOrDefault(slot), slot, statistics))
            .ToImmutableDictionary(s => s.Name.IsEmpty ? $"Slot {s.slot}" : s.Name.ToString(), s => s.statistics);
    }

    private static ISingleFeaturePredictionTransformer FindPredictor(ITransformer model) => model switch
    {
        ISingleFeaturePredictionTransformer predictor => predictor,
        IEnumerable<ITransformer> chain => chain.Reverse().Select(FindPredictor).FirstOrDefault(p => p is not null),
        _ => null,
    };

    private static TStatistics[] PermuteSlots<TMetrics, TStatistics>(IHostEnvironment env, Func<IDataView, TMetrics> evaluate, ITransformer predictor,
        string featureColumnName, IDataView data, int? numberOfExamplesToUse, int permutationCount)
        where TStatistics : IMetricsStatistics<TMetrics>, new()
    {
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
        TMetrics baseline = evaluate(predictor.Transform(examples));
        var statistics = new TStatistics[type.Size];
        for (int slot = 0; slot < statistics.Length; slot++)
        {
            statistics[slot] = new();
            for (int i = 0; i < permutationCount; i++)
            {
                host.CheckAlive();
                float[] shuffled = Array.ConvertAll(rows, r => r[slot]);
                host.Rand.Shuffle(shuffled);
                IDataView permuted = new MappedDataView(examples, new ColumnMapper(examples.Schema, [ReplaceSlot(column, slot, shuffled)]));
                statistics[slot].Add(evaluate(predictor.Transform(permuted)), baseline);
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

using Microsoft.ML.Data;
using Microsoft.ML.Lstm;
using Microsoft.ML.Lstm.Sequences.LanguageModel.Evaluation;

namespace Microsoft.ML;

public static partial class LstmCatalog
{
    /// <summary>
    /// Evaluates the predictions of a language model as recommendations: how often the item that came next is among the k that it predicts,
    /// and at which place.
    /// </summary>
    /// <param name="catalog">The catalog, <c>ml.MulticlassClassification</c>.</param>
    /// <param name="data">What the model's <c>Transform</c> gave for sequences without their next item; with
    /// <see cref="LstmLanguageModelTrainer.Options.NumberOfPredictions"/> k.</param>
    /// <param name="labelColumnName">The column of the items that came next: a key, or a text that is a value of the keys.</param>
    /// <param name="predictedLabelColumnName">The column of the k predicted items, the most probable first.</param>
    /// <returns>Hit rates and mean reciprocal ranks at 1, 2, ... k.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="data"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing, or has another type.</exception>
    /// <exception cref="InvalidOperationException">No row has an item and predictions.</exception>
    /// <example>
    /// <code>
    /// NextItemMetrics metrics = ml.MulticlassClassification.EvaluateNextItem(model.Transform(histories), labelColumnName: "Next");
    /// Console.WriteLine($"hit rate at 10 {metrics.HitRate:0.000}, MRR {metrics.MeanReciprocalRank:0.000}");
    /// </code>
    /// </example>
    public static NextItemMetrics EvaluateNextItem(this MulticlassClassificationCatalog catalog, IDataView data,
        string labelColumnName = DefaultColumnNames.Label, string predictedLabelColumnName = DefaultColumnNames.PredictedLabel)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(data);
        return NextItemEvaluator.Evaluate(catalog.GetEnvironment(), data, labelColumnName, predictedLabelColumnName);
    }
}

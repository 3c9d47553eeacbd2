using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Sequences.Labeling.Evaluation;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm.Sequences.Ctc.Evaluation;

/// <summary>Compares right and predicted labels of whole sequences in a data view.</summary>
internal static class CtcEvaluator
{
    public static CtcMetrics Evaluate(IHostEnvironment environment, IDataView data, string labelColumn, string predictedLabelColumn,
        string wordSeparator)
    {
        DataViewSchema.Column label = ColumnRole.EvaluatedLabelSequence.Find(environment, data.Schema, labelColumn);
        DataViewSchema.Column predicted = ColumnRole.PredictedLabelSequence.Find(environment, data.Schema, predictedLabelColumn);
        var labelNames = LabelNames.Of(environment, ColumnRole.EvaluatedLabelSequence, label);
        var predictedNames = LabelNames.Of(environment, ColumnRole.PredictedLabelSequence, predicted);
        if ((labelNames is { AreNumbers: true }) != (predictedNames is { AreNumbers: true }))
            throw ColumnRole.EvaluatedLabelSequence.DimensionMismatch(environment, label,
                "keys with values, or without, as the predicted labels are");
        var pairs = new List<(string[] Right, string[] Found)>();
        using (DataViewRowCursor cursor = data.GetRowCursor([label, predicted]))
        {
            StepTextReader labels = StepTextReader.Create(cursor, label, labelNames, missing: null);
            StepTextReader found = StepTextReader.Create(cursor, predicted, predictedNames, missing: null);
            while (cursor.MoveNext())
                pairs.Add((labels.Read(StepTextReader.UnseenLabel), found.Read(StepTextReader.UnseenPrediction)));
        }
        if (pairs.Count == 0)
            throw environment.Process(new InvalidOperationException("There is no row to evaluate."));
        bool hasWords = pairs.Exists(pair => pair.Right.Contains(wordSeparator));
        var metrics = new CtcMetrics { NumberOfSequences = pairs.Count };
        foreach ((string[] right, string[] found) in pairs)
        {
            string[] rightWords = hasWords ? Words(right, wordSeparator) : right, words = hasWords ? Words(found, wordSeparator) : found;
            int edits = EditDistance.Between<string>(right, found);
            metrics.NumberOfLabels += right.Length;
            metrics.NumberOfLabelErrors += edits;
            metrics.NumberOfWords += rightWords.Length;
            metrics.NumberOfWordErrors += EditDistance.Between<string>(rightWords, words);
            metrics.NumberOfExactMatches += edits == 0 ? 1 : 0;
        }
        return metrics;
    }

    private static string[] Words(string[] items, string separator)
    {
        var words = new List<string>();
        var word = new List<string>();
        foreach (string item in items.Append(separator))
        {
            if (item != separator)
            {
                word.Add(item);
                continue;
            }
            if (word.Count > 0)
                words.Add(string.Join('\0', word));
            word.Clear();
        }
        return [.. words];
    }
}

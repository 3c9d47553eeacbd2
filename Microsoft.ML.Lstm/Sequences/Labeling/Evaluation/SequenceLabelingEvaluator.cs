using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm.Sequences.Labeling.Evaluation;

/// <summary>Compares right and predicted labels in a data view.</summary>
internal static class SequenceLabelingEvaluator
{
    public static SequenceLabelingMetrics Evaluate(IHostEnvironment environment, IDataView data, string labelColumn,
        string predictedLabelColumn)
    {
        DataViewSchema.Column label = ColumnRole.EvaluatedStepLabel.Find(environment, data.Schema, labelColumn);
        DataViewSchema.Column predicted = ColumnRole.PredictedStepLabel.Find(environment, data.Schema, predictedLabelColumn);
        var names = LabelNames.Of(environment, ColumnRole.EvaluatedStepLabel, label);
        var predictedNames = LabelNames.Of(environment, ColumnRole.PredictedStepLabel, predicted);
        if (names is { AreNumbers: true } && predictedNames is not { AreNumbers: true })
            throw ColumnRole.EvaluatedStepLabel.DimensionMismatch(environment, label,
                "keys with values, as the predicted labels have them");
        if (predictedNames is { AreNumbers: true } && names is not { AreNumbers: true })
            throw ColumnRole.PredictedStepLabel.DimensionMismatch(environment, predicted, "keys with values, as the labels have them");

        var counter = new SequenceLabelingCounter(predictedNames?.All);
        DataViewSchema.Column[] sources = names is { AreTexts: true } ? LabelSource.Candidates(data.Schema) : [];
        using DataViewRowCursor cursor = data.GetRowCursor([label, predicted, .. sources]);
        StepTextReader labelReader = StepTextReader.Create(cursor, label, names, names?.Unseen);
        StepTextReader predictedReader = StepTextReader.Create(cursor, predicted, predictedNames, missing: null);
        var candidates = sources.Select(source => new LabelSource(cursor, source, names!, predictedNames?.All)).ToList();
        while (cursor.MoveNext())
        {
            string?[] right = labelReader.Read(), found = predictedReader.Read();
            if (found.Length > 0 && right.Length != found.Length)
                throw environment.Process(new InvalidOperationException(
                    $"Row {cursor.Position} (counted from 0) has {right.Length} labels in column '{labelColumn}', but {found.Length} in "
                    + $"column '{predictedLabelColumn}'."));
            counter.AddSequence(right, found);
            candidates.RemoveAll(candidate => !candidate.Add(right, found));
        }
        // Two columns that fit have the same texts, so either will do.
        return (candidates.Count > 0 ? candidates[0].Counter : counter).Metrics;
    }
}

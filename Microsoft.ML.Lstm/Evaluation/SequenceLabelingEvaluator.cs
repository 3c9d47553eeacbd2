using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Data;
using Microsoft.ML.Lstm.MlNet;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm.Evaluation;

/// <summary>Reads right and predicted labels from a data view and counts how they compare.</summary>
internal static class SequenceLabelingEvaluator
{
    public static SequenceLabelingMetrics Evaluate(IHostEnvironment environment, IDataView data, string labelColumn, string predictedLabelColumn)
    {
        DataViewSchema.Column label = ColumnRole.StepLabel.Find(environment, data.Schema, labelColumn);
        DataViewSchema.Column predicted = ColumnRole.PredictedStepLabel.Find(environment, data.Schema, predictedLabelColumn);
        string[] labelNames = NamesOf(environment, ColumnRole.StepLabel, label), predictedNames = NamesOf(environment, ColumnRole.PredictedStepLabel, predicted);

        var counter = new SequenceLabelingCounter();
        using DataViewRowCursor cursor = data.GetRowCursor([label, predicted]);
        TokenReader labelReader = TokenReader.Create(cursor, label), predictedReader = TokenReader.Create(cursor, predicted);
        while (cursor.MoveNext())
        {
            string?[] right = Read(labelReader, labelNames), found = Read(predictedReader, predictedNames);
            if (right.Length != found.Length)
                throw environment.Process(new InvalidOperationException($"Row {cursor.Position} (counted from 0) has {right.Length} labels in column '{labelColumn}', but {found.Length} in column '{predictedLabelColumn}'."));
            counter.Add(right, found);
        }
        return counter.Metrics;
    }

    private static string?[] Read(TokenReader reader, string[] names)
    {
        reader.Read();
        int[] keys = new int[reader.Length];
        reader.CopyTo(keys);
        return Array.ConvertAll(keys, key => key == 0 ? null : names[key - 1]);
    }

    private static string[] NamesOf(IExceptionContext context, ColumnRole role, DataViewSchema.Column column)
    {
        int count = (int)Math.Min(TokenReader.VocabularyOf(column.Type)!.Value, int.MaxValue);
        if (column.Annotations.Schema.GetColumnOrNull(ScoreAnnotations.KeyValues)?.Type is not VectorDataViewType { ItemType: TextDataViewType } values || values.Size != count)
            throw role.DimensionMismatch(context, column, "a vector of keys with text for key values");
        VBuffer<ReadOnlyMemory<char>> names = default;
        column.Annotations.GetValue(ScoreAnnotations.KeyValues, ref names);
        return [.. names.DenseValues().Select(name => name.ToString())];
    }
}

using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Sequences.Labeling.Evaluation;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm.Sequences.SequenceToSequence.Evaluation;

/// <summary>Compares sequences that were written with right ones in a data view.</summary>
internal static class SequenceToSequenceEvaluator
{
    /// <summary>Compares sequences of keys or texts by what the keys stand for.</summary>
    public static SequenceToSequenceMetrics Evaluate(IHostEnvironment environment, IDataView data, string labelColumn,
        string predictedLabelColumn)
    {
        DataViewSchema.Column label = ColumnRole.EvaluatedStepLabel.Find(environment, data.Schema, labelColumn);
        DataViewSchema.Column predicted = ColumnRole.PredictedStepLabel.Find(environment, data.Schema, predictedLabelColumn);
        var names = LabelNames.Of(environment, ColumnRole.EvaluatedStepLabel, label);
        var predictedNames = LabelNames.Of(environment, ColumnRole.PredictedStepLabel, predicted);
        if (names is { AreNumbers: true } != predictedNames is { AreNumbers: true })
            throw ColumnRole.EvaluatedStepLabel.DimensionMismatch(environment, label, "keys with values in both columns, or in neither");
        long rows = 0, exact = 0, edits = 0, tokens = 0;
        using DataViewRowCursor cursor = data.GetRowCursor([label, predicted]);
        StepTextReader labelReader = StepTextReader.Create(cursor, label, names, missing: null);
        StepTextReader predictedReader = StepTextReader.Create(cursor, predicted, predictedNames, missing: null);
        while (cursor.MoveNext())
        {
            string[] right = labelReader.Read(StepTextReader.UnseenLabel), found = predictedReader.Read(StepTextReader.UnseenPrediction);
            int distance = EditDistance.Between<string>(right, found);
            rows++;
            exact += distance == 0 ? 1 : 0;
            edits += distance;
            tokens += right.Length;
        }
        return new SequenceToSequenceMetrics(rows, exact, edits, tokens);
    }

    /// <summary>Compares texts with one or several references each.</summary>
    public static TranslationMetrics EvaluateTexts(IHostEnvironment environment, IDataView data, string referenceColumn,
        string translationColumn)
    {
        DataViewSchema.Column reference = ColumnRole.References.Find(environment, data.Schema, referenceColumn);
        DataViewSchema.Column translation = ColumnRole.Translation.Find(environment, data.Schema, translationColumn);
        var bleu = new BleuCounter();
        long rows = 0, exact = 0, edits = 0, words = 0;
        using DataViewRowCursor cursor = data.GetRowCursor([reference, translation]);
        Func<string[]> references = TextsOf(cursor, reference), translations = TextsOf(cursor, translation);
        while (cursor.MoveNext())
        {
            string[] right = references();
            string found = translations()[0];
            if (right.Length == 0)
                throw environment.Process(new InvalidOperationException(
                    $"Row {cursor.Position} (counted from 0) has no reference in column '{referenceColumn}'."));
            bleu.Add(found, right);
            string[] wordsOfFound = WordsOf(found);
            (int distance, int count) = right.Select(WordsOf)
                .Select(each => (EditDistance.Between<string>(each, wordsOfFound), each.Length))
                .MinBy(pair => pair.Item1);
            rows++;
            exact += right.Contains(found) ? 1 : 0;
            edits += distance;
            words += count;
        }
        return new TranslationMetrics(bleu, rows, exact, edits, words);
    }

    private static string[] WordsOf(string text) => text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Reads the text of a row, or those of its texts that are not empty.</summary>
    private static Func<string[]> TextsOf(DataViewRow row, DataViewSchema.Column column)
    {
        if (column.Type is not VectorDataViewType)
        {
            ValueGetter<ReadOnlyMemory<char>> get = row.GetGetter<ReadOnlyMemory<char>>(column);
            return () =>
            {
                ReadOnlyMemory<char> text = default;
                get(ref text);
                return [text.ToString()];
            };
        }
        ValueGetter<VBuffer<ReadOnlyMemory<char>>> getAll = row.GetGetter<VBuffer<ReadOnlyMemory<char>>>(column);
        VBuffer<ReadOnlyMemory<char>> texts = default;
        return () =>
        {
            getAll(ref texts);
            // Where rows have different numbers of references some places of a vector are empty, as None is for sacreBLEU.
            return [.. texts.DenseValues().Where(text => !text.IsEmpty).Select(text => text.ToString())];
        };
    }
}

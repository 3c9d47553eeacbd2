using System.Globalization;
using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.MlNet;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm.Sequences.Regression.Evaluation;

/// <summary>Compares right and predicted vectors in a data view.</summary>
internal static class MultiOutputEvaluator
{
    public static MultiOutputRegressionMetrics Evaluate(IHostEnvironment environment, IDataView data, string labelColumn,
        string scoreColumn)
    {
        DataViewSchema.Column label = ColumnRole.RegressionLabel.Find(environment, data.Schema, labelColumn);
        DataViewSchema.Column score = ColumnRole.RegressionScore.Find(environment, data.Schema, scoreColumn);
        int size = NumberReader.SizeOf(label.Type);
        if (NumberReader.SizeOf(score.Type) != size)
            throw ColumnRole.RegressionScore.DimensionMismatch(environment, score, $"{size} values, as the label has them");

        using DataViewRowCursor cursor = data.GetRowCursor([label, score]);
        NumberReader labelReader = new(cursor, label), scoreReader = new(cursor, score);
        float[] labels = new float[size], scores = new float[size];
        OutputTally[] tallies = [.. Enumerable.Range(0, size).Select(_ => new OutputTally())];
        long rows = 0, withMissingScores = 0;
        for (; cursor.MoveNext(); rows++)
        {
            Read(labelReader, labels);
            Read(scoreReader, scores);
            bool isMissing = false;
            for (int i = 0; i < size; i++)
                isMissing |= !tallies[i].Add(labels[i], scores[i]);
            withMissingScores += isMissing ? 1 : 0;
        }
        if (Array.TrueForAll(tallies, tally => tally.IsEmpty))
            throw environment.Process(new InvalidOperationException(
                $"None of the {rows} rows has a label in column '{labelColumn}' and a prediction in column '{scoreColumn}', "
                + $"{withMissingScores} of them for want of a prediction."));
        if (withMissingScores > 0)
        {
            HostWarning.Write(environment, "Evaluation",
                $"Left out the predictions that are missing in {withMissingScores} of the {rows} rows in column '{scoreColumn}'.");
        }
        string[] names = SlotNames.Of(label) ?? SlotNames.Of(score) ?? new string[size];
        OutputRegressionMetrics[] metrics = [.. tallies.Select((tally, i) => tally.Metrics(NameOf(i)))];
        return new MultiOutputRegressionMetrics(metrics, rows, withMissingScores);

        string NameOf(int output)
            => string.IsNullOrEmpty(names[output]) ? output.ToString(CultureInfo.InvariantCulture) : names[output];
    }

    private static void Read(NumberReader reader, float[] values)
    {
        reader.Read();
        reader.CopyTo(values);
    }
}

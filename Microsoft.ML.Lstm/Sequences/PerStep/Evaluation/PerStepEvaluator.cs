using System.Globalization;
using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.MlNet;
using Microsoft.ML.Lstm.Sequences.Regression.Evaluation;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm.Sequences.PerStep.Evaluation;

/// <summary>Compares right and predicted values of steps in a data view.</summary>
internal static class PerStepEvaluator
{
    public static MultiOutputRegressionMetrics EvaluateRegression(IHostEnvironment environment, IDataView data, string labelColumn,
        string scoreColumn, int? labelsPerStep)
    {
        DataViewSchema.Column label = ColumnRole.StepNumbers.Find(environment, data.Schema, labelColumn);
        DataViewSchema.Column score = ColumnRole.StepScores.Find(environment, data.Schema, scoreColumn);
        int size = SizeOf(environment, labelsPerStep, label, (ColumnRole.StepScores, score));
        OutputTally[] tallies = [.. Enumerable.Range(0, size).Select(_ => new OutputTally())];
        using DataViewRowCursor cursor = data.GetRowCursor([label, score]);
        var rows = new StepRows(environment, cursor, label, score, size);
        long steps = 0, withMissingScores = 0;
        while (rows.MoveNext())
        {
            for (int at = 0; at < rows.Labels.Length; at += size, steps++)
            {
                bool isMissing = false;
                for (int i = 0; i < size; i++)
                    isMissing |= !tallies[i].Add(rows.Labels[at + i], rows.IsScored ? rows.Scores[at + i] : float.NaN);
                withMissingScores += isMissing ? 1 : 0;
            }
        }
        if (Array.TrueForAll(tallies, tally => tally.IsEmpty))
            throw environment.Process(new InvalidOperationException(
                $"None of the {steps} steps has a label in column '{labelColumn}' and a prediction in column '{scoreColumn}'."));
        rows.WarnOfUnscored();
        OutputRegressionMetrics[] metrics = [.. tallies.Select((tally, i) => tally.Metrics(i.ToString(CultureInfo.InvariantCulture)))];
        return new MultiOutputRegressionMetrics(metrics, steps, withMissingScores);
    }

    public static PerStepBinaryMetrics EvaluateBinary(IHostEnvironment environment, IDataView data, string labelColumn,
        string scoreColumn, string predictedLabelColumn, int? labelsPerStep)
    {
        DataViewSchema.Column label = ColumnRole.StepTruths.Find(environment, data.Schema, labelColumn);
        DataViewSchema.Column score = ColumnRole.StepScores.Find(environment, data.Schema, scoreColumn);
        DataViewSchema.Column predicted = ColumnRole.PredictedStepTruths.Find(environment, data.Schema, predictedLabelColumn);
        int size = SizeOf(environment, labelsPerStep, label, (ColumnRole.StepScores, score), (ColumnRole.PredictedStepTruths, predicted));
        TruthTally[] tallies = [.. Enumerable.Range(0, size).Select(_ => new TruthTally())];
        using DataViewRowCursor cursor = data.GetRowCursor([label, score, predicted]);
        var rows = new StepRows(environment, cursor, label, score, size, areTruths: true);
        ValueGetter<VBuffer<bool>> getPredicted = cursor.GetGetter<VBuffer<bool>>(predicted);
        VBuffer<bool> buffer = default;
        long steps = 0, right = 0;
        while (rows.MoveNext())
        {
            if (!rows.IsScored)
                continue;
            getPredicted(ref buffer);
            bool[] yes = [.. buffer.DenseValues()];
            rows.CheckLength(yes.Length, predicted.Name);
            for (int at = 0; at < rows.Labels.Length; at += size)
            {
                bool isKnown = false, isRight = true;
                for (int i = 0; i < size; i++)
                {
                    float truth = rows.Labels[at + i];
                    tallies[i].Add(truth, rows.Scores[at + i], yes[at + i]);
                    isKnown |= !float.IsNaN(truth);
                    isRight &= float.IsNaN(truth) || truth > 0 == yes[at + i];
                }
                steps += isKnown ? 1 : 0;
                right += isKnown && isRight ? 1 : 0;
            }
        }
        if (steps == 0)
            throw environment.Process(new InvalidOperationException(
                $"No step has a label in column '{labelColumn}' and a prediction in column '{predictedLabelColumn}'."));
        rows.WarnOfUnscored();
        return new PerStepBinaryMetrics([.. tallies.Select((tally, i) => tally.Score(i.ToString(CultureInfo.InvariantCulture)))], steps,
            right, rows.Unscored);
    }

    /// <summary>
    /// L, which the dimensions of predictions and labels have to agree on; columns without dimensions follow the others. As in training, an
    /// L that is given takes precedence over the label's dimensions.
    /// </summary>
    private static int SizeOf(IHostEnvironment environment, int? labelsPerStep, DataViewSchema.Column label,
        params ReadOnlySpan<(ColumnRole Role, DataViewSchema.Column Column)> predictions)
    {
        int? size = labelsPerStep ?? LabelColumn.PerStepOf(label.Type);
        string source = labelsPerStep is null ? $"column '{label.Name}'" : nameof(labelsPerStep);
        foreach ((ColumnRole role, DataViewSchema.Column column) in predictions)
        {
            int? found = LabelColumn.PerStepOf(column.Type);
            if (size is null)
                (size, source) = (found, $"column '{column.Name}'");
            else if (found is not null && found != size)
                throw role.DimensionMismatch(environment, column, $"{size} values a step, as {source} says, and not {found}");
        }
        return size ?? 1;
    }

    /// <summary>The labels and scores of one row after the other.</summary>
    private sealed class StepRows
    {
        private readonly IHostEnvironment _environment;
        private readonly DataViewRowCursor _cursor;
        private readonly string _labelColumn;
        private readonly string _scoreColumn;
        private readonly int _size;
        private readonly bool _areTruths;
        private readonly NumberReader _scores;
        private readonly NumberReader? _numbers;
        private readonly ValueGetter<VBuffer<bool>>? _getTruths;
        private VBuffer<bool> _truths;
        private long _rows;

        public StepRows(IHostEnvironment environment, DataViewRowCursor cursor, DataViewSchema.Column label, DataViewSchema.Column score,
            int size, bool areTruths = false)
        {
            (_environment, _cursor, _labelColumn, _scoreColumn) = (environment, cursor, label.Name, score.Name);
            (_size, _areTruths) = (size, areTruths);
            _scores = new NumberReader(cursor, score);
            if (label.Type is VectorDataViewType { ItemType: BooleanDataViewType })
                _getTruths = cursor.GetGetter<VBuffer<bool>>(label);
            else
                _numbers = new NumberReader(cursor, label);
        }

        /// <summary>T x L; NaN for a label that is not known.</summary>
        public float[] Labels { get; private set; } = [];

        /// <summary>T x L, or none for a row that could not be scored.</summary>
        public float[] Scores { get; private set; } = [];

        public bool IsScored => Scores.Length > 0;

        /// <summary>Rows with labels, but without scores.</summary>
        public long Unscored { get; private set; }

        public bool MoveNext()
        {
            if (!_cursor.MoveNext())
                return false;
            _rows++;
            Labels = ReadLabels();
            Scores = Read(_scores);
            if (Labels.Length % _size != 0)
                throw _environment.Process(new InvalidOperationException(
                    $"Row {_cursor.Position} (counted from 0) has {Labels.Length} labels in column '{_labelColumn}', which is no multiple "
                    + $"of {_size}, the labels of a step."));
            if (IsScored)
                CheckLength(Scores.Length, _scoreColumn);
            else if (Labels.Length > 0)
                Unscored++;
            return true;
        }

        public void CheckLength(int length, string column)
        {
            if (length != Labels.Length)
                throw _environment.Process(new InvalidOperationException(
                    $"Row {_cursor.Position} (counted from 0) has {Labels.Length} labels in column '{_labelColumn}', but {length} in "
                    + $"column '{column}'."));
        }

        public void WarnOfUnscored()
        {
            if (Unscored > 0)
                HostWarning.Write(_environment, "Evaluation",
                    $"Left out {Unscored} of the {_rows} rows, which have no predictions in column '{_scoreColumn}'.");
        }

        private float[] ReadLabels()
        {
            if (_getTruths is null)
            {
                float[] numbers = Read(_numbers!);
                int wrong = _areTruths ? Array.FindIndex(numbers, number => !LabelReader.IsTruth(number)) : -1;
                return wrong < 0 ? numbers : throw _environment.Process(new InvalidOperationException(string.Create(
                    CultureInfo.InvariantCulture, $"Row {_cursor.Position} (counted from 0) has the label {numbers[wrong]} in column "
                    + $"'{_labelColumn}', which is none of 0, 1 and NaN.")));
            }
            _getTruths(ref _truths);
            return [.. _truths.DenseValues().Select(truth => truth ? 1f : 0f)];
        }

        private static float[] Read(NumberReader reader)
        {
            reader.Read();
            float[] numbers = new float[reader.Length];
            reader.CopyTo(numbers);
            return numbers;
        }
    }
}

using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>Compares a vector of scores, one a class, with the class that was right.</summary>
internal sealed class MulticlassEvaluator
{
    private const float SmallestProbability = 1e-15f;

    private readonly double[][] _table;
    private readonly long[] _classRows;
    private readonly double[] _classLoss;

    /// <summary>How many rows had so many classes scored above the right one.</summary>
    private readonly long[] _rankRows;
    private long _rows;

    private MulticlassEvaluator(int classes)
    {
        _table = Enumerable.Range(0, classes).Select(_ => new double[classes]).ToArray();
        _classRows = new long[classes];
        _classLoss = new double[classes];
        _rankRows = new long[classes + 1];
    }

    public static MulticlassClassificationMetrics Evaluate(IHostEnvironment env, IDataView data, string labelName, string scoreName, string predictedName,
        int topKPredictionCount)
    {
        DataViewSchema.Column labelColumn = data.Schema.FindRole(env, "Label", labelName);
        DataViewSchema.Column scoreColumn = data.Schema.FindRole(env, "Score", scoreName);
        data.Schema.FindRole(env, "PredictedLabel", predictedName);
        int classes = scoreColumn.Type.GetVectorSize();
        scoreColumn.CheckType(env, classes > 1 && scoreColumn.Type.GetItemType() == NumberDataViewType.Single, "score",
            "vector of two or more items of type Single");
        labelColumn.CheckType(env, labelColumn.Type == NumberDataViewType.Single || labelColumn.Type is KeyDataViewType, "label", "Single or Key");

        var evaluator = new MulticlassEvaluator(classes);
        double loss = evaluator.ReadRows(data, labelColumn, scoreColumn);
        return evaluator.Finish(loss, topKPredictionCount, ClassNames(scoreColumn));
    }

    private double ReadRows(IDataView data, DataViewSchema.Column labelColumn, DataViewSchema.Column scoreColumn)
    {
        using DataViewRowCursor cursor = data.GetRowCursor(labelColumn, scoreColumn);
        Func<float> readLabel = EvaluatedColumns.ReadLabel(cursor, labelColumn);
        ValueGetter<VBuffer<float>> getScores = cursor.GetGetter<VBuffer<float>>(scoreColumn);
        VBuffer<float> buffer = default;
        var scores = new float[_table.Length];
        double loss = 0;
        while (cursor.MoveNext())
        {
            float label = readLabel();
            if (!(label >= 0) || label != MathF.Floor(label))
                continue;
            getScores(ref buffer);
            buffer.CopyTo(scores);
            if (Array.TrueForAll(scores, float.IsFinite))
                loss += AddRow(label, scores);
        }
        return loss;
    }

    /// <summary>Counts a row and returns its loss. A class that the model doesn't know counts as an error but is in no row of the table.</summary>
    private double AddRow(float label, float[] scores)
    {
        bool isKnown = label < scores.Length;
        int right = isKnown ? (int)label : scores.Length;
        float score = isKnown ? scores[right] : 0;
        double loss = -Math.Log(isKnown ? Math.Min(1, Math.Max(SmallestProbability, score)) : SmallestProbability);
        int rank = scores.Where((s, i) => s > score || s == score && i < right).Count();
        _rows++;
        _rankRows[rank]++;
        if (isKnown)
        {
            _classRows[right]++;
            _classLoss[right] += loss;
            _table[right][Array.IndexOf(scores, scores.Max())]++;
        }
        return loss;
    }

    private MulticlassClassificationMetrics Finish(double loss, int topKPredictionCount, string[] classNames)
    {
        double meanLoss = _rows == 0 ? 0 : loss / _rows;
        double entropy = -_classRows.Where(n => n > 0).Sum(n => n * Math.Log((double)n / _rows)) / _rows;
        double[] recalls = _classRows.Select((n, c) => _table[c][c] / n).Where(double.IsFinite).ToArray();
        double[] topK = topKPredictionCount == 0 ? null : new double[topKPredictionCount];
        long hits = 0;
        for (int k = 0; k < topKPredictionCount; k++)
            topK[k] = (double)(hits += _rankRows[k]) / _rows;
        return new(_rows == 0 ? 0 : _table.Select((row, c) => row[c]).Sum() / _rows, recalls.Length == 0 ? 0 : recalls.Average(), meanLoss,
            (entropy - meanLoss) / entropy, topKPredictionCount, topK, _classLoss.Select((l, c) => l / Math.Max(_classRows[c], 1)).ToArray(),
            new(_table, classNames, isBinary: false));
    }

    private static string[] ClassNames(DataViewSchema.Column score)
    {
        if (!score.HasSlotNames())
            return Enumerable.Range(0, score.Type.GetVectorSize()).Select(c => c.ToString()).ToArray();
        VBuffer<ReadOnlyMemory<char>> names = default;
        score.GetSlotNames(ref names);
        return names.DenseValues().Select(n => n.ToString()).ToArray();
    }
}

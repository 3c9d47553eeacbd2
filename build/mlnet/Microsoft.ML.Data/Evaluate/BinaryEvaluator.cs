using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>Compares scores, positive for a yes, and probabilities if there are some, with what was right.</summary>
internal sealed class BinaryEvaluator
{
    private readonly RankedScores _scores = new();

    /// <summary>By what was right and what was predicted, the positives first.</summary>
    private readonly double[][] _counts = [[0, 0], [0, 0]];
    private readonly IExceptionContext _env;
    private readonly IDataView _data;
    private readonly DataViewSchema.Column _label;
    private readonly DataViewSchema.Column _score;
    private readonly DataViewSchema.Column? _probability;
    private double _logLoss;

    private BinaryEvaluator(IExceptionContext env, IDataView data, string labelName, string scoreName, string probabilityName, string predictedName)
    {
        _env = env;
        _data = data;
        _label = data.Schema.FindRole(env, "Label", labelName);
        _score = data.Schema.FindRole(env, "Score", scoreName);
        _probability = probabilityName is null ? null : data.Schema.FindRole(env, "Probability", probabilityName);
        data.Schema.FindRole(env, "PredictedLabel", predictedName);
    }

    public static BinaryClassificationMetrics Evaluate(IHostEnvironment env, IDataView data, string labelName, string scoreName, string predictedName)
    {
        var evaluator = new BinaryEvaluator(env, data, labelName, scoreName, null, predictedName);
        evaluator.CheckTypes();
        evaluator.ReadRows();
        return new(evaluator.MakeMatrix(), evaluator._scores.AreaUnderRocCurve(), evaluator._scores.AreaUnderPrecisionRecallCurve());
    }

    public static CalibratedBinaryClassificationMetrics EvaluateCalibrated(IHostEnvironment env, IDataView data, string labelName, string scoreName,
        string probabilityName, string predictedName)
    {
        var evaluator = new BinaryEvaluator(env, data, labelName, scoreName, probabilityName, predictedName);
        evaluator.CheckTypes();
        evaluator.ReadRows();
        RankedScores scores = evaluator._scores;
        double auc = scores.AreaUnderRocCurve();
        double rows = scores.Positives + scores.Negatives;
        double logLoss = evaluator._logLoss / rows;
        double share = scores.Positives / rows;
        double entropy = -share * Math.Log2(share) - (1 - share) * Math.Log2(1 - share);
        return new(evaluator.MakeMatrix(), auc, scores.AreaUnderPrecisionRecallCurve(), logLoss, (entropy - logLoss) / entropy, entropy);
    }

    private void CheckTypes()
    {
        _score.CheckSingle(_env, "score");
        bool isLabel = _label.Type == NumberDataViewType.Single || _label.Type == NumberDataViewType.Double
            || _label.Type is BooleanDataViewType or KeyDataViewType { Count: 2 };
        _label.CheckType(_env, isLabel, "label", "Single, Double, Boolean, or a Key with cardinality 2");
        _probability?.CheckSingle(_env, "probability");
    }

    private void ReadRows()
    {
        using DataViewRowCursor cursor = _data.GetRowCursor(_probability is { } needed ? [_label, _score, needed] : [_label, _score]);
        Func<float> readLabel = EvaluatedColumns.ReadLabel(cursor, _label);
        ValueGetter<float> getScore = cursor.GetGetter<float>(_score);
        ValueGetter<float> getProbability = _probability is { } column ? cursor.GetGetter<float>(column) : null;
        float score = 0;
        float probability = 0;
        while (cursor.MoveNext())
        {
            getScore(ref score);
            float label = readLabel();
            if (!float.IsFinite(score) || float.IsNaN(label))
                continue;
            bool isPositive = label > 0;
            _scores.Add(score, isPositive);
            _counts[isPositive ? 0 : 1][score > 0 ? 0 : 1]++;
            getProbability?.Invoke(ref probability);
            _logLoss -= Math.Log2(isPositive ? probability : 1 - (double)probability);
        }
    }

    private ConfusionMatrix MakeMatrix()
    {
        if (!_label.HasKeyValues(TextDataViewType.Instance))
            return new(_counts, ["positive", "negative"], isBinary: true);
        // ML.NET takes the names in the order of the keys, and so shows the negative one beside the positives' counts.
        VBuffer<ReadOnlyMemory<char>> names = default;
        _label.GetKeyValues(ref names);
        return new(_counts, names.DenseValues().Select(n => n.ToString()).ToArray(), isBinary: true);
    }
}

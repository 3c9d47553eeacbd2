using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

public sealed class AnomalyDetectionMetrics
{
    internal AnomalyDetectionMetrics(double auc, double detectionRate)
    {
        AreaUnderRocCurve = auc;
        DetectionRateAtFalsePositiveCount = detectionRate;
    }

    public double AreaUnderRocCurve { get; }

    public double DetectionRateAtFalsePositiveCount { get; }
}

/// <summary>Compares scores, higher for an anomaly, with which examples are anomalies.</summary>
internal static class AnomalyEvaluator
{
    public static AnomalyDetectionMetrics Evaluate(IHostEnvironment env, IDataView data, string labelName, string scoreName, string predictedName,
        int falsePositiveCount)
    {
        DataViewSchema.Column labelColumn = data.Schema.FindRole(env, "Label", labelName);
        DataViewSchema.Column scoreColumn = data.Schema.FindRole(env, "Score", scoreName);
        data.Schema.FindRole(env, "PredictedLabel", predictedName);
        scoreColumn.CheckSingle(env, "score");
        labelColumn.CheckType(env, labelColumn.Type == NumberDataViewType.Single || labelColumn.Type is KeyDataViewType { Count: 2 }, "label",
            "Single or a Key with cardinality 2");

        var scores = new RankedScores();
        using DataViewRowCursor cursor = data.GetRowCursor(labelColumn, scoreColumn);
        Func<float> readLabel = EvaluatedColumns.ReadLabel(cursor, labelColumn);
        ValueGetter<float> getScore = cursor.GetGetter<float>(scoreColumn);
        float score = 0;
        while (cursor.MoveNext())
        {
            float label = readLabel();
            getScore(ref score);
            if (!float.IsNaN(label) && float.IsFinite(score))
                scores.Add(score, label > 0);
        }
        return new(scores.AreaUnderRocCurve(), DetectionRate(scores, falsePositiveCount));
    }

    /// <summary>The share of anomalies that are found before one false alarm more than allowed is raised.</summary>
    private static double DetectionRate(RankedScores scores, int falsePositiveCount)
    {
        int falseAlarms = 0;
        int found = scores.Ranked().TakeWhile(isAnomaly => isAnomaly || ++falseAlarms <= falsePositiveCount).Count(isAnomaly => isAnomaly);
        return (double)found / scores.Positives;
    }
}

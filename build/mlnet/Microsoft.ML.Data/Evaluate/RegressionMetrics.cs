using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

public sealed class RegressionMetrics
{
    internal RegressionMetrics(double l1, double l2, double rms, double lossFunction, double rSquared)
    {
        MeanAbsoluteError = l1;
        MeanSquaredError = l2;
        RootMeanSquaredError = rms;
        LossFunction = lossFunction;
        RSquared = rSquared;
    }

    public double MeanAbsoluteError { get; }

    public double MeanSquaredError { get; }

    public double RootMeanSquaredError { get; }

    public double LossFunction { get; }

    public double RSquared { get; }
}

internal static class RegressionEvaluator
{
    /// <summary>Compares two columns over the rows in which neither is NaN.</summary>
    public static RegressionMetrics Evaluate(IHostEnvironment env, IDataView data, string labelName, string scoreName)
    {
        DataViewSchema.Column labelColumn = data.Schema.FindRole(env, "Label", labelName);
        DataViewSchema.Column scoreColumn = data.Schema.FindRole(env, "Score", scoreName);
        scoreColumn.CheckSingle(env, "score");
        labelColumn.CheckSingle(env, "label");
        using DataViewRowCursor cursor = data.GetRowCursor([labelColumn, scoreColumn]);
        ValueGetter<float> getLabel = cursor.GetGetter<float>(labelColumn);
        ValueGetter<float> getScore = cursor.GetGetter<float>(scoreColumn);

        long count = 0;
        (double l1, double l2, double loss, double labels, double squaredLabels) = (0, 0, 0, 0, 0);
        float label = 0;
        float score = 0;
        while (cursor.MoveNext())
        {
            getLabel(ref label);
            getScore(ref score);
            if (float.IsNaN(label) || float.IsNaN(score))
                continue;
            double error = Math.Abs((double)label - score);
            float errorAsFloat = score - label;
            count++;
            l1 += error;
            l2 += error * error;
            // ML.NET computes the loss and the label's square in single precision.
            loss += errorAsFloat * errorAsFloat;
            labels += label;
            squaredLabels += label * label;
        }
        if (count == 0)
            return new(0, 0, 0, 0, 0);
        double variation = squaredLabels - labels * labels / count;
        return new(l1 / count, l2 / count, Math.Sqrt(l2 / count), loss / count, variation == 0 ? double.NaN : 1 - l2 / variation);
    }
}

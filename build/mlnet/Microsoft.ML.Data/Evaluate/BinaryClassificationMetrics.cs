namespace Microsoft.ML.Data;

public class BinaryClassificationMetrics
{
    internal BinaryClassificationMetrics(ConfusionMatrix confusionMatrix, double auc, double auprc)
    {
        ConfusionMatrix = confusionMatrix;
        AreaUnderRocCurve = auc;
        AreaUnderPrecisionRecallCurve = auprc;
        IReadOnlyList<IReadOnlyList<double>> counts = confusionMatrix.Counts;
        Accuracy = (counts[0][0] + counts[1][1]) / counts.Sum(row => row.Sum());
    }

    public double AreaUnderRocCurve { get; }

    public double Accuracy { get; }

    public double PositivePrecision => ConfusionMatrix.PerClassPrecision[0];

    public double PositiveRecall => ConfusionMatrix.PerClassRecall[0];

    public double NegativePrecision => ConfusionMatrix.PerClassPrecision[1];

    public double NegativeRecall => ConfusionMatrix.PerClassRecall[1];

    public double F1Score => PositivePrecision + PositiveRecall is > 0 and var sum ? 2 * PositivePrecision * PositiveRecall / sum : 0;

    public double AreaUnderPrecisionRecallCurve { get; }

    public ConfusionMatrix ConfusionMatrix { get; }
}

public sealed class CalibratedBinaryClassificationMetrics : BinaryClassificationMetrics
{
    internal CalibratedBinaryClassificationMetrics(ConfusionMatrix confusionMatrix, double auc, double auprc, double logLoss, double logLossReduction,
        double entropy)
        : base(confusionMatrix, auc, auprc)
    {
        LogLoss = logLoss;
        LogLossReduction = logLossReduction;
        Entropy = entropy;
    }

    public double LogLoss { get; }

    public double LogLossReduction { get; }

    public double Entropy { get; }
}

namespace Microsoft.ML.Data;

/// <summary>Mean and spread of a metric over permutations.</summary>
public sealed class MetricStatistics
{
    private readonly List<double> _values = [];

    internal MetricStatistics()
    {
    }

    public double Mean => _values.Count == 0 ? 0 : _values.Average();

    public double StandardDeviation => _values.Count < 2 ? 0 : Math.Sqrt(_values.Sum(v => (v - Mean) * (v - Mean)) / (_values.Count - 1));

    public double StandardError => _values.Count == 0 ? 0 : StandardDeviation / Math.Sqrt(_values.Count);

    public int Count => _values.Count;

    internal void Add(double metric) => _values.Add(metric);
}

/// <summary>The change of each of a task's metrics.</summary>
internal interface IMetricsStatistics<TMetrics>
{
    void Add(TMetrics permuted, TMetrics baseline);
}

public sealed class RegressionMetricsStatistics : IMetricsStatistics<RegressionMetrics>
{
    public MetricStatistics MeanAbsoluteError { get; } = new();

    public MetricStatistics MeanSquaredError { get; } = new();

    public MetricStatistics RootMeanSquaredError { get; } = new();

    public MetricStatistics LossFunction { get; } = new();

    public MetricStatistics RSquared { get; } = new();

    void IMetricsStatistics<RegressionMetrics>.Add(RegressionMetrics permuted, RegressionMetrics baseline)
    {
        MeanAbsoluteError.Add(permuted.MeanAbsoluteError - baseline.MeanAbsoluteError);
        MeanSquaredError.Add(permuted.MeanSquaredError - baseline.MeanSquaredError);
        RootMeanSquaredError.Add(permuted.RootMeanSquaredError - baseline.RootMeanSquaredError);
        LossFunction.Add(permuted.LossFunction - baseline.LossFunction);
        RSquared.Add(permuted.RSquared - baseline.RSquared);
    }
}

public sealed class BinaryClassificationMetricsStatistics : IMetricsStatistics<BinaryClassificationMetrics>
{
    public MetricStatistics AreaUnderRocCurve { get; } = new();

    public MetricStatistics Accuracy { get; } = new();

    public MetricStatistics PositivePrecision { get; } = new();

    public MetricStatistics PositiveRecall { get; } = new();

    public MetricStatistics NegativePrecision { get; } = new();

    public MetricStatistics NegativeRecall { get; } = new();

    public MetricStatistics F1Score { get; } = new();

    public MetricStatistics AreaUnderPrecisionRecallCurve { get; } = new();

    void IMetricsStatistics<BinaryClassificationMetrics>.Add(BinaryClassificationMetrics permuted, BinaryClassificationMetrics baseline)
    {
        AreaUnderRocCurve.Add(permuted.AreaUnderRocCurve - baseline.AreaUnderRocCurve);
        Accuracy.Add(permuted.Accuracy - baseline.Accuracy);
        PositivePrecision.Add(permuted.PositivePrecision - baseline.PositivePrecision);
        PositiveRecall.Add(permuted.PositiveRecall - baseline.PositiveRecall);
        NegativePrecision.Add(permuted.NegativePrecision - baseline.NegativePrecision);
        NegativeRecall.Add(permuted.NegativeRecall - baseline.NegativeRecall);
        F1Score.Add(permuted.F1Score - baseline.F1Score);
        AreaUnderPrecisionRecallCurve.Add(permuted.AreaUnderPrecisionRecallCurve - baseline.AreaUnderPrecisionRecallCurve);
    }
}

public sealed class MulticlassClassificationMetricsStatistics : IMetricsStatistics<MulticlassClassificationMetrics>
{
    public MetricStatistics MacroAccuracy { get; } = new();

    public MetricStatistics MicroAccuracy { get; } = new();

    public MetricStatistics LogLoss { get; } = new();

    public MetricStatistics LogLossReduction { get; } = new();

    void IMetricsStatistics<MulticlassClassificationMetrics>.Add(MulticlassClassificationMetrics permuted, MulticlassClassificationMetrics baseline)
    {
        MacroAccuracy.Add(permuted.MacroAccuracy - baseline.MacroAccuracy);
        MicroAccuracy.Add(permuted.MicroAccuracy - baseline.MicroAccuracy);
        LogLoss.Add(permuted.LogLoss - baseline.LogLoss);
        LogLossReduction.Add(permuted.LogLossReduction - baseline.LogLossReduction);
    }
}

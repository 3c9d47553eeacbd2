using Microsoft.ML.Lstm.Network;

namespace Microsoft.ML.Lstm.Training;

/// <summary>The loss of a batch, its gradient, and the errors in the label's unit that are reported beside it.</summary>
internal sealed class RegressionObjective(RegressionLoss loss, AffineScaler targetScaler, double meanWeight)
{
    private double _loss;
    private double _squares;
    private double _absolutes;
    private double _weights;

    /// <summary>Forgets the figures gathered so far.</summary>
    public void Reset() => _loss = _squares = _absolutes = _weights = 0;

    /// <summary>
    /// Adds one row to the figures and gives the gradient of its outputs: the row's loss is the mean over its targets, the
    /// batch's the mean over its rows, each times its weight as a multiple of the mean weight.
    /// </summary>
    public void Add(ReadOnlySpan<float> outputs, ReadOnlySpan<float> targets, float weight, int batchSize, Span<float> dOutputs)
    {
        double share = weight / meanWeight / ((double)batchSize * targets.Length);
        double rowLoss = 0, squares = 0, absolutes = 0;
        for (int i = 0; i < targets.Length; i++)
        {
            double error = (double)outputs[i] - targets[i];
            bool linear = loss == RegressionLoss.Huber && Math.Abs(error) > 1;
            double half = loss == RegressionLoss.Huber ? 0.5 : 1;
            rowLoss += linear ? Math.Abs(error) - 0.5 : half * error * error;
            dOutputs[i] = (float)(share * (linear ? Math.Sign(error) : 2 * half * error));
            double inUnit = error / targetScaler.Scale[i];
            squares += inUnit * inUnit;
            absolutes += Math.Abs(inUnit);
        }
        _loss += weight * rowLoss / targets.Length;
        _squares += weight * squares / targets.Length;
        _absolutes += weight * absolutes / targets.Length;
        _weights += weight;
    }

    /// <summary>The figures since <see cref="Reset"/>.</summary>
    public EpochMetrics Metrics => new(_loss / _weights, Math.Sqrt(_squares / _weights), _absolutes / _weights);

    /// <summary>Whether every loss since <see cref="Reset"/> was a number.</summary>
    public bool IsFinite => double.IsFinite(_loss);
}

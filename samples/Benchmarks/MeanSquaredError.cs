using Microsoft.ML.Lstm.Network;

namespace Benchmarks;

/// <summary>The mean over a batch of the squared error of its one output.</summary>
internal sealed class MeanSquaredError(SequenceBatch batch, float[] targets) : OutputLoss
{
    private readonly double[] _squares = new double[batch.Count];

    /// <summary>The loss of the last pass.</summary>
    public double Value => _squares.Average();

    public override void Differentiate(int row, Span<float> outputs)
    {
        float error = outputs[0] - targets[batch.SequenceAt(row)];
        _squares[row] = (double)error * error;
        outputs[0] = 2 * error / batch.Count;
    }
}

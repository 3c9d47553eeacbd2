namespace Microsoft.ML.Lstm.Tests.Engine.Reference;

/// <summary>The state of a cell at one step: its inputs, the activated gates and its outputs.</summary>
internal sealed record CellState(double[] X, double[] HPrevious, double[] CPrevious, double[][] Gates, double[] H, double[] C);

/// <summary>
/// One step of a recurrent cell and its derivative, unit by unit. W [G·H x I], U [G·H x H], the merged bias b, and their
/// gradients, to which <see cref="Backward"/> adds.
/// </summary>
internal abstract class ReferenceCell(int inputSize, int hiddenSize, DirectionWeights weights, DirectionWeights gradients)
{
    /// <summary>The factors of h' in the product with U; null for 1.</summary>
    public double[]? StateMask { get; init; }

    protected int H => hiddenSize;

    protected double[] Bias => weights.Bias;

    protected double[] DBias => gradients.Bias;

    public static ReferenceCell Create(CellType cell, int inputSize, int hiddenSize, DirectionWeights weights, DirectionWeights gradients,
        double[]? stateMask = null) => cell switch
        {
            CellType.Lstm => new ReferenceLstmCell(inputSize, hiddenSize, weights, gradients) { StateMask = stateMask },
            CellType.Gru => new ReferenceGruCell(inputSize, hiddenSize, weights, gradients) { StateMask = stateMask },
            CellType.Rnn => new ReferenceRnnCell(inputSize, hiddenSize, weights, gradients) { StateMask = stateMask },
            _ => throw new ArgumentOutOfRangeException(nameof(cell)),
        };

    /// <summary>Computes h and c from x, h' and c'.</summary>
    public abstract CellState Forward(double[] x, double[] hPrevious, double[] cPrevious);

    /// <summary>Computes dx, dh' and dc' from dh and dc.</summary>
    public abstract (double[] DX, double[] DHPrevious, double[] DCPrevious) Backward(CellState step, double[] dh, double[] dc);

    protected double[][] NewGates(int count) => [.. Enumerable.Range(0, count).Select(_ => new double[hiddenSize])];

    protected double[] NewDX() => new double[inputSize];

    /// <summary>(W·x) at <paramref name="row"/>.</summary>
    protected double WX(int row, double[] x)
    {
        double sum = 0;
        for (int k = 0; k < inputSize; k++)
            sum += weights.W[row * inputSize + k] * x[k];
        return sum;
    }

    /// <summary>(U·h) at <paramref name="row"/>.</summary>
    protected double UH(int row, double[] h)
    {
        double sum = 0;
        for (int k = 0; k < hiddenSize; k++)
            sum += weights.U[row * hiddenSize + k] * h[k] * MaskAt(k);
        return sum;
    }

    /// <summary>Given da, the gradient of a = (W·x) at <paramref name="row"/>: dW += da·xᵀ, dx += Wᵀ·da.</summary>
    protected void BackWX(int row, double da, double[] x, double[] dx)
    {
        for (int k = 0; k < inputSize; k++)
        {
            gradients.W[row * inputSize + k] += da * x[k];
            dx[k] += da * weights.W[row * inputSize + k];
        }
    }

    /// <summary>Given da, the gradient of a = (U·h) at <paramref name="row"/>: dU += da·hᵀ, dh += Uᵀ·da.</summary>
    protected void BackUH(int row, double da, double[] h, double[] dh)
    {
        for (int k = 0; k < hiddenSize; k++)
        {
            gradients.U[row * hiddenSize + k] += da * h[k] * MaskAt(k);
            dh[k] += da * weights.U[row * hiddenSize + k] * MaskAt(k);
        }
    }

    private double MaskAt(int k) => StateMask is null ? 1 : StateMask[k];

    protected static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));
}

/// <summary>The parameters of one direction of one layer, or their gradients.</summary>
internal sealed record DirectionWeights(double[] W, double[] U, double[] Bias);

namespace Microsoft.ML.Lstm.Tests.Engine.Reference;

/// <summary>h = tanh(W x + U h' + b).</summary>
internal sealed class ReferenceRnnCell(int inputSize, int hiddenSize, DirectionWeights weights, DirectionWeights gradients)
    : ReferenceCell(inputSize, hiddenSize, weights, gradients)
{
    public override CellState Forward(double[] x, double[] hPrevious, double[] cPrevious)
    {
        double[] h = new double[H];
        for (int j = 0; j < H; j++)
            h[j] = Math.Tanh(WX(j, x) + UH(j, hPrevious) + Bias[j]);
        return new CellState(x, hPrevious, cPrevious, [], h, new double[H]);
    }

    public override (double[] DX, double[] DHPrevious, double[] DCPrevious) Backward(CellState step, double[] dh, double[] dc)
    {
        double[] dx = NewDX(), dhPrevious = new double[H];
        for (int j = 0; j < H; j++)
        {
            double da = dh[j] * (1 - step.H[j] * step.H[j]);
            BackWX(j, da, step.X, dx);
            BackUH(j, da, step.HPrevious, dhPrevious);
            DBias[j] += da;
        }
        return (dx, dhPrevious, new double[H]);
    }
}

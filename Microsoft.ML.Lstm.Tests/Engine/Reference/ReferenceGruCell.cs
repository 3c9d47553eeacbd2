namespace Microsoft.ML.Lstm.Tests.Engine.Reference;

/// <summary>
/// r = σ(W_r x + U_r h' + b_r), z = σ(W_z x + U_z h' + b_z), n = tanh(W_n x + b_in + r∘m) with m = U_n h' + b_hn,
/// h = (1 − z)∘n + z∘h'. Rows of W and U in the order r, z, n; b holds b_r, b_z, b_in, b_hn.
/// </summary>
internal sealed class ReferenceGruCell(int inputSize, int hiddenSize, DirectionWeights weights, DirectionWeights gradients)
    : ReferenceCell(inputSize, hiddenSize, weights, gradients)
{
    public override CellState Forward(double[] x, double[] hPrevious, double[] cPrevious)
    {
        double[][] gates = NewGates(4);
        double[] h = new double[H];
        for (int j = 0; j < H; j++)
        {
            int rowR = 0 * H + j, rowZ = 1 * H + j, rowN = 2 * H + j;
            double r = Sigmoid(WX(rowR, x) + UH(rowR, hPrevious) + Bias[0 * H + j]);
            double z = Sigmoid(WX(rowZ, x) + UH(rowZ, hPrevious) + Bias[1 * H + j]);
            double m = UH(rowN, hPrevious) + Bias[3 * H + j];
            double n = Math.Tanh(WX(rowN, x) + Bias[2 * H + j] + r * m);
            h[j] = (1 - z) * n + z * hPrevious[j];
            (gates[0][j], gates[1][j], gates[2][j], gates[3][j]) = (r, z, n, m);
        }
        return new CellState(x, hPrevious, cPrevious, gates, h, new double[H]);
    }

    public override (double[] DX, double[] DHPrevious, double[] DCPrevious) Backward(CellState step, double[] dh, double[] dc)
    {
        double[] dx = NewDX(), dhPrevious = new double[H];
        for (int j = 0; j < H; j++)
        {
            double r = step.Gates[0][j], z = step.Gates[1][j], n = step.Gates[2][j], m = step.Gates[3][j];
            double dn = dh[j] * (1 - z);
            double dz = dh[j] * (step.HPrevious[j] - n);
            dhPrevious[j] += dh[j] * z;

            double daN = dn * (1 - n * n);
            double dr = daN * m;
            double dm = daN * r;
            double daR = dr * r * (1 - r);
            double daZ = dz * z * (1 - z);

            int rowR = 0 * H + j, rowZ = 1 * H + j, rowN = 2 * H + j;
            BackWX(rowR, daR, step.X, dx);
            BackWX(rowZ, daZ, step.X, dx);
            BackWX(rowN, daN, step.X, dx);
            BackUH(rowR, daR, step.HPrevious, dhPrevious);
            BackUH(rowZ, daZ, step.HPrevious, dhPrevious);
            BackUH(rowN, dm, step.HPrevious, dhPrevious);
            DBias[0 * H + j] += daR;
            DBias[1 * H + j] += daZ;
            DBias[2 * H + j] += daN;
            DBias[3 * H + j] += dm;
        }
        return (dx, dhPrevious, new double[H]);
    }
}

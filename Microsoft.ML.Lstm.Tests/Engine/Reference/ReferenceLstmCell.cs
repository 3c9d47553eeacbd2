namespace Microsoft.ML.Lstm.Tests.Engine.Reference;

/// <summary>
/// i = σ(W_i x + U_i h' + b_i), f = σ(W_f x + U_f h' + b_f), g = tanh(W_g x + U_g h' + b_g), o = σ(W_o x + U_o h' + b_o),
/// c = f∘c' + i∘g, h = o∘tanh(c). Rows of W, U and b in the order i, f, g, o.
/// </summary>
internal sealed class ReferenceLstmCell(int inputSize, int hiddenSize, DirectionWeights weights, DirectionWeights gradients)
    : ReferenceCell(inputSize, hiddenSize, weights, gradients)
{
    public override CellState Forward(double[] x, double[] hPrevious, double[] cPrevious)
    {
        double[][] gates = NewGates(4);
        double[] h = new double[H], c = new double[H];
        for (int j = 0; j < H; j++)
        {
            double i = Sigmoid(Product(0 * H + j));
            double f = Sigmoid(Product(1 * H + j));
            double g = Math.Tanh(Product(2 * H + j));
            double o = Sigmoid(Product(3 * H + j));
            c[j] = f * cPrevious[j] + i * g;
            h[j] = o * Math.Tanh(c[j]);
            (gates[0][j], gates[1][j], gates[2][j], gates[3][j]) = (i, f, g, o);
        }
        return new CellState(x, hPrevious, cPrevious, gates, h, c);

        double Product(int row) => WX(row, x) + UH(row, hPrevious) + Bias[row];
    }

    public override (double[] DX, double[] DHPrevious, double[] DCPrevious) Backward(CellState step, double[] dh, double[] dc)
    {
        double[] dx = NewDX(), dhPrevious = new double[H], dcPrevious = new double[H];
        for (int j = 0; j < H; j++)
        {
            double i = step.Gates[0][j], f = step.Gates[1][j], g = step.Gates[2][j], o = step.Gates[3][j];
            double tanhC = Math.Tanh(step.C[j]);
            double dcj = dc[j] + dh[j] * o * (1 - tanhC * tanhC);
            double di = dcj * g;
            double df = dcj * step.CPrevious[j];
            double dg = dcj * i;
            double doj = dh[j] * tanhC;
            dcPrevious[j] = dcj * f;
            BackProduct(0 * H + j, di * i * (1 - i));
            BackProduct(1 * H + j, df * f * (1 - f));
            BackProduct(2 * H + j, dg * (1 - g * g));
            BackProduct(3 * H + j, doj * o * (1 - o));
        }
        return (dx, dhPrevious, dcPrevious);

        void BackProduct(int row, double da)
        {
            BackWX(row, da, step.X, dx);
            BackUH(row, da, step.HPrevious, dhPrevious);
            DBias[row] += da;
        }
    }
}

using System.Numerics.Tensors;

namespace Shared;

/// <summary>
/// A ridge regression of many outputs on many inputs, with an intercept that is not shrunk: the weights W that minimize
/// |Y − XW|² + λ n |W|², with the inputs as they are.
/// </summary>
internal sealed class Ridge
{
    private readonly int _inputs;
    private readonly int _outputs;
    // Sums over rows: inputs by inputs, inputs by outputs; the last input is 1.
    private readonly double[][] _squares;
    private readonly double[][] _products;
    private int _rows;

    public Ridge(int inputs, int outputs)
    {
        (_inputs, _outputs) = (inputs, outputs);
        _squares = [.. Enumerable.Range(0, inputs + 1).Select(_ => new double[inputs + 1])];
        _products = [.. Enumerable.Range(0, inputs + 1).Select(_ => new double[outputs])];
    }

    public void Add(ReadOnlySpan<double> inputs, ReadOnlySpan<double> outputs)
    {
        double[] x = [.. inputs, 1];
        for (int i = 0; i <= _inputs; i++)
        {
            // The lower triangle is enough.
            Span<double> row = _squares[i].AsSpan(0, i + 1);
            TensorPrimitives.MultiplyAdd(x.AsSpan(0, i + 1), x[i], row, row);
            TensorPrimitives.MultiplyAdd(outputs, x[i], _products[i], _products[i]);
        }
        _rows++;
    }

    /// <summary>The weights of each output, its intercept the last, by Cholesky's decomposition.</summary>
    public double[][] Solve(double lambda)
    {
        double[][] factor = [.. _squares.Select(row => row.ToArray())];
        for (int i = 0; i < _inputs; i++)
            factor[i][i] += lambda * _rows;
        for (int i = 0; i <= _inputs; i++)
        {
            for (int j = 0; j <= i; j++)
            {
                double sum = factor[i][j] - TensorPrimitives.Dot<double>(factor[i].AsSpan(0, j), factor[j].AsSpan(0, j));
                factor[i][j] = i == j ? Math.Sqrt(Math.Max(sum, 1e-12)) : sum / factor[j][j];
            }
        }
        return [.. Enumerable.Range(0, _outputs).Select(output => Solve(factor, output))];
    }

    private double[] Solve(double[][] factor, int output)
    {
        double[] weights = [.. _products.Select(row => row[output])];
        for (int i = 0; i <= _inputs; i++)
            weights[i] = (weights[i] - TensorPrimitives.Dot<double>(factor[i].AsSpan(0, i), weights.AsSpan(0, i))) / factor[i][i];
        for (int i = _inputs; i >= 0; i--)
        {
            weights[i] /= factor[i][i];
            TensorPrimitives.MultiplyAdd(factor[i].AsSpan(0, i), -weights[i], weights.AsSpan(0, i), weights.AsSpan(0, i));
        }
        return weights;
    }
}

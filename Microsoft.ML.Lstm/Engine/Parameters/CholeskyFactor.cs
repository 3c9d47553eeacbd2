using System.Numerics.Tensors;

namespace Microsoft.ML.Lstm.Engine.Parameters;

/// <summary>
/// L, the lower triangular matrix whose product with its transpose is a symmetric positive definite matrix (Golub and Van Loan, Matrix
/// Computations, 4.2): what linear least squares are solved by.
/// </summary>
internal sealed class CholeskyFactor
{
    private readonly int _size;

    // Row by row; what is above the diagonal is left as it was given.
    private readonly double[] _factor;

    /// <summary>Factorizes a matrix in place.</summary>
    /// <param name="matrix">The matrix, [size x size], of which only the lower triangle is read. It becomes the factor.</param>
    /// <param name="size">Rows of the matrix.</param>
    /// <param name="leastPivot">Pivots that are smaller, as rounding errors make them, are raised to this.</param>
    public CholeskyFactor(double[] matrix, int size, double leastPivot)
    {
        (_factor, _size) = (matrix, size);
        for (int i = 0; i < size; i++)
        {
            Span<double> row = Row(i);
            for (int j = 0; j < i; j++)
                row[j] = (row[j] - TensorPrimitives.Dot<double>(row[..j], Row(j)[..j])) / Row(j)[j];
            double pivot = row[i] - TensorPrimitives.SumOfSquares<double>(row[..i]);
            IsExact &= pivot >= leastPivot;
            row[i] = Math.Sqrt(Math.Max(pivot, leastPivot));
        }
    }

    /// <summary>Whether the matrix was positive definite, so that no pivot had to be raised.</summary>
    public bool IsExact { get; } = true;

    /// <summary>Replaces the right sides of linear equations with the matrix by the solutions.</summary>
    /// <param name="sides">The right sides, [size x columns].</param>
    /// <param name="columns">How many right sides there are.</param>
    public void Solve(double[] sides, int columns)
    {
        for (int i = 0; i < _size; i++)
        {
            for (int j = 0; j < i; j++)
                Subtract(i, j, Row(i)[j]);
            Divide(i);
        }
        for (int i = _size - 1; i >= 0; i--)
        {
            for (int j = i + 1; j < _size; j++)
                Subtract(i, j, Row(j)[i]);
            Divide(i);
        }

        void Subtract(int i, int j, double factor)
        {
            Span<double> row = Side(i);
            TensorPrimitives.MultiplyAdd(Side(j), -factor, row, row);
        }

        void Divide(int i) => TensorPrimitives.Divide(Side(i), Row(i)[i], Side(i));

        Span<double> Side(int i) => sides.AsSpan(i * columns, columns);
    }

    /// <summary>The diagonal of the matrix's inverse: the squares of the inverse factor, one column of it after the other.</summary>
    public double[] DiagonalOfInverse()
    {
        double[] diagonal = new double[_size], column = new double[_size];
        for (int j = 0; j < _size; j++)
        {
            for (int i = j; i < _size; i++)
            {
                double known = i == j ? 1 : -TensorPrimitives.Dot<double>(Row(i)[j..i], column.AsSpan(j, i - j));
                column[i] = known / Row(i)[i];
                diagonal[j] += column[i] * column[i];
            }
        }
        return diagonal;
    }

    private Span<double> Row(int i) => _factor.AsSpan(i * _size, _size);
}

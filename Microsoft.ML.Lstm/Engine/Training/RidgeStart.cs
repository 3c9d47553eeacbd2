using System.Numerics.Tensors;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Training;

/// <summary>
/// Begins a regression with a linear model: the weights of the head on static features and skipped steps are those of the ridge regression
/// of the targets on them, and those on the encoding are 0. Training leaves the linear model as it is (the noise of weight updates makes
/// one of many weights on almost the same values worse than it began), and learns what it can't do. The ridge is the one of least
/// generalized cross-validation (Golub, Heath and Wahba 1979).
/// </summary>
internal static class RidgeStart
{
    // Multiplications beyond which only each second, third, ... row counts.
    private const double MostWork = 4e9;

    // Ridges, as shares of the mean square of an input.
    private static readonly double[] Ridges = [1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1, 10];

    /// <summary>Sets the weights of the head.</summary>
    /// <param name="parameters">The network, of a pooled head with skipped steps.</param>
    /// <param name="set">The sequences to train on, scaled.</param>
    public static void Fit(ParameterSet parameters, SequenceSet set)
    {
        NetworkShape shape = parameters.Shape;
        int inputs = shape.StaticSize + shape.SkipSteps * shape.NumericSize, outputs = shape.OutputSize;
        int every = (int)Math.Ceiling(set.Count * (double)inputs * (inputs + outputs) / MostWork);
        var moments = new Moments(inputs, outputs);
        double[] row = new double[inputs + outputs];
        for (int i = 0; i < set.Count; i += Math.Max(every, 1))
        {
            TrainingSequence sequence = set[i];
            Fill(row, sequence, shape);
            moments.Add(row, sequence.Weight);
        }
        Span<float> weights = parameters[ParameterSet.HeadWeight], biases = parameters[ParameterSet.HeadBias];
        double[][] solution = moments.Solve(out double[] intercepts);
        for (int output = 0; output < outputs; output++)
        {
            Span<float> ofOutput = weights.Slice(output * shape.HeadInputSize, shape.HeadInputSize);
            ofOutput[..shape.EncodingSize].Clear();
            for (int i = 0; i < inputs; i++)
                ofOutput[shape.EncodingSize + i] = (float)solution[output][i];
            biases[output] = (float)intercepts[output];
        }
    }

    /// <summary>Takes the weights that <see cref="Fit"/> set out of a gradient, so that they stay.</summary>
    public static void ClearGradient(ParameterSet gradient)
    {
        NetworkShape shape = gradient.Shape;
        Span<float> weights = gradient[ParameterSet.HeadWeight];
        for (int output = 0; output < shape.OutputSize; output++)
            weights.Slice(output * shape.HeadInputSize, shape.HeadInputSize)[shape.EncodingSize..].Clear();
    }

    private static void Fill(double[] row, TrainingSequence sequence, NetworkShape shape)
    {
        Array.Clear(row);
        TensorPrimitives.ConvertTruncating<float, double>(sequence.Statics, row);
        int tail = shape.SkipSteps * shape.NumericSize, count = Math.Min(tail, sequence.Features.Length);
        TensorPrimitives.ConvertTruncating<float, double>(sequence.Features.AsSpan(^count..),
            row.AsSpan(shape.StaticSize + tail - count));
        TensorPrimitives.ConvertTruncating<float, double>(sequence.Targets, row.AsSpan(shape.StaticSize + tail));
    }

    /// <summary>Weighted sums, products and squares of rows of inputs and targets.</summary>
    private sealed class Moments(int inputs, int outputs)
    {
        private readonly double[] _sums = new double[inputs + outputs];
        private readonly double[][] _products = [.. Enumerable.Range(0, inputs + outputs).Select(_ => new double[inputs + outputs])];
        private double _weight;
        private int _rows;

        public void Add(double[] row, double weight)
        {
            _weight += weight;
            _rows++;
            TensorPrimitives.MultiplyAdd<double>(row, weight, _sums, _sums);
            // The lower triangle: row i of it has the products with the inputs and targets before i.
            for (int i = 0; i < row.Length; i++)
            {
                Span<double> products = _products[i].AsSpan(0, i + 1);
                TensorPrimitives.MultiplyAdd(row.AsSpan(0, i + 1), weight * row[i], products, products);
            }
        }

        public double[][] Solve(out double[] intercepts)
        {
            double[][] covariance = [.. Enumerable.Range(0, inputs + outputs).Select(i => Enumerable.Range(0, i + 1)
                .Select(j => _products[i][j] / _weight - _sums[i] / _weight * _sums[j] / _weight).ToArray())];
            double unit = Enumerable.Range(0, inputs).Average(i => covariance[i][i]);
            double[][] best = [.. Enumerable.Range(0, outputs).Select(_ => new double[inputs])];
            double[] least = [.. Enumerable.Repeat(double.PositiveInfinity, outputs)];
            foreach (double ridge in unit > 0 ? Ridges : [])
            {
                double[] matrix = new double[inputs * inputs];
                for (int i = 0; i < inputs; i++)
                {
                    covariance[i].CopyTo(matrix, i * inputs);
                    matrix[i * inputs + i] += ridge * unit;
                }
                var factor = new CholeskyFactor(matrix, inputs, leastPivot: double.Epsilon);
                if (!factor.IsExact)
                    continue;
                double trace = TensorPrimitives.Sum<double>(factor.DiagonalOfInverse());
                double freedom = Math.Min(inputs - ridge * unit * trace + 1, _rows - 1);
                for (int output = 0; output < outputs; output++)
                {
                    double[] target = covariance[inputs + output];
                    double[] solution = target[..inputs];
                    factor.Solve(solution, columns: 1);
                    double error = target[inputs + output];
                    for (int i = 0; i < inputs; i++)
                        error -= solution[i] * (target[i] + ridge * unit * solution[i]);
                    double score = Math.Max(error, 0) / Math.Pow(1 - freedom / _rows, 2);
                    if (score < least[output])
                        (least[output], best[output]) = (score, solution);
                }
            }
            intercepts = [.. Enumerable.Range(0, outputs).Select(output =>
                _sums[inputs + output] / _weight - TensorPrimitives.Dot<double>(best[output], _sums.AsSpan(0, inputs)) / _weight)];
            return best;
        }
    }
}

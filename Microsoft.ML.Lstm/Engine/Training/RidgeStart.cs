using System.Numerics.Tensors;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Training;

/// <summary>
/// Begins a regression with a linear model: the weights of the head on static features and skipped steps are those of the ridge regression
/// of the targets on them, and those on the encoding are 0. Training leaves the linear model as it is (the noise of weight updates makes
/// one of many weights on almost the same values worse than it began), and learns what it can't do. The ridge is the one of the least error
/// in the validation rows; without any, of least generalized cross-validation (Golub, Heath and Wahba 1979). In windows that the label is
/// a later value of, a ridge regression of the difference from the last value on the differences from it: it follows a series to levels
/// where the training rows never were.
/// </summary>
internal static class RidgeStart
{
    // Multiplications beyond which only each second, third, ... row counts.
    private const double MostWork = 4e9;

    // Ridges, as shares of the mean square of an input.
    private static readonly double[] Ridges = [1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1, 10];

    /// <summary>Sets the weights of the head.</summary>
    /// <param name="model">The network, of a pooled head with skipped steps, and the scaling of the sequences.</param>
    /// <param name="set">The sequences to train on, scaled.</param>
    /// <param name="validation">The sequences that the ridges are chosen by; null for generalized cross-validation.</param>
    /// <param name="lastValue">Of windows, the value of a step that the label will be; -1 for none.</param>
    /// <param name="ridges">The ridge of each output, to be taken as it is; null to choose them.</param>
    /// <param name="keepsWeights">Whether the weights stay as a checkpoint has them, and only the ridges are found again, which a training
    /// on all rows that follows needs.</param>
    /// <returns>The ridge of each output.</returns>
    public static double[] Fit(SequenceModel model, SequenceSet set, SequenceSet? validation = null, int lastValue = -1,
        double[]? ridges = null, bool keepsWeights = false)
    {
        NetworkShape shape = model.Shape;
        var reader = new RowReader(model, lastValue);
        int inputs = reader.Inputs, outputs = shape.OutputSize;
        int every = (int)Math.Ceiling(set.Count * (double)inputs * (inputs + outputs) / MostWork);
        var moments = new Moments(inputs, outputs);
        double[] row = new double[inputs + outputs];
        for (int i = 0; i < set.Count; i += Math.Max(every, 1))
        {
            reader.Read(set[i], row);
            moments.Add(row, set[i].Weight);
        }
        double[] chosen = [.. Enumerable.Repeat(Ridges[0], outputs)], least = [.. Enumerable.Repeat(double.PositiveInfinity, outputs)];
        double[][] solution = [.. chosen.Select(_ => new double[inputs])];
        double[] intercepts = moments.Intercepts(solution);
        foreach (double ridge in ridges?.Distinct() ?? Ridges)
        {
            if (moments.Solve(ridge, out double[] scores) is not { } candidate)
                continue;
            double[] offsets = moments.Intercepts(candidate);
            double[] errors = validation is null ? scores : reader.SquaredErrors(validation, candidate, offsets);
            for (int output = 0; output < outputs; output++)
            {
                if (ridges is null ? errors[output] < least[output] : ridges[output] == ridge)
                    (least[output], chosen[output], solution[output], intercepts[output])
                        = (errors[output], ridge, candidate[output], offsets[output]);
            }
        }
        if (keepsWeights)
            return chosen;
        Span<float> weights = model.Parameters[ParameterSet.HeadWeight], biases = model.Parameters[ParameterSet.HeadBias];
        for (int output = 0; output < outputs; output++)
        {
            Span<float> ofOutput = weights.Slice(output * shape.HeadInputSize, shape.HeadInputSize);
            ofOutput[..shape.EncodingSize].Clear();
            reader.CopyWeights(solution[output], ofOutput[shape.EncodingSize..]);
            biases[output] = (float)intercepts[output];
        }
        return chosen;
    }

    /// <summary>Takes the weights that <see cref="Fit"/> set out of a gradient, so that they stay.</summary>
    public static void ClearGradient(ParameterSet gradient)
    {
        NetworkShape shape = gradient.Shape;
        Span<float> weights = gradient[ParameterSet.HeadWeight];
        for (int output = 0; output < shape.OutputSize; output++)
            weights.Slice(output * shape.HeadInputSize, shape.HeadInputSize)[shape.EncodingSize..].Clear();
    }

    /// <summary>Reads sequences as rows of inputs and targets.</summary>
    private sealed class RowReader
    {
        private readonly NetworkShape _shape;

        // The last value, and how much a unit of it is of the label; -1 where no value counts as the last.
        private readonly int _last = -1;
        private readonly double _slope;

        public RowReader(SequenceModel model, int lastValue)
        {
            _shape = model.Shape;
            Inputs = _shape.StaticSize + _shape.SkipSteps * _shape.NumericSize;
            AffineScaler inputs = model.InputScaler, outputs = model.OutputScaler;
            if (lastValue < 0 || _shape.OutputSize != 1 || inputs.IsConstant(lastValue) || outputs.IsConstant(0))
                return;
            _last = Inputs - _shape.NumericSize + lastValue;
            _slope = (double)outputs.Scale[0] / inputs.Scale[lastValue];
        }

        public int Inputs { get; }

        public void Read(TrainingSequence sequence, double[] row)
        {
            Array.Clear(row);
            TensorPrimitives.ConvertTruncating<float, double>(sequence.Statics, row);
            int tail = _shape.SkipSteps * _shape.NumericSize, count = Math.Min(tail, sequence.Features.Length);
            TensorPrimitives.ConvertTruncating<float, double>(sequence.Features.Span[^count..],
                row.AsSpan(_shape.StaticSize + tail - count));
            TensorPrimitives.ConvertTruncating<float, double>(sequence.Targets, row.AsSpan(Inputs));
            if (_last < 0)
                return;
            double last = row[_last];
            for (int i = _last; i >= _shape.StaticSize; i -= _shape.NumericSize)
                row[i] -= last;
            row[Inputs] -= _slope * last;
        }

        /// <summary>The mean squared error of each output.</summary>
        public double[] SquaredErrors(SequenceSet set, double[][] weights, double[] intercepts)
        {
            double[] row = new double[Inputs + weights.Length], sums = new double[weights.Length];
            double count = 0;
            foreach (TrainingSequence sequence in set.Sequences)
            {
                Read(sequence, row);
                count += sequence.Weight;
                for (int output = 0; output < weights.Length; output++)
                {
                    double error = row[Inputs + output] - intercepts[output]
                        - TensorPrimitives.Dot<double>(weights[output], row.AsSpan(0, Inputs));
                    sums[output] += sequence.Weight * error * error;
                }
            }
            return [.. sums.Select(sum => sum / count)];
        }

        /// <summary>Turns the weights of rows into those of the sequences' own values.</summary>
        public void CopyWeights(double[] weights, Span<float> destination)
        {
            for (int i = 0; i < weights.Length; i++)
                destination[i] = (float)weights[i];
            if (_last < 0)
                return;
            double last = _slope;
            for (int i = _last - _shape.NumericSize; i >= _shape.StaticSize; i -= _shape.NumericSize)
                last -= weights[i];
            destination[_last] = (float)last;
        }
    }

    /// <summary>Weighted sums, products and squares of rows of inputs and targets.</summary>
    private sealed class Moments(int inputs, int outputs)
    {
        private readonly double[] _sums = new double[inputs + outputs];
        private readonly double[][] _products = [.. Enumerable.Range(0, inputs + outputs).Select(_ => new double[inputs + outputs])];
        private double _weight;
        private int _rows;
        private double[][]? _covariance;

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

        /// <summary>The weights of each output with a ridge, and their generalized cross-validation; null where there are none.</summary>
        public double[][]? Solve(double ridge, out double[] scores)
        {
            _covariance ??= [.. Enumerable.Range(0, inputs + outputs).Select(i => Enumerable.Range(0, i + 1)
                .Select(j => _products[i][j] / _weight - _sums[i] / _weight * _sums[j] / _weight).ToArray())];
            double unit = Enumerable.Range(0, inputs).Average(i => _covariance[i][i]);
            scores = new double[outputs];
            if (!(unit > 0))
                return null;
            double[] matrix = new double[inputs * inputs];
            for (int i = 0; i < inputs; i++)
            {
                _covariance[i].CopyTo(matrix, i * inputs);
                matrix[i * inputs + i] += ridge * unit;
            }
            var factor = new CholeskyFactor(matrix, inputs, leastPivot: double.Epsilon);
            if (!factor.IsExact)
                return null;
            double trace = TensorPrimitives.Sum<double>(factor.DiagonalOfInverse());
            double freedom = Math.Min(inputs - ridge * unit * trace + 1, _rows - 1);
            double[][] solutions = new double[outputs][];
            for (int output = 0; output < outputs; output++)
            {
                double[] target = _covariance[inputs + output], solution = target[..inputs];
                factor.Solve(solution, columns: 1);
                double error = target[inputs + output];
                for (int i = 0; i < inputs; i++)
                    error -= solution[i] * (target[i] + ridge * unit * solution[i]);
                (solutions[output], scores[output]) = (solution, Math.Max(error, 0) / Math.Pow(1 - freedom / _rows, 2));
            }
            return solutions;
        }

        /// <summary>The intercepts of some weights.</summary>
        public double[] Intercepts(double[][] weights) => [.. weights.Select((ofOutput, output) =>
            _sums[inputs + output] / _weight - TensorPrimitives.Dot<double>(ofOutput, _sums.AsSpan(0, inputs)) / _weight)];
    }
}

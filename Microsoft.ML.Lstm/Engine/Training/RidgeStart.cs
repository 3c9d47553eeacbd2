using System.Numerics.Tensors;
using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Network;
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

/// <summary>
/// How much of what a network adds to the ridge regression of <see cref="RidgeStart"/> is kept: as much as pays on the rows held out, and
/// less where these do not tell. Each stretch of them counts by its own errors (weighted least squares), since what pays in restless times
/// may be noise in quiet ones.
/// </summary>
internal static class NetworkShare
{
    // Neighbouring rows, as of windows, have errors that go together.
    private const int Blocks = 24;

    // A stretch of fewer rows may have hardly any error by chance, and would count too much.
    private const int LeastRows = 5 * Blocks;

    // Of the sum of all squared errors: a stretch with hardly any does not count alone.
    private const double LeastUnit = 1e-3;

    private const int BatchSize = 64;

    /// <summary>Finds the share, and the errors of a network whose additions count by it.</summary>
    /// <param name="trained">The result of a training that held rows out.</param>
    /// <returns>The result with the share; with a share of 1, and with few rows held out, as it was.</returns>
    public static TrainedNetwork Find(TrainedNetwork trained)
    {
        if (trained.Course.LinearBiases.Length == 0 || trained.HeldOut is not { Count: >= LeastRows } heldOut)
            return trained;
        (double[] errors, double[] additions, double[] weights) = ErrorsOf(trained, heldOut);
        double[] products = new double[Blocks], squares = new double[Blocks], units = new double[Blocks];
        for (int i = 0; i < errors.Length; i++)
        {
            int block = (int)((long)i * Blocks / errors.Length);
            products[block] += weights[i] * errors[i] * additions[i];
            squares[block] += weights[i] * additions[i] * additions[i];
            units[block] += weights[i] * errors[i] * errors[i];
        }
        for (int block = 0; block < Blocks; block++)
        {
            double unit = Math.Max(units[block], LeastUnit * units.Sum());
            (products[block], squares[block]) = unit > 0 ? (products[block] / unit, squares[block] / unit) : (0, 0);
        }
        double share = Statistics.ShrunkShare(products, squares);
        if (share is not (>= 0 and < 1))
            return trained;
        float[] scale = trained.Model.OutputScaler.Scale;
        double sum = weights.Sum(), left = 0, absolutes = 0;
        for (int i = 0; i < errors.Length; i++)
        {
            double error = (errors[i] - share * additions[i]) / scale[i % scale.Length];
            (left, absolutes) = (left + weights[i] * error * error, absolutes + weights[i] * Math.Abs(error));
        }
        return trained with
        {
            Share = share,
            HeldOutMetrics = trained.HeldOutMetrics! with
            {
                RootMeanSquaredError = Math.Sqrt(left / sum),
                MeanAbsoluteError = absolutes / sum,
            },
        };
    }

    /// <summary>A network whose additions to its ridge regression count by a share.</summary>
    /// <param name="model">The network.</param>
    /// <param name="linearBiases">What the biases of the head were with the ridge regression alone.</param>
    /// <param name="share">The share.</param>
    public static SequenceModel Apply(SequenceModel model, float[] linearBiases, double share)
    {
        if (share == 1 || linearBiases.Length == 0)
            return model;
        ParameterSet parameters = model.Parameters.Clone();
        NetworkShape shape = model.Shape;
        Span<float> weights = parameters[ParameterSet.HeadWeight], biases = parameters[ParameterSet.HeadBias];
        for (int output = 0; output < shape.OutputSize; output++)
        {
            Span<float> ofEncoding = weights.Slice(output * shape.HeadInputSize, shape.EncodingSize);
            TensorPrimitives.Multiply(ofEncoding, (float)share, ofEncoding);
            biases[output] = (float)(linearBiases[output] + share * ((double)biases[output] - linearBiases[output]));
        }
        return model with { Parameters = parameters };
    }

    /// <summary>
    /// The errors of the ridge regression, target − forecast, of each row held out, what the network adds to it, and the weights of rows;
    /// where a target is missing, with the weight 0.
    /// </summary>
    private static (double[] Errors, double[] Additions, double[] Weights) ErrorsOf(TrainedNetwork trained, SequenceSet heldOut)
    {
        ParameterSet parameters = trained.Model.Parameters;
        NetworkShape shape = parameters.Shape;
        int outputs = shape.OutputSize;
        double[] errors = new double[heldOut.Count * outputs], additions = new double[errors.Length], weights = new double[errors.Length];
        var team = new WorkerTeam(1);
        BatchRunner runner = BatchRunner.Create(new SequenceNetwork(parameters, NetworkPasses.Forward), team);
        var batch = new SequenceBatch(shape);
        Span<float> head = parameters[ParameterSet.HeadWeight], biases = parameters[ParameterSet.HeadBias];
        for (int first = 0; first < heldOut.Count; first += BatchSize)
        {
            batch.Clear();
            int count = Math.Min(BatchSize, heldOut.Count - first);
            for (int i = 0; i < count; i++)
            {
                heldOut[first + i].CopyFeaturesTo(batch.Add(heldOut.Length(first + i)));
                heldOut[first + i].Statics.CopyTo(batch.Statics(i));
            }
            batch.Pack();
            runner.Forward(batch, keep: false);
            for (int row = 0; row < count; row++)
            {
                int sequence = first + batch.SequenceAt(row);
                for (int output = 0; output < outputs; output++)
                {
                    float target = heldOut[sequence].Targets[output];
                    if (!float.IsFinite(target) || trained.Model.OutputScaler.IsConstant(output))
                        continue;
                    int at = sequence * outputs + output;
                    additions[at] = TensorPrimitives.Dot(runner.Encoding(row), head.Slice(output * shape.HeadInputSize, shape.EncodingSize))
                        + biases[output] - trained.Course.LinearBiases[output];
                    errors[at] = target - (runner.Output(row)[output] - additions[at]);
                    weights[at] = heldOut[sequence].Weight;
                }
            }
        }
        team.Release();
        return (errors, additions, weights);
    }
}

using System.Numerics.Tensors;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Training.Objectives;

/// <summary>
/// A linear classifier on the last steps of sequences, for the outputs of a network to be added to: the ridge regression of what is 1 for a
/// class and else 0, times the factor that makes logits of it. Both the ridge and the factor are those of the least cross-entropy of rows
/// that the regression has not seen, each left out in turn, which needs no second regression (Allen 1974).
/// </summary>
internal sealed class RidgeClassifier
{
    // Multiplications beyond which only each second, third, ... row counts.
    private const double MostWork = 4e9;

    private const double LargestFactor = 32;
    private const double FactorPrecision = 0.01;

    // Ridges, as shares of the mean square of a row.
    private static readonly double[] Ridges = [1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1, 10];

    private readonly double[][] _inputs;
    private readonly double[] _roots;
    private readonly int[] _labels;
    private readonly double[][] _targets;
    private readonly double[] _means;
    private readonly double[] _shares;

    // How sure one may be at best of a row of a class, as if a row of it had been of each other class (Platt 1999): that a few rows are
    // all right leaves some doubt.
    private readonly double[] _certainties;

    private RidgeClassifier(double[][] inputs, int[] labels, double[] weights, int classes)
    {
        double all = weights.Sum();
        _labels = labels;
        _means = new double[inputs[0].Length];
        for (int i = 0; i < inputs.Length; i++)
            TensorPrimitives.MultiplyAdd<double>(inputs[i], weights[i] / all, _means, _means);
        _roots = [.. weights.Select(weight => Math.Sqrt(weight / all * weights.Length))];
        _inputs = [.. inputs.Select((row, i) => row.Select((value, j) => (value - _means[j]) * _roots[i]).ToArray())];
        int[] counts = new int[classes];
        _shares = new double[classes];
        for (int i = 0; i < labels.Length; i++)
        {
            counts[labels[i]]++;
            _shares[labels[i]] += weights[i] / all;
        }
        _certainties = [.. counts.Select(count => (count + 1.0) / (count + classes))];
        _targets = [.. Enumerable.Range(0, classes)
            .Select(k => labels.Select((label, i) => ((label == k ? 1 : 0) - _shares[k]) * _roots[i]).ToArray())];
    }

    /// <summary>The linear part of a network.</summary>
    /// <param name="shape">The network, of a pooled head with skipped steps.</param>
    /// <param name="set">The sequences to train on, scaled.</param>
    /// <param name="weights">The weights of rows by their classes.</param>
    /// <returns>The linear part; null where there are too few rows for one.</returns>
    public static LinearPart? Fit(NetworkShape shape, SequenceSet set, ClassWeights weights)
    {
        int classes = Math.Max(shape.OutputSize, 2), size = shape.SkipSteps * shape.NumericSize;
        TrainingSequence[] rows = [.. set.Sequences.Where(row => weights.WeightOf(row, 0) > 0)];
        double work = rows.Length * (double)size * Math.Min(rows.Length, size) * Ridges.Length / 2;
        int every = Math.Max(1, (int)Math.Ceiling(work / MostWork));
        rows = [.. rows.Where((_, i) => i % every == 0)];
        if (rows.Length < 3)
            return null;
        var fit = new RidgeClassifier([.. rows.Select(row => InputsOf(row, size))], [.. rows.Select(row => row.Labels[0])],
            [.. rows.Select(row => (double)weights.WeightOf(row, 0))], classes);
        return fit.Solve(isBinary: shape.OutputSize == 1);
    }

    private static double[] InputsOf(TrainingSequence row, int size)
    {
        double[] inputs = new double[size];
        int count = Math.Min(size, row.Features.Length);
        TensorPrimitives.ConvertTruncating<float, double>(row.Features.Span[^count..], inputs.AsSpan(size - count));
        return inputs;
    }

    private LinearPart? Solve(bool isBinary)
    {
        int rows = _inputs.Length, classes = _shares.Length;
        // With fewer rows than inputs the weights are a sum of the rows, and the regression is one of their products.
        bool isDual = rows <= _means.Length;
        double[][] products = isDual ? ProductsOf(_inputs) : ProductsOf(Transpose(_inputs));
        double unit = _inputs.Average(row => TensorPrimitives.SumOfSquares<double>(row));
        double least = double.PositiveInfinity, factor = 0;
        double[][]? best = null;
        double[][] leftOut = [.. Enumerable.Range(0, rows).Select(_ => new double[classes])];
        foreach (double ridge in unit > 0 ? Ridges : [])
        {
            double[] matrix = new double[products.Length * products.Length];
            for (int i = 0; i < products.Length; i++)
            {
                products[i].CopyTo(matrix, i * products.Length);
                matrix[i * products.Length + i] += ridge * unit;
            }
            var triangle = new CholeskyFactor(matrix, products.Length, leastPivot: double.Epsilon);
            if (!triangle.IsExact)
                continue;
            double[] leverages = isDual
                ? [.. triangle.DiagonalOfInverse().Select(inverse => 1 - ridge * unit * inverse)]
                : [.. Solve(triangle, _inputs).Zip(_inputs, (solved, row) => TensorPrimitives.Dot<double>(solved, row))];
            double[][] solution = isDual ? SumsOfRows(Solve(triangle, _targets)) : Solve(triangle, SumsOfRows(_targets));
            for (int i = 0; i < rows; i++)
            {
                // The mean is estimated too.
                double rest = Math.Max(1 - leverages[i] - _roots[i] * _roots[i] / rows, 1e-6);
                for (int k = 0; k < classes; k++)
                {
                    double error = _targets[k][i] - TensorPrimitives.Dot<double>(solution[k], _inputs[i]);
                    leftOut[i][k] = (_labels[i] == k ? 1 : 0) - error / rest / _roots[i];
                }
            }
            double found = BestFactor(leftOut), loss = LossOf(leftOut, found);
            if (loss < least)
                (least, factor, best) = (loss, found, solution);
        }
        return best is null ? null : PartOf(best, factor, isBinary);
    }

    /// <summary>The solutions of linear equations, for several right sides.</summary>
    private static double[][] Solve(CholeskyFactor factor, double[][] sides)
    {
        double[] columns = [.. Transpose(sides).SelectMany(row => row)];
        factor.Solve(columns, sides.Length);
        return Transpose([.. columns.Chunk(sides.Length)]);
    }

    private static double[][] Transpose(double[][] rows)
        => [.. Enumerable.Range(0, rows[0].Length).Select(j => rows.Select(row => row[j]).ToArray())];

    /// <summary>The lower triangle of the products of vectors with each other.</summary>
    private static double[][] ProductsOf(double[][] vectors)
        => [.. vectors.Select((one, i) => vectors.Take(i + 1).Select(other => TensorPrimitives.Dot<double>(one, other)).ToArray())];

    private LinearPart PartOf(double[][] solution, double factor, bool isBinary)
    {
        double[] intercepts = [.. solution.Select((weights, k) => _shares[k] - TensorPrimitives.Dot<double>(weights, _means))];
        // One logit is the difference of two.
        return isBinary
            ? new LinearPart([[.. solution[1].Zip(solution[0], (yes, no) => (float)(factor * (yes - no)))]],
                [(float)(factor * (intercepts[1] - intercepts[0]))])
            : new LinearPart([.. solution.Select(weights => weights.Select(weight => (float)(factor * weight)).ToArray())],
                [.. intercepts.Select(intercept => (float)(factor * intercept))]);
    }

    /// <summary>Sums of the rows by weights for each row.</summary>
    private double[][] SumsOfRows(double[][] weights) => [.. weights.Select(ofRows =>
    {
        double[] sum = new double[_means.Length];
        for (int i = 0; i < ofRows.Length; i++)
            TensorPrimitives.MultiplyAdd<double>(_inputs[i], ofRows[i], sum, sum);
        return sum;
    })];

    /// <summary>The factor of the least loss, which is convex in it.</summary>
    private double BestFactor(double[][] outputs)
    {
        double low = 0, high = LargestFactor;
        while (high - low > FactorPrecision)
        {
            double left = low + (high - low) / 3, right = high - (high - low) / 3;
            if (LossOf(outputs, left) <= LossOf(outputs, right))
                high = right;
            else
                low = left;
        }
        return low;
    }

    /// <summary>The cross-entropy of the softmax of the outputs times a factor.</summary>
    private double LossOf(double[][] outputs, double factor)
    {
        double loss = 0;
        for (int i = 0; i < outputs.Length; i++)
        {
            double largest = factor * TensorPrimitives.Max<double>(outputs[i]), sum = 0;
            foreach (double output in outputs[i])
                sum += Math.Exp(factor * output - largest);
            double certainty = _certainties[_labels[i]], own = factor * outputs[i][_labels[i]];
            double others = (factor * TensorPrimitives.Sum<double>(outputs[i]) - own) / (outputs[i].Length - 1);
            loss += _roots[i] * _roots[i] * (largest + Math.Log(sum) - certainty * own - (1 - certainty) * others);
        }
        return loss;
    }
}

using System.Numerics.Tensors;
using Microsoft.ML;
using Microsoft.ML.Data;
using Shared;

namespace Accuracy.Tasks;

/// <summary>
/// The forecast by a ridge regression of the next rows on the last ones, both as differences from the very last row, so that it follows a
/// series that leaves its level: fitted to the training rows, with the shrinkage that is best on the validation rows.
/// </summary>
internal static class RidgeForecast
{
    private static readonly double[] Lambdas = [1e-5, 1e-4, 1e-3, 1e-2, 1e-1];

    /// <summary>The squared error of each target in the test rows, and the targets' deviations in the training rows.</summary>
    /// <param name="problem">What to forecast.</param>
    /// <param name="ml">The context.</param>
    /// <param name="window">How many rows the regression reads.</param>
    public static (double[] SquaredErrors, double[] Deviations) Measure(ForecastProblem problem, MLContext ml, int window)
    {
        RowSplit split = problem.Split;
        double[] deviations = problem.Deviations(ml);
        IDataView all = ml.Data.TakeRows(problem.File.Load(ml, problem.Targets), split.Total);
        double[][] columns = [.. problem.Targets.Select((target, i) =>
            all.GetColumn<float>(target).Select(value => value / deviations[i]).ToArray())];
        double[] means = [.. columns.Select(column => column.Take(split.Train).Average())];
        foreach ((double[] column, double mean) in columns.Zip(means))
            TensorPrimitives.Subtract(column, mean, column);
        double[] rows = [.. Enumerable.Range(0, split.Total).SelectMany(t => columns.Select(column => column[t]))];

        var windows = new Windows(rows, window, problem.Targets.Length);
        var ridge = new Ridge(window * problem.Targets.Length, problem.Horizon * problem.Targets.Length);
        for (int t = window; t + problem.Horizon <= split.Train; t++)
            ridge.Add(windows.Before(t), windows.From(t, problem.Horizon));
        double[][] best = Lambdas.Select(ridge.Solve).MinBy(weights => windows.Errors(weights, split.Train, split.Known).Average())!;
        return ([.. windows.Errors(best, split.Known, split.Total).Zip(deviations, (error, deviation) => error * deviation * deviation)],
            deviations);
    }

    /// <summary>The rows around a row, as differences from the row before it.</summary>
    private sealed class Windows(double[] rows, int window, int targets)
    {
        public double[] Before(int row) => Differences(row - window, row, row - 1);

        public double[] From(int row, int count) => Differences(row, row + count, row - 1);

        /// <summary>The squared error of each target over all forecasts of rows from <paramref name="first"/> to the end.</summary>
        public double[] Errors(double[][] weights, int first, int end)
        {
            double[] sums = new double[targets];
            long[] counts = new long[targets];
            for (int t = first; t < end; t++)
            {
                double[] inputs = Before(t), outputs = From(t, Math.Min(weights.Length / targets, end - t));
                for (int i = 0; i < outputs.Length; i++)
                {
                    double forecast = weights[i][^1] + TensorPrimitives.Dot<double>(inputs, weights[i].AsSpan()[..^1]);
                    sums[i % targets] += Math.Pow(outputs[i] - forecast, 2);
                    counts[i % targets]++;
                }
            }
            return [.. sums.Zip(counts, (sum, count) => sum / count)];
        }

        private double[] Differences(int first, int end, int from)
            => [.. Enumerable.Range(first * targets, (end - first) * targets).Select(i => rows[i] - rows[from * targets + i % targets])];
    }
}

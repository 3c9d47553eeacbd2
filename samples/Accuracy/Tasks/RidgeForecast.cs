using System.Numerics.Tensors;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace Accuracy.Tasks;

/// <summary>
/// The forecast by a ridge regression of the next rows on the last ones: fitted to the training rows, with the shrinkage that is best on
/// the validation rows.
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

        int targets = problem.Targets.Length;
        var ridge = new Ridge(window * targets, problem.Horizon * targets);
        for (int t = window; t + problem.Horizon <= split.Train; t++)
        {
            ridge.Add(rows.AsSpan((t - window) * targets, window * targets), rows.AsSpan(t * targets, problem.Horizon * targets));
        }
        double[][] best = Lambdas.Select(ridge.Solve)
            .MinBy(weights => Errors(weights, rows, window, targets, split.Train, split.Known).Average())!;
        double[] errors = Errors(best, rows, window, targets, split.Known, split.Total);
        return ([.. errors.Zip(deviations, (error, deviation) => error * deviation * deviation)], deviations);
    }

    /// <summary>The squared error of each target over all forecasts of rows from <paramref name="first"/> to the end.</summary>
    private static double[] Errors(double[][] weights, double[] rows, int window, int targets, int first, int end)
    {
        double[] sums = new double[targets];
        long[] counts = new long[targets];
        for (int t = first; t < end; t++)
        {
            for (int i = 0; i < Math.Min(weights.Length, (end - t) * targets); i++)
            {
                double forecast = weights[i][^1]
                    + TensorPrimitives.Dot<double>(rows.AsSpan((t - window) * targets, window * targets), weights[i].AsSpan()[..^1]);
                sums[i % targets] += Math.Pow(rows[t * targets + i] - forecast, 2);
                counts[i % targets]++;
            }
        }
        return [.. sums.Zip(counts, (sum, count) => sum / count)];
    }
}

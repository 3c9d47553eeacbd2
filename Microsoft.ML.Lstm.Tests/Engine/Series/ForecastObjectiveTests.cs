using Microsoft.ML.Lstm.Engine.Series;
using Microsoft.ML.Lstm.Engine.Training;
using Microsoft.ML.Lstm.Tests.Engine.Reference;
using Microsoft.ML.Lstm.Tests.Engine.Training;

namespace Microsoft.ML.Lstm.Tests.Engine.Series;

/// <summary>
/// The losses of forecasts against their definitions in double, and the gradients against central differences of these definitions.
/// </summary>
[TestClass]
public sealed class ForecastObjectiveTests
{
    private const double ConfidenceLevel = 0.9;

    public static IEnumerable<object[]> Losses => Enum.GetValues<ForecastLoss>().Select(loss => new object[] { loss });

    public static IEnumerable<object[]> LossesAndTargets
        => from loss in Enum.GetValues<ForecastLoss>() from targets in new[] { 1, 3 } select new object[] { loss, targets };

    [TestMethod]
    [DynamicData(nameof(LossesAndTargets))]
    public void LossAndGradientAreThoseOfTheDefinition(ForecastLoss loss, int targets)
    {
        ForecastLayout layout = SeriesSample.Layout(loss, targets);
        ObjectiveRun run = Run(layout);
        double[][] outputs = run.DrawOutputs(layout.OutputSize, scale: 3);
        var objective = new ForecastObjective(layout, ConfidenceLevel);

        double[][] gradients = run.Differentiate(objective, outputs);

        (double sum, int rows) = Sum(layout, run, outputs);
        Assert.AreEqual(sum / rows, objective.Metrics.Loss, 1e-9);
        Assert.IsLessThan(2e-6,
            Difference.OfNorm(Difference.Flatten(gradients), CentralDifferences.Of(outputs, () => Sum(layout, run, outputs).Loss / rows)));
    }

    [TestMethod]
    [DynamicData(nameof(LossesAndTargets))]
    public void GradientsAreTheClosedFormulas(ForecastLoss loss, int targets)
    {
        ForecastLayout layout = SeriesSample.Layout(loss, targets);
        ObjectiveRun run = Run(layout);
        double[][] outputs = run.DrawOutputs(layout.OutputSize, scale: 3);
        double[][] gradients = run.Differentiate(new ForecastObjective(layout, ConfidenceLevel), outputs);
        int rows = Sum(layout, run, outputs).Rows, width = layout.OutputsPerValue;
        for (int row = 0; row < run.Rows.Count; row++)
        {
            (int Value, double Scaled)[] values = ValuesOf(layout, run, row);
            double[] expected = new double[layout.OutputSize];
            foreach ((int value, double scaled) in values)
            {
                double[] z = outputs[row][(value * width)..((value + 1) * width)];
                double[] slopes = loss switch
                {
                    ForecastLoss.SquaredError => [2 * (z[0] - scaled)],
                    ForecastLoss.AbsoluteError => [Math.Sign(z[0] - scaled)],
                    ForecastLoss.Quantile => [.. z.Zip(Quantiles, (q, level) => ((q > scaled ? 1 : 0) - level) / 3)],
                    _ =>
                        [(z[0] - scaled) / Square(Deviation(z[1])),
                        (1 / Deviation(z[1]) - Square(scaled - z[0]) / Math.Pow(Deviation(z[1]), 3)) / (1 + Math.Exp(-z[1]))],
                };
                for (int i = 0; i < width; i++)
                    expected[value * width + i] = slopes[i] / values.Length / rows;
            }
            Assert.IsLessThan(1e-6, Difference.OfElements(gradients[row], expected, floor: 0.01), $"row {row}");
        }
    }

    [TestMethod]
    [DynamicData(nameof(Losses))]
    public void WhatIsNotToBeLearnedHasNoGradient(ForecastLoss loss)
    {
        // Steps 0 to 5 of ten: the first two warm up, values from 7 on are not to be learned from, 4 is missing.
        ForecastLayout layout = SeriesSample.Layout(loss);
        EncodedSeries series = SeriesSample.Series(layout, 10);
        series.Values[4] = float.NaN;
        var run = new ObjectiveRun([new SeriesWindow(series, 0, 2, 7)], [6], stepOutputs: true);
        double[][] gradients = run.Differentiate(new ForecastObjective(layout, ConfidenceLevel),
            run.DrawOutputs(layout.OutputSize, scale: 3));

        string[] learned = [.. gradients.Select(row =>
            string.Concat(row.Chunk(layout.OutputsPerValue)
            .Select(output => output.All(g => g != 0) ? 'x' : output.All(g => g == 0) ? '-' : '?')))];
        CollectionAssert.AreEqual(new[] { "---", "---", "x-x", "-xx", "xx-", "x--" }, learned);
    }

    [TestMethod]
    [DynamicData(nameof(Losses))]
    public void AStepWithoutValuesDoesNotCount(ForecastLoss loss)
    {
        ForecastLayout layout = SeriesSample.Layout(loss);
        EncodedSeries series = SeriesSample.Series(layout, 9);
        Array.Fill(series.Values, float.NaN, 3, 5);
        var objective = new ForecastObjective(layout, ConfidenceLevel);
        TrainingSequence sequence = new SeriesWindow(series, 0, 0, 8) { Weight = 2 };
        CollectionAssert.AreEqual(new[] { 2f, 2, 0, 0, 0, 0, 0 },
            Enumerable.Range(0, 7).Select(step => objective.WeightOf(sequence, step)).ToArray());
    }

    [TestMethod]
    public void MetricsAreInTheUnitOfTheValues()
    {
        ForecastLayout layout = SeriesSample.Layout(horizon: 1);
        EncodedSeries series = SeriesSample.Series(layout, 4);
        float[] errors = [1, -2, 3];
        double[][] outputs = [.. errors.Select((error, t) =>
            new[] { (double)(float)((series.Values[t + 1] - error - series.Levels[t]) / series.Scales[t]) })];
        var objective = new ForecastObjective(layout, ConfidenceLevel);
        new ObjectiveRun([new SeriesWindow(series, 0, 0, 4)], [3], stepOutputs: true)
            .Differentiate(objective, outputs);
        Assert.AreEqual(Math.Sqrt(14 / 3.0), objective.Metrics.RootMeanSquaredError!.Value, 1e-6);
        Assert.AreEqual(2, objective.Metrics.MeanAbsoluteError!.Value, 1e-6);
    }

    [TestMethod]
    [DynamicData(nameof(Losses))]
    public void NeitherTheOrderOfRowsNorTheBatchMatters(ForecastLoss loss)
    {
        ForecastLayout layout = SeriesSample.Layout(loss, targets: 2);
        ObjectiveRun run = Run(layout);
        double[][] outputs = run.DrawOutputs(layout.OutputSize, scale: 3);
        ForecastObjective forwards = new(layout, ConfidenceLevel), backwards = new(layout, ConfidenceLevel);
        double[][] expected = run.Differentiate(forwards, outputs), actual = run.Differentiate(backwards, outputs, backwards: true);
        CollectionAssert.AreEqual(Difference.Flatten(expected), Difference.Flatten(actual));
        Assert.AreEqual(forwards.Metrics, backwards.Metrics);

        // A sequence alone has the same gradients as among others, apart from the share of the batch.
        int rows = Sum(layout, run, outputs).Rows;
        foreach (TrainingSequence sequence in run.Rows.Select(row => row.Sequence).Distinct())
        {
            int[] own = [.. Enumerable.Range(0, run.Rows.Count).Where(row => run.Rows[row].Sequence == sequence)];
            double[][] itsOutputs = [.. own.Select(row => outputs[row])];
            var alone = new ObjectiveRun([sequence], [own.Length], stepOutputs: true);
            double[][] gradients = alone.Differentiate(new ForecastObjective(layout, ConfidenceLevel), itsOutputs);
            double share = (double)Sum(layout, alone, itsOutputs).Rows / rows;
            Assert.IsLessThan(1e-6,
                Difference.OfNorm(Difference.Flatten(own.Select(row => expected[row])),
                [.. Difference.Flatten(gradients).Select(g => g * share)]));
        }
    }

    [TestMethod]
    [DataRow(ForecastLoss.SquaredError, 1e18f, 1e36)]
    [DataRow(ForecastLoss.AbsoluteError, -1e30f, 1e30)]
    [DataRow(ForecastLoss.Quantile, 1e30f, 1e30 / 6)]
    [DataRow(ForecastLoss.Gaussian, 1e9f, 1e9)]
    [DataRow(ForecastLoss.Gaussian, -1e9f, 0)]
    public void OutputsOfAnySizeAreSafe(ForecastLoss loss, float output, double least)
    {
        ForecastLayout layout = SeriesSample.Layout(loss, horizon: 1);
        EncodedSeries series = SeriesSample.Series(layout, 2);
        (series.Levels[0], series.Scales[0], series.Values[1]) = (0, 1, 0);
        var objective = new ForecastObjective(layout, ConfidenceLevel);
        double[] outputs = [.. Enumerable.Repeat((double)output, layout.OutputsPerValue)];
        if (loss == ForecastLoss.Gaussian)
            outputs[0] = 0;
        double[][] gradients = new ObjectiveRun([new SeriesWindow(series, 0, 0, 2)], [1],
            stepOutputs: true).Differentiate(objective, [outputs]);
        Assert.IsTrue(objective.IsFinite);
        Assert.IsTrue(gradients[0].All(double.IsFinite));
        if (loss == ForecastLoss.Gaussian)
            Assert.AreEqual(Math.Log(Math.Max(output, 0) + 1e-3), objective.Metrics.Loss, 1e-9);
        else
            Assert.IsGreaterThanOrEqualTo(least * 0.99, objective.Metrics.Loss);
    }

    private static double[] Quantiles => [(1 - ConfidenceLevel) / 2, 0.5, (1 + ConfidenceLevel) / 2];

    /// <summary>Three windows of different series, with missing values, a warm-up, and an end before the end of the series.</summary>
    private static ObjectiveRun Run(ForecastLayout layout)
    {
        EncodedSeries a = SeriesSample.Series(layout, 12), b = SeriesSample.Series(layout, 9, seed: 2);
        foreach (int missing in new[] { 3, 4, 8 })
            a.Values[missing * layout.Targets] = float.NaN;
        Array.Fill(b.Values, float.NaN, 2 * layout.Targets, 4 * layout.Targets);
        SeriesWindow[] windows = [new(a, 0, 0, 12), new(a, 3, 4, 10), new(b, 0, 1, 9)];
        return new ObjectiveRun(windows, [7, 5, 8], stepOutputs: true);
    }

    /// <summary>The values that a row is to learn, in units of the scale.</summary>
    private static (int Value, double Scaled)[] ValuesOf(ForecastLayout layout, ObjectiveRun run, int row)
    {
        (TrainingSequence sequence, int step) = run.Rows[row];
        var window = (SeriesWindow)sequence;
        int t = window.Start + step, targets = layout.Targets;
        if (step < window.FirstForecast)
            return [];
        return
        [
            .. from h in Enumerable.Range(0, layout.Horizon)
               where t + 1 + h < window.LearnableEnd
               from d in Enumerable.Range(0, targets)
               let value = window.Series.Values[(t + 1 + h) * targets + d]
               where !float.IsNaN(value)
               select (h * targets + d, ((double)value - window.Series.Levels[t * targets + d]) / window.Series.Scales[t * targets + d]),
        ];
    }

    private static (double Loss, int Rows) Sum(ForecastLayout layout, ObjectiveRun run, double[][] outputs)
    {
        (double sum, int rows, int width) = (0, 0, layout.OutputsPerValue);
        for (int row = 0; row < run.Rows.Count; row++)
        {
            (int Value, double Scaled)[] values = ValuesOf(layout, run, row);
            if (values.Length == 0)
                continue;
            rows++;
            sum += values.Average(value => Loss(layout.Loss, outputs[row].AsSpan(value.Value * width, width), value.Scaled));
        }
        return (sum, rows);
    }

    private static double Loss(ForecastLoss loss, ReadOnlySpan<double> z, double value) => loss switch
    {
        ForecastLoss.SquaredError => Square(value - z[0]),
        ForecastLoss.AbsoluteError => Math.Abs(value - z[0]),
        ForecastLoss.Quantile => z.ToArray()
            .Zip(Quantiles, (output, q) => Math.Max(q * (value - output), (q - 1) * (value - output)))
            .Average(),
        _ => Math.Log(Deviation(z[1])) + Square((value - z[0]) / Deviation(z[1])) / 2,
    };

    private static double Deviation(double output) => 1e-3 + Math.Log(1 + Math.Exp(output));

    private static double Square(double x) => x * x;
}

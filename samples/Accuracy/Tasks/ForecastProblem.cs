using System.Globalization;
using Accuracy.Data;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Lstm;

namespace Accuracy.Tasks;

/// <summary>Columns of a file to forecast from each row of its last part, after training on the first rows.</summary>
/// <param name="File">The file.</param>
/// <param name="Targets">The columns.</param>
/// <param name="Split">The rows.</param>
/// <param name="Horizon">How many steps ahead.</param>
/// <param name="Season">The rows of a season, for the seasonal baseline.</param>
internal sealed record ForecastProblem(SeriesFile File, string[] Targets, RowSplit Split, int Horizon, int Season)
{
    /// <summary>What a run trains on and measures with.</summary>
    public ForecastProblem Of(TaskRun run) => run.Validates ? this with { Split = Split.WithoutTest() } : this;

    /// <summary>Trains on the first rows, validates on the next, and forecasts those behind.</summary>
    /// <param name="run">The run.</param>
    /// <param name="tuned">The settings by hand; null if there are none.</param>
    /// <param name="error">What the figure is.</param>
    public Measurement Measure(TaskRun run, Func<LstmForecastingEstimator.Options>? tuned, ForecastError error)
    {
        ForecastProblem problem = Of(run);
        (ForecastMetrics metrics, TrainingReport? report, PairedErrors errors) = problem.Measure(run, tuned, Intervals.UsualLevel);
        double[] deviations = problem.Deviations(run.Context);
        string intervals = Intervals.Describe(run, metrics, level => problem.Measure(run, tuned, level).Metrics);
        return new Measurement(error.Of(metrics.Overall, metrics.PerTarget, deviations),
            string.Create(CultureInfo.InvariantCulture,
            $"{error.Describe(metrics.Overall, metrics.PerTarget, deviations)}, {intervals}"))
        {
            Report = report,
            StandardErrorsBehind = bar => errors.StandardErrorsAbove(bar.Method),
            Bars = [.. metrics.Baselines.Select(baseline =>
                new Bar(baseline.Name, error.Of(baseline.Overall, baseline.PerTarget, deviations)))],
        };
    }

    /// <summary>The deviation of each target in the training rows.</summary>
    public double[] Deviations(MLContext ml)
    {
        IDataView train = ml.Data.TakeRows(File.Load(ml, Targets), Split.Train);
        return [.. Targets.Select(target => Deviation([.. train.GetColumn<float>(target)]))];
    }

    private (ForecastMetrics Metrics, TrainingReport? Report, PairedErrors Errors) Measure(TaskRun run,
        Func<LstmForecastingEstimator.Options>? tuned, double level)
    {
        MLContext ml = run.Context;
        IDataView all = ml.Data.TakeRows(File.Load(ml, Targets), Split.Total);
        LstmForecastingEstimator.Options options = run.Options(tuned);
        (options.TargetColumnNames, options.TimeColumnName, options.Horizon) = (Targets, File.TimeColumnName, Horizon);
        (options.LowerBoundColumnName, options.UpperBoundColumnName, options.ConfidenceLevel) = (Intervals.Lower, Intervals.Upper, level);
        LstmForecastingTransformer model = run.Rounded(ml.Forecasting.ForecastByLstm(options).Fit(
            ml.Data.TakeRows(all, Split.Train), ml.Data.TakeRows(ml.Data.SkipRows(all, Split.Train), Split.Validation)));

        // From the beginning, so that the last validation row has a forecast too: that of the first test row.
        IDataView forecasts = ml.Data.SkipRows(model.WithoutHistory().Transform(all), Split.Known - 1);
        ForecastMetrics metrics = ml.Forecasting.EvaluateForecast(forecasts, new ForecastEvaluationOptions
        {
            TargetColumnNames = Targets,
            LowerBoundColumnName = Intervals.Lower,
            UpperBoundColumnName = Intervals.Upper,
            ConfidenceLevel = (float)level,
            Seasonality = Season,
            TimeColumnName = File.TimeColumnName,
        }, ml.Data.TakeRows(all, Split.Known - 1));
        float[][] points = [.. forecasts.GetColumn<float[]>(options.OutputColumnName)];
        return (metrics, model.TrainingReport, ErrorsOf(all, points, Deviations(ml)));
    }

    private PairedErrors ErrorsOf(IDataView all, float[][] forecasts, double[] deviations)
    {
        var errors = new PairedErrors(Season, overlap: Horizon);
        float[][] values = [.. Targets.Select(target => all.GetColumn<float>(target).ToArray())];
        for (int i = 0; i + 1 < forecasts.Length; i++)
        {
            int known = Split.Known + i;
            for (int d = 0; d < Targets.Length; d++)
            {
                float[] ahead = [.. Enumerable.Range(0, Horizon).Select(h => forecasts[i][h * Targets.Length + d])];
                Span<float> followed = values[d].AsSpan(known, Math.Min(Horizon, Split.Total - known));
                errors.Add(values[d].AsSpan(0, known), ahead, followed, deviations[d]);
            }
        }
        return errors;
    }

    private static double Deviation(float[] values)
    {
        float[] known = [.. values.Where(float.IsFinite)];
        double mean = known.Average(value => (double)value);
        return Math.Sqrt(known.Average(value => (value - mean) * (value - mean)));
    }
}

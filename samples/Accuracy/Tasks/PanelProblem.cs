using Accuracy.Data;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Lstm;

namespace Accuracy.Tasks;

/// <summary>Many series to forecast once each: the last values, after training on those before.</summary>
/// <param name="Rows">The rows, series by series.</param>
/// <param name="Horizon">How many values of each series are the test part.</param>
/// <param name="Season">The rows of a season, for the seasonal baseline and the unit of MASE.</param>
internal sealed record PanelProblem(IReadOnlyList<PanelRow> Rows, int Horizon, int Season)
{
    public static Metric Metric { get; } = new("MASE", HigherIsBetter: false);

    /// <summary>
    /// Trains and measures the mean absolute scaled error, a mean over the series: the unit of each is the mean absolute error of the
    /// seasonal naive forecast in the training rows, or of the naive one where there are no more rows than a season has.
    /// </summary>
    public Measurement Measure(TaskRun run, Func<LstmForecastingEstimator.Options>? tuned = null)
    {
        PanelProblem problem = run.Validates ? this with { Rows = Before(Horizon) } : this;
        (ForecastMetrics metrics, TrainingReport? report, PairedErrors errors) = problem.Measure(run, tuned, Intervals.UsualLevel);
        string intervals = Intervals.Describe(run, metrics, level => problem.Measure(run, tuned, level).Metrics);
        return new Measurement(metrics.Overall.MeanAbsoluteError, intervals)
        {
            Report = report,
            StandardErrorsBehind = bar => errors.StandardErrorsAbove(bar.Method),
            Bars = [.. metrics.Baselines.Select(baseline => new Bar(baseline.Name, baseline.Overall.MeanAbsoluteError))],
        };
    }

    private (ForecastMetrics Metrics, TrainingReport? Report, PairedErrors Errors) Measure(TaskRun run,
        Func<LstmForecastingEstimator.Options>? tuned, double level)
    {
        MLContext ml = run.Context;
        List<PanelRow> train = Before(Horizon);
        LstmForecastingEstimator.Options options = run.Options(tuned);
        (options.TargetColumnNames, options.SeriesColumnName) = ([nameof(PanelRow.Value)], nameof(PanelRow.Series));
        options.TimeColumnName = nameof(PanelRow.Time);
        options.Horizon = Horizon;
        (options.LowerBoundColumnName, options.UpperBoundColumnName, options.ConfidenceLevel) = (Intervals.Lower, Intervals.Upper, level);
        LstmForecastingTransformer model = run.Rounded(
            ml.Forecasting.ForecastByLstm(options).Fit(ml.Data.LoadFromEnumerable(train)));
        IDataView all = model.WithoutHistory().Transform(ml.Data.LoadFromEnumerable(Rows));
        List<ForecastRow> forecasts = [.. ml.Data.CreateEnumerable<ForecastRow>(all, reuseRowObject: false)];

        // What is measured: the forecast after the last training row, and the values that followed, in the unit of the series.
        List<ForecastRow> history = [], measured = [];
        var errors = new PairedErrors(Season, overlap: 1);
        float[] none = [.. Enumerable.Repeat(float.NaN, Horizon)];
        foreach (ForecastRow[] series in forecasts.GroupBy(row => row.Series).Select(group => group.ToArray()))
        {
            float unit = UnitOf([.. series[..^Horizon].Select(row => row.Value)]);
            // The unit of a series that never changed would be 0.
            if (!(unit > 0))
                continue;
            ForecastRow[] scaled = Array.ConvertAll(series, row => row.In(unit));
            float[] values = Array.ConvertAll(scaled, row => row.Value);
            errors.Add(values.AsSpan(..^Horizon), scaled[^(Horizon + 1)].Forecast, values.AsSpan(^Horizon..), unit: 1);
            foreach (ForecastRow row in scaled[^Horizon..])
                (row.Forecast, row.Lower, row.Upper) = (none, none, none);
            history.AddRange(scaled[..^(Horizon + 1)]);
            measured.AddRange(scaled[^(Horizon + 1)..]);
        }
        SchemaDefinition schema = SchemaDefinition.Create(typeof(ForecastRow));
        foreach (string column in (string[])[nameof(ForecastRow.Forecast), Intervals.Lower, Intervals.Upper])
            schema[column].ColumnType = new VectorDataViewType(NumberDataViewType.Single, Horizon);
        var evaluation = new ForecastEvaluationOptions
        {
            TargetColumnNames = [nameof(PanelRow.Value)],
            SeriesColumnName = nameof(PanelRow.Series),
            LowerBoundColumnName = Intervals.Lower,
            UpperBoundColumnName = Intervals.Upper,
            ConfidenceLevel = (float)level,
            Seasonality = Season,
        };
        ForecastMetrics metrics = ml.Forecasting.EvaluateForecast(ml.Data.LoadFromEnumerable(measured, schema), evaluation,
            ml.Data.LoadFromEnumerable(history, schema));
        return (metrics, model.TrainingReport, errors);
    }

    /// <summary>The unit of a series' errors; NaN if it has no two values a season apart.</summary>
    private float UnitOf(float[] train)
    {
        int season = train.Length > Season ? Season : 1;
        return train.Skip(season).Zip(train, (value, before) => Math.Abs(value - before)).Where(float.IsFinite)
            .DefaultIfEmpty(float.NaN).Average();
    }

    /// <summary>The rows of each series but its last <paramref name="count"/>.</summary>
    private List<PanelRow> Before(int count) => [.. Rows.GroupBy(row => row.Series).SelectMany(series => series.SkipLast(count))];

    private sealed class ForecastRow
    {
        public string Series { get; set; } = "";

        public float Value { get; set; }

        public float[] Forecast { get; set; } = [];

        public float[] Lower { get; set; } = [];

        public float[] Upper { get; set; } = [];

        public ForecastRow In(float unit) => new()
        {
            Series = Series,
            Value = Value / unit,
            Forecast = Array.ConvertAll(Forecast, value => value / unit),
            Lower = Array.ConvertAll(Lower, value => value / unit),
            Upper = Array.ConvertAll(Upper, value => value / unit),
        };
    }
}

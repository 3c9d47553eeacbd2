using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm.Forecasting.Evaluation;

/// <summary>The columns of a data view with forecasts and the values to compare them with.</summary>
internal sealed class EvaluatedColumns
{
    public EvaluatedColumns(IExceptionContext context, DataViewSchema schema, ForecastEvaluationOptions options)
    {
        History = new HistoryColumns(context, schema, options);
        int targets = History.Targets.Length;
        DataViewSchema.Column forecast = ColumnRole.Forecast.Find(context, schema, options.ForecastColumnName);
        int size = NumberReader.SizeOf(forecast.Type);
        bool fits = forecast.Type is VectorDataViewType { Dimensions.Length: > 1 } vector
            ? vector.Dimensions[^1] == targets
            : size % targets == 0;
        if (!fits)
            throw ColumnRole.Forecast.DimensionMismatch(context, forecast,
                targets == 1 ? "a vector of H values" : $"a vector of H x {targets} values, for {targets} targets");
        CheckOrder(forecast, options.TargetColumnNames);
        Horizon = size / targets;
        ConfidenceLevel = options.ConfidenceLevel ?? ForecastAnnotations.LevelOf(forecast)
            ?? ForecastEvaluationOptions.UsualConfidenceLevel;
        Interval = History.Time is null ? null : RowIntervalAnnotation.Of(forecast);
        Forecasts = options.HasBounds
            ? [forecast, Bound(ColumnRole.ForecastLowerBound, options.LowerBoundColumnName!),
                Bound(ColumnRole.ForecastUpperBound, options.UpperBoundColumnName!)]
            : [forecast];

        DataViewSchema.Column Bound(ColumnRole role, string name)
        {
            DataViewSchema.Column bound = role.Find(context, schema, name);
            return NumberReader.SizeOf(bound.Type) == size
                ? bound
                : throw role.DimensionMismatch(context, bound, $"{size} values, as in column '{forecast.Name}'");
        }
    }

    public HistoryColumns History { get; }

    /// <summary>The forecasts and, if there are bounds, the lower and the upper bounds.</summary>
    public DataViewSchema.Column[] Forecasts { get; }

    /// <summary>The share of values that the intervals are to hold.</summary>
    public double ConfidenceLevel { get; }

    /// <summary>H: how many rows ahead the forecasts go.</summary>
    public int Horizon { get; }

    /// <summary>
    /// The time between rows, from the annotations of the forecasts; null where they have none, or there is no column of times.
    /// </summary>
    public RowIntervalAnnotation? Interval { get; }

    public IEnumerable<DataViewSchema.Column> All => [.. History.All, .. Forecasts];

    // A target may have another name by now, but not that of another target.
    private static void CheckOrder(DataViewSchema.Column forecast, string[] targets)
    {
        if (ForecastAnnotations.TargetsOf(forecast) is not { } forecasted)
            return;
        foreach ((int index, string target) in targets.Index())
        {
            int place = Array.IndexOf(forecasted, target);
            if (place >= 0 && place != index)
                throw new ArgumentException(
                    $"Column '{forecast.Name}' has the forecasts of {string.Join(", ", forecasted)}, in this order, but the targets are "
                    + $"given as {string.Join(", ", targets)}.", nameof(ForecastEvaluationOptions.TargetColumnNames));
        }
    }
}

/// <summary>The columns of a data view with values, their times and their series.</summary>
internal sealed class HistoryColumns
{
    public HistoryColumns(IExceptionContext context, DataViewSchema schema, ForecastEvaluationOptions options)
    {
        Targets = Array.ConvertAll(options.TargetColumnNames, name => ColumnRole.ForecastTarget.Find(context, schema, name));
        Series = FindSeries(context, schema, options.SeriesColumnName);
        Time = options.TimeColumnName is { } time ? ColumnRole.Time.Find(context, schema, time) : null;
    }

    public DataViewSchema.Column[] Targets { get; }

    /// <summary>The series column; null if there is a single series.</summary>
    public DataViewSchema.Column? Series { get; }

    /// <summary>The column of times; null where rows have no times.</summary>
    public DataViewSchema.Column? Time { get; }

    /// <summary>The columns of a row's series and time.</summary>
    public IEnumerable<DataViewSchema.Column> Places => new[] { Series, Time }.OfType<DataViewSchema.Column>();

    public IEnumerable<DataViewSchema.Column> All => Targets.Concat(Places);

    public static DataViewSchema.Column? FindSeries(IExceptionContext context, DataViewSchema schema, string? name)
    {
        if (name is null)
            return null;
        DataViewSchema.Column series = ColumnRole.Series.Find(context, schema, name);
        if (TokenReader.VocabularyOf(series.Type) > TokenReader.MaxVocabulary)
            throw ColumnRole.Series.DimensionMismatch(context, series, $"at most {TokenReader.MaxVocabulary} keys");
        return series;
    }

    /// <summary>
    /// Throws if the series or time column of another data view has another type, so that series or times can't be compared.
    /// </summary>
    public void CheckSameTypes(IExceptionContext context, HistoryColumns other)
    {
        if (Time is { } time && !time.Type.Equals(other.Time!.Value.Type))
            throw ColumnRole.Time.DimensionMismatch(context, other.Time.Value, $"{time.Type}, as in the evaluated data");
        if (Series is { } series && series.Type is TextDataViewType != other.Series!.Value.Type is TextDataViewType)
            throw ColumnRole.Series.DimensionMismatch(context, other.Series.Value, $"{series.Type}, as in the evaluated data");
    }
}

using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm.Forecasting.Evaluation;

/// <summary>The columns of a data view that hold forecasts, and what they are to be compared with.</summary>
internal sealed class ForecastColumns
{
    public ForecastColumns(IExceptionContext context, DataViewSchema schema, ForecastEvaluationOptions options)
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
        Horizon = size / targets;
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

    /// <summary>The forecasts, and if they have bounds the lower and the upper ones.</summary>
    public DataViewSchema.Column[] Forecasts { get; }

    /// <summary>H: how many rows ahead the forecasts go.</summary>
    public int Horizon { get; }

    /// <summary>
    /// What the forecasts say of their steps in time; null where they say nothing, or there are no times to compare them with.
    /// </summary>
    public RowIntervalAnnotation? Interval { get; }

    public IEnumerable<DataViewSchema.Column> All => [.. History.All, .. Forecasts];
}

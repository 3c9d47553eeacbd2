using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Engine.Series;

namespace Microsoft.ML.Lstm.Forecasting;

/// <summary>
/// The time between rows, as annotations of a column of forecasts: from it an evaluation finds the row that was forecast.
/// </summary>
/// <param name="Interval">The time between rows.</param>
/// <param name="FillsGaps">Whether a gap in time counts as rows with missing values.</param>
internal sealed record RowIntervalAnnotation(RowInterval Interval, bool FillsGaps)
{
    private const string MonthsKind = "TimeStepMonths";
    private const string SpanKind = "TimeStep";
    private const string FillsGapsKind = "FillsGaps";

    /// <summary>The schema of the annotations that <see cref="AddTo"/> adds, before there is any data.</summary>
    public static SchemaShape.Column[] Shape { get; } =
    [
        Scalar(MonthsKind, NumberDataViewType.Int32),
        Scalar(SpanKind, TimeSpanDataViewType.Instance),
        Scalar(FillsGapsKind, BooleanDataViewType.Instance),
    ];

    /// <summary>Reads the annotations of a column; null where it has none, as with the forecasts of other models.</summary>
    public static RowIntervalAnnotation? Of(DataViewSchema.Column column)
        => Read(column, MonthsKind, out int months)
            && Read(column, SpanKind, out TimeSpan span)
            && Read(column, FillsGapsKind, out bool fillsGaps)
            ? new RowIntervalAnnotation(new RowInterval(months, span.Ticks, CalendarFeatures.None), fillsGaps)
            : null;

    public void AddTo(DataViewSchema.Annotations.Builder builder)
    {
        builder.AddPrimitiveValue(MonthsKind, NumberDataViewType.Int32, Interval.Months);
        builder.AddPrimitiveValue(SpanKind, TimeSpanDataViewType.Instance, TimeSpan.FromTicks(Interval.Ticks));
        builder.AddPrimitiveValue(FillsGapsKind, BooleanDataViewType.Instance, FillsGaps);
    }

    private static SchemaShape.Column Scalar(string kind, DataViewType type)
        => new(kind, SchemaShape.Column.VectorKind.Scalar, type, isKey: false);

    private static bool Read<T>(DataViewSchema.Column column, string kind, out T value)
        where T : struct
    {
        value = default;
        if (column.Annotations.Schema.GetColumnOrNull(kind)?.Type.RawType != typeof(T))
            return false;
        column.Annotations.GetValue(kind, ref value);
        return true;
    }
}

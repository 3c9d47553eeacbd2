using Microsoft.ML.Data;

namespace Microsoft.ML.Lstm.Series;

/// <summary>
/// What the annotations of a column of forecasts say of its steps: how long they are, and whether gaps in time have some.
/// </summary>
/// <param name="Step">The time between rows.</param>
/// <param name="FillsGaps">Whether the steps that a gap leaves out are taken as steps with missing values.</param>
internal sealed record StepAnnotation(TimeStep Step, bool FillsGaps)
{
    private const string MonthsKind = "TimeStepMonths";
    private const string SpanKind = "TimeStep";
    private const string FillsGapsKind = "FillsGaps";

    /// <summary>The annotations' kinds and types.</summary>
    public static IReadOnlyList<(string Kind, DataViewType Type)> Kinds { get; } =
    [
        (MonthsKind, NumberDataViewType.Int32),
        (SpanKind, TimeSpanDataViewType.Instance),
        (FillsGapsKind, BooleanDataViewType.Instance),
    ];

    /// <summary>What a column says; null for one that says nothing, as those of other models.</summary>
    public static StepAnnotation? Of(DataViewSchema.Column column)
        => Read(column, MonthsKind, out int months)
            && Read(column, SpanKind, out TimeSpan span)
            && Read(column, FillsGapsKind, out bool fillsGaps)
            ? new StepAnnotation(new TimeStep(months, span.Ticks, CalendarFeatures.None), fillsGaps)
            : null;

    /// <summary>The annotations of a column with such steps.</summary>
    public DataViewSchema.Annotations ToAnnotations()
    {
        var builder = new DataViewSchema.Annotations.Builder();
        builder.AddPrimitiveValue(MonthsKind, NumberDataViewType.Int32, Step.Months);
        builder.AddPrimitiveValue(SpanKind, TimeSpanDataViewType.Instance, TimeSpan.FromTicks(Step.Ticks));
        builder.AddPrimitiveValue(FillsGapsKind, BooleanDataViewType.Instance, FillsGaps);
        return builder.ToAnnotations();
    }

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

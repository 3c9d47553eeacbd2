using Microsoft.ML.Data;

namespace Microsoft.ML.Lstm.Columns;

/// <summary>
/// What <c>SlidingWindow</c> says of its columns by annotations: the rows are those of one series in the order of time, and overlap.
/// </summary>
/// <param name="Rows">W: rows of a window.</param>
/// <param name="Horizon">How many rows behind the window its label is; 0 where the label is none of the same table.</param>
/// <param name="LabelSlot">The value of a step that the label will be; -1 where it is none of the window's.</param>
internal sealed record WindowOrigin(int Rows, int Horizon, int LabelSlot)
{
    private const string RowsKind = "WindowRows";
    private const string HorizonKind = "WindowHorizon";
    private const string LabelSlotKind = "WindowLabelSlot";

    /// <summary>The schema of these annotations, before there is any data.</summary>
    public static IEnumerable<SchemaShape.Column> Shapes { get; } =
        [.. new[] { RowsKind, HorizonKind, LabelSlotKind }.Select(kind =>
            new SchemaShape.Column(kind, SchemaShape.Column.VectorKind.Scalar, NumberDataViewType.Int32, isKey: false))];

    /// <summary>Adds it to the annotations of a column of windows.</summary>
    public void AddTo(DataViewSchema.Annotations.Builder builder)
    {
        builder.AddPrimitiveValue(RowsKind, NumberDataViewType.Int32, Rows);
        builder.AddPrimitiveValue(HorizonKind, NumberDataViewType.Int32, Horizon);
        builder.AddPrimitiveValue(LabelSlotKind, NumberDataViewType.Int32, LabelSlot);
    }

    /// <summary>Reads the annotations of a column; null where it has none, as all columns but those of windows.</summary>
    public static WindowOrigin? Of(DataViewSchema.Column column)
        => Read(column, RowsKind) is { } rows and >= 1
            && Read(column, HorizonKind) is { } horizon
            && Read(column, LabelSlotKind) is { } slot
            ? new WindowOrigin(rows, horizon, slot)
            : null;

    private static int? Read(DataViewSchema.Column column, string kind)
    {
        if (column.Annotations.Schema.GetColumnOrNull(kind)?.Type.RawType != typeof(int))
            return null;
        int value = 0;
        column.Annotations.GetValue(kind, ref value);
        return value;
    }
}

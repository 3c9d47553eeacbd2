using Microsoft.ML.Data;

namespace Microsoft.ML.Lstm.Forecasting;

/// <summary>What a column of forecasts says of itself in its annotations, for an evaluation.</summary>
/// <param name="Targets">The names of the targets, in the order of their values.</param>
/// <param name="ConfidenceLevel">The share of values that the intervals are to hold.</param>
/// <param name="Interval">The time between rows; null where there are no times.</param>
internal sealed record ForecastAnnotations(string[] Targets, double ConfidenceLevel, RowIntervalAnnotation? Interval)
{
    private const string TargetsKind = "TargetNames";
    private const string LevelKind = "ConfidenceLevel";

    /// <summary>The schema of the annotations that <see cref="ToAnnotations"/> gives, before there is any data.</summary>
    /// <param name="hasTimes">Whether the rows have times.</param>
    public static SchemaShape Shape(bool hasTimes) => new(
    [
        new SchemaShape.Column(TargetsKind, SchemaShape.Column.VectorKind.Vector, TextDataViewType.Instance, isKey: false),
        new SchemaShape.Column(LevelKind, SchemaShape.Column.VectorKind.Scalar, NumberDataViewType.Double, isKey: false),
        .. hasTimes ? RowIntervalAnnotation.Shape : [],
    ]);

    /// <summary>The names of the targets of a column; null where it has none, as with the forecasts of other models.</summary>
    public static string[]? TargetsOf(DataViewSchema.Column column)
    {
        if (column.Annotations.Schema.GetColumnOrNull(TargetsKind)?.Type is not VectorDataViewType { ItemType: TextDataViewType })
            return null;
        VBuffer<ReadOnlyMemory<char>> names = default;
        column.Annotations.GetValue(TargetsKind, ref names);
        return [.. names.DenseValues().Select(name => name.ToString())];
    }

    /// <summary>The confidence level of a column; null where it has none.</summary>
    public static double? LevelOf(DataViewSchema.Column column)
    {
        if (column.Annotations.Schema.GetColumnOrNull(LevelKind)?.Type is not NumberDataViewType { RawType: var type }
            || type != typeof(double))
            return null;
        double level = 0;
        column.Annotations.GetValue(LevelKind, ref level);
        return level;
    }

    public DataViewSchema.Annotations ToAnnotations()
    {
        var builder = new DataViewSchema.Annotations.Builder();
        var names = new VBuffer<ReadOnlyMemory<char>>(Targets.Length, Array.ConvertAll(Targets, name => name.AsMemory()));
        builder.Add(TargetsKind, new VectorDataViewType(TextDataViewType.Instance, Targets.Length),
            (ValueGetter<VBuffer<ReadOnlyMemory<char>>>)((ref VBuffer<ReadOnlyMemory<char>> value) => names.CopyTo(ref value)));
        builder.AddPrimitiveValue(LevelKind, NumberDataViewType.Double, ConfidenceLevel);
        Interval?.AddTo(builder);
        return builder.ToAnnotations();
    }
}

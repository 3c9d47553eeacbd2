using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Series;

namespace Microsoft.ML.Lstm.Forecasting;

/// <summary>A column of forecasts: the points, the lower bounds or the upper bounds of the intervals.</summary>
/// <param name="name">The name of the column.</param>
/// <param name="horizon">H.</param>
/// <param name="targets">D.</param>
/// <param name="part">0 for the points, 1 for the lower and 2 for the upper bounds.</param>
/// <param name="annotations">What the column says of itself.</param>
internal sealed class ForecastColumn(string name, int horizon, int targets, int part, ForecastAnnotations annotations)
    : OutputColumn(name,
        targets == 1
        ? new VectorDataViewType(NumberDataViewType.Single, horizon)
        : new VectorDataViewType(NumberDataViewType.Single, horizon, targets))
{
    private readonly int _size = horizon * targets;

    /// <summary>The column as an estimator promises it, before there is any data.</summary>
    /// <param name="name">The name of the column.</param>
    /// <param name="hasTimes">Whether the rows have times, so that the column is annotated with the interval between them.</param>
    public static SchemaShape.Column Shape(string name, bool hasTimes)
        => new(name, SchemaShape.Column.VectorKind.Vector, NumberDataViewType.Single, isKey: false, ForecastAnnotations.Shape(hasTimes));

    public override DataViewSchema.Annotations? Annotate(DataViewSchema input) => annotations.ToAnnotations();

    public override Delegate CreateGetter(ScoredRow row) => (ValueGetter<VBuffer<float>>)((ref VBuffer<float> value) =>
    {
        ReadOnlySpan<float> output = row.Output;
        // An engine may ask for fewer steps than the network gives.
        int steps = row is LiveRow { Horizon: { } asked } ? asked * targets : _size;
        Copy(output.IsEmpty ? output : output.Slice(part * _size, steps), steps, ref value);
    });
}

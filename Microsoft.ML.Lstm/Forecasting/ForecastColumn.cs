using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Series;

namespace Microsoft.ML.Lstm.Forecasting;

/// <summary>A part of what a <see cref="ForecastSession"/> gives: the points, the lower or the upper ends.</summary>
/// <param name="name">The column.</param>
/// <param name="horizon">H.</param>
/// <param name="targets">D.</param>
/// <param name="part">0 for the points, 1 for the lower and 2 for the upper ends.</param>
/// <param name="steps">What its annotations say of its steps; null where there are no times.</param>
internal sealed class ForecastColumn(string name, int horizon, int targets, int part, StepAnnotation? steps)
    : OutputColumn(name,
        targets == 1
        ? new VectorDataViewType(NumberDataViewType.Single, horizon)
        : new VectorDataViewType(NumberDataViewType.Single, horizon, targets))
{
    private readonly int _size = horizon * targets;

    public override DataViewSchema.Annotations? Annotate(DataViewSchema input) => steps?.ToAnnotations();

    public override Delegate CreateGetter(ScoredRow row) => (ValueGetter<VBuffer<float>>)((ref VBuffer<float> value) =>
    {
        ReadOnlySpan<float> output = row.Output;
        // An engine may ask for fewer steps than the network gives.
        int steps = row is LiveRow { Horizon: { } asked } ? asked * targets : _size;
        Copy(output.IsEmpty ? output : output.Slice(part * _size, steps), steps, ref value);
    });
}

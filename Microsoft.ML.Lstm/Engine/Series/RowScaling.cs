using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Series;

/// <summary>The units of the numbers in a series' rows, which <see cref="SeriesStatistics"/> finds in the training data.</summary>
/// <param name="Covariates">The scaler of the covariates, [P + K]; a covariate that never varied has the scale 0.</param>
/// <param name="Statics">The scaler of the static features, [S], likewise.</param>
/// <param name="Levels">The mean of each target, [(series + 1) x D]: over all data first, then in each series.</param>
/// <param name="Deviations">The deviation of each target, likewise; 0 for a target that never varied.</param>
/// <param name="Changes">The root mean squared change of each target over the horizon, likewise; 0 beside a deviation above 0 marks a
/// series with too few values in the training data to be measured by them.</param>
/// <param name="Sizes">Over all data, the root mean squared change of each target from row to row; then for each series the least root mean
/// square of a window. 0 where there is none, and in models of version 0.1.0.</param>
internal sealed record RowScaling(AffineScaler Covariates, AffineScaler Statics, float[] Levels, float[] Deviations, float[] Changes,
    float[] Sizes);

using Microsoft.ML.Lstm.Engine.Series;

namespace Microsoft.ML.Lstm.Engine.Parameters;

/// <summary>
/// What the training data says of the numbers of a series' rows: the units that <see cref="SeriesEncoder"/> measures them in.
/// </summary>
/// <param name="Covariates">Of each covariate [P + K]; the scale of one that never varied is 0.</param>
/// <param name="Statics">Of each static feature [S], likewise.</param>
/// <param name="Levels">The mean of each target, [(series + 1) x D]: of all data first, then of each series.</param>
/// <param name="Deviations">Its deviation, likewise; 0 for one that never varied.</param>
/// <param name="Changes"> The root of its mean squared change over the horizon, likewise; 0, beside a deviation above 0, for a series that
/// the training data says too little of. </param>
/// <param name="Sizes"> First the root of the mean squared change of each target from a row to the next in all data, then of each series
/// the least root mean square of a window; 0 where there is none, and in models of version 0.1.0. </param>
internal sealed record RowScaling(AffineScaler Covariates, AffineScaler Statics, float[] Levels, float[] Deviations, float[] Changes,
    float[] Sizes);

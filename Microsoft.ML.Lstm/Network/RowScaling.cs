namespace Microsoft.ML.Lstm.Network;

/// <summary>What the training data says of the numbers of a series' rows: the units that <see cref="SeriesEncoder"/> measures them in.</summary>
/// <param name="Covariates">Of each covariate [P + K].</param>
/// <param name="Statics">Of each static feature [S].</param>
/// <param name="Levels">The mean of each target, [(series + 1) x D]: of all data first, then of each series.</param>
/// <param name="Deviations">Its deviation, likewise.</param>
/// <param name="Changes">The root of its mean squared change over the horizon, likewise.</param>
internal sealed record RowScaling(AffineScaler Covariates, AffineScaler Statics, float[] Levels, float[] Deviations, float[] Changes);

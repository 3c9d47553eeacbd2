using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using Microsoft.ML.Transforms;

namespace Microsoft.ML;

public static class NormalizationCatalog
{
    private const long MaximumExampleCount = 1000000000;

    public static NormalizingEstimator NormalizeMinMax(this TransformsCatalog catalog, string outputColumnName, string inputColumnName = null,
        long maximumExampleCount = MaximumExampleCount, bool fixZero = true) =>
        catalog.NormalizeMinMax([new(outputColumnName, inputColumnName)], maximumExampleCount, fixZero);

    public static NormalizingEstimator NormalizeMinMax(this TransformsCatalog catalog, InputOutputColumnPair[] columns,
        long maximumExampleCount = MaximumExampleCount, bool fixZero = true) =>
        new(CatalogUtils.GetEnvironment(catalog), s => !(s.Max > s.Min) ? (0, 0)
            : fixZero ? (Math.Max(Math.Abs(s.Min), Math.Abs(s.Max)), 0) : (s.Max - s.Min, s.Min), maximumExampleCount, columns);

    public static NormalizingEstimator NormalizeMeanVariance(this TransformsCatalog catalog, string outputColumnName, string inputColumnName = null,
        long maximumExampleCount = MaximumExampleCount, bool fixZero = true, bool useCdf = false) =>
        catalog.NormalizeMeanVariance([new(outputColumnName, inputColumnName)], maximumExampleCount, fixZero, useCdf);

    public static NormalizingEstimator NormalizeMeanVariance(this TransformsCatalog catalog, InputOutputColumnPair[] columns,
        long maximumExampleCount = MaximumExampleCount, bool fixZero = true, bool useCdf = false)
    {
        IHostEnvironment env = CatalogUtils.GetEnvironment(catalog);
        if (useCdf)
            throw env.ExceptNotSupp("The stand-in normalizes by mean and variance without the normal distribution function only.");
        return new(env, s => !(s.Variance > 0) ? (0, 0)
            : fixZero ? (Math.Sqrt(s.Variance + s.Mean * s.Mean), 0) : (Math.Sqrt(s.Variance), s.Mean), maximumExampleCount, columns);
    }
}

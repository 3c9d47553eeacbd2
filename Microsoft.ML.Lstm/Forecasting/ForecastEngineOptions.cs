namespace Microsoft.ML.Lstm;

/// <summary>Options of a <see cref="ForecastEngine{TSource, TPrediction}"/>.</summary>
/// <seealso cref="LstmCatalog.CreateForecastEngine{TSource, TPrediction}(ITransformer, MLContext, ForecastEngineOptions)"/>
public sealed class ForecastEngineOptions
{
    internal const int DefaultMaximumNewSeries = 10_000;

    /// <summary>
    /// The most series that the engine keeps beside the series known to the model, at least 0. Each takes some kilobytes until the engine
    /// is disposed or forgets it (<see cref="ForecastEngine{TSource, TPrediction}.Forget"/>). A row of one more series is an error.
    /// Default: 10000.
    /// </summary>
    public int MaximumNewSeries = DefaultMaximumNewSeries;

    internal void Validate()
    {
        if (MaximumNewSeries < 0)
            throw new ArgumentOutOfRangeException(nameof(MaximumNewSeries), MaximumNewSeries,
                $"{nameof(MaximumNewSeries)} must be from 0.");
    }
}

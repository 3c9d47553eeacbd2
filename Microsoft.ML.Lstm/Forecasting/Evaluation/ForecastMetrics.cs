using Microsoft.ML.Lstm.Forecasting.Evaluation;

namespace Microsoft.ML.Lstm;

/// <summary>The accuracy of forecasts, overall, by horizon and by target, with simple baselines for comparison.</summary>
/// <remarks>
/// Forecasts that are NaN, since there was no history yet, and forecasts of missing values (NaN or infinite in the target column or, with a
/// column of times, at a time that no row has) are left out and counted. Forecasts beyond the end of a series can't be compared and are not
/// counted at all.
/// </remarks>
public sealed class ForecastMetrics
{
    private readonly ForecastAccuracy _forecast;

    internal ForecastMetrics(ForecastAccuracy forecast, IReadOnlyList<ForecastAccuracy> baselines, long missingForecasts,
        long missingActuals)
    {
        _forecast = forecast;
        Baselines = baselines;
        NumberOfMissingForecasts = missingForecasts;
        NumberOfMissingActuals = missingActuals;
    }

    /// <summary>H: how many rows ahead the forecasts go.</summary>
    public int Horizon => PerHorizon.Count;

    /// <summary>The figures of all forecasts together.</summary>
    public ForecastFigures Overall => _forecast.Overall;

    /// <summary>The figures of the forecasts 1, 2, ... H rows ahead, the first of them at index 0.</summary>
    public IReadOnlyList<ForecastFigures> PerHorizon => _forecast.PerHorizon;

    /// <summary>The accuracy of each target, in the order of the target columns.</summary>
    public IReadOnlyList<ForecastAccuracy> PerTarget => _forecast.PerTarget;

    /// <summary>
    /// The same figures for forecasts that need no model, made at the same rows of the same series for the same values, where the history
    /// up to there suffices (Hyndman and Athanasopoulos, Forecasting: Principles and Practice, 5.2 and 8.1): <c>naive</c> goes on with the
    /// last value; <c>drift</c> along the line from the first to the last value; <c>seasonal naive</c>, present if seasons have more than
    /// one row, with the values of the last season; <c>exponential smoothing</c> with a level that follows the values, with the weight of
    /// least squared errors so far; <c>theta</c> (Assimakopoulos and Nikolopoulos 2000, as <c>thetaf</c> of the R package forecast) with
    /// such a level of the values without their season, if that is significant, and half the slope of their trend. With a column of times,
    /// rows are counted in time steps.
    /// </summary>
    /// <remarks>
    /// Their history is the evaluated data, preceded by the training data if there is some. A missing value is replaced by the last value
    /// or, for the baselines with seasons, by the value a season before. Exponential smoothing and theta see the last 512 values, or the
    /// last four seasons if these are more; of seasons with more than 366 rows theta knows nothing. Baselines have no intervals.
    /// </remarks>
    public IReadOnlyList<ForecastAccuracy> Baselines { get; }

    /// <summary>How many values have no forecast (NaN) although there was a row before them.</summary>
    public long NumberOfMissingForecasts { get; }

    /// <summary>How many forecasts are of missing values, or of times that no row has.</summary>
    public long NumberOfMissingActuals { get; }

    /// <summary>
    /// The figures of the forecasts and the baselines as a table: overall, by target if there are several, and by horizon if it is more
    /// than one row.
    /// </summary>
    /// <returns>The table, of several lines.</returns>
    public override string ToString() => ForecastTable.Format(this, _forecast);
}

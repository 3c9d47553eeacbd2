namespace Microsoft.ML.Lstm;

/// <summary>One fold of a backtest: a model, and how well it forecast what followed.</summary>
public sealed class BacktestFold
{
    internal BacktestFold(int fold, long numberOfTrainingRows, ITransformer model, ForecastMetrics metrics, IDataView scoredHoldOutSet)
    {
        Fold = fold;
        NumberOfTrainingRows = numberOfTrainingRows;
        Model = model;
        Metrics = metrics;
        ScoredHoldOutSet = scoredHoldOutSet;
    }

    /// <summary>The number of the fold, from 0, in the order of time.</summary>
    public int Fold { get; }

    /// <summary>How many rows of all series the model was fitted on.</summary>
    public long NumberOfTrainingRows { get; }

    /// <summary>The model, fitted on the rows before the origin.</summary>
    public ITransformer Model { get; }

    /// <summary>
    /// How accurate its forecasts are. MASE is scaled by the rows it was fitted on, and the baselines' history begins with them.
    /// </summary>
    public ForecastMetrics Metrics { get; }

    /// <summary>
    /// What the model makes of the rows that follow the origin: those whose forecasts are judged, and H more for what came true.
    /// </summary>
    public IDataView ScoredHoldOutSet { get; }
}

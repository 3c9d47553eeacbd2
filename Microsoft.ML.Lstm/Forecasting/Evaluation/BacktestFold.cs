namespace Microsoft.ML.Lstm;

/// <summary>One fold of a backtest: a model, and the accuracy of its forecasts of the rows that followed.</summary>
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

    /// <summary>The index of the fold, from 0, in the order of time.</summary>
    public int Fold { get; }

    /// <summary>How many rows the model was fitted on, of all series together.</summary>
    public long NumberOfTrainingRows { get; }

    /// <summary>The model, fitted on the rows before the origin.</summary>
    public ITransformer Model { get; }

    /// <summary>
    /// The accuracy of the model's forecasts. MASE takes its scale from the rows that the model was fitted on, and the baselines' history
    /// begins with them.
    /// </summary>
    public ForecastMetrics Metrics { get; }

    /// <summary>
    /// The model's output for the rows that follow the origin: the rows whose forecasts are judged, and H more with the values to compare.
    /// </summary>
    public IDataView ScoredHoldOutSet { get; }
}

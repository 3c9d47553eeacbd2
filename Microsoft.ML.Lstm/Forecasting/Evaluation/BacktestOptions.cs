namespace Microsoft.ML.Lstm;

/// <summary>
/// How a backtest replays the past to measure how well a forecaster would have done, and the columns of forecasts and values.
/// </summary>
/// <remarks>
/// The origins of the folds are <see cref="RowsPerFold"/> rows apart, counted in each series from its end. A fold is trained on the rows
/// before its origin, and the forecasts that its model makes at the next <see cref="RowsPerFold"/> rows are judged, each when it
/// has seen that row; for rows further ahead, what came true is taken from the rows behind those. The last row of a series can
/// only be forecast, not forecast from, so the last fold ends a row before it. Rows that the data leaves out are not counted, with
/// a <see cref="ForecastEvaluationOptions.TimeColumnName"/> either: that says which forecasts are compared with which rows.
/// </remarks>
public sealed class BacktestOptions : ForecastEvaluationOptions
{
    /// <summary>How many times a model is fitted, at least 1.</summary>
    public int NumberOfFolds = 5;

    /// <summary>
    /// The rows of a series from one origin to the next, at least 1; <see langword="null"/> for as many as divide the longest
    /// series evenly into the first training rows and the folds, and less if <see cref="MinimumTrainingRows"/> asks for it.
    /// </summary>
    public int? RowsPerFold;

    /// <summary>How many rows a series must have before the origin of a fold to take part in it, at least 1.</summary>
    public int MinimumTrainingRows = 1;

    /// <summary>
    /// How many rows before the origin a series is trained on at most, at least <see cref="MinimumTrainingRows"/>: a sliding
    /// window; <see langword="null"/> for all of them: an expanding window.
    /// </summary>
    public int? MaximumTrainingRows;

    internal override void Check()
    {
        base.Check();
        ArgumentOutOfRangeException.ThrowIfLessThan(NumberOfFolds, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(RowsPerFold ?? 1, 1, nameof(RowsPerFold));
        ArgumentOutOfRangeException.ThrowIfLessThan(MinimumTrainingRows, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaximumTrainingRows ?? MinimumTrainingRows, MinimumTrainingRows,
            nameof(MaximumTrainingRows));
    }
}

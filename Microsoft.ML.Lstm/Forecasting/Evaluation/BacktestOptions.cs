namespace Microsoft.ML.Lstm;

/// <summary>
/// How a backtest replays the past to measure how well a forecaster would have done, and the columns of forecasts and values.
/// </summary>
/// <remarks>
/// The origins of the folds are <see cref="RowsPerFold"/> rows apart, counted from the end of each series. A fold is trained on the rows
/// before its origin; the forecasts that its model makes after each of the next <see cref="RowsPerFold"/> rows are compared with the values
/// that follow. The last row of a series can be forecast, but nothing follows it to compare its own forecasts with, so the last fold ends a
/// row before it. Rows that the data leaves out are not counted, not even with a <see cref="ForecastEvaluationOptions.TimeColumnName"/>,
/// which only decides which forecasts are compared with which rows.
/// </remarks>
public sealed class BacktestOptions : ForecastEvaluationOptions
{
    /// <summary>How many folds there are, each with a model of its own, at least 1. Default: 5.</summary>
    public int NumberOfFolds = 5;

    /// <summary>
    /// The rows of a series from one origin to the next, at least 1; <see langword="null"/> for as many as divide the longest series evenly
    /// into the first training rows and the folds, or fewer if <see cref="MinimumTrainingRows"/> asks for it. Default:
    /// <see langword="null"/>.
    /// </summary>
    public int? RowsPerFold;

    /// <summary>How many rows a series must have before the origin of a fold to take part in it, at least 1. Default: 1.</summary>
    public int MinimumTrainingRows = 1;

    /// <summary>
    /// The most rows before the origin that a series is trained on, at least <see cref="MinimumTrainingRows"/>, for a sliding window;
    /// <see langword="null"/> for all rows, an expanding window. Default: <see langword="null"/>.
    /// </summary>
    public int? MaximumTrainingRows;

    /// <summary>
    /// The processes that take turns at the folds, such as <see cref="MpiCommunicator.Start"/> gives them: all call <c>Backtest</c> with
    /// the same data and options, each fits its folds as one process would, and all get the same result. Models go from process to process
    /// as they are saved. The estimator has no <see cref="TrainingOptions.Communicator"/> of its own, and needs a seed to give the same
    /// result each time. <see langword="null"/>, the default: this process alone.
    /// </summary>
    public Communicator? Communicator;

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

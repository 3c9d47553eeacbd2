using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Series;
using Microsoft.ML.Lstm.Forecasting;
using Microsoft.ML.Lstm.Series;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm;

/// <summary>
/// Forecasts the next values of one or many series after each row, with a network that a <see cref="LstmForecastingEstimator"/> trained.
/// </summary>
/// <remarks>
/// <format type="text/markdown"><![CDATA[
/// ### Output Columns
/// | Output Column Name | Column Type | Description |
/// | -- | -- | -- |
/// | `OutputColumnName` | Vector of <xref:System.Single>, H long; (H, D) for several targets | The forecast of the next H values, the first step ahead first. |
/// | `LowerBoundColumnName`, `UpperBoundColumnName`, optional | As the forecast | The ends of the interval that holds a value with the probability `ConfidenceLevel`. |
///
/// Where the model has a time column, these columns have the annotations `TimeStep`, `TimeStepMonths` (one of the two is 0) and
/// `FillsGaps`, by which `EvaluateForecast` finds the row that a forecast is of.
/// ]]></format>
/// </remarks>
/// <seealso cref="LstmCatalog.ForecastByLstm(ForecastingCatalog, LstmForecastingEstimator.Options)"/>
public sealed partial class LstmForecastingTransformer : SeriesTransformer
{
    private readonly Dictionary<string, int> _numbers;

    internal LstmForecastingTransformer(IHostEnvironment environment, ForecastModel model, ForecastSettings settings,
        IReadOnlyDictionary<string, SeriesState> states)
        : base(environment.Register(nameof(LstmForecastingTransformer)), model, settings.Columns)
    {
        Settings = settings;
        States = states;
        _numbers = settings.Series.Index().ToDictionary(series => series.Item, series => series.Index + 1);
        ForecastLayout layout = model.Layout;
        StepAnnotation? steps = settings.TimeStep is { } step ? new(step, settings.FillsGaps) : null;
        var outputs = new List<OutputColumn>
        {
            new ForecastColumn(settings.OutputColumnName, layout.Horizon, layout.Targets, part: 0, steps),
        };
        if (settings.LowerBoundColumnName is { } lower)
            outputs.Add(new ForecastColumn(lower, layout.Horizon, layout.Targets, part: 1, steps));
        if (settings.UpperBoundColumnName is { } upper)
            outputs.Add(new ForecastColumn(upper, layout.Horizon, layout.Targets, part: 2, steps));
        Outputs = outputs;
    }

    /// <summary>H: how many steps ahead it forecasts.</summary>
    public int Horizon => Model.Layout.Horizon;

    /// <summary>The share of values that an interval is to hold.</summary>
    public double ConfidenceLevel => Settings.ConfidenceLevel;

    /// <summary>
    /// The names of the series of the training data, in the order of their first rows; one empty name where there is no series column.
    /// </summary>
    public IReadOnlyList<string> SeriesNames => Settings.Series;

    internal ForecastSettings Settings { get; }

    /// <summary>What is known of each series, by its name.</summary>
    internal IReadOnlyDictionary<string, SeriesState> States { get; }

    private protected override bool HasOffsets => Settings.HasOffsets;

    private protected override TimeStep? FilledBy => Settings.FillsGaps ? Settings.TimeStep : null;

    internal override IReadOnlyList<OutputColumn> Outputs { get; }

    /// <summary>
    /// A transformer with the same network that knows nothing of any series yet: for data that does not follow the training data, as the
    /// training data itself.
    /// </summary>
    /// <returns>The transformer.</returns>
    public LstmForecastingTransformer WithoutHistory() => With(new Dictionary<string, SeriesState>());

    /// <summary>
    /// Forecasts each series that the transformer knows from where that ends: behind the last row of the training data or of a checkpoint,
    /// missing values at the end included. It is what an engine's <see cref="ForecastEngine{TSource, TPrediction}.Predict(string, int?)"/>
    /// says before the first observation, as a table.
    /// </summary>
    /// <param name="horizon">Steps to forecast, from 1 to <see cref="Horizon"/>; <see langword="null"/> for all.</param>
    /// <returns> A row for each step of each series, those of a series together: the series' name (a text, in a column called as the series
    /// column, where there is one), <c>Step</c> (<see cref="int"/>, from 1), the time (in a column called as the time column, where there
    /// is one), and the forecast with its bounds (in columns called as the transformer's own; <see cref="float"/>, or vectors of D where
    /// several targets are forecast). A series without any value in the training data is left out. </returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="horizon"/> is out of its range.</exception>
    public IDataView Forecast(int? horizon = null)
    {
        int steps = horizon ?? Horizon, targets = Model.Layout.Targets;
        if (steps < 1 || steps > Horizon)
            throw new ArgumentOutOfRangeException(nameof(horizon), horizon,
                $"{nameof(horizon)} must be from 1 to the model's {Horizon}, or null.");
        var session = new ForecastSession(this, new SessionUse());
        var rows = new List<(string Series, int Step, DateTimeOffset Time)>();
        List<float[]>[] parts = [[], [], []];
        foreach ((string name, SeriesState state) in States)
        {
            session.Ask(name);
            ReadOnlySpan<float> output = session.Output;
            for (int step = 1; step <= steps && !output.IsEmpty; step++)
            {
                rows.Add((name, step, Settings.TimeStep?.After(state.Missing?.Until ?? state.Time, step) ?? default));
                for (int part = 0; part < parts.Length; part++)
                    parts[part].Add(output.Slice(part * Model.Layout.Values + (step - 1) * targets, targets).ToArray());
            }
        }
        var table = new SeriesForecastTable(Host);
        if (Columns.Series is { } series)
            table.AddTexts(series, rows.Select(row => row.Series));
        table.AddNumbers("Step", rows.Select(row => row.Step));
        if (Columns.Time is { } time)
            table.AddTimes(time, rows.Select(row => row.Time), Settings.HasOffsets);
        foreach ((string? column, List<float[]> values) in new[] { Settings.OutputColumnName, Settings.LowerBoundColumnName,
            Settings.UpperBoundColumnName }.Zip(parts))
        {
            if (column is not null)
                table.AddValues(column, values, targets);
        }
        return table.ToDataView();
    }

    internal LstmForecastingTransformer With(IReadOnlyDictionary<string, SeriesState> states) => new(Host, Model, Settings, states);

    /// <summary>The number of a series, from 1; 0 for one that the training data does not have.</summary>
    internal int NumberOf(string series) => _numbers.GetValueOrDefault(series);

    internal override SeriesSession CreateSession(SessionUse use) => new ForecastSession(this, use);
}

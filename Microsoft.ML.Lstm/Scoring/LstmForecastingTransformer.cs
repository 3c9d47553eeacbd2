using Microsoft.ML.Lstm.Network;
using Microsoft.ML.Lstm.Scoring;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm;

/// <summary>Forecasts the next values of one or many series after each row, with a network that a <see cref="LstmForecastingEstimator"/> trained.</summary>
/// <remarks>
/// <format type="text/markdown"><![CDATA[
/// ### Output Columns
/// | Output Column Name | Column Type | Description |
/// | -- | -- | -- |
/// | `OutputColumnName` | Vector of <xref:System.Single>, H long; (H, D) for several targets | The forecast of the next H values, the first step ahead first. |
/// | `LowerBoundColumnName`, `UpperBoundColumnName`, optional | As the forecast | The ends of the interval that holds a value with the probability `ConfidenceLevel`. |
/// ]]></format>
/// </remarks>
/// <seealso cref="LstmCatalog.ForecastByLstm(ForecastingCatalog, LstmForecastingEstimator.Options)"/>
public sealed partial class LstmForecastingTransformer : SeriesTransformer
{
    private readonly Dictionary<string, int> _numbers;

    internal LstmForecastingTransformer(IHostEnvironment environment, ForecastModel model, ForecastSettings settings, IReadOnlyDictionary<string, SeriesState> states)
        : base(environment.Register(nameof(LstmForecastingTransformer)), model, settings.Columns)
    {
        Settings = settings;
        States = states;
        _numbers = settings.Series.Index().ToDictionary(series => series.Item, series => series.Index + 1);
        ForecastLayout layout = model.Layout;
        var outputs = new List<OutputColumn> { new ForecastColumn(settings.OutputColumnName, layout.Horizon, layout.Targets, part: 0) };
        if (settings.LowerBoundColumnName is { } lower)
            outputs.Add(new ForecastColumn(lower, layout.Horizon, layout.Targets, part: 1));
        if (settings.UpperBoundColumnName is { } upper)
            outputs.Add(new ForecastColumn(upper, layout.Horizon, layout.Targets, part: 2));
        Outputs = outputs;
    }

    /// <summary>H: how many steps ahead it forecasts.</summary>
    public int Horizon => Model.Layout.Horizon;

    /// <summary>The share of values that an interval is to hold.</summary>
    public double ConfidenceLevel => Settings.ConfidenceLevel;

    /// <summary>The names of the series of the training data, in the order of their first rows; one empty name where there is no series column.</summary>
    public IReadOnlyList<string> SeriesNames => Settings.Series;

    internal ForecastSettings Settings { get; }

    /// <summary>What is known of each series, by its name.</summary>
    internal IReadOnlyDictionary<string, SeriesState> States { get; }

    internal override IReadOnlyList<OutputColumn> Outputs { get; }

    /// <summary>A transformer with the same network that knows nothing of any series yet: for data that does not follow the training data, as the training data itself.</summary>
    /// <returns>The transformer.</returns>
    public LstmForecastingTransformer WithoutHistory() => With(new Dictionary<string, SeriesState>());

    internal LstmForecastingTransformer With(IReadOnlyDictionary<string, SeriesState> states) => new(Host, Model, Settings, states);

    /// <summary>The number of a series, from 1; 0 for one that the training data does not have.</summary>
    internal int NumberOf(string series) => _numbers.GetValueOrDefault(series);

    internal override SeriesSession CreateSession(bool mayRestart) => new ForecastSession(this, mayRestart);
}

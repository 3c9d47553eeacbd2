using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Explanations;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Lstm.Engine.Series;
using Microsoft.ML.Lstm.Engine.Series.Explanations;
using Microsoft.ML.Lstm.Explanations;
using Microsoft.ML.Lstm.MlNet;
using Microsoft.ML.Lstm.Series;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm;

/// <summary>
/// The base of the transformers for series, which go through rows in the order of time; the result of a row depends on the rows before it.
/// As with ML.NET's time-series transformers, a single row cannot be mapped: use <c>Transform</c>, or an engine
/// (<see cref="LstmCatalog.CreateForecastEngine{TSource, TPrediction}(ITransformer, MLContext)"/>).
/// </summary>
/// <remarks>
/// A transformer knows each series up to the end of the data that it was fitted to, of the rows that it has read since
/// (<see cref="LstmForecastingTransformer.WithHistory"/>), or up to its checkpoint. Every pass over data, and every engine, goes on from
/// there with its own copy of that state: transform the rows that come after these.
///
/// Where there is a column of times, a series whose first row is not later than the last known one begins again, with a warning; an engine
/// refuses such a row. Without times, the data view that the transformer was fitted to begins again
/// (<c>Fit(data).Transform(data)</c>, also behind transforms that only add columns, as long as it begins with the same row); the same rows
/// in another view, or after loading, are taken for new rows, with a warning. The view of validation data, with times or without, goes on
/// from the end of the training data, as long as it begins with the same row. Missing values at the end of the training data are steps of
/// their series; but rows at the end without any value that announce known covariates are not part of the series yet.
///
/// Rows without a time, or without the name of a series where there are several, can't be used: a warning counts them, and their results
/// are missing values.
/// </remarks>
public abstract class SeriesTransformer : ITransformer
{
    private readonly ForecastSettings _settings;
    private readonly Lazy<SequenceNetwork[]> _networks;

    /// <param name="host">The host of the transformer.</param>
    /// <param name="model">The model.</param>
    /// <param name="settings">The columns and what else forecasts need.</param>
    /// <param name="networks">The networks of another transformer with the same model; null to make them.</param>
    private protected SeriesTransformer(IHost host, ForecastModel model, ForecastSettings settings,
        Lazy<SequenceNetwork[]>? networks = null)
    {
        Host = host;
        Model = model;
        _settings = settings;
        _networks = networks ?? new Lazy<SequenceNetwork[]>(model.Pack);
    }

    private protected IHost Host { get; }

    /// <summary>How the network was trained; <see langword="null"/> for a model that an earlier version saved.</summary>
    public TrainingReport? TrainingReport => Model.Report;

    internal ForecastModel Model { get; }

    internal SeriesColumns Columns => _settings.Columns;

    /// <summary>The networks, with what their numbers are called, for a training to begin with.</summary>
    internal IReadOnlyList<InitialForecast> InitialNetworks => [.. Model.Networks.Select(network => new InitialForecast(network,
        SeriesColumnNames.Of(Columns, network.Layout, _settings.RowInterval, _settings.Series)))];

    /// <summary>The time between rows; null where there are no times.</summary>
    internal RowInterval? Interval => _settings.RowInterval;

    /// <summary>The networks, ready to run.</summary>
    internal SequenceNetwork[] Networks => _networks.Value;

    /// <summary><see cref="Networks"/>, made when they are first asked for.</summary>
    private protected Lazy<SequenceNetwork[]> PackedNetworks => _networks;

    /// <summary>The data that the transformer was fitted to; null where it is unknown, as after loading.</summary>
    internal FittedData? FittedTo { get; init; }

    /// <summary>How a session is used for a view: whether that is the data that the transformer was fitted to.</summary>
    internal SessionOptions OptionsFor(IDataView view, SessionOptions options)
    {
        bool isTraining = FittedTo?.Training.IsOf(view) == true;
        bool isValidation = !isTraining && FittedTo?.Validation?.IsOf(view) == true;
        return options with { IsTrainingData = isTraining, BeforeValidation = isValidation ? FittedTo!.Before : null };
    }

    /// <summary>The columns that the transformer adds.</summary>
    internal abstract IReadOnlyList<OutputColumn> Outputs { get; }

    /// <summary>A copy whose weights are rounded to a format; what it knows of the series stays.</summary>
    internal abstract SeriesTransformer WithWeights(WeightFormat format);

    /// <summary>False: the result of a row depends on the rows before it.</summary>
    public bool IsRowToRowMapper => false;

    /// <summary>The columns of <paramref name="inputSchema"/> and, behind them, the columns that this transformer adds.</summary>
    /// <param name="inputSchema">The schema of data to transform.</param>
    /// <returns>The schema of the transformed data.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="inputSchema"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing, or is not what the network was trained on.</exception>
    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => Bind(inputSchema).OutputSchema;

    /// <summary>
    /// Adds the columns of this transformer to <paramref name="input"/>. They are computed when the result is read, row by row.
    /// </summary>
    /// <param name="input">The rows, in the order of time within each series.</param>
    /// <returns>The columns of <paramref name="input"/> and, behind them, the results.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="input"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing, or is not what the network was trained on.</exception>
    public IDataView Transform(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        return new SeriesDataView(Bind(input.Schema), this, input);
    }

    /// <summary>
    /// Says what the results for rows come from: how much each lag and covariate of the last steps adds to a forecast, by integrated
    /// gradients (Sundararajan, Taly and Yan 2017), and what the recurrent layers did at each step. A forecaster's rows are explained by
    /// the forecast behind them, a detector's by the value that was expected in them. Nothing is computed before its values are asked for.
    /// </summary>
    /// <remarks>
    /// <format type="text/markdown"><![CDATA[
    /// These columns stand behind those of the rows. All numbers are <xref:System.Single>; T is the window's number of steps, or fewer at
    /// the beginning of the rows:
    /// * `ExplainedOutput`: the forecast of a target some `StepsAhead`, F(x), in the target's unit; of a detector the expected value.
    /// * `BaselineOutput`: the forecast for the baseline, F(x'): what the networks, and baselines mixed in, say of a series that has
    ///   stayed at its present level, with the mean of each covariate.
    /// * `Attribution`: vector (T, J), in the target's unit. What each number that a step reads adds to the difference. J counts the lags
    ///   of each target, the latest first, relative to the level at that step; past covariates; known covariates of the row and of the
    ///   rows ahead; features of the calendar; indicators of missing values; and the series by its embedding. Their names are in the
    ///   annotation `StepSlotNames`, such as `Sales`, `Sales t-1`, `Price`, `Price t+1`.
    /// * `StepAttribution`: vector of T. The attributions of each step, added up.
    /// * `StaticAttribution`, with static features: vector of S.
    /// * `StateAttribution`: what the network remembers of the steps before adds. With this, attributions add up to `ExplainedOutput` -
    ///   `BaselineOutput`.
    /// * `HiddenStates`, `CellStates`, `Gates`: as <xref:Microsoft.ML.Lstm.SequencePredictionTransformer> has them.
    ///
    /// A row without a forecast gets NaN and empty vectors, as does the first row of a detector that goes on from the training data.
    /// ]]></format>
    /// </remarks>
    /// <param name="mlContext">The context, whose log gets the warnings.</param>
    /// <param name="rows">The rows, in the order of time within each series.</param>
    /// <param name="options">What is explained, and how exactly; <see langword="null"/> for the defaults. <c>Step</c> has no effect, and
    /// there is no other <c>Baseline</c>.</param>
    /// <returns>The columns of <paramref name="rows"/> and, behind them, the explanations.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="mlContext"/> or <paramref name="rows"/> is
    /// <see langword="null"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing, or is not what the network was trained on; or an option is out of
    /// its range.</exception>
    /// <exception cref="ArgumentException">There is a baseline.</exception>
    /// <example>
    /// <code>
    /// // What tomorrow's forecast comes from: the last row's attributions by name.
    /// IDataView explained = model.Explain(ml, rows);
    /// VBuffer&lt;ReadOnlyMemory&lt;char&gt;&gt; names = default;
    /// explained.Schema["Attribution"].Annotations.GetValue("StepSlotNames", ref names);
    /// float[] last = explained.GetColumn&lt;float[]&gt;("Attribution").Last();
    /// foreach ((int i, ReadOnlyMemory&lt;char&gt; name) in names.DenseValues().Index())
    ///     Console.WriteLine($"{name}: {last.Where((_, at) => at % names.Length == i).Sum():+0.00;-0.00}");
    /// </code>
    /// </example>
    public IDataView Explain(MLContext mlContext, IDataView rows, ExplanationOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(mlContext);
        ArgumentNullException.ThrowIfNull(rows);
        options ??= new();
        ForecastLayout layout = Model.Layout;
        if (options.StepsAhead < 1 || options.StepsAhead > layout.Horizon)
            throw new ArgumentOutOfRangeException(nameof(options.StepsAhead), options.StepsAhead,
                $"{nameof(options.StepsAhead)} must be from 1 to the model's {layout.Horizon}.");
        if (options.Baseline is not null)
            throw new ArgumentException($"{nameof(options.Baseline)} is for transformers of sequences: the steps of a series are compared "
                + "with its level and the means of covariates.", nameof(options));
        int index = (options.StepsAhead - 1) * layout.Targets + options.OutputOf(layout.Targets);
        ExplanationSettings settings = options.Settle();
        IHost host = ((IHostEnvironment)mlContext).Register(nameof(Explain));
        var networks = new Lazy<SequenceNetwork[]>(() => Model.Pack(NetworkPasses.InputsOnly));
        var session = new SessionOptions
        {
            CreateExplainer = () => new ForecastExplainer(Model, networks.Value, index, settings),
            Warn = message => HostWarning.Write(host, nameof(Explain), message),
        };
        return new ExplainingTransformer<SeriesBindings>(
            schema =>
            {
                var names = new ExplainedSeriesNames(Model, new BoundSeriesColumns(host, schema, Columns), Columns,
                    _settings.RowInterval);
                return Bind(schema, ExplanationColumns.Create([.. Model.Networks.Select(one => one.Network.Shape)], steps: 0,
                    names.OfStep, slotNames: null, names.OfStatics, hasStates: true));
            },
            (bindings, explaining, source) => new SeriesDataView(bindings, this, source, session, explaining)).Transform(rows);
    }

    /// <summary>Not supported, see <see cref="IsRowToRowMapper"/>.</summary>
    /// <param name="inputSchema">Not used.</param>
    /// <returns>Nothing.</returns>
    /// <exception cref="InvalidOperationException">Always.</exception>
    public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema)
        => throw new InvalidOperationException(
            "The result of a row of a series depends on the rows before it, so it can't be computed from a single one. Use "
            + "CreateForecastEngine for one row at a time.");

    void ICanSaveModel.Save(ModelSaveContext ctx) => Save(ctx);

    private protected abstract void Save(ModelSaveContext ctx);

    /// <summary>Creates a session that goes on from what the transformer knows.</summary>
    /// <param name="options">How the session is used.</param>
    internal abstract SeriesSession CreateSession(SessionOptions options);

    /// <summary>Writes a warning about scored rows to the log.</summary>
    internal void Warn(string message) => HostWarning.Write(Host, "Scoring", message);

    internal SeriesBindings Bind(DataViewSchema inputSchema) => Bind(inputSchema, Outputs);

    private SeriesBindings Bind(DataViewSchema inputSchema, IReadOnlyList<OutputColumn> outputs)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        var bindings = new SeriesBindings(Host, inputSchema, Model, Columns, outputs)
        {
            FilledGaps = _settings.FillsGaps ? _settings.RowInterval : null,
        };
        if (bindings.Source.Time is { } time && _settings.HasOffsets != time.Type is DateTimeOffsetDataViewType)
            throw ColumnRole.Time.DimensionMismatch(Host, time,
                $"{(_settings.HasOffsets ? nameof(DateTimeOffset) : nameof(DateTime))}, as in the training data");
        return bindings;
    }
}

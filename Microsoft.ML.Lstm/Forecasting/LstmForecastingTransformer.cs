using Microsoft.ML.Lstm;
using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Series;
using Microsoft.ML.Lstm.Forecasting;
using Microsoft.ML.Lstm.MlNet;
using Microsoft.ML.Lstm.Series;
using Microsoft.ML.Runtime;

[assembly: Microsoft.ML.LoadableClass(typeof(LstmForecastingTransformer), null, typeof(Microsoft.ML.SignatureLoadModel), "LSTM Forecasting",
    LstmForecastingTransformer.LoaderSignature)]

namespace Microsoft.ML.Lstm;

/// <summary>
/// Forecasts the next values of one or many series after each row, with a network that a <see cref="LstmForecastingEstimator"/> trained.
/// </summary>
/// <remarks>
/// <format type="text/markdown"><![CDATA[
/// ### Output Columns
/// * `OutputColumnName`: vector of <xref:System.Single>, H long; (H, D) for several targets. The forecast of the next H values, the first
///   step ahead first.
/// * `LowerBoundColumnName`, `UpperBoundColumnName`, optional: as the forecast. The ends of the interval that holds a value with the
///   probability `ConfidenceLevel`.
///
/// These columns have the annotations `TargetNames` and `ConfidenceLevel` and, where the model has a time column, `TimeStep`,
/// `TimeStepMonths` (one of the two is 0) and `FillsGaps`, by which `EvaluateForecast` finds the row that was forecast.
/// ]]></format>
/// </remarks>
/// <seealso cref="LstmCatalog.ForecastByLstm(ForecastingCatalog, LstmForecastingEstimator.Options)"/>
public sealed class LstmForecastingTransformer : SeriesTransformer
{
    internal const string LoaderSignature = "LstmForecasting";

    private const string SettingsStream = "Forecast.json";
    internal const string NetworkStream = "Model.safetensors";
    internal const string NumbersStream = "Forecast.safetensors";

    private readonly Dictionary<string, int> _numbers;

    internal LstmForecastingTransformer(IHostEnvironment environment, ForecastModel model, ForecastSettings settings,
        IReadOnlyDictionary<string, SeriesState> states)
        : this(environment.Register(nameof(LstmForecastingTransformer)), networks: null, model, settings, states)
    {
    }

    private LstmForecastingTransformer(IHost host, Lazy<SequenceNetwork[]>? networks, ForecastModel model, ForecastSettings settings,
        IReadOnlyDictionary<string, SeriesState> states)
        : base(host, model, settings, networks)
    {
        Settings = settings;
        States = states;
        _numbers = settings.Series.Index().ToDictionary(series => series.Item, series => series.Index + 1);
        ForecastLayout layout = model.Layout;
        var annotations = new ForecastAnnotations(settings.Columns.Targets, settings.ConfidenceLevel,
            settings.RowInterval is { } interval ? new(interval, settings.FillsGaps) : null);
        var outputs = new List<OutputColumn>
        {
            new ForecastColumn(settings.OutputColumnName, layout.Horizon, layout.Targets, part: 0, annotations),
        };
        if (settings.LowerBoundColumnName is { } lower)
            outputs.Add(new ForecastColumn(lower, layout.Horizon, layout.Targets, part: 1, annotations));
        if (settings.UpperBoundColumnName is { } upper)
            outputs.Add(new ForecastColumn(upper, layout.Horizon, layout.Targets, part: 2, annotations));
        Outputs = outputs;
    }

    /// <summary>H: how many steps ahead the transformer forecasts, 1 to 10000.</summary>
    public int Horizon => Model.Layout.Horizon;

    /// <summary>The share of values that an interval is to hold, above 0 and below 1.</summary>
    public double ConfidenceLevel => Settings.ConfidenceLevel;

    /// <summary>
    /// The names of the series of the training data, in the order of their first rows; one empty name where there is no series column.
    /// </summary>
    public IReadOnlyList<string> SeriesNames => Settings.Series;

    internal ForecastSettings Settings { get; }

    /// <summary>The state of each series, by its name.</summary>
    internal IReadOnlyDictionary<string, SeriesState> States { get; }

    internal override IReadOnlyList<OutputColumn> Outputs { get; }

    /// <summary>
    /// A transformer with the same network that knows no series yet: for data that does not follow the training data, such as the training
    /// data itself.
    /// </summary>
    /// <returns>The transformer without history.</returns>
    public LstmForecastingTransformer WithoutHistory() => With(new Dictionary<string, SeriesState>());

    /// <summary>
    /// A transformer with the same network that also knows rows that have come since the training. <see cref="Forecast"/> goes on from
    /// their end then, <c>Transform</c> and engines expect the rows that follow them, and a saved model knows them too, as an engine's
    /// checkpoint knows what the engine has observed.
    /// </summary>
    /// <param name="rows">The rows, in the order of time within each series, with the columns of the training data; they are read once.
    /// Series without a row stay as they are. Where there is a column of times, a series whose first row is not later than its last known
    /// one begins again, with a warning; without times, only the view that the transformer was fitted to begins again. Rows without a
    /// target at the end of a series are steps whose values can't be given later. But where one of them has known covariates, they are
    /// rows to come, as in training: a warning counts them, and the series ends before them.</param>
    /// <returns>The transformer that knows the rows.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="rows"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing, or is not what the network was trained on.</exception>
    /// <exception cref="InvalidOperationException">A row is no later than the row before it in its series, or has the missing
    /// key.</exception>
    public LstmForecastingTransformer WithHistory(IDataView rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        SeriesBindings bindings = Bind(rows.Schema);
        DataViewSchema.Column[] columns = [.. bindings.Source.All];
        var session = new ForecastSession(this, OptionsFor(rows, new SessionOptions
        {
            EndsBeforeAnnounced = bindings.Source.KnownCovariates > 0,
        }));
        using var cursor = new SeriesCursor(bindings, rows.GetRowCursor(columns), columns, session, activeColumns: []);
        while (cursor.MoveNext())
        {
            // The session takes the row.
        }
        return session.Snapshot();
    }

    /// <summary>
    /// Forecasts each series that the transformer knows from its end: after the last row of the training data, of <see cref="WithHistory"/>
    /// or of a checkpoint, including missing values at the end. The forecasts are the same as those of an engine's
    /// <see cref="ForecastEngine{TSource, TPrediction}.Predict(string, int?)"/> before the first observation.
    /// </summary>
    /// <param name="horizon">Steps to forecast, from 1 to <see cref="Horizon"/>; <see langword="null"/> for all.</param>
    /// <returns>A table with a row for each step of each series, series by series. Its columns: the name of the series, a text, under the
    /// name of the series column, if there is one; <c>Step</c>, an <see cref="int"/> from 1; the time, under the name of the time column,
    /// if there is one; and the forecast with its bounds, under the names of the transformer's own columns, each a <see cref="float"/>, or
    /// a vector of D where several targets are forecast. A series without any value in the training data is left out. Where the training
    /// data has gaps that are usual, as at weekends or at night, times are those of the days of the week and hours that mostly have rows;
    /// where these do not tell, they are the default time, which stands for none, with a warning.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="horizon"/> is out of its range.</exception>
    public IDataView Forecast(int? horizon = null)
    {
        int steps = horizon ?? Horizon, targets = Model.Layout.Targets;
        if (steps < 1 || steps > Horizon)
            throw new ArgumentOutOfRangeException(nameof(horizon), horizon,
                $"{nameof(horizon)} must be from 1 to the model's {Horizon}, or null.");
        var session = new ForecastSession(this, new SessionOptions());
        var rows = new List<(string Series, int Step, DateTimeOffset Time)>();
        List<float[]>[] parts = [[], [], []];
        foreach ((string name, SeriesState state) in States)
        {
            session.Query(name);
            ReadOnlySpan<float> output = session.Output;
            DateTimeOffset time = state.Missing?.Until ?? state.Time;
            for (int step = 1; step <= steps && !output.IsEmpty; step++)
            {
                time = Settings.NextTime(time) ?? default;
                rows.Add((name, step, time));
                for (int part = 0; part < parts.Length; part++)
                    parts[part].Add(output.Slice(part * Model.Layout.Values + (step - 1) * targets, targets).ToArray());
            }
        }
        var table = new SeriesForecastTable(Host);
        if (Columns.Series is { } series)
            table.AddTexts(series, rows.Select(row => row.Series));
        table.AddNumbers("Step", rows.Select(row => row.Step));
        if (Columns.Time is { } times)
        {
            if (Settings.RowInterval is not null && rows.Exists(row => row.Time == default))
                Warn($"The times in column '{times}' of the steps ahead are missing: the training data leaves out rows so often that gaps "
                    + "are usual, and neither the days of the week nor the hours tell which will have a row.");
            table.AddTimes(times, rows.Select(row => row.Time), Settings.HasOffsets);
        }
        string?[] columns = [Settings.OutputColumnName, Settings.LowerBoundColumnName, Settings.UpperBoundColumnName];
        foreach ((string? column, List<float[]> values) in columns.Zip(parts))
        {
            if (column is not null)
                table.AddValues(column, values, targets);
        }
        return table.ToDataView();
    }

    /// <summary>
    /// Writes the network as an ONNX model (operator set 17) that forecasts from the rows of a series: it gives the forecast after the last
    /// row, for a series that begins with the first row (as <see cref="WithoutHistory"/> does).
    /// </summary>
    /// <remarks>
    /// Inputs have the names of the columns and a leading axis for series. Targets and past covariates are floats [batch, time, values],
    /// NaN where one is missing; known covariates are floats [batch, time_ahead, values], of the rows and of the rows that follow them,
    /// whose last row is repeated where there are too few. Static features are floats [batch, features]. The column of series has numbers
    /// in place of names, unsigned 32-bit integers [batch, 1]: from 1 in the order of <see cref="SeriesNames"/>, 0 for a series that
    /// training did not have. A model with calendar features reads the input <c>Calendar</c> in place of times, floats [batch, time,
    /// features] for the time of the next row: for each cycle, in the order hour, day, week, year, the sine and cosine of 2π and of 4π
    /// times the share of the cycle that is over; weeks begin with Sunday. The metadata has the names of the series and of the cycles, JSON
    /// arrays under the names of these inputs. Rows follow each other at the interval of the training data; a gap to be filled is given as
    /// rows of NaN. The input <c>Lengths</c>, 64-bit integers [batch], says how many rows each series has; without it, each is as long as
    /// the time axis. Outputs have the names of the output columns: floats [batch, horizon], or [batch, horizon, targets] for several
    /// targets. They are NaN where there is nothing to forecast from, or where a row is to be skipped, which only the caller can do.
    /// </remarks>
    /// <param name="stream">Receives the model.</param>
    /// <exception cref="ArgumentNullException"><paramref name="stream"/> is <see langword="null"/>.</exception>
    /// <exception cref="InvalidOperationException">The network has more weights than an ONNX file can hold, 2 GB.</exception>
    /// <exception cref="NotSupportedException">The forecaster has several networks (<see cref="TrainingEffort.Best"/>) or baselines
    /// (<see cref="LstmForecastingEstimator.Options.FallBackToBaseline"/>).</exception>
    public void ExportToOnnx(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ForecastOnnx.Write(stream, this, nameof(LstmForecastingTransformer));
    }

    internal LstmForecastingTransformer With(IReadOnlyDictionary<string, SeriesState> states)
        => new(Host, PackedNetworks, Model, Settings, states);

    internal override LstmForecastingTransformer WithWeights(WeightFormat format)
        => new(Host, networks: null, Model.WithFormat(format), Settings, States) { FittedTo = FittedTo };

    /// <summary>The number of a series, from 1; 0 for one that is not in the training data.</summary>
    internal int NumberOf(string series) => _numbers.GetValueOrDefault(series);

    internal override SeriesSession CreateSession(SessionOptions options) => new ForecastSession(this, options);

    private static VersionInfo Version => ModelEntry.Version("LSTMFRCS", LoaderSignature);

    private protected override void Save(ModelSaveContext ctx) => ModelEntry.Save(ctx, Version, SaveTo);

    /// <summary>Writes the entry that <see cref="LoadFrom"/> reads.</summary>
    internal void SaveTo(ModelEntryWriter entry)
    {
        var saved = SavedForecast.Of(Model, Settings, [.. States.Select(state => KnownSeries.Of(state.Key, state.Value))]);
        entry.WriteJson(SettingsStream, saved.ToJson());
        foreach ((int index, ForecastNetwork network) in Model.Networks.Index())
            entry.WriteNumbers(NetworkStreamOf(index), stream => ModelFile.Write(stream, network.Network));
        entry.WriteNumbers(NumbersStream, stream => ForecastFile.Write(stream, Model, [.. States.Values.Select(state => state.Values)]));
        entry.WriteReport(TrainingReport);
    }

    // ML.NET finds this method by its name and parameters.
    internal static LstmForecastingTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
        => ModelEntry.Load(env, ctx, Version, entry => LoadFrom(env, entry));

    internal static LstmForecastingTransformer LoadFrom(IHostEnvironment env, ModelEntryReader entry)
    {
        SavedForecast saved = entry.ReadJson(SettingsStream, json => SavedForecast.FromJson(json), NetworkStream, NumbersStream);
        var networks = new List<SequenceModel>();
        foreach ((int index, ForecastLayout layout) in saved.Layouts.Index())
        {
            SequenceModel network = entry.Read(NetworkStreamOf(index), ModelFile.Read);
            if (network.OtherMembers.Count > 0)
                throw new InvalidDataException("A saved LSTM forecast has several networks in one file; expected one.");
            saved.Check(network.Shape, layout);
            networks.Add(network);
        }
        (ForecastModel model, float[][] states) = entry.Read(NumbersStream, stream => ForecastFile.Read(stream, networks, saved.Layouts,
            saved.Baselines, saved.Weights, saved.Settings.Series.Length, saved.Known.Length));
        model = model with { Report = entry.ReadReport(NetworkStream, NumbersStream) };
        return new LstmForecastingTransformer(env, model, saved.Settings,
            saved.Known.Zip(states).ToDictionary(known => known.First.Name, known => known.First.With(known.Second)));
    }

    private static string NetworkStreamOf(int network) => network == 0 ? NetworkStream : $"Model{network + 1}.safetensors";
}

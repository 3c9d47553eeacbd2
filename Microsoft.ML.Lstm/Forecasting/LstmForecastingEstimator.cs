using System.Globalization;
using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Series;
using Microsoft.ML.Lstm.Engine.Series.Choices;
using Microsoft.ML.Lstm.Engine.Training;
using Microsoft.ML.Lstm.Forecasting;
using Microsoft.ML.Lstm.Series;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm;

/// <summary>
/// The <see cref="IEstimator{TTransformer}"/> that trains an LSTM, GRU or plain recurrent network to forecast one or many series.
/// </summary>
/// <remarks>
/// <format type="text/markdown"><![CDATA[
/// To create this estimator, use
/// [ForecastByLstm](xref:Microsoft.ML.LstmCatalog.ForecastByLstm*)
/// or
/// [ForecastByLstm(Options)](xref:Microsoft.ML.LstmCatalog.ForecastByLstm*).
///
/// ### Input and Output Columns
/// The data is a table with one row per time step, the rows of a series in the order of time.
///
/// * `TargetColumnNames`: <xref:System.Single>. What to forecast: D columns, together.
/// * `PastCovariateColumnNames`, optional: <xref:System.Single>, or known-sized vectors of it. What is known up to the present row.
/// * `KnownCovariateColumnNames`, optional: <xref:System.Single>, or known-sized vectors of it. What is known ahead too (prices,
///   promotions, holidays): each forecast also reads it from the rows that follow. To give it for the time to come, add rows behind the
///   last one that have NaN as their target.
/// * `StaticFeatureColumnName`, optional: <xref:System.Single>, or a known-sized vector of it. What is known of a series as a whole.
/// * `TimeColumnName`, optional: <xref:System.DateTime> or <xref:System.DateTimeOffset>. The times of the rows: their order is checked, and
///   they give features of the calendar.
/// * `SeriesColumnName`, optional: text or Key. Which series a row belongs to: many series share one network.
///
/// * `OutputColumnName`: vector of <xref:System.Single>, H long; (H, D) for several targets. After each row, the forecast of the next H
///   values of its series, the first step ahead first.
/// * `LowerBoundColumnName`, `UpperBoundColumnName`, optional: as the forecast. The ends of the interval that holds a value with the
///   probability `ConfidenceLevel`.
///
/// ### Estimator Characteristics
/// |  |  |
/// | -- | -- |
/// | Does this estimator need to look at the data to train its parameters? | Yes |
/// | Is caching required? | No: the data is read once |
/// | Required NuGet in addition to Microsoft.ML | Microsoft.ML.Lstm |
/// | Exportable to ONNX | By `ExportToOnnx` of the transformer, not as part of a pipeline |
///
/// ### Training Algorithm Details
/// A recurrent network reads a series row by row and after each row gives all H steps of a forecast at once, by a linear layer that reads
/// the network's state and the row itself (the autoregressive part of [LSTNet](https://arxiv.org/abs/1703.07015)). Values are scaled by the
/// window's own mean and deviation (see `Scaling`), so a series may go where the training data never was. The network is trained on windows
/// of W steps at changing places, with W more steps before each to warm up the state. Scoring carries the state from row to row, over whole
/// series: a forecast depends on all rows before it, and the cost of a row does not depend on how many they are.
///
/// The last part of each series (`ValidationFraction`), or the validation data, says when to stop, and how far forecasts are off: the
/// intervals come from split conformal prediction, whatever the network's own distribution (Romano, Patterson and Candès 2019). They are
/// wider behind restless rows than behind quiet ones where that makes the errors likelier (Lei et al. 2018), and where fewer than 2,000
/// rows validate, errors of the training rows tell of the tails too. On request the network is then trained again, on all rows
/// (`RefitOnAllData`).
///
/// The fitted transformer knows the series up to the end of the data; see <xref:Microsoft.ML.Lstm.SeriesTransformer>.
/// The same seed and data give the same model, bit for bit, with any number of threads, on processors with vectors of the same width.
/// ]]></format>
/// </remarks>
/// <seealso cref="LstmCatalog.ForecastByLstm(ForecastingCatalog, string, string, int?, int, double, string?, string?)"/>
/// <seealso cref="LstmCatalog.ForecastByLstm(ForecastingCatalog, Options)"/>
/// <seealso cref="Options"/>
public sealed class LstmForecastingEstimator : IEstimator<LstmForecastingTransformer>
{
    private readonly IHost _host;
    private readonly Options _options;
    private readonly SeriesColumns _columns;

    internal LstmForecastingEstimator(IHostEnvironment environment, Options options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _host = environment.Register(nameof(LstmForecastingEstimator));
        _options = (Options)options.Copy();
        _options.Validate();
        _columns = _options.ColumnsFor(_options.TargetColumnNames);
    }

    /// <summary>Trains a network on the first rows of each series and validates it on the last rows.</summary>
    /// <param name="input">The series.</param>
    /// <returns>The forecaster, which knows the series up to their ends.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="input"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of the wrong type.</exception>
    /// <exception cref="InvalidOperationException">There are no rows to train on, or times that are not in order.</exception>
    public LstmForecastingTransformer Fit(IDataView input) => Fit(input, null);

    /// <summary>Trains a network, and validates it on the rows that follow.</summary>
    /// <param name="trainData">The series.</param>
    /// <param name="validationData">The rows that follow them, series by series: for early stopping and for the width of the intervals;
    /// the network does not learn from them, whatever <see cref="Options.RefitOnAllData"/> says. <see langword="null"/> for the last rows
    /// of <paramref name="trainData"/>.</param>
    /// <param name="initialModel">A forecaster or detector whose networks go on learning; <see langword="null"/> to begin anew. Columns
    /// (targets, covariates, features of the calendar) and series are found by their names, and keep their weights and units; what is new
    /// to the networks begins with weights of 0, steps beyond their horizon as the last one, and a new series with the vector of the
    /// unknown one. Options that are <see langword="null"/> are as in the initial model; cell, layers and
    /// <see cref="SeriesEstimatorOptions.EmbedSeries"/> have to be the same. What it knows of the ends of its series is not used.</param>
    /// <returns>The forecaster, which knows the series up to their ends, including the validation data.</returns>
    /// <exception cref="ArgumentException"><paramref name="initialModel"/> has another cell, other layers, or none of the targets; the
    /// message says what differs.</exception>
    /// <exception cref="ArgumentNullException"><paramref name="trainData"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of the wrong type.</exception>
    /// <exception cref="InvalidOperationException">There are no rows to train on, or times that are not in order.</exception>
    public LstmForecastingTransformer Fit(IDataView trainData, IDataView? validationData, SeriesTransformer? initialModel = null)
    {
        ArgumentNullException.ThrowIfNull(trainData);
        var training = new SeriesTraining(_host, _options, _columns)
        {
            Horizon = _options.Horizon,
            ConfidenceLevel = _options.ConfidenceLevel,
            ShowsIntervals = (_options.LowerBoundColumnName ?? _options.UpperBoundColumnName) is not null,
            FallsBack = _options.FallBackToBaseline,
        };
        TrainedSeries trained = training.Fit(trainData, validationData, initialModel);
        ForecastSettings settings = SettingsFor(trained, _columns, _options, _options.OutputColumnName, _options.ConfidenceLevel) with
        {
            LowerBoundColumnName = _options.LowerBoundColumnName,
            UpperBoundColumnName = _options.UpperBoundColumnName,
        };
        return new LstmForecastingTransformer(_host, trained.Model, settings, trained.States)
        {
            FittedTo = FittedData.Of(trainData, validationData, trained.BeforeValidation),
        };
    }

    /// <summary>The columns that the trained transformer will give for data like this.</summary>
    /// <param name="inputSchema">What is known of the data's schema.</param>
    /// <returns>What is known of the transformed data's schema.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="inputSchema"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of the wrong type.</exception>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        BoundSeriesColumns.Check(_host, inputSchema, _columns);
        return inputSchema.With(_options.OutputNames.Select(name => ForecastColumn.Shape(name, hasTimes: _columns.Time is not null)));
    }

    /// <summary>The settings of a forecaster without bounds that <see cref="SeriesTraining"/> has trained.</summary>
    internal static ForecastSettings SettingsFor(TrainedSeries trained, SeriesColumns columns, SeriesEstimatorOptions options,
        string outputColumnName, double confidenceLevel) => new()
        {
            Columns = columns,
            OutputColumnName = outputColumnName,
            ConfidenceLevel = confidenceLevel,
            RowInterval = trained.Timing?.Interval,
            FillsGaps = trained.Timing is { FillsGaps: true },
            UsualGap = trained.Timing?.UsualGap ?? 0,
            TimeSlots = trained.Timing?.Slots,
            HasOffsets = trained.Timing is { HasOffsets: true },
            Missing = options.MissingValues,
            Series = trained.SeriesNames,
        };

    /// <summary>
    /// Options for the <see cref="LstmForecastingEstimator"/> as used in
    /// <see cref="LstmCatalog.ForecastByLstm(ForecastingCatalog, Options)"/>.
    /// </summary>
    public sealed class Options : SeriesEstimatorOptions
    {
        internal const double DefaultConfidenceLevel = 0.95;

        private const int MaxHorizon = 10_000;

        // The shortest window that the best effort tries of its own accord.
        private const int LeastWindow = 8;

        private const int ManySeries = 10;

        private static readonly SeriesScaling[] OtherScalings = [SeriesScaling.LastValue, SeriesScaling.Window, SeriesScaling.Series];

        // Beyond this kurtosis of the changes, the median tells more than the mean (Student's t of five degrees of freedom has 9).
        private const double HeavyTails = 12;

        // Of so few rows, those held out are missed.
        private const int ShortSeries = 60;

        /// <summary>The columns to forecast, one or more of <see cref="float"/>. Default: none; at least one must be given.</summary>
        public string[] TargetColumnNames = [];

        /// <summary>The column that receives the forecasts. Default: <c>Forecast</c>.</summary>
        public string OutputColumnName = "Forecast";

        /// <summary>
        /// The column that receives the lower ends of the intervals; <see langword="null"/> for none. Default: <see langword="null"/>.
        /// </summary>
        public string? LowerBoundColumnName;

        /// <summary>
        /// The column that receives the upper ends of the intervals; <see langword="null"/> for none. Default: <see langword="null"/>.
        /// </summary>
        public string? UpperBoundColumnName;

        /// <summary>The share of values that an interval is to hold, above 0 and below 1. Default: 0.95.</summary>
        public double ConfidenceLevel = DefaultConfidenceLevel;

        /// <summary>H: how many steps ahead to forecast, 1 to 10000. Default: 1.</summary>
        public int Horizon = 1;

        /// <summary>
        /// What training minimizes, and with it the meaning of the network's outputs. <see langword="null"/>, the default: chosen from the
        /// data, <see cref="ForecastLoss.AbsoluteError"/> for ten series or more and for heavy tails, else
        /// <see cref="ForecastLoss.SquaredError"/>.
        /// </summary>
        public ForecastLoss? LossFunction;

        /// <summary>
        /// Whether, once the last rows of each series (<see cref="TrainingOptions.ValidationFraction"/>, 0.2 here) have decided when to
        /// stop and how wide the intervals are, the network is trained again on all rows, for as many epochs. That helps short series. The
        /// intervals still come from the first network, and may hold fewer values than they should. <see langword="null"/>, the default:
        /// chosen from the data, <see langword="true"/> where most series have fewer than 60 rows.
        /// </summary>
        public bool? RefitOnAllData;

        /// <summary>
        /// Whether a forecast without a network, or a mixture of the network with such forecasts, replaces the network's where it had the
        /// least error in the validation rows: the last value, the line from the first to the last value, the values of the last season,
        /// exponential smoothing and the theta method. Whether or not, the log and <see cref="SeriesTransformer.TrainingReport"/> say how
        /// the network does beside them. Without validation rows nothing is compared. Default: <see langword="false"/>.
        /// </summary>
        public bool FallBackToBaseline;

        internal IEnumerable<string> OutputNames
            => new[] { OutputColumnName, LowerBoundColumnName, UpperBoundColumnName }.OfType<string>();

        internal override ForecastLoss Loss => LossFunction!.Value;

        internal override bool Refits => RefitOnAllData!.Value;

        // With lags of the user's own the network begins with random weights: what few lags tell may be too little for a linear forecast.
        internal override bool ChoosesLayout => NumberOfLags is null;

        internal override bool CountsSquares(SeriesFacts facts) => LossFor(facts) is ForecastLoss.SquaredError or ForecastLoss.Gaussian;

        private protected override void ChooseDefaults(DataFacts facts, OptionChoices choices)
        {
            var series = (SeriesFacts)facts;
            LossFunction ??= choices.Note(nameof(LossFunction), LossFor(series), series.Rows >= ManySeries
                ? "many series, of which a few must not outweigh the others"
                : string.Create(CultureInfo.InvariantCulture, $"changes from row to row with a kurtosis of {series.Kurtosis:G3}"));
            RefitOnAllData ??= choices.Note(nameof(RefitOnAllData), series.MedianSteps < ShortSeries && !series.HasValidation,
                $"series of {series.MedianSteps} rows");
            base.ChooseDefaults(facts, choices);
        }

        internal override SeriesEstimatorOptions WithLayersOf(ForecastNetwork network, RowInterval? interval, OptionChoices choices)
        {
            var copy = (Options)base.WithLayersOf(network, interval, choices);
            copy.LossFunction ??= choices.Note(nameof(LossFunction), network.Layout.Loss, "as in the initial model");
            return copy;
        }

        internal override IEnumerable<ForecastCandidate> Candidates(SeriesEstimatorOptions settled, ForecastLayout layout,
            LayoutCandidate? other)
        {
            TrainingSettings settings = settled.ToSettings();
            foreach (ForecastCandidate candidate in base.Candidates(settled, layout, other))
                yield return candidate;
            if (other is not null)
            {
                ForecastLayout own = other.Layout;
                yield return new ForecastCandidate($"{nameof(NumberOfLags)} {own.Lags}, {nameof(WindowSize)} {own.WindowSize}, "
                    + $"{nameof(Scaling)} {own.Scaling}",
                    layout with { Lags = own.Lags, WindowSize = own.WindowSize, Scaling = own.Scaling }, settings)
                {
                    Start = other.Start,
                };
            }
            if (LossFunction is null)
            {
                ForecastLoss loss = layout.Loss == ForecastLoss.AbsoluteError ? ForecastLoss.SquaredError : ForecastLoss.AbsoluteError;
                yield return new ForecastCandidate($"{nameof(LossFunction)} {loss}", layout with { Loss = loss }, settings);
            }
            if (Scaling is null)
            {
                foreach (SeriesScaling scaling in OtherScalings.Where(one => one != layout.Scaling))
                    yield return new ForecastCandidate($"{nameof(Scaling)} {scaling}", layout with { Scaling = scaling }, settings);
            }
            if (WindowSize is null && layout.WindowSize / 2 >= Math.Max(layout.Lags, LeastWindow))
                yield return new ForecastCandidate($"{nameof(WindowSize)} {layout.WindowSize / 2}",
                    layout with { WindowSize = layout.WindowSize / 2 }, settings);
        }

        // The absolute error is not moved by a few large errors, neither of outlying values nor of series that are hard to forecast.
        private ForecastLoss LossFor(SeriesFacts facts) => LossFunction
            ?? (facts.Rows >= ManySeries || facts.Kurtosis > HeavyTails ? ForecastLoss.AbsoluteError : ForecastLoss.SquaredError);

        internal override SeriesEstimatorOptions Copy()
        {
            var copy = (Options)base.Copy();
            copy.TargetColumnNames = [.. TargetColumnNames ?? []];
            return copy;
        }

        internal override void Validate()
        {
            base.Validate();
            Require(TargetColumnNames.Length > 0, TargetColumnNames, nameof(TargetColumnNames), "one or more different column names");
            RequireNames(TargetColumnNames, nameof(TargetColumnNames));
            RequireName(OutputColumnName, nameof(OutputColumnName), optional: false);
            RequireName(LowerBoundColumnName, nameof(LowerBoundColumnName), optional: true);
            RequireName(UpperBoundColumnName, nameof(UpperBoundColumnName), optional: true);
            Require(LowerBoundColumnName is null || LowerBoundColumnName != UpperBoundColumnName, UpperBoundColumnName,
                nameof(UpperBoundColumnName), "another name than that of the lower bound");
            Require(OutputNames.Count(name => name == OutputColumnName) == 1, OutputColumnName, nameof(OutputColumnName),
                "another name than those of the bounds");
            Require(ConfidenceLevel is > 0 and < 1, ConfidenceLevel, nameof(ConfidenceLevel), "above 0 and below 1");
            Require(Horizon is >= 1 and <= MaxHorizon, Horizon, nameof(Horizon), $"from 1 to {MaxHorizon}");
            RequireDefined(LossFunction, nameof(LossFunction));
        }
    }
}

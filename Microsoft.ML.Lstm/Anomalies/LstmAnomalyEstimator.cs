using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Series;
using Microsoft.ML.Lstm.Engine.Series.Detection;
using Microsoft.ML.Lstm.Engine.Training;
using Microsoft.ML.Lstm.MlNet;
using Microsoft.ML.Lstm.Series;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm;

/// <summary>
/// The <see cref="IEstimator{TTransformer}"/> that trains an LSTM, GRU or plain recurrent network to find anomalies in one or many series.
/// </summary>
/// <remarks>
/// <format type="text/markdown"><![CDATA[
/// To create this estimator, use
/// [DetectAnomalyByLstm](xref:Microsoft.ML.LstmTransformsCatalog.DetectAnomalyByLstm*)
/// or
/// [DetectAnomalyByLstm(Options)](xref:Microsoft.ML.LstmTransformsCatalog.DetectAnomalyByLstm*).
///
/// ### Input and Output Columns
/// The data is a table with one row per time step, the rows of a series in the order of time. The optional columns are the same as for
/// <xref:Microsoft.ML.Lstm.LstmForecastingEstimator>.
///
/// | Input Column | Column Type | Description |
/// | -- | -- | -- |
/// | `InputColumnName` | <xref:System.Single> | The values. |
///
/// * `OutputColumnName`: vector of <xref:System.Double>, 6 long, with slot names. Alert, score, p-value, expected value, upper and lower
///   bound; see <xref:Microsoft.ML.Lstm.LstmAnomalyTransformer>.
///
/// ### Estimator Characteristics
/// |  |  |
/// | -- | -- |
/// | Does this estimator need to look at the data to train its parameters? | Yes |
/// | Is caching required? | No: the data is read once |
/// | Required NuGet in addition to Microsoft.ML | Microsoft.ML.Lstm |
/// | Exportable to ONNX | Its forecasts, by `ExportToOnnx` of the transformer, not as part of a pipeline |
///
/// ### Training Algorithm Details
/// A network is trained to forecast each value from the rows before it, as <xref:Microsoft.ML.Lstm.LstmForecastingEstimator> does, by the
/// absolute error, which a few anomalies in the training data do not move much. A row is scored by its residual, and by the distance of
/// its value from what is usual in the series (`UsualValueWeight`). The residuals of the validation rows (the last part of each
/// series, or the validation data) give the unit of scores, their median and median absolute deviation, and the distribution of scores when
/// nothing is wrong: their quantiles and, beyond the outermost 2.5 percent on each side, exponential tails (peaks over a threshold,
/// [Siffer et al. 2017](https://doi.org/10.1145/3097983.3098144)). An alert is given when the probability of a score is at most 1 -
/// `Confidence`/100, as in ML.NET's spike detectors; so about that share of rows gets a false alert. Few series stay as they were, and so
/// the tails of each series follow its scores: the tails' rate and mean excess are means over the last `PValueHistoryLength` scores or so,
/// fading exponentially, in which no score counts as more than four mean excesses. With fewer than 40 validation rows, a warning says that
/// it is a guess which scores are rare.
///
/// <xref:Microsoft.ML.Lstm.SeriesScaling.Window> scales by recent rows, and an anomaly stays among them: for a window's length, what
/// follows looks smaller than it is. So the default here is <xref:Microsoft.ML.Lstm.SeriesScaling.Series>, for series that keep their
/// level; give `Window` for series that wander.
///
/// The expected value of a row is computed when the row before it comes, and uses the known covariates of the row. An engine needs them at
/// that time, as the future rows of `Predict`; otherwise the covariates of the row before are repeated. Covariates that are not known a row
/// ahead belong in `PastCovariateColumnNames`.
/// ]]></format>
/// </remarks>
/// <seealso cref="LstmTransformsCatalog.DetectAnomalyByLstm(TransformsCatalog, string, string?, double, int?, ResidualSide)"/>
/// <seealso cref="LstmTransformsCatalog.DetectAnomalyByLstm(TransformsCatalog, Options)"/>
/// <seealso cref="Options"/>
public sealed class LstmAnomalyEstimator : IEstimator<LstmAnomalyTransformer>
{
    // The weight of what is usual in series that keep their level.
    private const float KeptLevelWeight = 10;

    // The forecasts have no interval columns, so any level will do.
    private const double IntervalLevel = 0.95;

    private readonly IHost _host;
    private readonly Options _options;
    private readonly SeriesColumns _columns;

    internal LstmAnomalyEstimator(IHostEnvironment environment, Options options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _host = environment.Register(nameof(LstmAnomalyEstimator));
        _options = (Options)options.Copy();
        _options.Validate();
        _columns = _options.ColumnsFor([_options.InputColumnName ?? _options.OutputColumnName]);
    }

    /// <summary>Trains a network on the first rows of each series, and calibrates the scores by its errors on the last rows.</summary>
    /// <param name="input">The series.</param>
    /// <returns>The detector, which knows the series up to their ends.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="input"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of the wrong type.</exception>
    /// <exception cref="InvalidOperationException">There are no rows to train on, or times that are not in order.</exception>
    public LstmAnomalyTransformer Fit(IDataView input) => Fit(input, null);

    /// <summary>Trains a network, and calibrates the scores by its errors on the rows that follow.</summary>
    /// <param name="trainData">The series.</param>
    /// <param name="validationData">The rows that follow them, series by series; <see langword="null"/> for the last rows of
    /// <paramref name="trainData"/>.</param>
    /// <param name="initialModel">A detector or forecaster whose networks go on learning, see
    /// <see cref="LstmForecastingEstimator.Fit(IDataView, IDataView, SeriesTransformer)"/>; <see langword="null"/> to begin anew. Scores
    /// are calibrated anew.</param>
    /// <returns>The detector, which knows the series up to their ends, including the validation data.</returns>
    /// <exception cref="ArgumentException"><paramref name="initialModel"/> has another cell, other layers, or forecasts another one of
    /// several targets; the message says what differs.</exception>
    /// <exception cref="ArgumentNullException"><paramref name="trainData"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of the wrong type.</exception>
    /// <exception cref="InvalidOperationException">There are no rows to train on, or times that are not in order.</exception>
    public LstmAnomalyTransformer Fit(IDataView trainData, IDataView? validationData, SeriesTransformer? initialModel = null)
    {
        ArgumentNullException.ThrowIfNull(trainData);
        var training = new SeriesTraining(_host, _options, _columns)
        {
            Horizon = 1,
            ConfidenceLevel = IntervalLevel,
            ShowsIntervals = false,
        };
        TrainedSeries trained = training.Fit(trainData, validationData, initialModel);
        // A stopped training still gives its best model, which needs its calibration.
        bool wasStopped = _options.CancellationToken.IsCancellationRequested;
        float weight = _options.UsualValueWeight
            ?? (trained.Model.Layout.Scaling is SeriesScaling.Series or SeriesScaling.None ? KeptLevelWeight : 0);
        (ResidualScale residuals, ScoreDistribution scores, int count)
            = ResidualCalibration.Measure(trained.Model, trained.Data,
                new ScoreOptions(_options.SmoothingWindow, weight, _options.PValueHistoryLength), CheckCancellation);
        if (count < ResidualCalibration.EnoughResiduals && Communicator.IsFirst(_options.Communicator))
            HostWarning.Write(_host, "Training",
                $"Only {count} validation rows could be compared with what was forecast for them. With fewer than "
                + $"{ResidualCalibration.EnoughResiduals} it is a guess which scores are rare, so alerts may be false.");
        ForecastSettings forecastSettings
            = LstmForecastingEstimator.SettingsFor(trained, _columns, _options, _options.OutputColumnName, IntervalLevel);
        var forecaster = new LstmForecastingTransformer(_host, trained.Model, forecastSettings, trained.States);
        var settings = new AnomalySettings
        {
            OutputColumnName = _options.OutputColumnName,
            Confidence = _options.Confidence,
            Side = _options.Side,
            History = _options.PValueHistoryLength,
            Residuals = residuals,
        };
        return new LstmAnomalyTransformer(_host, forecaster, settings, scores, new Dictionary<string, KnownScores>())
        {
            FittedTo = FittedData.Of(trainData, validationData, trained.BeforeValidation),
        };

        void CheckCancellation()
        {
            _host.CheckAlive();
            if (!wasStopped)
                _options.CancellationToken.ThrowIfCancellationRequested();
        }
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
        return inputSchema.With([SchemaShapes.VectorWithSlotNames(_options.OutputColumnName, NumberDataViewType.Double)]);
    }

    /// <summary>
    /// Options for the <see cref="LstmAnomalyEstimator"/> as used in
    /// <see cref="LstmTransformsCatalog.DetectAnomalyByLstm(TransformsCatalog, Options)"/>.
    /// </summary>
    public sealed class Options : SeriesEstimatorOptions
    {
        internal const double DefaultConfidence = 99.9;

        /// <summary>The column that receives the results. Default: <c>Anomaly</c>.</summary>
        public string OutputColumnName = "Anomaly";

        /// <summary>
        /// The column of values, <see cref="float"/>; <see langword="null"/> for a column with the name <see cref="OutputColumnName"/>,
        /// which the new column hides. Default: <see langword="null"/>.
        /// </summary>
        public string? InputColumnName;

        /// <summary>
        /// In percent, above 0 and below 100: a row gets an alert if a score like its own has a probability of at most 100 minus this when
        /// nothing is wrong. Default: 99.9.
        /// </summary>
        public double Confidence = DefaultConfidence;

        /// <summary>The side of the forecast on which a value may be an anomaly. Default: <see cref="ResidualSide.TwoSided"/>.</summary>
        public ResidualSide Side = ResidualSide.TwoSided;

        /// <summary>
        /// n: how many rows, up to its own, a score covers, 1 to 10000: it is the sum of their standardized residuals, divided by √n.
        /// With more than one row, small shifts that last are found too, and jumps later. Default: 1.
        /// </summary>
        public int SmoothingWindow = 1;

        /// <summary>
        /// How many scores of a series, about, its p-values are based on, and with them alerts and bounds: 100 to 1000000, or 0 for the
        /// scores of the validation rows only. With fewer scores, a series that has become harder to forecast stops giving alerts sooner,
        /// and large scores in succession hide others more. Raw scores do not depend on it. Default: 2000.
        /// </summary>
        public int PValueHistoryLength = 2000;

        /// <summary>
        /// w: how much it counts, beside the distance from the forecast, how far a value is from those that are usual in its series. Usual
        /// are two and a half deviations around the mean of the values, older ones fading over about three times
        /// <see cref="PValueHistoryLength"/> rows; the distance u from there is in deviations. A forecast follows a series into a failure
        /// that comes slowly or lasts; what is usual does not. The score is √(s² + (w·u)²) for a residual score s and a distance u on the
        /// same side, and the larger one alone for two on different sides. From 0 to 1000; 0 for the residual alone. Default:
        /// <see langword="null"/>, 10 where <see cref="SeriesEstimatorOptions.Scaling"/> measures by what a series was in training
        /// (<see cref="SeriesScaling.Series"/>, <see cref="SeriesScaling.None"/>), 0 for series that wander.
        /// </summary>
        public float? UsualValueWeight;

        internal override ForecastLoss Loss => ForecastLoss.AbsoluteError;

        // Scaled by the last rows alone, an anomaly would hide the anomalies behind it.
        private protected override void ChooseDefaults(DataFacts facts, OptionChoices choices)
        {
            Scaling ??= SeriesScaling.Series;
            base.ChooseDefaults(facts, choices);
        }

        internal override void Validate()
        {
            base.Validate();
            RequireName(OutputColumnName, nameof(OutputColumnName), optional: false);
            RequireName(InputColumnName, nameof(InputColumnName), optional: true);
            Require(Confidence is > 0 and < 100, Confidence, nameof(Confidence), "above 0 and below 100");
            Require(SmoothingWindow is >= 1 and <= AnomalySettings.MaxSmoothing, SmoothingWindow, nameof(SmoothingWindow),
                "from 1 to 10000");
            Require(AnomalySettings.IsHistory(PValueHistoryLength), PValueHistoryLength, nameof(PValueHistoryLength),
                AnomalySettings.HistoryRange);
            Require(UsualValueWeight is not { } weight || AnomalySettings.IsUsualWeight(weight), UsualValueWeight, nameof(UsualValueWeight),
                AnomalySettings.UsualWeightRange);
            RequireDefined(Side, nameof(Side));
        }
    }
}

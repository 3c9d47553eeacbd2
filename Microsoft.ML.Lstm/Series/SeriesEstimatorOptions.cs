using System.Globalization;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Series;
using Microsoft.ML.Lstm.Engine.Series.Choices;
using Microsoft.ML.Lstm.Engine.Training;

namespace Microsoft.ML.Lstm;

/// <summary>
/// The options that the estimators for series share: the columns of a table with one row per time step, the network and its training. The
/// output for a row depends on no later row, so <see cref="TrainingOptions.Bidirectional"/> must not be <see langword="true"/>.
/// </summary>
public abstract class SeriesEstimatorOptions : TrainingOptions
{
    private const int MaxWindowSize = 100_000;
    private const int MaxLags = 10_000;
    // Steps of a weight update, about, and of small data as few updates as it has so many rows: the recurrent units are to correct the
    // linear forecast that they begin with, and would learn the noise of few rows by heart.
    private const int StepsOfUpdate = 2048;
    private const int RowsOfUpdate = 4;
    private const int FewestUpdates = 100;
    private const int MostUpdates = 2500;
    private const int UpdatesOfPatience = 60;

    // Of so many rows the first epochs tell whether more are worth it.
    private const int EnoughRows = 1000;
    private const float UsualValidationFraction = 0.2f;

    private int _updates;

    // Networks of the best effort that differ from the first one by their seed alone.
    private const int OtherSeeds = 2;

    private protected SeriesEstimatorOptions()
    {
    }

    /// <summary>
    /// W: how many steps back the network learns to look, 1 to 100000, and how many values <see cref="SeriesScaling.Window"/> scales by.
    /// The first rows of a series, with fewer rows before them, are used too. <see langword="null"/>, the default: chosen from the
    /// data; for the detection of anomalies, and where <see cref="NumberOfLags"/> is given, 96.
    /// </summary>
    public int? WindowSize;

    /// <summary>
    /// L: how many of the last values of each target the network reads at each step, 1 to 10000, of which at most <see cref="WindowSize"/>
    /// are used; 1 is the present value alone. More lags help with many targets, or with a cycle of as many steps.
    /// <see langword="null"/>, the default: chosen from the data; for the detection of anomalies 1.
    /// </summary>
    public int? NumberOfLags;

    /// <summary>Columns known up to the present row, <see cref="float"/> or known-size vectors of it. Default: none.</summary>
    public string[] PastCovariateColumnNames = [];

    /// <summary>Columns known over the horizon too, <see cref="float"/> or known-size vectors of it. Default: none.</summary>
    public string[] KnownCovariateColumnNames = [];

    /// <summary>
    /// The column of static features, which are the same in all rows of a series: <see cref="float"/>, or a known-size vector of it.
    /// <see langword="null"/> for none. Default: <see langword="null"/>.
    /// </summary>
    public string? StaticFeatureColumnName;

    /// <summary>
    /// The column of times, <see cref="DateTime"/> or <see cref="DateTimeOffset"/>, ascending in each series. Calendar features use local
    /// time; intervals shorter than a day are measured by the time that passes. <see langword="null"/> for none. Default:
    /// <see langword="null"/>.
    /// </summary>
    public string? TimeColumnName;

    /// <summary>
    /// Whether gaps in time are filled with steps whose values are missing (at most the last 2000 of a gap), in the training data and
    /// later; if not, rows are taken as if they followed each other. <see langword="null"/> fills gaps if they are rare in the training
    /// data: before at most one row in 20, and leaving out no more steps than there are rows. With
    /// <see cref="MissingValueHandling.SkipRow"/> no gap is filled. A warning names the gaps. Default: <see langword="null"/>.
    /// </summary>
    public bool? FillGaps;

    /// <summary>
    /// The calendar cycles that give each row features, where there is a <see cref="TimeColumnName"/>. <see langword="null"/> for those
    /// of the cycles longer than a step that the training data goes through at least three times which make forecasts of the validation
    /// rows better; for the detection of anomalies, and where <see cref="NumberOfLags"/> is given, for all of them. Default:
    /// <see langword="null"/>.
    /// </summary>
    public CalendarFeatures? Calendar;

    /// <summary>
    /// The column that says which series a row belongs to, text or key. <see langword="null"/> for a single series. Default:
    /// <see langword="null"/>.
    /// </summary>
    public string? SeriesColumnName;

    /// <summary>
    /// Whether each of several series has an embedding, a learned vector of <see cref="EmbeddingSize"/> features that the network reads at
    /// each step. Series that are not in the training data have the vector of the unknown series, which <see cref="TokenDropout"/> trains;
    /// without dropout it is the mean of all. <see langword="null"/>, the default: chosen from the data (at present
    /// <see langword="false"/>).
    /// </summary>
    public bool? EmbedSeries;

    /// <summary>
    /// The size of a series' embedding, 1 to 65536, with <see cref="EmbedSeries"/>. <see langword="null"/>, the default: chosen from the
    /// data (at present 8).
    /// </summary>
    public int? EmbeddingSize;

    /// <summary>
    /// The share of steps at which the series is replaced by the unknown series while training, from 0 to below 1, with
    /// <see cref="EmbedSeries"/>. <see langword="null"/>, the default: chosen from the data (at present 0.05).
    /// </summary>
    public float? TokenDropout;

    /// <summary>
    /// How the values of a series are scaled. <see langword="null"/>, the default: chosen from the data (where
    /// <see cref="NumberOfLags"/> is given <see cref="SeriesScaling.Window"/>; for the detection of anomalies
    /// <see cref="SeriesScaling.Series"/>).
    /// </summary>
    public SeriesScaling? Scaling;

    /// <summary>What to do with missing values, NaN or infinite. Default: <see cref="MissingValueHandling.CarryForward"/>.</summary>
    public MissingValueHandling MissingValues = MissingValueHandling.CarryForward;

    private protected sealed override TokenSettings Tokens => new(EmbeddingSize!.Value, FreezePretrained: false);

    private protected sealed override float DropoutOfTokens => TokenDropout!.Value;

    /// <summary>What training minimizes, once the options are settled.</summary>
    internal abstract ForecastLoss Loss { get; }

    /// <summary>Whether to train again on all rows, once the options are settled.</summary>
    internal virtual bool Refits => false;

    /// <summary>Whether scaling, window, lags and calendar are chosen by the errors of linear forecasts, where they are null.</summary>
    internal virtual bool ChoosesLayout => false;

    /// <summary>Whether squared errors are what counts when a layout is chosen; else absolute errors.</summary>
    internal virtual bool CountsSquares(SeriesFacts facts) => true;

    /// <summary>How many of a series' last rows are for validation.</summary>
    /// <param name="rows">The rows of the series.</param>
    /// <param name="horizon">H: where the share is not given there are as many rows, but no more than a third, so that each step ahead
    /// has an error.</param>
    internal int ValidationRowsOf(int rows, int horizon)
        => ValidationFraction is { } share ? (int)(rows * (double)share)
            : Math.Max((int)(rows * (double)UsualValidationFraction), ChoosesLayout ? Math.Min(horizon, rows / 3) : 0);

    private protected override void ChooseDefaults(DataFacts facts, OptionChoices choices)
    {
        ValidationFraction ??= UsualValidationFraction;
        if (facts is SeriesFacts { Choice: { } choice })
            ChooseLayout(choice, facts, choices);
        HiddenSize ??= 64;
        BatchSize ??= 8;
        LearningRate ??= 0.003f;
        OutputDropout ??= 0.3f;
        WindowSize ??= 96;
        NumberOfLags ??= 1;
        EmbedSeries ??= false;
        EmbeddingSize ??= 8;
        TokenDropout ??= 0.05f;
        Scaling ??= SeriesScaling.Window;
        base.ChooseDefaults(facts, choices);
    }

    /// <summary>
    /// The networks that <see cref="TrainingEffort.Best"/> trains beside the first one: with other seeds and, where an option is open, with
    /// another value.
    /// </summary>
    /// <param name="settled">These options, settled.</param>
    /// <param name="layout">The layout of the first network.</param>
    /// <param name="other">Another layout that has less error, though not clearly; null for none.</param>
    internal virtual IEnumerable<ForecastCandidate> Candidates(SeriesEstimatorOptions settled, ForecastLayout layout,
        LayoutCandidate? other)
        => Enumerable.Repeat(OtherSeed(settled, layout), OtherSeeds);

    /// <summary>The networks beside the first one, as many as are asked for.</summary>
    /// <inheritdoc cref="Candidates"/>
    internal IEnumerable<ForecastCandidate> OtherNetworks(SeriesEstimatorOptions settled, ForecastLayout layout, LayoutCandidate? other)
    {
        IEnumerable<ForecastCandidate> ofBest = settled.Effort == TrainingEffort.Best ? Candidates(settled, layout, other) : [];
        return NumberOfNetworks is { } number
            ? ofBest.Concat(Enumerable.Repeat(OtherSeed(settled, layout), number)).Take(number - 1)
            : ofBest;
    }

    private static ForecastCandidate OtherSeed(SeriesEstimatorOptions settled, ForecastLayout layout)
        => new("the same options, another seed", layout, settled.ToSettings());

    /// <summary>A copy of these options in which those that are open are as a network has them that training begins with.</summary>
    /// <param name="network">The network.</param>
    /// <param name="interval">The interval of its rows; null where they have no times.</param>
    /// <param name="choices">Receives what was chosen.</param>
    internal virtual SeriesEstimatorOptions WithLayersOf(ForecastNetwork network, RowInterval? interval, OptionChoices choices)
    {
        const string reason = "as in the initial model";
        NetworkShape shape = network.Network.Shape;
        SeriesEstimatorOptions copy = Copy();
        copy.HiddenSize ??= choices.Note(nameof(HiddenSize), shape.HiddenSize, reason);
        copy.NumberOfLayers ??= choices.Note(nameof(NumberOfLayers), shape.Layers, reason);
        copy.WindowSize ??= choices.Note(nameof(WindowSize), network.Layout.WindowSize, reason);
        copy.NumberOfLags ??= choices.Note(nameof(NumberOfLags), network.Layout.Lags, reason);
        copy.Scaling ??= choices.Note(nameof(Scaling), network.Layout.Scaling, reason);
        if (TimeColumnName is not null && interval is not null)
            copy.Calendar ??= choices.Note(nameof(Calendar), interval.Calendar, reason);
        copy.EmbedSeries ??= shape.Embeddings.Count > 0;
        if (shape.Embeddings.Count > 0)
            copy.EmbeddingSize ??= shape.Embeddings[0].Size;
        // It is near the best already, and large steps would lose it.
        copy.LearningRate ??= choices.Note(nameof(LearningRate), 0.0005f, "a trained network to begin with");
        copy.EarlyStopping ??= new EarlyStoppingOptions();
        return copy;
    }

    private void ChooseLayout(LayoutCandidate choice, DataFacts facts, OptionChoices choices)
    {
        string reason = string.Create(CultureInfo.InvariantCulture,
            $"the best of linear forecasts of the validation rows, which begins with {choice.Start.Ways[0].Way.Simple.Describe()} "
            + $"and whose error is {choice.Error:G3} of the change over a season");
        Scaling ??= choices.Note(nameof(Scaling), choice.Layout.Scaling, reason);
        WindowSize ??= choices.Note(nameof(WindowSize), choice.Layout.WindowSize, "likewise");
        NumberOfLags ??= choices.Note(nameof(NumberOfLags), choice.Layout.Lags, "likewise");
        // A linear forecast to begin with is near the best already, and large steps would lose it.
        LearningRate ??= 0.0005f;
        HiddenSize ??= choices.Note(nameof(HiddenSize),
            Math.Clamp(8 * (int)Math.Round(Math.Sqrt(facts.TotalSteps) / 16), 8, 32), $"{facts.TotalSteps} rows");
        int steps = Math.Max(1, Math.Min(facts.MedianSteps, 2 * WindowSize.Value));
        BatchSize ??= choices.Note(nameof(BatchSize), Math.Clamp(StepsOfUpdate / steps, 4, 64), $"windows of {steps} steps");
        _updates = (int)Math.Clamp(facts.TotalSteps / RowsOfUpdate, FewestUpdates, MostUpdates);
        long batches = 1 + facts.TotalSteps / WindowSize.Value / BatchSize.Value;
        EarlyStopping ??= new EarlyStoppingOptions
        {
            Patience = (int)Math.Max(4, UpdatesOfPatience / batches),
            EndsAtThreefold = facts.TotalSteps >= EnoughRows,
        };
    }

    private protected override EpochRule OpenEpochs => _updates == 0 ? base.OpenEpochs : new EpochRule(_updates, Fewest: 1, MostEpochs);

    // Each epoch cuts other windows, and the network learns from every step of a window: even few windows are much data.
    internal override int MostEpochs => 1000;

    internal override IReadOnlyList<EarlyStoppingMetric> EarlyStoppingMetrics
        => [EarlyStoppingMetric.Loss, EarlyStoppingMetric.RootMeanSquaredError, EarlyStoppingMetric.MeanAbsoluteError];

    /// <summary>The names of the columns to read.</summary>
    /// <param name="targets">The names of the targets.</param>
    /// <exception cref="ArgumentOutOfRangeException">A column has two purposes.</exception>
    internal SeriesColumns ColumnsFor(string[] targets)
    {
        RequireOthers(PastCovariateColumnNames, targets, nameof(PastCovariateColumnNames),
            "other columns than the targets, whose present and past values are read anyway");
        RequireOthers(KnownCovariateColumnNames, targets, nameof(KnownCovariateColumnNames),
            "other columns than the targets, which nobody knows ahead");
        RequireOthers(KnownCovariateColumnNames, PastCovariateColumnNames, nameof(KnownCovariateColumnNames),
            $"other columns than {nameof(PastCovariateColumnNames)}");
        return new SeriesColumns
        {
            Targets = targets,
            PastCovariates = PastCovariateColumnNames,
            KnownCovariates = KnownCovariateColumnNames,
            Time = TimeColumnName,
            Series = SeriesColumnName,
            Statics = StaticFeatureColumnName,
        };
    }

    /// <summary>A copy that later changes to these options do not affect.</summary>
    internal virtual SeriesEstimatorOptions Copy()
    {
        var copy = (SeriesEstimatorOptions)Clone();
        copy.PastCovariateColumnNames = [.. PastCovariateColumnNames ?? []];
        copy.KnownCovariateColumnNames = [.. KnownCovariateColumnNames ?? []];
        copy.EarlyStopping = EarlyStopping?.Copy();
        return copy;
    }

    internal override void Validate()
    {
        base.Validate();
        Require(CheckpointPath is null || (NumberOfNetworks ?? (Effort == TrainingEffort.Best ? 2 : 1)) == 1, CheckpointPath,
            nameof(CheckpointPath),
            $"null with {nameof(Effort)} = {nameof(TrainingEffort.Best)} or several networks: a checkpoint holds a single one");
        Require(Bidirectional is not true, Bidirectional, nameof(Bidirectional), "false: no later rows are read");
        Require(EmbeddingSize is null or (>= 1 and <= 65536), EmbeddingSize, nameof(EmbeddingSize), "from 1 to 65536");
        Require(TokenDropout is null or (>= 0 and < 1), TokenDropout, nameof(TokenDropout), "from 0 to below 1");
        RequireNames(PastCovariateColumnNames, nameof(PastCovariateColumnNames));
        RequireNames(KnownCovariateColumnNames, nameof(KnownCovariateColumnNames));
        RequireName(StaticFeatureColumnName, nameof(StaticFeatureColumnName), optional: true);
        RequireName(TimeColumnName, nameof(TimeColumnName), optional: true);
        RequireName(SeriesColumnName, nameof(SeriesColumnName), optional: true);
        Require(WindowSize is null or (>= 1 and <= MaxWindowSize), WindowSize, nameof(WindowSize), $"from 1 to {MaxWindowSize}");
        Require(NumberOfLags is null or (>= 1 and <= MaxLags), NumberOfLags, nameof(NumberOfLags), $"from 1 to {MaxLags}");
        CalendarFeatures cycles = CalendarFeatures.Hour | CalendarFeatures.Day | CalendarFeatures.Week | CalendarFeatures.Year;
        Require(Calendar is null || (Calendar & ~cycles) == 0, Calendar, nameof(Calendar), "a combination of the named cycles, or null");
        Require(Calendar is null or CalendarFeatures.None || TimeColumnName is not null, Calendar, nameof(Calendar),
            $"null or {nameof(CalendarFeatures.None)} where there is no {nameof(TimeColumnName)}");
        Require(FillGaps is not true || (TimeColumnName is not null && MissingValues == MissingValueHandling.CarryForward),
            FillGaps, nameof(FillGaps), $"false or null where there is no {nameof(TimeColumnName)}, and with "
            + $"{nameof(MissingValueHandling)}.{nameof(MissingValueHandling.SkipRow)}");
        Require(EmbedSeries is not true || SeriesColumnName is not null, EmbedSeries, nameof(EmbedSeries),
            $"false where there is no {nameof(SeriesColumnName)}");
        RequireDefined(Scaling, nameof(Scaling));
        RequireDefined(MissingValues, nameof(MissingValues));
        Require(MissingValues != MissingValueHandling.SkipRow || KnownCovariateColumnNames.Length == 0,
            MissingValues, nameof(MissingValues), $"{nameof(MissingValueHandling.CarryForward)} where there are "
            + $"{nameof(KnownCovariateColumnNames)}, which rows without a target tell too");
    }

    private protected static void RequireNames(string[] names, string option)
        => Require(names.All(name => !string.IsNullOrEmpty(name)) && names.Distinct().Count() == names.Length, names, option,
            "different column names");

    private static void RequireOthers(string[] names, string[] taken, string option, string expected)
        => Require(!names.Intersect(taken).Any(), names, option, expected);
}

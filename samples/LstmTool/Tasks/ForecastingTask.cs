using System.Globalization;
using LstmTool.Data;
using LstmTool.Search;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Lstm;

namespace LstmTool.Tasks;

/// <summary>The next values of a column, of one series or of many.</summary>
internal sealed class ForecastingTask : LearningTask
{
    /// <summary>How the name of a baseline ends that forecasts though a network was trained.</summary>
    public const string InPlace = "in place of the network";

    private const string Forecast = "Forecast", Lower = "LowerBound", Upper = "UpperBound";
    private const string Untouched = "network, untouched";
    private const double Level = 0.95;
    private const int ManySeries = 10;

    private readonly SeriesRows _series;
    private readonly string _target;
    private readonly string[] _known;
    private readonly string[] _past;

    // What errors are scaled by, and whether they can be, as the first forecasts that are evaluated show: both are for all trainings alike.
    private int? _season;
    private bool _areScaled;

    private ForecastingTask(TaskRequest request, SeriesRows series, string target, string[] known, string[] past)
        : base(request) => (_series, _target, _known, _past) = (series, target, known, past);

    public override string Name => "forecasting";

    /// <summary>Reads the file and finds out what its columns are.</summary>
    public static ForecastingTask Create(TaskRequest request)
    {
        Dataset data = Dataset.Read(request.Dataset, request.Reading);
        SourceColumn label = data.Find(request.Label ?? throw new InvalidDataException("--label-col is missing: the column to forecast."),
            "--label-col");
        SourceColumn[] known = [.. request.Known.Select(name => data.Find(name, "--known-cols"))];
        SeriesRows series = SeriesRows.Of(data, request, [label]);
        SourceColumn[] past = [.. data.Columns.Where(column => column.Kind == ColumnKind.Number && column != label
            && !series.Uses(column) && !known.Contains(column))];
        TableColumn[] numbers = [.. known.Concat(past).Prepend(label)
            .Select(column => TableColumn.OfNumbers(column.Name, data.NumbersOf(column)))];
        if (!((float[])numbers[0].Values).Any(float.IsFinite))
            throw new InvalidDataException($"{request.Dataset}: the column '{label.Name}' has no numbers.");
        Table table = series.Sort(new Table([.. numbers, .. series.Columns]));
        MadeNames.Refuse(data, table, Forecast, Lower, Upper);
        RowParts parts = series.Split(request.Horizon);
        return new ForecastingTask(request, series, label.Name, [.. known.Select(column => column.Name)],
            [.. past.Select(column => column.Name)])
        {
            Table = table,
            Parts = parts,
            Layout = data.Text.Layout with { Order = series.DroppedTime },
            Facts = series.FactsOf(data, parts, column => column == label ? "label"
                : known.Contains(column) ? "known ahead" : past.Contains(column) ? "past covariate, if it helps" : "not used",
                [
                    new Inference($"horizon: {request.Horizon} steps ahead", "--horizon"),
                    .. past.Length == 0 ? (Inference[])[] : [new Inference(
                        $"other columns of numbers, of which the past is known: {Join(past)}", "--known-cols, --ignore-cols")],
                ]),
        };
    }

    public override IReadOnlyList<Settings> Candidates =>
    [
        Settings.Untouched,
        new("mixed with baselines where that errs less", [new(nameof(LstmForecastingEstimator.Options.FallBackToBaseline), true)]),
        .. _past.Length == 0 ? (Settings[])[] : [new("with the other columns",
            [new(nameof(SeriesEstimatorOptions.PastCovariateColumnNames), _past)])],
        new("trained again on the rows held out", [new(nameof(LstmForecastingEstimator.Options.RefitOnAllData), true)]),
        _series.Count >= ManySeries
            ? new("squared error", [new(nameof(LstmForecastingEstimator.Options.LossFunction), ForecastLoss.SquaredError)])
            : new("absolute error", [new(nameof(LstmForecastingEstimator.Options.LossFunction), ForecastLoss.AbsoluteError)]),
        .. _series.Time is null ? (Settings[])[] : [new("no calendar",
            [new(nameof(SeriesEstimatorOptions.Calendar), CalendarFeatures.None)])],
        new("measured by the last value", [new(nameof(SeriesEstimatorOptions.Scaling), SeriesScaling.LastValue)]),
        new("64 units", [new(nameof(TrainingOptions.HiddenSize), 64) { Usual = 64 }]),
    ];

    public override double BestShare => 3;

    public override bool HasFixedEpochs => false;

    public override bool StopsEarlyAnyway => true;

    public override TaskColumns ColumnsOf(Settings settings) => new()
    {
        Label = _target,
        Time = _series.Time,
        Series = _series.Series,
        Forecast = Forecast,
        Lower = Lower,
        Upper = Upper,
        Horizon = Request.Horizon,
        ConfidenceLevel = Level,
        Features = [_target, .. _known, .. PastOf(settings)],
    };

    public override ITransformer Fit(int[] rows, TrainingCall call)
        => Context.Forecasting.ForecastByLstm(Prepare(new LstmForecastingEstimator.Options
        {
            TargetColumnNames = [_target],
            TimeColumnName = _series.Time,
            SeriesColumnName = _series.Series,
            KnownCovariateColumnNames = _known,
            Horizon = Request.Horizon,
            OutputColumnName = Forecast,
            LowerBoundColumnName = Lower,
            UpperBoundColumnName = Upper,
            ConfidenceLevel = Level,
        }, call)).Fit(Table.View(rows));

    public override Validation Validate(ITransformer model, int[] seen, int[] rows)
    {
        ForecastFigures figures = Evaluate(Score(model, seen, rows)).Overall;
        double error = _areScaled ? figures.MeanAbsoluteScaledError : figures.RootMeanSquaredError;
        return new Validation(error, error);
    }

    // Forecasts of successive rows overlap in all steps but one, so that a horizon of them says little more than one of them.
    public override double NoiseOf(double error, int rows)
        => error * (0.0025 + 0.15 / Math.Sqrt(Math.Max(1, (double)rows / Request.Horizon)));

    public override string Show(double figure)
        => string.Create(CultureInfo.InvariantCulture, $"{(_areScaled ? "MASE" : "RMSE")} {figure:G4}");

    public override Measurement Measure(IReadOnlyList<(Settings Settings, ITransformer Model)> models, int[] seen)
    {
        int[] known = Parts.Known;
        var contenders = new List<Contender>();
        Scores? chosen = null;
        IReadOnlyList<Contender> baselines = [];
        foreach ((Settings settings, ITransformer model) in models)
        {
            Scores scores = Score(model, known, Parts.Unseen);
            ForecastMetrics metrics = Evaluate(scores);
            contenders.Add(ContenderOf(NameOf(settings, model), metrics.Overall));
            if (chosen is null)
                (chosen, baselines) = (scores, [.. metrics.Baselines.Select(one => ContenderOf(one.Name, one.Overall))]);
        }
        // Networks with other settings than the chosen and the untouched ones are not of interest.
        IEnumerable<Contender> networks = contenders.DistinctBy(one => one.Name).Where((one, i) => i == 0
            || one.Name == Untouched || !one.Name.StartsWith("network", StringComparison.Ordinal));
        int decides = _areScaled ? 2 : 0;
        Metric[] metricsShown =
        [
            new("RMSE", HigherIsBetter: false), new("MAE", HigherIsBetter: false), new("MASE", HigherIsBetter: false),
            new("held by the 95 % interval", HigherIsBetter: true),
        ];
        var comparison = Comparison.Of(First(metricsShown), contenders[0].Name,
            networks.Concat(baselines).Select(one => one with { Figures = First(one.Figures) }));
        return new Measurement(comparison, Table.View(Parts.Unseen), chosen!.Rows.View());

        T[] First<T>(IReadOnlyList<T> values) => [values[decides], .. values.Where((_, i) => i != decides)];
    }

    public override ITransformer ReadAll(ITransformer model)
        => ((LstmForecastingTransformer)model).WithoutHistory().WithHistory(Table.View(Parts.All));

    public override IEnumerable<string> Describe(ITransformer model)
    {
        const int mostSeries = 3, mostSteps = 12;
        IDataView next = ((LstmForecastingTransformer)model).Forecast();
        float[] forecasts = [.. next.GetColumn<float>(Forecast)];
        string[] names = _series.Series is null ? [.. forecasts.Select(_ => "")] : [.. next.GetColumn<string>(_series.Series)];
        foreach (IGrouping<string, float> steps in names.Zip(forecasts).GroupBy(one => one.First, one => one.Second).Take(mostSeries))
        {
            string values = string.Join(", ", steps.Take(mostSteps).Select(value => value.ToString("G5", CultureInfo.InvariantCulture)));
            string of = steps.Key == "" ? "" : $" of {steps.Key}";
            yield return $"Next{of}: {values}{(Request.Horizon > mostSteps ? ", ..." : "")}";
        }
    }

    public override TaskCode CodeOf(Settings settings)
    {
        string[] options =
        [
            $"TargetColumnNames = [{CSharp.Text(_target)}],",
            .. _series.Time is { } time ? (string[])[$"TimeColumnName = {CSharp.Text(time)},"] : [],
            .. _series.Series is { } series ? (string[])[$"SeriesColumnName = {CSharp.Text(series)},"] : [],
            .. _known.Length > 0 ? (string[])[$"KnownCovariateColumnNames = [{string.Join(", ", _known.Select(CSharp.Text))}],"] : [],
            $"Horizon = {Request.Horizon},",
            $"OutputColumnName = \"{Forecast}\",",
            $"LowerBoundColumnName = \"{Lower}\",",
            $"UpperBoundColumnName = \"{Upper}\",",
            .. settings.Options.Select(option => $"{option.Option} = {option.Code},"),
            $"Seed = {Request.Seed},",
        ];
        string[] inputs = [_target, .. _known, .. PastOf(settings), .. _series.Columns.Select(column => column.Name)];
        return new TaskCode([.. Table.Columns.Where(column => inputs.Contains(column.Name))],
        [
            new("float[]", Forecast, $"The forecast of the next {Request.Horizon} values, the next one first."),
            new("float[]", Lower, "The lower ends of the intervals that hold 95 percent of the values."),
            new("float[]", Upper, "The upper ends of these intervals."),
        ], $"mlContext.Forecasting.ForecastByLstm(new LstmForecastingEstimator.Options\n{{\n    {string.Join("\n    ", options)}\n}})");
    }

    /// <summary>A network, or the mixture that replaced it, by what the training says of itself.</summary>
    public override string NameOf(Settings settings, ITransformer model)
    {
        bool mayFallBack = settings.Options.Any(option => option.Option == nameof(LstmForecastingEstimator.Options.FallBackToBaseline));
        string? winner = ReportOf(model)?.Winner;
        bool isNetwork = !mayFallBack || winner is null or TrainingReport.Network;
        return isNetwork ? settings == Settings.Untouched ? Untouched : $"network, {settings.Name}"
            : winner!.StartsWith("mixture", StringComparison.Ordinal) ? "mixture of network and baselines"
            : $"{winner} {InPlace}";
    }

    private string[] PastOf(Settings settings)
        => settings.Options.Any(option => option.Option == nameof(SeriesEstimatorOptions.PastCovariateColumnNames)) ? _past : [];

    private static Contender ContenderOf(string name, ForecastFigures figures) => new(name,
        [figures.RootMeanSquaredError, figures.MeanAbsoluteError, figures.MeanAbsoluteScaledError, figures.Coverage]);

    /// <summary>The forecasts for some rows, the first of which is made after the last row before them.</summary>
    private Scores Score(ITransformer model, int[] before, int[] rows)
    {
        int[] through = [.. before.Concat(rows).Order()];
        IDataView all = ((SeriesTransformer)model switch
        {
            LstmForecastingTransformer forecaster => forecaster.WithoutHistory(),
            var other => other,
        }).Transform(Table.View(through));
        int[] places = _series.FromTheRowBefore(through, rows);
        float[][][] columns = [.. new[] { Forecast, Lower, Upper }.Select(name => Pick(all.GetColumn<float[]>(name), places))];
        int[] kept = Array.ConvertAll(places, place => through[place]);
        var scored = new Table(
        [
            .. Table.Pick(kept).Columns,
            .. new[] { Forecast, Lower, Upper }.Zip(columns, (name, values) => TableColumn.OfNumberLists(name, values, 1)),
        ]);
        return new Scores(scored, Table.View([.. through.Except(kept).Where(row => !rows.Contains(row))]));
    }

    /// <summary>
    /// The errors, scaled by the changes from season to season, or from row to row where most series are no longer than a season.
    /// </summary>
    private ForecastMetrics Evaluate(Scores scores)
    {
        ForecastMetrics metrics = Evaluate(scores, _season ?? Facts.Season);
        if (_season is null)
        {
            bool showsSeasons = 2 * metrics.Overall.NumberOfScaledForecasts >= metrics.Overall.NumberOfForecasts;
            _season = showsSeasons ? Facts.Season : 1;
            if (_season != Facts.Season)
                metrics = Evaluate(scores, _season.Value);
            _areScaled = _series.Count > 1 && metrics.Overall.NumberOfScaledForecasts > 0;
        }
        return metrics;
    }

    private ForecastMetrics Evaluate(Scores scores, int season)
    {
        var options = new ForecastEvaluationOptions
        {
            TargetColumnNames = [_target],
            ForecastColumnName = Forecast,
            LowerBoundColumnName = Lower,
            UpperBoundColumnName = Upper,
            ConfidenceLevel = (float)Level,
            SeriesColumnName = _series.Series,
            TimeColumnName = _series.Time,
            Seasonality = season,
        };
        return Context.Forecasting.EvaluateForecast(scores.Rows.View(), options, scores.History);
    }

    private static T[] Pick<T>(IEnumerable<T> values, int[] places)
    {
        T[] all = [.. values];
        return Array.ConvertAll(places, place => all[place]);
    }

    private static string Join(IEnumerable<SourceColumn> columns) => string.Join(", ", columns.Select(column => column.Name));

    /// <summary>Rows with forecasts, and those before them.</summary>
    private sealed record Scores(Table Rows, IDataView History);
}

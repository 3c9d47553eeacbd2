using System.Globalization;
using LstmTool.Data;
using LstmTool.Search;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Lstm;

namespace LstmTool.Tasks;

/// <summary>Which values of a series are not what those before them let expect.</summary>
internal sealed class AnomalyDetectionTask : LearningTask
{
    private const string Output = "Anomaly";
    private const int MostAlertsShown = 20;

    private readonly SeriesRows _series;
    private readonly string _value;
    private readonly string[] _known;
    private readonly bool[]? _labels;

    private AnomalyDetectionTask(TaskRequest request, SeriesRows series, string value, string[] known, bool[]? labels)
        : base(request) => (_series, _value, _known, _labels) = (series, value, known, labels);

    public override string Name => "anomaly-detection";

    public override double BestShare => 3;

    public override bool HasFixedEpochs => false;

    public override bool StopsEarlyAnyway => true;

    public static AnomalyDetectionTask Create(TaskRequest request)
    {
        Dataset data = Dataset.Read(request.Dataset, request.Reading);
        SourceColumn? label = request.Label is { } name ? data.Find(name, "--label-col") : null;
        SourceColumn[] known = [.. request.Known.Select(column => data.Find(column, "--known-cols"))];
        SourceColumn? given = request.Value is { } one ? data.Find(one, "--value-col") : null;
        var series = SeriesRows.Of(data, request, [.. new[] { label, given }.OfType<SourceColumn>()]);
        SourceColumn[] numbers = [.. data.Columns.Where(column => column.Kind == ColumnKind.Number && column != label
            && !series.Uses(column) && !known.Contains(column))];
        SourceColumn value = given ?? numbers.FirstOrDefault()
            ?? throw new InvalidDataException(
                $"{request.Dataset} has no column of numbers to watch; {Nearest.Suggest("value", data.Text.Header)}.");
        float[] values = data.NumbersOf(value);
        if (!values.Any(float.IsFinite))
            throw new InvalidDataException($"{request.Dataset}: the column '{value.Name}' has no numbers.");
        Table table = series.Sort(new Table([TableColumn.OfNumbers(value.Name, values),
            .. known.Select(column => TableColumn.OfNumbers(column.Name, data.NumbersOf(column))), .. series.Columns]));
        RowParts parts = series.Split(horizon: 1);
        bool[]? labels = label is null ? null : series.Sort(AnomalyLabels.Read(data, label));
        return new AnomalyDetectionTask(request, series, value.Name, [.. known.Select(column => column.Name)], labels)
        {
            Table = table,
            Parts = parts,
            Layout = data.Text.Layout with { Order = series.DroppedTime },
            Facts = series.FactsOf(data, parts, column => column == value ? "value to watch" : column == label ? "label, for the metrics"
                : known.Contains(column) ? "known ahead" : "not used",
                [
                    .. request.Value is not null ? (Inference[])[] : [new($"value: column '{value.Name}'"
                        + (numbers.Length > 1 ? $", the first of {numbers.Length} of numbers" : ""), "--value-col")],
                    .. labels is null ? (Inference[])[] : [AnomalyLabels.Describe(label!, labels, parts)],
                ]),
        };
    }

    public override IReadOnlyList<Settings> Candidates =>
    [
        Settings.Untouched,
        .. _series.Time is null ? (Settings[])[] : [new("no calendar",
            [new(nameof(SeriesEstimatorOptions.Calendar), CalendarFeatures.None)])],
        new("16 values at each step", [new(nameof(SeriesEstimatorOptions.NumberOfLags), 16)]),
        new("32 units", [new(nameof(TrainingOptions.HiddenSize), 32)]),
    ];

    public override TaskColumns ColumnsOf(Settings settings) => new()
    {
        Label = _value,
        Time = _series.Time,
        Series = _series.Series,
        Anomaly = Output,
        Features = [_value, .. _known],
    };

    public override ITransformer Fit(int[] rows, TrainingCall call)
        => Context.Transforms.DetectAnomalyByLstm(Prepare(new LstmAnomalyEstimator.Options
        {
            InputColumnName = _value,
            OutputColumnName = Output,
            TimeColumnName = _series.Time,
            SeriesColumnName = _series.Series,
            KnownCovariateColumnNames = _known,
        }, call)).Fit(Table.View(rows));

    public override Validation Validate(ITransformer model, int[] seen, int[] rows)
    {
        double error = MeanError(Score(model, seen, rows), rows);
        return new Validation(error, error);
    }

    // The error of forecasts is not what counts in the end: it has to be clearly less.
    public override double NoiseOf(double error, int rows) => error * (0.02 + 0.15 / Math.Sqrt(rows));

    public override string Show(double figure)
        => string.Create(CultureInfo.InvariantCulture, $"mean error of the expected value {figure:G4}");

    public override Measurement Measure(IReadOnlyList<(Settings Settings, ITransformer Model)> models, int[] seen)
    {
        int[] rows = Parts.Unseen;
        var scored = models.Where((one, i) => i == 0 || one.Settings == Settings.Untouched)
            .Select(one => (Name: NameOf(one.Settings, one.Model), Scores: Score(one.Model, Parts.Known, rows)))
            .DistinctBy(one => one.Name).ToArray();
        float[] values = (float[])Table[_value].Values;
        Dictionary<int, int> before = _series.RowBefore(rows);
        Contender[] contenders =
        [
            .. scored.Select(one => ContenderOf(one.Name, one.Scores, rows)),
            ContenderOf("naive, the value before", [.. rows.Select(row => (double[])[0, 0, 1,
                before.TryGetValue(row, out int last) ? values[last] : double.NaN, double.NaN, double.NaN])], rows),
        ];
        Metric[] metrics = [new("mean error of the expected value", HigherIsBetter: false), new("alerts", HigherIsBetter: false)];
        if (_labels is not null)
        {
            metrics = [new("F1 of alerts", HigherIsBetter: true), new("precision", HigherIsBetter: true),
                new("recall", HigherIsBetter: true), .. metrics];
        }
        Table picked = Table.Pick(rows);
        var table = new Table([.. picked.Columns, TableColumn.OfNumberLists(Output,
            Array.ConvertAll(scored[0].Scores, score => Array.ConvertAll(score, number => (float)number)), featuresPerStep: 1)]);
        return new Measurement(Comparison.Of(metrics, scored[0].Name, contenders), Table.View(rows), table.View())
        {
            Notes = [.. Alerts(picked, scored[0].Scores)],
        };
    }

    public override TaskCode CodeOf(Settings settings)
    {
        string[] options =
        [
            $"InputColumnName = {CSharp.Text(_value)},",
            $"OutputColumnName = \"{Output}\",",
            .. _series.Time is { } time ? (string[])[$"TimeColumnName = {CSharp.Text(time)},"] : [],
            .. _series.Series is { } series ? (string[])[$"SeriesColumnName = {CSharp.Text(series)},"] : [],
            .. _known.Length > 0 ? (string[])[$"KnownCovariateColumnNames = [{string.Join(", ", _known.Select(CSharp.Text))}],"] : [],
            .. settings.Options.Select(option => $"{option.Option} = {option.Code},"),
            $"Seed = {Request.Seed},",
        ];
        return new TaskCode(Table.Columns,
            [new("double[]", Output, "Alert (1 or 0), score, p-value, expected value, upper and lower bound.")],
            $"mlContext.Transforms.DetectAnomalyByLstm(new LstmAnomalyEstimator.Options\n{{\n    {string.Join("\n    ", options)}\n}})");
    }

    /// <summary>What the detector says of some rows, after those before them.</summary>
    private double[][] Score(ITransformer model, int[] before, int[] rows)
    {
        int[] through = [.. before.Concat(rows).Order()];
        IDataView all = ((LstmAnomalyTransformer)model).WithoutHistory().Transform(Table.View(through));
        var wanted = rows.ToHashSet();
        return [.. all.GetColumn<double[]>(Output).Where((_, place) => wanted.Contains(through[place]))];
    }

    private double MeanError(double[][] scores, int[] rows)
    {
        float[] values = (float[])Table[_value].Values;
        return rows.Zip(scores, (row, score) => Math.Abs(values[row] - score[3]))
            .Where(double.IsFinite).DefaultIfEmpty(double.NaN).Average();
    }

    private Contender ContenderOf(string name, double[][] scores, int[] rows)
    {
        double[] figures = [MeanError(scores, rows), scores.Count(score => score[0] == 1)];
        if (_labels is null)
            return new Contender(name, figures);
        double right = rows.Zip(scores).Count(one => one.Second[0] == 1 && _labels[one.First]);
        double given = figures[1], there = rows.Count(row => _labels[row]);
        double precision = given > 0 ? right / given : double.NaN, recall = there > 0 ? right / there : double.NaN;
        return new Contender(name, [right > 0 ? 2 * right / (given + there) : 0, precision, recall, .. figures]);
    }

    private IEnumerable<string> Alerts(Table rows, double[][] scores)
    {
        int[] alerts = [.. Enumerable.Range(0, rows.Rows).Where(row => scores[row][0] == 1)];
        yield return alerts.Length == 0 ? "No alert in the unseen rows."
            : string.Create(CultureInfo.InvariantCulture, $"Alerts in the unseen rows: {alerts.Length}");
        foreach (int row in alerts.Take(MostAlertsShown))
        {
            string when = _series.Time is { } time
                ? ((DateTime[])rows[time].Values)[row].ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture)
                : string.Create(CultureInfo.InvariantCulture, $"unseen row {row + 1}");
            string of = _series.Series is { } series ? $" {((string[])rows[series].Values)[row]}" : "";
            yield return string.Create(CultureInfo.InvariantCulture,
                $"  {when}{of}: {((float[])rows[_value].Values)[row]:G6}, expected {scores[row][3]:G6}");
        }
        if (alerts.Length > MostAlertsShown)
            yield return string.Create(CultureInfo.InvariantCulture, $"  and {alerts.Length - MostAlertsShown} more");
    }
}

using System.Globalization;
using LstmTool.Data;
using LstmTool.Search;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Lstm;

namespace LstmTool.Tasks;

/// <summary>A label for each step of a sequence: parts of speech, names, states of a machine.</summary>
internal sealed class LabelingTask : LearningTask
{
    private const string Key = "LabelKey", Predicted = "PredictedLabel";

    // What is seen of a word beside itself, as an expression in the word x.
    private static readonly (string Name, string Expression)[] Forms =
    [
        ("lower", "x => lower(x)"),
        ("beginning", "x => left(lower(x), 2)"),
        ("ending of 2", "x => right(lower(x), 2)"),
        ("ending of 3", "x => right(lower(x), 3)"),
        ("capitals", "x => x == lower(x) ? (x == upper(x) ? \"0\" : \"a\") : x == upper(x) ? (len(x) == 1 ? \"B\" : \"A\") : "
            + "left(x, 1) == upper(left(x, 1)) ? \"Aa\" : \"aA\""),
    ];

    private readonly string _label;
    private readonly string? _word;
    private readonly string[] _others;
    private readonly bool _hasNumbers;
    private readonly bool _hasSpans;

    private LabelingTask(TaskRequest request, string label, string? word, string[] others, bool hasNumbers, bool hasSpans)
        : base(request)
        => (_label, _word, _others, _hasNumbers, _hasSpans) = (label, word, others, hasNumbers, hasSpans);

    public override string Name => "labeling";

    public override double BestShare => 4;

    public override bool HasFixedEpochs => true;

    private string[] FeatureColumns =>
    [
        .. _hasNumbers ? (string[])[SequenceFeatures.Sequence] : [],
        .. _word is null ? [] : Forms.Select(form => $"{_word}, {form.Name}"),
        .. _others.Select(KeysOf),
    ];

    public override IReadOnlyList<Settings> Candidates =>
    [
        Settings.Untouched,
        // Dropped tokens train the unknown word too, of which the characters tell.
        .. _word is null ? (Settings[])[] : [new("words by their characters too, some words dropped",
        [
            new(nameof(SequenceTrainerOptions.CharacterColumnName), _word), new(nameof(TrainingOptions.InputDropout), 0.1f),
            new(nameof(SequenceTrainerOptions.TokenDropout), 0.15f),
        ])],
        new("128 units", [new(nameof(TrainingOptions.HiddenSize), 128)]),
        new("half of the outputs dropped", [new(nameof(TrainingOptions.OutputDropout), 0.5f)]),
        new("each step by itself", [new(nameof(LstmSequenceLabelingTrainer.Options.UseConditionalRandomField), false)]),
    ];

    public static LabelingTask Create(TaskRequest request)
    {
        Dataset data = Read(request.Dataset, request, out Inference? grouping);
        SourceColumn label = request.Label is { } named ? data.Find(named, "--label-col")
            : data.Columns.LastOrDefault(column => column.Kind == ColumnKind.Texts)
                ?? throw new InvalidDataException($"{request.Dataset}: there is no column of lists of labels; name it with --label-col, "
                    + "and with --series-col the column that tells sequences apart, if their steps are rows.");
        if (label.Kind != ColumnKind.Texts)
            throw new InvalidDataException($"{request.Dataset}: the column '{label.Name}' has no list of labels in each row. If steps are "
                + "rows, name the column that tells sequences apart with --series-col; for a label a sequence there is the command "
                + "classification.");
        SourceColumn[] texts = [.. data.Columns.Where(column => column.Kind == ColumnKind.Texts && column != label)];
        SourceColumn[] numbers = [.. data.Columns.Where(column => column.Kind == ColumnKind.Numbers)];
        if (texts.Length + numbers.Length == 0)
            throw new InvalidDataException($"{request.Dataset} has no column beside '{label.Name}' to learn from.");
        Table table = ReadTable(data);
        MadeNames.Refuse(data, table, Key);
        int own = table.Rows;
        int[] validation = [], unseen = [];
        if (request.ValidationDataset is { } path)
            (table, validation) = Append(table, path);
        if (request.TestDataset is { } test)
            (table, unseen) = Append(table, test);
        string[][] labels = (string[][])table[label.Name].Values;
        if (labels.SelectMany(list => list).Distinct().Count() == 1)
            throw new InvalidDataException(
                $"{request.Dataset}: all labels in column '{label.Name}' are '{labels[0][0]}', so there is nothing to tell apart.");
        RowParts parts = RowParts.AtRandom(request, own, validation, unseen);
        bool hasSpans = labels.SelectMany(list => list).All(name => name is "O" or ['B' or 'I', '-', _, ..]);
        return new LabelingTask(request, label.Name, texts.FirstOrDefault()?.Name, [.. texts.Skip(1).Select(column => column.Name)],
            numbers.Length > 0, hasSpans)
        {
            Table = table,
            Parts = parts,
            Layout = data.Text.Layout,
            Facts = new DatasetFacts(request.Dataset, data.Text.Format, own, [.. data.Columns.Select(column => data.FactsOf(column,
                column == label ? "label of each step" : texts.Contains(column) || numbers.Contains(column) ? "step" : "not used"))])
            {
                Inferred =
                [
                    .. data.Text.Inferred, .. grouping is null ? (Inference[])[] : [grouping],
                    .. request.Label is null ? (Inference[])[new($"label: column '{label.Name}'", "--label-col")] : [],
                    new($"steps: columns {string.Join(", ", texts.Concat(numbers).Select(column => column.Name))}", "--ignore-cols"),
                    new(hasSpans ? "measure: spans from B- to I-" : "measure: each step by itself", ""),
                ],
                Parts = new PartFacts(parts.Train.Length, parts.Validation.Length, parts.Unseen.Length, parts.How),
            },
        };

        (Table, int[]) Append(Table before, string file)
        {
            Table added = ReadTable(Read(file, request, out _));
            return (before.Append(added), [.. Enumerable.Range(before.Rows, added.Rows)]);
        }

        Table ReadTable(Dataset source)
        {
            SourceColumn[] all = [.. texts.Prepend(label).Select(column => source.Find(column.Name, source.Text.Path))];
            string[][][] lists = Array.ConvertAll(all, source.TextListsOf);
            SequenceFeatures.RefuseOtherLengths(source, lists);
            TableColumn[] columns = [.. all.Zip(lists, (column, values) => TableColumn.OfTextLists(column.Name, values) with
            {
                Origin = ColumnOrigin.Lists,
            })];
            TableColumn[] sequence = numbers.Length == 0 ? [] : [SequenceFeatures.ReadLists(source,
                [.. numbers.Select(column => source.Find(column.Name, source.Text.Path))])];
            return new Table([.. columns, .. sequence]);
        }
    }

    public override TaskColumns ColumnsOf(Settings settings) => new()
    {
        Label = _label,
        TrainerLabel = Key,
        Features = FeatureColumns,
        Words = _word,
        PredictedLabel = Predicted,
        Score = "Score",
    };

    public override ITransformer Fit(int[] rows, TrainingCall call) => PipelineStep.Chain(Pipeline(call)).Fit(Table.View(rows));

    public override Validation Validate(ITransformer model, int[] seen, int[] rows)
    {
        double figure = FigureOf(Evaluate(model.Transform(Table.View(rows))));
        return new Validation(1 - figure, figure);
    }

    // A sequence says as much as five labels by themselves.
    public override double NoiseOf(double error, int rows)
    {
        double variance = error * Math.Max(0, 1 - error) / (5.0 * rows);
        return Math.Max(0.2 * Math.Sqrt(variance), LeastGain(error, 0.6 * variance));
    }

    public override string Show(double figure)
        => string.Create(CultureInfo.InvariantCulture, $"{(_hasSpans ? "F1 of spans" : "accuracy of steps")} {100 * figure:0.00} %");

    public override Measurement Measure(IReadOnlyList<(Settings Settings, ITransformer Model)> models, int[] seen)
    {
        IDataView unseen = Table.View(Parts.Unseen);
        Contender[] networks = [.. models.Where((one, i) => i == 0 || one.Settings == Settings.Untouched)
            .Select(one => ContenderOf(NameOf(one.Settings, one.Model), Evaluate(one.Model.Transform(unseen))))];
        Metric[] metrics = [new("accuracy of steps", HigherIsBetter: true)];
        if (_hasSpans)
        {
            metrics = [new("F1 of spans", HigherIsBetter: true), new("precision", HigherIsBetter: true),
                new("recall", HigherIsBetter: true), .. metrics];
        }
        Contender[] baselines = _word is null ? [] : [ContenderOf("the most frequent label of each word", Evaluate(MostFrequent(seen)))];
        return new Measurement(Comparison.Of(metrics, networks[0].Name, networks.DistinctBy(one => one.Name).Concat(baselines)),
            unseen, models[0].Model.Transform(unseen));
    }

    public override TaskCode CodeOf(Settings settings) => new(Table.Columns,
    [
        new("string[]", Predicted, "The label of each step."),
        new("float[]", "Score", "The probability of each label at each step, step by step."),
    ], PipelineStep.CodeOf(Pipeline(new TrainingCall(settings, TrainingEffort.Default, null, default))));

    private IEnumerable<PipelineStep> Pipeline(TrainingCall call)
    {
        foreach ((string name, string expression) in _word is null ? [] : Forms)
        {
            string column = $"{_word}, {name}";
            yield return new(Context.Transforms.Expression(column, expression, _word),
                $"Transforms.Expression({CSharp.Text(column)}, {CSharp.Text(expression)}, {CSharp.Text(_word!)})");
            yield return Keys(column, column);
        }
        foreach (string other in _others)
            yield return Keys(KeysOf(other), other);
        yield return Keys(Key, _label);
        LstmSequenceLabelingTrainer.Options options = Prepare(new LstmSequenceLabelingTrainer.Options
        {
            LabelColumnName = Key,
            FeatureColumnNames = FeatureColumns,
            FeaturesPerStep = FeaturesPerStep,
        }, call);
        string[] code =
        [
            $"LabelColumnName = \"{Key}\",",
            $"FeatureColumnNames = [{string.Join(", ", FeatureColumns.Select(CSharp.Text))}],",
            .. FeaturesPerStep is { } features ? (string[])[$"FeaturesPerStep = {features},"] : [],
            .. call.Settings.Options.Select(option => $"{option.Option} = {option.Code},"),
            $"Seed = {Request.Seed},",
        ];
        yield return new(Context.MulticlassClassification.Trainers.LstmSequenceLabeling(options),
            $"MulticlassClassification.Trainers.LstmSequenceLabeling(new()\n    {{\n        {string.Join("\n        ", code)}\n    }})");
        yield return new(Context.Transforms.Conversion.MapKeyToValue(Predicted), $"Transforms.Conversion.MapKeyToValue(\"{Predicted}\")");

        PipelineStep Keys(string output, string input) => new(Context.Transforms.Conversion.MapValueToKey(output, input),
            $"Transforms.Conversion.MapValueToKey({CSharp.Text(output)}, {CSharp.Text(input)})");
    }

    private int? FeaturesPerStep
        => _hasNumbers && Table[SequenceFeatures.Sequence] is { Steps: null, FeaturesPerStep: > 1 and var features } ? features : null;

    private static Dataset Read(string path, TaskRequest request, out Inference? grouping)
    {
        Dataset data = Dataset.Read(path, request.Reading, isLabeling: true);
        grouping = null;
        if (data.Text.Layout.Kind == FileKind.Conll || data.Columns.Any(column => column.Kind == ColumnKind.Texts))
            return data;
        SourceColumn? label = request.Label is { } name ? data.Find(name, "--label-col") : null;
        if ((request.Series is { } series ? data.Find(series, "--series-col") : LongTable.InferSteps(data, label)) is not { } group)
            return data;
        int lines = data.Rows;
        data = LongTable.ToRows(data, group, [.. data.Columns.Where(column => column != group).Select(column => column.Name)],
            // Any of those that are true or false may be the label.
            label is null ? [.. data.Columns.Where(column => column.IsTruth).Select(column => column.Name)] : [label.Name]);
        grouping = new(string.Create(CultureInfo.InvariantCulture, $"rows: {lines} steps of {data.Rows} sequences, by '{group.Name}'"),
            "--series-col");
        return data;
    }

    private static string KeysOf(string column) => $"{column}, keys";

    private SequenceLabelingMetrics Evaluate(IDataView scored)
        => Context.MulticlassClassification.EvaluateSequenceLabeling(scored, _label, Predicted);

    private double FigureOf(SequenceLabelingMetrics metrics) => _hasSpans ? metrics.F1 : metrics.TokenAccuracy;

    private Contender ContenderOf(string name, SequenceLabelingMetrics metrics) => new(name, _hasSpans
        ? [metrics.F1, metrics.Precision, metrics.Recall, metrics.TokenAccuracy]
        : [metrics.TokenAccuracy]);

    /// <summary>The unseen rows with the label that each word had most often, of unknown words the most frequent one of all.</summary>
    private IDataView MostFrequent(int[] seen)
    {
        string[][] words = (string[][])Table[_word!].Values, labels = (string[][])Table[_label].Values;
        var counts = seen.SelectMany(row => words[row].Zip(labels[row])).CountBy(step => step).ToArray();
        var likeliest = counts.GroupBy(one => one.Key.First)
            .ToDictionary(word => word.Key, word => word.MaxBy(one => one.Value).Key.Second);
        string most = counts.GroupBy(one => one.Key.Second).MaxBy(label => label.Sum(one => one.Value))!.Key;
        return new Table(
        [
            TableColumn.OfTextLists(_label, Array.ConvertAll(Parts.Unseen, row => labels[row])),
            TableColumn.OfTextLists(Predicted, Array.ConvertAll(Parts.Unseen, row =>
                Array.ConvertAll(words[row], word => likeliest.GetValueOrDefault(word, most)))),
        ]).View();
    }
}

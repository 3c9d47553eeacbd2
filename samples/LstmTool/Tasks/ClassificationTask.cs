using System.Globalization;
using LstmTool.Search;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Lstm;

namespace LstmTool.Tasks;

/// <summary>A class for each sequence.</summary>
internal sealed class ClassificationTask(SequenceRows rows) : SequenceTask(rows)
{
    /// <summary>The column of the label's keys.</summary>
    public const string Key = "LabelKey";

    private const string Predicted = "PredictedLabel";
    private const int MostRowsOfBaseline = 5000;
    private const int HashBits = 14;

    public override string Name => "classification";

    public override bool HasFixedEpochs => true;

    // The networks of the average have more convolutions, and more updates.
    public override double BestShare => 14;

    protected override string TrainerLabel => Key;

    protected override string? PredictedLabel => Predicted;

    public static ClassificationTask Create(TaskRequest request)
    {
        var rows = SequenceRows.Read(request, isNumber: false);
        return new ClassificationTask(rows) { Table = rows.Table, Parts = rows.Parts, Facts = rows.Facts, Layout = rows.Layout };
    }

    public override IReadOnlyList<Settings> Candidates => Features.IsText
        ?
        [
            Settings.Untouched,
            new("more dropout",
            [
                new(nameof(TrainingOptions.OutputDropout), 0.5f), new(nameof(TrainingOptions.InputDropout), 0.3f),
                new(nameof(SequenceTrainerOptions.TokenDropout), 0.1f), new(nameof(TrainingOptions.LearningRate), 0.002f),
            ])
            {
                Adds = nameof(TrainingOptions.InputDropout),
            },
            new("convolutions beside the network",
            [
                Filters(128, 256, 128),
                new(nameof(TrainingOptions.LearningRate), 0.001f),
            ])
            {
                Adds = nameof(SequenceTrainerOptions.Convolution),
            },
            new("attention over the steps", [new(nameof(SequenceTrainerOptions.Pooling), Pooling.Attention)]),
            .. Features.IsCharacters ? (Settings[])[new("96 units", [new(nameof(TrainingOptions.HiddenSize), 96)])]
                : [new("words by their characters too", [new(nameof(SequenceTrainerOptions.CharacterColumnName), SequenceFeatures.Words)])],
        ]
        :
        [
            Settings.Untouched,
            new("more convolutions",
            [
                Filters(64, 128, 64),
                new(nameof(TrainingOptions.HiddenSize), 8),
            ]),
            new("64 units in both directions, the mean of the steps",
            [
                new(nameof(TrainingOptions.HiddenSize), 64), new(nameof(TrainingOptions.Bidirectional), true),
                new(nameof(SequenceTrainerOptions.Pooling), Pooling.Mean),
            ]),
            new("64 units in both directions, the largest of the steps",
            [
                new(nameof(TrainingOptions.HiddenSize), 64), new(nameof(TrainingOptions.Bidirectional), true),
                new(nameof(SequenceTrainerOptions.Pooling), Pooling.Max),
            ]),
        ];

    public override Validation Validate(ITransformer model, int[] seen, int[] rows)
    {
        Scores scores = Score(model, rows);
        // Half of it how many are wrong, half of it how sure of that the network was, which differs less by chance.
        return new Validation((1 - scores.Accuracy + scores.Brier / 2) / 2, scores.Accuracy);
    }

    // Two networks err on the same rows mostly.
    public override double NoiseOf(double error, int rows)
    {
        double variance = error * Math.Max(0, 1 - error) / rows;
        return Math.Max(0.3 * Math.Sqrt(variance), LeastGain(error, 0.6 * variance));
    }

    public override string Show(double figure) => string.Create(CultureInfo.InvariantCulture, $"accuracy {100 * figure:0.0} %");

    public override Measurement Measure(IReadOnlyList<(Settings Settings, ITransformer Model)> models, int[] seen)
    {
        Contender[] networks = [.. models.Where((one, i) => i == 0 || one.Settings == Settings.Untouched)
            .Select(one => ContenderOf(NameOf(one.Settings, one.Model), Score(one.Model, Parts.Unseen)))];
        return new Measurement(
            Comparison.Of([new("accuracy", HigherIsBetter: true), new("macro accuracy", HigherIsBetter: true),
                new("log loss", HigherIsBetter: false)], networks[0].Name, networks.DistinctBy(one => one.Name).Concat(Baselines(seen))),
            Table.View(Parts.Unseen), models[0].Model.Transform(Table.View(Parts.Unseen)));
    }

    public override TaskCode CodeOf(Settings settings) => new(Table.Columns,
    [
        new("string", Predicted, "The likeliest class."),
        new("float[]", "Score", "The probability of each class, in the order of Classes.") { IsOfClasses = true },
    ], PipelineStep.CodeOf(Pipeline(new TrainingCall(settings, TrainingEffort.Default, null, default))));

    protected override IEnumerable<PipelineStep> Pipeline(TrainingCall call) =>
    [
        .. Features.Steps(Context, Table),
        new(Context.Transforms.Conversion.MapValueToKey(Key, Label),
            $"Transforms.Conversion.MapValueToKey(\"{Key}\", {CSharp.Text(Label)})"),
        new(Context.MulticlassClassification.Trainers.Lstm(WithColumns(new LstmMulticlassTrainer.Options(), call)),
            $"MulticlassClassification.Trainers.Lstm({CodeOfOptions(call.Settings)})"),
        new(Context.Transforms.Conversion.MapKeyToValue(Predicted), $"Transforms.Conversion.MapKeyToValue(\"{Predicted}\")"),
    ];

    private Scores Score(ITransformer model, int[] rows)
    {
        IDataView scored = model.Transform(Table.View(rows));
        var slots = default(VBuffer<ReadOnlyMemory<char>>);
        scored.Schema["Score"].GetSlotNames(ref slots);
        string[] classes = [.. slots.DenseValues().Select(name => name.ToString())];
        string[] labels = (string[])Table[Label].Values;
        return new Scores([.. rows.Select(row => labels[row])], [.. scored.GetColumn<string>(Predicted)],
            [.. scored.GetColumn<float[]>("Score")], classes);
    }

    private static Setting Filters(params int[] filters)
        => new(nameof(SequenceTrainerOptions.Convolution), new ConvolutionOptions { Filters = filters, KernelSizes = [8, 5, 3] });

    private static Contender ContenderOf(string name, Scores scores) => new(name, [scores.Accuracy, scores.MacroAccuracy, scores.LogLoss]);

    private IEnumerable<Contender> Baselines(int[] seen)
    {
        string[] labels = (string[])Table[Label].Values;
        string[] truth = [.. Parts.Unseen.Select(row => labels[row])];
        var counts = seen.CountBy(row => labels[row]).ToDictionary();
        string most = counts.MaxBy(pair => pair.Value).Key;
        string[] classes = [.. counts.Keys];
        float[] shares = [.. classes.Select(name => (float)counts[name] / seen.Length)];
        yield return ContenderOf($"always '{most}'",
            new Scores(truth, [.. truth.Select(_ => most)], [.. truth.Select(_ => shares)], classes));
        bool isFixed = Features.IsText || Table[SequenceFeatures.Sequence].Steps is not null;
        if (!isFixed)
            yield break;
        // Rows enough for a fair picture, in a moment.
        int[] some = seen.Length <= MostRowsOfBaseline ? seen : [.. seen.Where((_, i) => i % (seen.Length / MostRowsOfBaseline + 1) == 0)];
        IEstimator<ITransformer> features = PipelineStep.Chain(
        [
            .. Features.Steps(Context, Table),
            new(Features.IsText ? Context.Transforms.Text.ProduceHashedNgrams("Bag", SequenceFeatures.Tokens, HashBits, ngramLength: 2)
                : Context.Transforms.NormalizeMeanVariance("Bag", SequenceFeatures.Sequence, fixZero: false), ""),
            new(Context.Transforms.Conversion.MapValueToKey(Key, Label), ""),
            new(Context.MulticlassClassification.Trainers.LbfgsMaximumEntropy(Key, "Bag"), ""),
            new(Context.Transforms.Conversion.MapKeyToValue(Predicted), ""),
        ]);
        string kind = Features.IsCharacters ? "pairs of characters" : Features.IsText ? "pairs of words" : "all numbers";
        yield return ContenderOf($"linear, on {kind}", Score(features.Fit(Table.View(some)), Parts.Unseen));
    }

    /// <summary>Probabilities of classes, beside the truth.</summary>
    private sealed record Scores(string[] Truth, string[] Predicted, float[][] Probabilities, string[] Classes)
    {
        public double Accuracy => Truth.Zip(Predicted, (truth, predicted) => truth == predicted ? 1.0 : 0).Average();

        public double MacroAccuracy => Truth.Zip(Predicted).GroupBy(pair => pair.First)
            .Average(group => group.Average(pair => pair.First == pair.Second ? 1.0 : 0));

        public double LogLoss => ProbabilitiesOfTruth.Average(probability => -Math.Log(Math.Max(probability, 1e-9)));

        /// <summary>The squared error of the probabilities, from 0 to 2.</summary>
        public double Brier => Probabilities.Zip(ProbabilitiesOfTruth, (all, right)
            => all.Sum(one => (double)one * one) - 2 * right + 1).Average(value => double.IsFinite(value) ? value : 2);

        private IEnumerable<double> ProbabilitiesOfTruth
        {
            get
            {
                Dictionary<string, int> places = Classes.Index().ToDictionary(one => one.Item, one => one.Index);
                return Truth.Zip(Probabilities, (truth, all)
                    => places.TryGetValue(truth, out int place) && place < all.Length && float.IsFinite(all[place]) ? all[place] : 0.0);
            }
        }
    }
}

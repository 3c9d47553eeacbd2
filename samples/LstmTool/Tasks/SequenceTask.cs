using LstmTool.Data;
using LstmTool.Search;
using Microsoft.ML;
using Microsoft.ML.Lstm;

namespace LstmTool.Tasks;

/// <summary>A task whose rows are sequences that stand for themselves, with a label each.</summary>
internal abstract class SequenceTask(SequenceRows rows) : LearningTask(rows.Request)
{
    /// <summary>Rows that a single validation is enough for.</summary>
    private const int EnoughRows = 400;
    private const int FoldsOfFew = 3;

    protected SequenceFeatures Features { get; } = rows.Features;

    protected string Label { get; } = rows.Label;

    public override double BestShare => 6;

    public override IReadOnlyList<(int[] Train, int[] Validation)> Folds { get; } = MakeFolds(rows);

    public override TaskColumns ColumnsOf(Settings settings) => new()
    {
        Label = Label,
        TrainerLabel = TrainerLabel,
        Features = [Features.Feature],
        Words = Features is { IsText: true, IsCharacters: false } ? SequenceFeatures.Words : null,
        PredictedLabel = PredictedLabel,
        Score = "Score",
    };

    protected abstract string TrainerLabel { get; }

    protected abstract string? PredictedLabel { get; }

    /// <summary>The steps of the pipeline: features, label, the trainer, and what comes behind it.</summary>
    protected abstract IEnumerable<PipelineStep> Pipeline(TrainingCall call);

    public override ITransformer Fit(int[] rows, TrainingCall call) => PipelineStep.Chain(Pipeline(call)).Fit(Table.View(rows));

    /// <summary>Gives a trainer's options the columns.</summary>
    protected T WithColumns<T>(T options, TrainingCall call)
        where T : SequenceTrainerOptions
    {
        (options.LabelColumnName, options.FeatureColumnName) = (TrainerLabel, Features.Feature);
        options.StaticFeatureColumnName = Features.Static;
        options.FeaturesPerStep = FeaturesPerStep;
        return Prepare(options, call);
    }

    /// <summary>The options of <see cref="WithColumns"/> as C#.</summary>
    protected string CodeOfOptions(Settings settings)
    {
        string[] options =
        [
            $"LabelColumnName = {CSharp.Text(TrainerLabel)},",
            $"FeatureColumnName = {CSharp.Text(Features.Feature)},",
            .. Features.Static is { } statics ? (string[])[$"StaticFeatureColumnName = {CSharp.Text(statics)},"] : [],
            .. FeaturesPerStep is { } features ? (string[])[$"FeaturesPerStep = {features},"] : [],
            .. settings.Options.Select(option => $"{option.Option} = {option.Code},"),
            $"Seed = {Request.Seed},",
        ];
        return $"new()\n    {{\n        {string.Join("\n        ", options)}\n    }}";
    }

    private int? FeaturesPerStep
        => !Features.IsText && Table[SequenceFeatures.Sequence] is { Steps: null, FeaturesPerStep: > 1 and var features } ? features : null;

    private static IReadOnlyList<(int[] Train, int[] Validation)> MakeFolds(SequenceRows rows)
    {
        if (rows.HasValidationFile || rows.Request.SplitBy is not null || rows.Parts.Known.Length > EnoughRows)
            return [];
        var random = new Random(rows.Request.Seed);
        var folds = new List<(int[], int[])>();
        int[] left = rows.Parts.Known;
        for (int fold = 0; fold < FoldsOfFew; fold++)
        {
            (int[] rest, int[] drawn) = RowParts.Draw([.. left.Select(row => (row, rows.Classes[row]))], 1.0 / (FoldsOfFew - fold), random);
            if (fold == FoldsOfFew - 1)
                (rest, drawn) = ([], left);
            folds.Add(([.. rows.Parts.Known.Except(drawn)], drawn));
            left = rest;
        }
        return folds.TrueForAll(fold => fold.Item1.Length > 0 && fold.Item2.Length > 0) ? folds : [];
    }
}

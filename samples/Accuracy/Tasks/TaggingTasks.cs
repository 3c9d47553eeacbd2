using Accuracy.Data;
using Microsoft.ML;
using Microsoft.ML.Lstm;

namespace Accuracy.Tasks;

/// <summary>Labels of the words of sentences.</summary>
internal static class TaggingTasks
{
    private static readonly string[] Columns =
    [
        nameof(TaggedSentence.Word), nameof(TaggedSentence.Prefix), nameof(TaggedSentence.Suffix2), nameof(TaggedSentence.Suffix3),
            nameof(TaggedSentence.Shape), nameof(TaggedSentence.Extra),
    ];

    public static IReadOnlyList<AccuracyTask> All { get; } =
    [
        new("UD-EWT", new Metric("accuracy of parts of speech", HigherIsBetter: true),
            run => Measure(run, PartsOfSpeechOf(run), metrics => metrics.TokenAccuracy, () => new()
            {
                HiddenSize = 64,
                UseConditionalRandomField = false,
                NumberOfEpochs = 5,
                LearningRate = 0.003f,
            }))
        {
            Tuned = "characters of the words too, 64 units, a softmax a step, 5 epochs, a learning rate of 0.003",
            Aims = new(Untouched: 94.5, Best: 95.0, Tuned: 94.0),
            Published = [new("most frequent tag", 86.2)],
        },
        new("CoNLL-2000", new Metric("F1 of chunks", HigherIsBetter: true),
            run => Measure(run, ChunksOf(run), metrics => metrics.F1, () => new() { HiddenSize = 64, NumberOfEpochs = 6 }))
        {
            Tuned = "characters of the words too, 64 units, 6 epochs",
            Aims = new(Untouched: 93.0, Best: 93.7, Tuned: 93.0),
            Published = [new("most frequent chunk of the part of speech, Tjong Kim Sang and Buchholz 2000", 77.1)],
        },
    ];

    /// <summary>Trains on sentences and gives a figure in percent.</summary>
    public static Measurement Measure(TaskRun run, Split<Sentence> data, Func<SequenceLabelingMetrics, double> figure,
        Func<LstmSequenceLabelingTrainer.Options>? tuned = null)
    {
        MLContext ml = run.Context;
        Split<Sentence> split = run.Choose(data);
        LstmSequenceLabelingTrainer.Options options = run.Options(tuned);
        options.FeatureColumnNames = Columns;
        if (run.Setting != Setting.Untouched)
            options.CharacterColumnName = nameof(TaggedSentence.Text);
        // A word seen once serves to train the unknown word.
        var known = split.Train.SelectMany(sentence => sentence.Words)
            .CountBy(word => word.ToLowerInvariant())
            .Where(pair => pair.Value > 1)
            .Select(pair => pair.Key)
            .ToHashSet();
        IEstimator<ITransformer> pipeline = ml.Transforms.Conversion.MapValueToKey(nameof(TaggedSentence.Label));
        foreach (string column in Columns)
            pipeline = pipeline.Append(ml.Transforms.Conversion.MapValueToKey(column));
        var model = run.Rounded(pipeline.Append(ml.MulticlassClassification.Trainers.LstmSequenceLabeling(options))
            .Fit(Load(split.Train)));
        return new(100 * figure(ml.MulticlassClassification.EvaluateSequenceLabeling(model.Transform(Load(split.Test)))))
        {
            Report = model.LastTransformer.TrainingReport,
        };

        IDataView Load(IEnumerable<Sentence> sentences) =>
            ml.Data.LoadFromEnumerable(sentences.Select(sentence => TaggedSentence.From(sentence, known)));
    }

    private static Split<Sentence> ChunksOf(TaskRun run)
        => new(ConllFile.Read(run.PathOf("conll2000", "train.txt.gz")), ConllFile.Read(run.PathOf("conll2000", "test.txt.gz")));

    private static Split<Sentence> PartsOfSpeechOf(TaskRun run)
    {
        return new Split<Sentence>(Read("train"), Read("test"));

        // Word, universal tag, and a tag of the Penn treebank that would give it away.
        List<Sentence> Read(string part) =>
            [.. ConllFile.Read(run.PathOf("ud_ewt", $"ewt_{part}.pos.tsv.gz")).Select(sentence => new Sentence(sentence.Columns[..2]))];
    }
}

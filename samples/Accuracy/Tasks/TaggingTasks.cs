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

    public static AccuracyTask PartsOfSpeech { get; } = new("UD-EWT", "accuracy of parts of speech", (86.2, "most frequent tag"), 94.0,
        "words, prefixes, suffixes and shapes, bidirectional LSTM of 64 units",
        run => 100 * Measure(run, PartsOfSpeechOf(run), new()
        {
            HiddenSize = 64,
            UseConditionalRandomField = false,
            NumberOfEpochs = 5,
            LearningRate = 0.003f,
        }).TokenAccuracy);

    public static AccuracyTask Chunks { get; } = new("CoNLL-2000", "F1 of chunks", (77.1, "most frequent chunk of the part of speech"),
        93.0, "words, parts of speech, prefixes, suffixes and shapes, bidirectional LSTM of 64 units with a conditional random field",
        run => 100 * Measure(run, ChunksOf(run), new()
        {
            HiddenSize = 64,
            NumberOfEpochs = 6,
        }).F1);

    /// <summary>Trains on sentences and gives the figures.</summary>
    public static SequenceLabelingMetrics Measure(TaskRun run, Split<Sentence> data, LstmSequenceLabelingTrainer.Options options)
    {
        MLContext ml = run.Context;
        Split<Sentence> split = run.Choose(data);
        options.FeatureColumnNames = Columns;
        // A word seen once serves to train the unknown word.
        var known = split.Train.SelectMany(sentence => sentence.Words)
            .CountBy(word => word.ToLowerInvariant())
            .Where(pair => pair.Value > 1)
            .Select(pair => pair.Key)
            .ToHashSet();
        IEstimator<ITransformer> pipeline = ml.Transforms.Conversion.MapValueToKey(nameof(TaggedSentence.Label));
        foreach (string column in Columns)
            pipeline = pipeline.Append(ml.Transforms.Conversion.MapValueToKey(column));
        ITransformer model = pipeline.Append(ml.MulticlassClassification.Trainers.LstmSequenceLabeling(run.Configure(options)))
            .Fit(Load(split.Train));
        return ml.MulticlassClassification.EvaluateSequenceLabeling(model.Transform(Load(split.Test)));

        IDataView Load(IEnumerable<Sentence> sentences) =>
            ml.Data.LoadFromEnumerable(sentences.Select(sentence => TaggedSentence.From(sentence, known)));
    }

    public static Split<Sentence> ChunksOf(TaskRun run)
        => new(ConllFile.Read(run.PathOf("conll2000", "train.txt.gz")), ConllFile.Read(run.PathOf("conll2000", "test.txt.gz")));

    public static Split<Sentence> PartsOfSpeechOf(TaskRun run)
    {
        return new Split<Sentence>(Read("train"), Read("test"));

        // Word, universal tag, and a tag of the Penn treebank that would give it away.
        List<Sentence> Read(string part) =>
            [.. ConllFile.Read(run.PathOf("ud_ewt", $"ewt_{part}.pos.tsv.gz")).Select(sentence => new Sentence(sentence.Columns[..2]))];
    }
}

namespace Microsoft.ML.Lstm.Tests.Sequences.SequenceToSequence;

/// <summary>
/// From English to French, on pairs of Tatoeba: build/accept.sh sequences-translation. They are <c>fra_eng/fra_4to12.tsv.gz</c> in the
/// folder that the environment variable LSTM_DATA names, 45,000 sentences of 4 to 12 words.
/// </summary>
[TestClass]
public sealed class TranslationAcceptanceTests
{
    // Pairs of neighbouring parts of words that become parts, in each language: rare words have several keys, and none is missing.
    private const int Merges = 2000;

    private static readonly (int Least, int Most)[] Lengths = [(4, 5), (6, 7), (8, 9), (10, 20)];

    private readonly MLContext _ml = new(seed: 1);

    public TestContext TestContext { get; set; } = null!;

    /// <summary>By three networks, whose outputs are averaged.</summary>
    [TestMethod]
    [TestCategory("sequences")]
    [TestCategory("sequences-translation")]
    public void SentencesAreTranslated()
    {
        LstmSequenceToSequenceTrainer.Options options = Options();
        options.Effort = TrainingEffort.Best;
        TranslationMetrics metrics = Translate(options);
        Assert.IsGreaterThanOrEqualTo(38, metrics.Bleu);
        Assert.IsGreaterThanOrEqualTo(0.25, metrics.ExactMatch);
    }

    /// <summary>
    /// One such network without attention, to compare with: it has the whole sentence in the state that it begins with.
    /// </summary>
    [TestMethod]
    [TestCategory("sequences")]
    [TestCategory("sequences-translation-without-attention")]
    public void SentencesAreTranslatedWithoutAttention()
    {
        LstmSequenceToSequenceTrainer.Options options = Options();
        options.Attention = SourceAttention.None;
        Assert.IsGreaterThan(20, Translate(options).Bleu);
    }

    private static LstmSequenceToSequenceTrainer.Options Options() => new()
    {
        LabelColumnName = "French",
        FeatureColumnName = "English",
        HiddenSize = 288,
        EmbeddingSize = 288,
        TieEmbeddings = true,
        BatchSize = 64,
        LearningRate = 0.002f,
        LearningRateSchedule = LearningRateSchedule.StableThenDecay(0.6),
        NumberOfEpochs = 20,
        TokenDropout = 0.1f,
        InputDropout = 0.25f,
        RecurrentDropout = 0.25f,
        OutputDropout = 0.4f,
        LabelSmoothing = 0.1f,
        BeamSize = 5,
        LengthPenalty = 1.2f,
        Seed = 1,
    };

    private TranslationMetrics Translate(LstmSequenceToSequenceTrainer.Options options)
    {
        (TranslatedSentence[] training, TranslatedSentence[] validation, TranslatedSentence[] test)
            = TranslatedSentence.Split(Acceptance.ReadLines("fra_eng/fra_4to12.tsv.gz", "sequences-translation"));
        var english = new WordSplitter(training.Select(sentence => sentence.Source), isFrench: false);
        var french = new WordSplitter(training.SelectMany(sentence => sentence.Translations), isFrench: true);
        var englishParts = new SubwordSplitter(training.SelectMany(sentence => english.Split(sentence.Source)), Merges);
        var frenchParts = new SubwordSplitter(training.SelectMany(sentence => sentence.Translations).SelectMany(french.Split), Merges);
        SymbolRow[] rows = RowsOf(training);
        ITransformer keys = _ml.Transforms.Conversion.MapValueToKey("English", nameof(SymbolRow.Source))
            .Append(_ml.Transforms.Conversion.MapValueToKey("French", nameof(SymbolRow.Target)))
            .Fit(Load(rows));
        LstmSequenceToSequenceTransformer model = SequenceTraining.Fit(_ml, TestContext, options, keys.Transform(Load(rows)),
            keys.Transform(Load(RowsOf(validation))));
        WrittenRow[] written = SequenceTraining.Write(_ml, model,
            keys.Transform(Load(test.Select(sentence => RowsOf([sentence])[0]))));
        foreach ((int least, int most) in Lengths)
        {
            Print(most < 20 ? $"{least} to {most} words" : $"{least} words and more",
                Evaluate(written.Where(row => WordsOf(row) >= least && WordsOf(row) <= most)));
        }
        TranslationMetrics metrics = Evaluate(written);
        Print("all", metrics);
        return metrics;

        SymbolRow[] RowsOf(TranslatedSentence[] sentences) => [.. sentences.SelectMany(sentence => sentence.Rows(
            text => englishParts.Split(english.Split(text)), text => frenchParts.Split(french.Split(text))))];
    }

    // The words of a sentence, without marks and counting what an apostrophe joins as one.
    private static int WordsOf(WrittenRow row) => SubwordSplitter.Join(row.Source).Count(word => char.IsLetterOrDigit(word[0]));

    private TranslationMetrics Evaluate(IEnumerable<WrittenRow> rows) => _ml.MulticlassClassification.EvaluateTranslation(
        Load(rows.Select(row => row.ToText(parts => WordSplitter.Join(SubwordSplitter.Join(parts))))),
        nameof(WrittenText.References), nameof(WrittenText.Text));

    private void Print(string what, TranslationMetrics metrics) => TestContext.WriteLine(
        $"{what}: {metrics.NumberOfRows} sentences, BLEU {metrics.Bleu:0.0}, exact match {metrics.ExactMatch:P1}");

    private IDataView Load<T>(IEnumerable<T> rows)
        where T : class => _ml.Data.LoadFromEnumerable(rows.ToArray());
}

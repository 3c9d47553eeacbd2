namespace Microsoft.ML.Lstm.Tests.Sequences.SequenceToSequence;

/// <summary>
/// From letters to phones, on the CMU Pronouncing Dictionary: build/accept.sh sequences-cmudict. The dictionary is
/// <c>cmudict/cmudict.dict.gz</c> in the folder that the environment variable LSTM_DATA names. Published word error rates, on other splits:
/// 24.4 % by transducers, 20.6 % by a transformer.
/// </summary>
[TestClass]
public sealed class PronunciationAcceptanceTests
{
    private readonly MLContext _ml = new(seed: 1);

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    [TestCategory("sequences")]
    [TestCategory("sequences-cmudict")]
    public void UnknownWordsArePronouncedByOneNetworkAndBetterByThree()
    {
        (PronouncedWord[] training, PronouncedWord[] validation, PronouncedWord[] test)
            = PronouncedWord.Split(Acceptance.ReadLines("cmudict/cmudict.dict.gz", "sequences-cmudict"));
        var options = new LstmSequenceToSequenceTrainer.Options
        {
            LabelColumnName = "Phones",
            FeatureColumnName = "Letters",
            HiddenSize = 256,
            EmbeddingSize = 96,
            BatchSize = 64,
            LearningRate = 0.002f,
            NumberOfEpochs = 13,
            InputDropout = 0.1f,
            RecurrentDropout = 0.1f,
            OutputDropout = 0.3f,
        };
        IDataView rows = Load(training.SelectMany(word => word.Rows));
        ITransformer keys = _ml.Transforms.Conversion.MapValueToKey("Letters", nameof(SymbolRow.Source))
            .Append(_ml.Transforms.Conversion.MapValueToKey("Phones", nameof(SymbolRow.Target))).Fit(rows);
        IDataView seen = keys.Transform(rows), heldOut = keys.Transform(Load(validation.SelectMany(word => word.Rows))),
            words = keys.Transform(Load(test.Select(word => word.Rows.First())));
        LstmSequenceToSequenceTransformer[] models = [.. Enumerable.Range(1, 3).Select(seed =>
        {
            options.Seed = seed;
            return SequenceTraining.Fit(_ml, TestContext, options, seen, heldOut);
        })];
        (double greedy, double beam) = Measure("one network", models[0]);
        Assert.IsLessThanOrEqualTo(0.27, greedy);
        Assert.IsLessThanOrEqualTo(0.26, beam);
        (_, double together) = Measure("the mean of three", models[0].AverageWith(models[1..]));
        Assert.IsLessThanOrEqualTo(0.25, together);

        (double Greedy, double Beam) Measure(string what, LstmSequenceToSequenceTransformer model)
        {
            TranslationMetrics greedy = Evaluate(model.WithDecoding(beamSize: 1), words);
            TranslationMetrics beam = Evaluate(model.WithDecoding(beamSize: 5), words);
            TestContext.WriteLine($"{what}: words wrong of {greedy.NumberOfRows}: {1 - greedy.ExactMatch:P2} greedy, "
                + $"{1 - beam.ExactMatch:P2} with beam 5; phones wrong: {greedy.WordErrorRate:P2}, {beam.WordErrorRate:P2}");
            return (1 - greedy.ExactMatch, 1 - beam.ExactMatch);
        }
    }

    /// <summary>Compares with all pronunciations of each word: one of them is right, and the nearest one counts for phones.</summary>
    private TranslationMetrics Evaluate(LstmSequenceToSequenceTransformer model, IDataView words)
    {
        WrittenRow[] written = SequenceTraining.Write(_ml, model, words);
        return _ml.MulticlassClassification.EvaluateTranslation(
            Load(written.Select(row => row.ToText(phones => string.Join(" ", phones)))), nameof(WrittenText.References),
            nameof(WrittenText.Text));
    }

    private IDataView Load<T>(IEnumerable<T> rows)
        where T : class => _ml.Data.LoadFromEnumerable(rows.ToArray());
}

using System.Globalization;
using System.Text;

namespace Microsoft.ML.Lstm.Tests.Sequences.LanguageModel;

/// <summary>What a language model of unlabelled questions gives a classifier of few labelled ones (TREC, Li and Roth 2002).</summary>
[TestClass]
public sealed class TransferAcceptanceTests
{
    private const int Labelled = 500;
    private const double LeastGain = 0.03;

    public required TestContext TestContext { get; init; }

    [TestMethod]
    [TestCategory("language")]
    public void ALanguageModelOfOtherQuestionsIsWorthThreePointsOf500()
    {
        string folder = Path.Combine(Environment.GetEnvironmentVariable("LSTM_DATA") ?? "", "trec");
        if (!Acceptance.IsFull || !Directory.Exists(folder))
            Assert.Inconclusive("Runs in build/accept.sh language, with the questions of TREC in the folder trec of LSTM_DATA.");
        Question[] training = Read("train"), test = Read("test");
        double gain = 0;
        int[] seeds = [1, 2, 3];
        foreach (int seed in seeds)
        {
            var ml = new MLContext(seed);
            Question[] shuffled = [.. training];
            new Random(seed).Shuffle(shuffled);
            Question[] labelled = shuffled[..Labelled], others = shuffled[Labelled..];
            // Known are the words of all training questions, and not those of the test questions.
            ITransformer keys = ml.Transforms.Conversion.MapValueToKey("Tokens", nameof(Question.Words), maximumNumberOfKeys: 100_000)
                .Append(ml.Transforms.Conversion.MapValueToKey("Label", nameof(Question.Kind)))
                .Fit(ml.Data.LoadFromEnumerable(training));
            SequenceModelParameters languageModel = ml.MulticlassClassification.Trainers.LstmLanguageModel(LanguageModelOptions(seed))
                .Fit(View(others)).Model;
            double without = Accuracy(null), with = Accuracy(languageModel);
            TestContext.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Seed {seed}: {without:P1} without, {with:P1} with."));
            gain += (with - without) / seeds.Length;

            IDataView View(Question[] questions) => keys.Transform(ml.Data.LoadFromEnumerable(questions));

            double Accuracy(SequenceModelParameters? initial) => ml.MulticlassClassification.Evaluate(
                ml.MulticlassClassification.Trainers.Lstm(new LstmMulticlassTrainer.Options
                {
                    FeatureColumnName = "Tokens",
                    Seed = seed,
                }).Fit(View(labelled), null, initial).Transform(View(test))).MicroAccuracy;
        }
        TestContext.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Gain: {gain:P1}."));
        Assert.IsGreaterThanOrEqualTo(LeastGain, gain);

        Question[] Read(string part) => [.. File.ReadLines(Path.Combine(folder, $"TREC.{part}.all"), Encoding.Latin1)
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Select(words => new Question { Kind = words[0], Words = words[1..] })];
    }

    private static LstmLanguageModelTrainer.Options LanguageModelOptions(int seed) => new()
    {
        FeatureColumnName = "Tokens",
        HiddenSize = 256,
        TieEmbeddings = false,
        EmbeddingSize = 64,
        NumberOfEpochs = 6,
        TokenDropout = 0.05f,
        OutputDropout = 0.3f,
        Seed = seed,
    };

    private sealed class Question
    {
        public string Kind { get; init; } = "";

        public string[] Words { get; init; } = [];
    }
}

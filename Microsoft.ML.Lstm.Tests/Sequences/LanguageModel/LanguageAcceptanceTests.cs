using System.Diagnostics;
using Microsoft.ML.Data;

namespace Microsoft.ML.Lstm.Tests.Sequences.LanguageModel;

/// <summary>
/// Long trainings on public texts, at full speed of two processors: build/accept.sh language-ptb-small and the like. The texts are in the
/// folder that the environment variable LSTM_DATA names, Penn Treebank's as <c>ptb/ptb.train.txt</c>, <c>ptb.valid.txt</c> and
/// <c>ptb.test.txt</c> (Mikolov's, 10,000 words), Shakespeare's as <c>tinyshakespeare/input.txt</c>.
/// </summary>
[TestClass]
public sealed class LanguageAcceptanceTests
{
    private readonly MLContext _ml = new(seed: 1);

    public TestContext TestContext { get; set; } = null!;

    /// <summary>The small model of Zaremba et al. (2014), who have 114.5.</summary>
    [TestMethod]
    [TestCategory("language-ptb-small")]
    public void TheSmallModelOfPennTreebankIsAsGoodAsPublished() => Check(Words(), perplexity: true, 115, TimeSpan.FromMinutes(45), new()
    {
        HiddenSize = 200,
        NumberOfLayers = 2,
        EmbeddingSize = 200,
        TieEmbeddings = false,
        BackpropagationLength = 20,
        BatchSize = 20,
        Optimizer = OptimizerType.Sgd,
        Momentum = 0,
        // 1 and 5 for a loss that is summed over the steps of a piece.
        LearningRate = 20,
        GradientClipNorm = 0.25f,
        InitialForgetBias = 0,
        NumberOfEpochs = 13,
        LearningRateSchedule = LearningRateSchedule.ExponentialDecay(0.5, firstEpochs: 4),
    });

    /// <summary>Tied embeddings and the dropouts of the AWD-LSTM, below 7 million weights.</summary>
    [TestMethod]
    [TestCategory("language-ptb-tied")]
    public void AModelWithTiedEmbeddingsAndDropoutIsBetter() => Check(Words(), perplexity: true, 92, TimeSpan.FromHours(3), new()
    {
        HiddenSize = 400,
        NumberOfLayers = 2,
        TieEmbeddings = true,
        BackpropagationLength = 35,
        BatchSize = 20,
        Optimizer = OptimizerType.Sgd,
        Momentum = 0,
        LearningRate = 20,
        GradientClipNorm = 0.25f,
        InitialForgetBias = 0,
        TokenDropout = 0.05f,
        InputDropout = 0.2f,
        Dropout = 0.2f,
        OutputDropout = 0.35f,
        WeightDropout = 0.3f,
        NumberOfEpochs = 36,
        LearningRateSchedule = LearningRateSchedule.ExponentialDecay(0.8, firstEpochs: 18),
    });

    [TestMethod]
    [TestCategory("language-characters")]
    public void CharactersOfShakespeareAreLearnedInTenMinutes() => Check(Characters(), perplexity: false, 1.65, TimeSpan.FromMinutes(10),
        Shakespeare(layers: 1, epochs: 8, dropout: 0.2f));

    [TestMethod]
    [TestCategory("language-characters-hour")]
    public void CharactersOfShakespeareAreLearnedBetterInAnHour() => Check(Characters(), perplexity: false, 1.53, TimeSpan.FromMinutes(60),
        Shakespeare(layers: 2, epochs: 18, dropout: 0.4f));

    private static LstmLanguageModelTrainer.Options Shakespeare(int layers, int epochs, float dropout) => new()
    {
        HiddenSize = 512,
        NumberOfLayers = layers,
        EmbeddingSize = 64,
        BackpropagationLength = 100,
        BatchSize = 32,
        LearningRate = 0.002f,
        Dropout = dropout,
        OutputDropout = dropout,
        NumberOfEpochs = epochs,
    };

    private void Check(string[][]? texts, bool perplexity, double most, TimeSpan time, LstmLanguageModelTrainer.Options options)
    {
        if (texts is null)
            return;
        var keys = new Dictionary<string, uint>();
        foreach (string token in texts[0])
            keys.TryAdd(token, (uint)keys.Count + 1);
        IDataView[] data = [.. texts.Select(text => Load(text, keys))];
        options.Seed = 1;
        options.EpochCompleted = epoch => TestContext.WriteLine($"epoch {epoch.Epoch}, {epoch.Elapsed.TotalSeconds:0} s: training "
            + $"{epoch.Training.Loss:0.0000}, validation {epoch.Validation!.Loss:0.0000} nats");
        var clock = Stopwatch.StartNew();
        LstmLanguageModelTransformer model = _ml.MulticlassClassification.Trainers.LstmLanguageModel(options).Fit(data[0], data[1]);
        TimeSpan elapsed = clock.Elapsed;
        TestContext.WriteLine($"{model.Model.Weights.Values.Sum(weights => (long)weights.Length):N0} weights");
        LanguageModelMetrics metrics = _ml.MulticlassClassification.EvaluateLanguageModel(model.Transform(data[2]));
        TestContext.WriteLine($"test: {metrics}");
        Assert.IsLessThanOrEqualTo(most, perplexity ? metrics.Perplexity : metrics.CrossEntropy);
        Assert.IsLessThanOrEqualTo(time, elapsed);
    }

    private IDataView Load(string[] text, Dictionary<string, uint> keys)
    {
        SchemaDefinition schema = SchemaDefinition.Create(typeof(Row));
        schema[nameof(Row.Features)].ColumnType = new VectorDataViewType(new KeyDataViewType(typeof(uint), keys.Count));
        return _ml.Data.LoadFromEnumerable((Row[])[new() { Features = [.. text.Select(token => keys.GetValueOrDefault(token))] }], schema);
    }

    /// <summary>The words for training, validation and test, each a text with the ends of its lines as words.</summary>
    private static string[][]? Words()
    {
        string[]? files = Read("ptb/ptb.train.txt", "ptb/ptb.valid.txt", "ptb/ptb.test.txt");
        return files is null ? null
            : [.. files.Select(file => file.Replace("\n", " <eos> ").Split(' ', StringSplitOptions.RemoveEmptyEntries))];
    }

    /// <summary>The characters: the last tenth is the test, the one before it for validation.</summary>
    private static string[][]? Characters()
    {
        if (Read("tinyshakespeare/input.txt") is not [string all])
            return null;
        string[] characters = [.. all.Select(character => character.ToString())];
        int validation = characters.Length * 8 / 10, test = characters.Length * 9 / 10;
        return [characters[..validation], characters[validation..test], characters[test..]];
    }

    private static string[]? Read(params string[] names)
    {
        if (!Acceptance.IsFull)
            Assert.Inconclusive("It takes long: build/accept.sh language-ptb-small and the like.");
        string folder = Environment.GetEnvironmentVariable("LSTM_DATA") ?? "";
        if (Array.Find(names, name => !File.Exists(Path.Combine(folder, name))) is { } missing)
            Assert.Inconclusive($"There is no {missing} in the folder that LSTM_DATA names, '{folder}'.");
        return [.. names.Select(name => File.ReadAllText(Path.Combine(folder, name)))];
    }

    private sealed class Row
    {
        public uint[] Features = [];
    }
}

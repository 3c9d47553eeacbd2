using Microsoft.ML.Data;

namespace Microsoft.ML.Lstm.Tests.Sequences;

/// <summary>Word vectors of a file as the beginning of a trainer's own.</summary>
[TestClass]
public sealed class WordVectorTests
{
    private const string Vectors = "good 1 0 0.5\nbad -1 0 0.5\nother 0 0 0\n";

    [TestMethod]
    public void FrozenVectorsAreThoseOfTheFileAndTheLogSaysHowManyWereFound()
    {
        WithFile(Vectors, path =>
        {
            var ml = new MLContext(seed: 1);
            var messages = new List<string>();
            ml.Log += (_, e) => messages.Add(e.Message);

            LstmBinaryTransformer model = Fit(ml, path, options => options.FreezeEmbeddings = true);

            float[] table = model.Model.Weights["embeddings.0.weight"].ToArray();
            Assert.HasCount(3 * (1 + 3), table);
            CollectionAssert.AreEqual((float[])[1, 0, 0.5f], Row(table, "good"));
            CollectionAssert.AreEqual((float[])[-1, 0, 0.5f], Row(table, "bad"));
            Assert.IsTrue(messages.Any(message =>
                message.Contains("Vectors of 3 features for 2 of the 3 words of column 'Words' (66.7 %)", StringComparison.Ordinal)),
                string.Join('\n', messages));
        });
    }

    [TestMethod]
    public void VectorsThatAreNotFrozenGoOnFromTheFile()
        => WithFile(Vectors, path =>
        {
            var ml = new MLContext(seed: 1);
            LstmBinaryTransformer model = Fit(ml, path, options => (options.NumberOfEpochs, options.LearningRate) = (1, 1e-4f));
            float[] row = Row(model.Model.Weights["embeddings.0.weight"].ToArray(), "good");
            Assert.AreEqual(1, row[0], 0.01);
            CollectionAssert.AreNotEqual((float[])[1, 0, 0.5f], row);
        });

    [TestMethod]
    [DataRow("good 1 2\nbad 1\n", "line 2")]
    [DataRow("good 1 2\nbad 1 x\n", "line 2")]
    public void AMalformedLineIsNamed(string content, string line)
        => WithFile(content, path =>
        {
            var error = Assert.ThrowsExactly<InvalidDataException>(() => Fit(new MLContext(seed: 1), path));
            StringAssert.Contains(error.Message, path);
            StringAssert.Contains(error.Message, line);
        });

    [TestMethod]
    public void AFileForAColumnThatIsNotReadIsRefused()
    {
        var error = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() =>
            new MLContext().BinaryClassification.Trainers.Lstm(new() { WordVectorFiles = new() { ["Other"] = "file" } }));
        Assert.AreEqual("WordVectorFiles", error.ParamName);
    }

    [TestMethod]
    public void KeysWithoutWordsAreRefused()
        => WithFile(Vectors, path =>
        {
            var ml = new MLContext(seed: 1);
            IDataView data = ml.Data.LoadFromEnumerable(new[] { new Keys { Label = true }, new Keys() });
            var error = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() =>
                ml.BinaryClassification.Trainers.Lstm(Options(path)).Fit(data));
            StringAssert.Contains(error.Message, "text for key values");
        });

    private static LstmBinaryTransformer Fit(MLContext ml, string path, Action<LstmBinaryTrainer.Options>? change = null)
    {
        LstmBinaryTrainer.Options options = Options(path);
        change?.Invoke(options);
        IDataView data = ml.Data.LoadFromEnumerable(Rows);
        IDataView keys = ml.Transforms.Conversion.MapValueToKey("Words").Fit(data).Transform(data);
        return ml.BinaryClassification.Trainers.Lstm(options).Fit(keys);
    }

    private static LstmBinaryTrainer.Options Options(string path)
        => new()
        {
            FeatureColumnName = "Words",
            WordVectorFiles = new() { ["Words"] = path },
            HiddenSize = 4,
            NumberOfEpochs = 3,
            Seed = 1
        };

    // Keys are in the order in which words first occur.
    private static float[] Row(float[] table, string word)
    {
        string[] vocabulary = [.. Rows.SelectMany(row => row.Words).Distinct()];
        int row = 1 + Array.IndexOf(vocabulary, word);
        return table[(3 * row)..(3 * row + 3)];
    }

    private static Text[] Rows { get; } = [.. Enumerable.Range(0, 20)
        .Select(i => new Text { Label = i % 2 == 0, Words = [i % 2 == 0 ? "good" : "bad", "rare"] })];

    private static void WithFile(string content, Action<string> use)
    {
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, content);
            use(path);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private sealed class Text
    {
        public bool Label { get; set; }

        public string[] Words { get; set; } = [];
    }

    private sealed class Keys
    {
        public bool Label { get; set; }

        [KeyType(3)]
        public uint[] Words { get; set; } = [1, 2];
    }
}

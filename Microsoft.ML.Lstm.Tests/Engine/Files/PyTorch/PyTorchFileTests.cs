using System.IO.Compression;
using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Tests.Sequences;

namespace Microsoft.ML.Lstm.Tests.Engine.Files.PyTorch;

/// <summary>State dicts of PyTorch 1.13, in its own format and as safetensors.</summary>
[TestClass]
public sealed class PyTorchFileTests
{
    private const double Tolerance = 1e-5;

    public TestContext TestContext { get; set; } = null!;

    public static IEnumerable<object[]> Files => PyTorchCase.All.Select(one => new object[] { one.File });

    [TestMethod]
    [DynamicData(nameof(Files))]
    public void OutputsAndStatesArePyTorchs(string file)
    {
        PyTorchCase one = PyTorchCase.All.Single(one => one.File == file);
        double worst = one.Compare(SequenceModelParameters.LoadPyTorch(one.FilePath, one.Options));
        TestContext.WriteLine($"largest difference: {worst:g2}");
        Assert.IsLessThan(Tolerance, worst);
    }

    [TestMethod]
    public void EveryKindOfNetworkIsAmongTheFiles()
    {
        foreach (string suffix in new[] { ".pt", ".safetensors" })
        {
            foreach (string kind in new[] { "lstm", "gru", "rnn" })
            {
                foreach (string layers in new[] { "1", "1_both", "3", "3_both" })
                {
                    foreach (string bias in new[] { "", "_nobias" })
                        Assert.Contains(one => one.File == $"{kind}_{layers}{bias}{suffix}", PyTorchCase.All);
                }
            }
        }
    }

    [TestMethod]
    public void TheMappingIsShown()
    {
        IReadOnlyDictionary<string, string> names = Load("tokens.pt").TensorNames;
        Assert.AreEqual("rnn.weight_ih_l0", names["weight_ih_l0"]);
        Assert.AreEqual("rnn.bias_ih_l0_reverse + rnn.bias_hh_l0_reverse", names["bias_l0_reverse"]);
        Assert.AreEqual("embedding.weight", names["embeddings.0.weight"]);
        Assert.AreEqual("fc.bias", names["head.bias"]);
        Assert.AreEqual("", Load("lstm_1_nobias.pt").TensorNames["bias_l0"]);
    }

    [TestMethod]
    [DataRow("module.pt", "__main__.Net")]
    [DataRow("call.pt", "posixpath.basename")]
    [DataRow("legacy.pt", "before 1.6")]
    [DataRow("script.pt", "TorchScript")]
    [DataRow("tensor.pt", "single tensor")]
    [DataRow("sparse.pt", "_rebuild_sparse_tensor")]
    [DataRow("projection.safetensors", "proj_size")]
    [DataRow("norm.safetensors", "'norm'")]
    [DataRow("two_linear.safetensors", "LinearModules")]
    public void WhatIsNoNetworkIsRefusedByName(string file, string expected)
    {
        Exception error = Assert.Throws<Exception>(() => Load(Path.Combine("refused", file)));
        Assert.IsTrue(error is NotSupportedException or InvalidDataException, error.ToString());
        StringAssert.Contains(error.Message, expected);
    }

    [TestMethod]
    public void AMappingCanBeGiven()
    {
        PyTorchCase one = PyTorchCase.All.Single(one => one.File == "checkpoint.pt");
        Assert.IsLessThan(Tolerance, one.Compare(Load(one.File, new()
        {
            StateDict = "model_state_dict",
            RecurrentModules = ["rnn"],
            LinearModules = ["fc"],
            EmbeddingModules = [],
        })));
        StringAssert.Contains(Refused(one.File, new() { StateDict = "optimizer" }).Message, "'optimizer'");
        StringAssert.Contains(Refused(one.File, new() { RecurrentModules = ["lstm"] }).Message, "'rnn'");
        StringAssert.Contains(Refused(one.File, new() { LinearModules = ["head"] }).Message, "'fc'");
        StringAssert.Contains(Refused(one.File, new() { LinearModules = [] }).Message, "'fc'");
        Assert.AreEqual(3, Load(one.File, new() { IgnoredModules = ["fc"] }).OutputCount);
        Assert.AreEqual(2, Load(Path.Combine("refused", "norm.safetensors"), new() { IgnoredModules = ["norm"] }).OutputCount);
        StringAssert.Contains(Refused("tokens_numbers.pt", new()).Message, nameof(PyTorchImportOptions.EmbeddingsFirst));
        StringAssert.Contains(Refused("statics.pt", new()).Message, nameof(PyTorchImportOptions.StaticFeatureCount));
        Assert.AreEqual(5, Load(Path.Combine("refused", "two_linear.safetensors"), new()
        {
            LinearModules = ["fc", "second"],
            OutputFunction = OutputFunction.Softmax,
            StepOutputs = true,
        }).OutputCount + 2);
    }

    [TestMethod]
    public void MissingKeysAreTheMeanOrARowOfTheTable()
    {
        float[] mean = Row(0, new()), first = Row(1, new()), third = Row(3, new());
        CollectionAssert.AreEqual(first, Row(0, new() { UnknownToken = 0 }));
        CollectionAssert.AreEqual(first, Row(0, new() { KeysAreTokens = true }));
        CollectionAssert.AreEqual(third, Row(2, new() { KeysAreTokens = true }));
        Assert.AreEqual(Enumerable.Range(1, 7).Average(row => Row(row, new())[1]), mean[1], 1e-6f);

        static float[] Row(int row, PyTorchImportOptions options)
            => Load("tokens.pt", options).Weights["embeddings.0.weight"].Slice(row * 4, 4).ToArray();
    }

    [TestMethod]
    public void AFileIsScoredInAPipelineAndSavedWithIt()
    {
        var ml = new MLContext(1);
        PyTorchCase one = PyTorchCase.All.Single(one => one.File == "lstm_1.pt");
        IDataView rows = ml.Data.LoadFromEnumerable(one.Rows.Where(row => row.Steps == 3).Select(row => new Steps { Features = row.X! }));
        ITransformer model = ml.Transforms.ApplyLstmModel("Score", "Features", one.FilePath).Fit(rows);
        float[] scores = model.Transform(rows).GetColumn<float[]>("Score").Single();
        Assert.AreEqual(one.Rows.Single(row => row.Steps == 3).Y[0], scores[0], 1e-5f);
        using var saved = new MemoryStream();
        ml.Model.Save(model, rows.Schema, saved);
        CollectionAssert.AreEqual(scores,
            ml.Model.Load(saved, out _).Transform(rows).GetColumn<float[]>("Score").Single());
    }

    /// <summary>Scaling is a part of the weights there, and the network is one that goes on training here.</summary>
    [TestMethod]
    public void ANetworkThatWasTrainedHereScoresAlikeAndGoesOnTraining()
    {
        var ml = new MLContext(1);
        IDataView data = ml.Data.LoadFromEnumerable(Example.Make(60).Select(example => new Steps
        {
            Features = [.. example.Features[..6].Select(value => 1000 + 20 * value)],
            Label = 7 * example.Label,
        }));
        var options = new LstmRegressionTrainer.Options
        {
            FeaturesPerStep = 2,
            HiddenSize = 3,
            NumberOfEpochs = 5,
            SkipSteps = 0,
            Seed = 1,
        };
        LstmRegressionTransformer model = ml.Regression.Trainers.Lstm(options).Fit(data);
        using var stream = new MemoryStream();
        model.Model.SavePyTorch(stream);
        stream.Position = 0;
        SequenceModelParameters back = SequenceModelParameters.LoadPyTorch(stream);
        float[] expected = [.. model.Transform(data).GetColumn<float>("Score")];
        float[] found = [.. ml.Transforms.ApplyLstmModel(new() { Model = back, OutputColumnName = "Found" }).Fit(data).Transform(data)
            .GetColumn<float>("Found")];
        for (int i = 0; i < expected.Length; i++)
            Assert.AreEqual(expected[i], found[i], 1e-3f * Math.Abs(expected[i]));
        float[] further = [.. ml.Regression.Trainers.Lstm(options).Fit(data, validationData: null, back).Transform(data)
            .GetColumn<float>("Score")];
        CollectionAssert.AreNotEqual(expected, further);
        Assert.IsTrue(Array.TrueForAll(further, float.IsFinite));
    }

    [TestMethod]
    public void WhatWasWrittenForPyTorchComesBack()
    {
        foreach (string file in new[] { "lstm_3_both.pt", "gru_3_both.pt", "rnn_1.pt", "tokens.pt" })
        {
            SequenceModelParameters network = Load(file);
            var stream = new MemoryStream();
            network.SavePyTorch(stream, new()
            {
                RecurrentModule = "a.b",
                LinearModule = "",
                EmbeddingModules = file == "tokens.pt" ? ["words"] : null,
            });
            stream.Position = 0;
            SequenceModelParameters back = SequenceModelParameters.LoadPyTorch(stream, new() { KeysAreTokens = true });
            Assert.AreEqual(network.Network.Shape, back.Network.Shape);
            foreach ((string name, ReadOnlyMemory<float> values) in network.Weights)
                CollectionAssert.AreEqual(values.ToArray(), back.Weights[name].ToArray(), $"{file} {name}");
            Assert.AreEqual("a.b.weight_hh_l0", back.TensorNames["weight_hh_l0"]);
        }
    }

    [TestMethod]
    public void AnArchiveWithAnEntryTwiceIsRefused()
    {
        var stream = new MemoryStream();
        stream.Write(File.ReadAllBytes(Path.Combine(PyTorchCase.Folder, "lstm_1.pt")));
        using (var archive = new ZipArchive(stream, ZipArchiveMode.Update, leaveOpen: true))
            archive.CreateEntry(archive.Entries[0].FullName);
        stream.Position = 0;
        StringAssert.Contains(
            Assert.ThrowsExactly<InvalidDataException>(() => SequenceModelParameters.LoadPyTorch(stream)).Message, "twice");
    }

    private static SequenceModelParameters Load(string file, PyTorchImportOptions? options = null)
        => SequenceModelParameters.LoadPyTorch(Path.Combine(PyTorchCase.Folder, file), options);

    private static Exception Refused(string file, PyTorchImportOptions options) => Assert.Throws<Exception>(() => Load(file, options));

    private sealed class Steps
    {
        [VectorType(6)]
        public float[] Features { get; set; } = [];

        public float Label { get; set; }
    }
}

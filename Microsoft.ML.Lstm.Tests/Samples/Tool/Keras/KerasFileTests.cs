using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using LstmTool.Keras;

namespace Microsoft.ML.Lstm.Tests.Samples.Tool.Keras;

/// <summary>Files in Keras's layouts, as the command-line tool reads them.</summary>
[TestClass]
public sealed class KerasFileTests
{
    private const double Tolerance = 1e-5;

    private readonly string _folder = Directory.CreateTempSubdirectory("lstm-tests-").FullName;

    public TestContext TestContext { get; set; } = null!;

    public static IEnumerable<object[]> Files => KerasCase.All.Select(one => new object[] { one.File });

    [TestCleanup]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    /// <summary>What is saved of the network, function behind the last layer and all, gives NumPy's outputs.</summary>
    [TestMethod]
    [DynamicData(nameof(Files))]
    public void OutputsAreThoseOfTheFormulas(string file)
    {
        KerasCase one = KerasCase.All.Single(one => one.File == file);
        KerasNetwork read = KerasFile.Load(one.FilePath);
        using var stream = new MemoryStream();
        read.Network.Save(stream);
        stream.Position = 0;
        // Token 0 is the first one where it is not the mask.
        double worst = one.Compare(SequencePredictor.Load(stream), firstKey: file.StartsWith("masked", StringComparison.Ordinal) ? 0 : 1);
        TestContext.WriteLine($"largest difference: {worst:g2}");
        Assert.IsLessThan(Tolerance, worst);
    }

    [TestMethod]
    public void EveryKindOfLayerIsAmongTheFilesInEveryLayout()
    {
        foreach (string ending in new[] { ".keras", ".weights.h5", ".h5", ".legacy.h5" })
        {
            foreach (string kind in new[] { "lstm", "gru", "simple_rnn" })
            {
                Assert.Contains(one => one.File == $"{kind}_1{ending}", KerasCase.All);
                Assert.Contains(one => one.File == $"{kind}_2_both{ending}", KerasCase.All);
            }
        }
    }

    [TestMethod]
    public void TheMappingIsShown()
    {
        IReadOnlyDictionary<string, string> names = Load("gru_2_both.keras").Names;
        Assert.AreEqual("layers/bidirectional_1/backward_layer/cell/vars/1", names["weight_hh_l1_reverse"]);
        Assert.AreEqual("layers/bidirectional/forward_layer/cell/vars/2[0] + layers/bidirectional/forward_layer/cell/vars/2[1]",
            names["bias_l0"]);
        Assert.AreEqual("layers/dense/vars/1", names["head.bias"]);
        Assert.AreEqual("lstm_1/lstm_1/lstm_cell/recurrent_kernel:0", Load("lstm_3.legacy.h5").Names["weight_hh_l1"]);
        Assert.AreEqual("layers/dense_1/vars/0 · layers/dense/vars/0", Load("chain.keras").Names["head.weight"]);
        Assert.AreEqual("", Load("lstm_1_nobias.keras").Names["bias_l0"]);
        StringAssert.Contains(string.Join('\n', Load("masked.keras").Notes), "token k is key k;");
        StringAssert.Contains(string.Join('\n', Load("words.keras").Notes), "token k is key k + 1");
        StringAssert.Contains(string.Join('\n', Load("lstm_1.weights.h5").Notes), "the last state and no function");
        Assert.IsEmpty(Load("lstm_1.keras").Notes);
    }

    /// <summary>What Keras transposes and orders otherwise, by hand: the gates z, r, h of a GRU are PyTorch's r, z, n.</summary>
    [TestMethod]
    public void KernelsAreTransposedAndGatesPutInOrder()
    {
        HdfArray[] arrays =
        [
            ArrayOf("kernel", [2, 3], 1, 2, 3, 4, 5, 6),
            ArrayOf("recurrent", [1, 3], 7, 8, 9),
            ArrayOf("bias", [2, 3], 10, 20, 30, 1, 2, 3),
        ];
        SequenceModelParameters network = KerasNetwork.Of([new KerasLayer("gru", "GRU", null, arrays)]).Network;
        CollectionAssert.AreEqual(new float[] { 2, 5, 1, 4, 3, 6 }, network.Weights["weight_ih_l0"].ToArray());
        CollectionAssert.AreEqual(new float[] { 8, 7, 9 }, network.Weights["weight_hh_l0"].ToArray());
        // r, z, n of the input and, merged where the cell adds both, n of the hidden state.
        CollectionAssert.AreEqual(new float[] { 22, 11, 30, 3 }, network.Weights["bias_l0"].ToArray());

        static HdfArray ArrayOf(string name, int[] shape, params float[] values) => new(name, shape, () => values);
    }

    [TestMethod]
    [DataRow("reset_before.keras", "reset_after")]
    [DataRow("hard_sigmoid.keras", "hard_sigmoid")]
    [DataRow("relu_cell.keras", "'relu'")]
    [DataRow("go_backwards.keras", "go_backwards")]
    [DataRow("stateful.keras", "stateful")]
    [DataRow("return_state.keras", "return_state")]
    [DataRow("hidden_relu.keras", "'dense'")]
    [DataRow("gelu.keras", "'gelu'")]
    [DataRow("convolution.keras", "Conv1D")]
    [DataRow("nested.keras", "Sequential")]
    [DataRow("units.keras", "'lstm_1'")]
    [DataRow("cells.keras", "'gru'")]
    [DataRow("last_only.keras", "return_sequences")]
    [DataRow("two_dense.weights.h5", "--config")]
    [DataRow("no_recurrent.keras", "'dense'")]
    [DataRow("merge_sum.keras", "merge_mode")]
    [DataRow("integers.keras", "layers/lstm/cell/vars/0")]
    [DataRow("bfloat16.keras", "layers/dense/vars/0")]
    [DataRow("big_endian.keras", "yte order")]
    [DataRow("no_bias.keras", "'lstm'")]
    [DataRow("narrow.keras", "'dense'")]
    [DataRow("infinite.keras", "finite")]
    [DataRow("branch.keras", "several layers")]
    public void WhatIsNoNetworkIsRefusedByName(string file, string expected)
    {
        Exception error = Assert.Throws<Exception>(() => Load(Path.Combine("refused", file)));
        Assert.IsTrue(error is NotSupportedException or InvalidDataException, error.ToString());
        StringAssert.Contains(error.Message, expected);
    }

    [TestMethod]
    public void AConfigurationSaysWhatWeightsCantSay()
    {
        string path = Path.Combine(KerasCase.Folder, "refused", "two_dense.weights.h5");
        using ZipArchive archive = ZipFile.OpenRead(Path.Combine(KerasCase.Folder, "chain.keras"));
        string config = Path.Combine(_folder, "config.json");
        archive.GetEntry("config.json")!.ExtractToFile(config);
        // The other model has no bias in its last layer.
        string text = File.ReadAllText(config);
        File.WriteAllText(config, text.Replace("\"use_bias\": false", "\"use_bias\": true", StringComparison.Ordinal));
        KerasNetwork read = KerasFile.Load(path, config);
        Assert.AreEqual(2, read.Network.OutputCount);
        Assert.IsEmpty(read.Notes);
        File.WriteAllText(config, "[]");
        Assert.ThrowsExactly<InvalidDataException>(() => KerasFile.Load(path, config));
    }

    [TestMethod]
    [DataRow("""[["{0}", 0, 0]]""", true)]
    [DataRow("""["{0}", 0, 0]""", true)]
    [DataRow("""{{"y": ["{0}", 0, 0]}}""", true)]
    [DataRow("""[["{1}", 0, 0], ["{0}", 0, 0]]""", false)]
    [DataRow("""[["{1}", 0, 0]]""", false)]
    [DataRow("""[["{0}", 0, 1]]""", false)]
    public void TheOnlyOutputIsThatOfTheLastLayer(string outputs, bool isRead)
    {
        string path = Path.Combine(_folder, "functional.keras");
        File.Copy(Path.Combine(KerasCase.Folder, "functional.keras"), path);
        string[] names = [.. KerasFile.Load(path).Names.Values.Select(name => name.Split('/')[1]).Distinct()];
        using (ZipArchive archive = ZipFile.Open(path, ZipArchiveMode.Update))
        {
            JsonNode config;
            using (Stream content = archive.GetEntry("config.json")!.Open())
                config = JsonNode.Parse(content)!;
            config["config"]!["output_layers"] = JsonNode.Parse(string.Format(CultureInfo.InvariantCulture, outputs, "dense", names[0]));
            archive.GetEntry("config.json")!.Delete();
            using Stream changed = archive.CreateEntry("config.json").Open();
            changed.Write(Encoding.UTF8.GetBytes(config.ToJsonString()));
        }
        if (isRead)
            Assert.IsNotNull(KerasFile.Load(path));
        else
            StringAssert.Contains(Assert.ThrowsExactly<NotSupportedException>(() => KerasFile.Load(path)).Message, "one output");
    }

    [TestMethod]
    public void TheCommandConvertsAndShowsFiles()
    {
        string file = Path.Combine(KerasCase.Folder, "words.keras"), ours = Path.Combine(_folder, "ours.safetensors"),
            theirs = Path.Combine(_folder, "theirs.safetensors");
        string output = Run(0, "convert", file, "--output", ours);
        StringAssert.Contains(output, "weight_ih_l0_reverse = layers/bidirectional/backward_layer/cell/vars/0");
        StringAssert.Contains(output, "token k is key k + 1");
        Assert.AreEqual(OutputFunction.Softmax, SequenceModelParameters.Load(ours).OutputFunction);
        StringAssert.Contains(Run(0, "info", file), "Gru, 1 × 3 units in both directions");
        StringAssert.Contains(Run(0, "convert", file, "--to", "pytorch", "--output", theirs), "Softmax is behind the last layer");
        Assert.AreEqual("head.weight", SequenceModelParameters.LoadPyTorch(theirs, new() { KeysAreTokens = true })
            .TensorNames["head.weight"]);
        StringAssert.Contains(Run(1, "convert", file, "--to", "onnx"), "ApplyLstmModel");
        StringAssert.Contains(Run(1, "convert", ours, "--to", "pytorch", "--config", ours), "--config");
    }

    private static KerasNetwork Load(string file) => KerasFile.Load(Path.Combine(KerasCase.Folder, file));

    private string Run(int expectedExitCode, params string[] arguments)
        => SampleProgram.Run("LstmTool", _folder, expectedExitCode, arguments);
}

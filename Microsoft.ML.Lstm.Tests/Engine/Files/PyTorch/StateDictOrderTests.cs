using Microsoft.ML.Lstm.Engine.Files;

namespace Microsoft.ML.Lstm.Tests.Engine.Files.PyTorch;

/// <summary>A safetensors file has its tensors by name, which need not be the order of the layers.</summary>
[TestClass]
public sealed class StateDictOrderTests
{
    private const int Units = 2;

    [TestMethod]
    public void SeveralEmbeddingsNeedAnOrder()
    {
        SafeTensor[] tensors =
        [
            Tensor("pos_emb.weight", 5, 2), Tensor("word_emb.weight", 4, 2), .. Lstm("rnn", inputs: 4), Tensor("fc.weight", 1, Units),
        ];
        var error = Assert.ThrowsExactly<NotSupportedException>(() => Load(tensors));
        StringAssert.Contains(error.Message, "'pos_emb', 'word_emb'");
        StringAssert.Contains(error.Message, nameof(PyTorchImportOptions.EmbeddingModules));
        SequenceModelParameters network = Load(tensors, new() { EmbeddingModules = ["word_emb", "pos_emb"] });
        Assert.AreEqual(("word_emb.weight", "pos_emb.weight"),
            (network.TensorNames["embeddings.0.weight"], network.TensorNames["embeddings.1.weight"]));
    }

    [TestMethod]
    public void NumbersInNamesAreAnOrder()
    {
        string[] names = ["0", "1", "10", "2", "3", "4", "5", "6", "7", "8", "9"];
        SequenceModelParameters network = Load(
        [
            .. names.Select(name => Tensor($"embeddings.{name}.weight", 3, 1)),
            .. names.SelectMany(name => Lstm($"blocks.{name}.rnn", name == "0" ? names.Length : Units)),
            Tensor("fc.weight", 1, Units),
        ]);
        for (int i = 0; i < names.Length; i++)
        {
            Assert.AreEqual($"embeddings.{i}.weight", network.TensorNames[$"embeddings.{i}.weight"]);
            Assert.AreEqual($"blocks.{i}.rnn.weight_hh_l0", network.TensorNames[$"weight_hh_l{i}"]);
        }
    }

    [TestMethod]
    public void RecurrentModulesNeedAnOrderUnlessOneAloneFits()
    {
        SafeTensor[] Network(int inputs) => [.. Lstm("hidden_lstm", Units), .. Lstm("input_lstm", inputs), Tensor("fc.weight", 1, Units)];
        var error = Assert.ThrowsExactly<NotSupportedException>(() => Load(Network(Units)));
        StringAssert.Contains(error.Message, "'hidden_lstm', 'input_lstm'");
        StringAssert.Contains(error.Message, nameof(PyTorchImportOptions.RecurrentModules));
        foreach (SequenceModelParameters network in new[]
        {
            Load(Network(Units), new() { RecurrentModules = ["input_lstm", "hidden_lstm"] }),
            Load(Network(3)),
        })
            Assert.AreEqual("input_lstm.weight_ih_l0", network.TensorNames["weight_ih_l0"]);
    }

    private static SafeTensor[] Lstm(string module, int inputs)
        => [Tensor($"{module}.weight_hh_l0", 4 * Units, Units), Tensor($"{module}.weight_ih_l0", 4 * Units, inputs)];

    private static SafeTensor Tensor(string name, int rows, int columns) => new(name, [rows, columns], new float[rows * columns]);

    private static SequenceModelParameters Load(SafeTensor[] tensors, PyTorchImportOptions? options = null)
    {
        var stream = new MemoryStream();
        new SafeTensors(new Dictionary<string, string>(), tensors).Write(stream);
        stream.Position = 0;
        return SequenceModelParameters.LoadPyTorch(stream, options);
    }
}

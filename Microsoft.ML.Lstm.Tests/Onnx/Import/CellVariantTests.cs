using System.Runtime.InteropServices;
using Google.Protobuf;
using Microsoft.ML.Lstm.Onnx;

namespace Microsoft.ML.Lstm.Tests.Onnx.Import;

/// <summary>Variants of cells are read where ours compute the same, and refused by the node's name where they don't.</summary>
[TestClass]
public sealed class CellVariantTests
{
    [TestMethod]
    public void CoupledGatesAreThoseOfOppositeWeights()
    {
        TestGraph graph = Network("LSTM", OnnxAttribute.Of("input_forget", 1));
        graph.AssertScoresAsOnnxRuntime();
    }

    [TestMethod]
    public void AResetBeforeTheProductIsReadWhereTheRecurrentWeightsAreDiagonal()
    {
        TestGraph graph = Network("GRU", OnnxAttribute.Of("linear_before_reset", 0));
        TensorProto recurrent = graph.Model.Graph.Initializer.First(tensor => tensor.Dims is [1, 12, 4]);
        byte[] bytes = recurrent.RawData.ToByteArray();
        Span<float> candidate = MemoryMarshal.Cast<byte, float>(bytes.AsSpan())[32..];
        for (int i = 0; i < candidate.Length; i++)
            candidate[i] = i / 4 == i % 4 ? candidate[i] : 0;
        recurrent.RawData = ByteString.CopyFrom(bytes);
        graph.AssertScoresAsOnnxRuntime();
    }

    [TestMethod]
    public void ClippingThatChangesNothingIsRead() => Network("GRU", TestGraph.Number("clip", 30)).AssertScoresAsOnnxRuntime();

    [TestMethod]
    public void ActivationsOfOursAreReadInAnyCase()
        => Network("LSTM", TestGraph.Texts("activations", "sigmoid", "Tanh", "tanh")).AssertScoresAsOnnxRuntime();

    [TestMethod]
    public void OtherCellsAreRefusedByName()
    {
        AssertRefused(Network("GRU", OnnxAttribute.Of("linear_before_reset", 0)),
            "node 'GRU1' (GRU): its reset gate acts before the product");
        AssertRefused(Network("RNN", TestGraph.Texts("activations", "Relu")),
            "node 'RNN1' (RNN): its activations are Relu; those of ours are Tanh");
        AssertRefused(Network("LSTM", TestGraph.Texts("activations", "HardSigmoid", "Tanh", "ScaledTanh")),
            "node 'LSTM1' (LSTM): its activations are HardSigmoid, Tanh, ScaledTanh; those of ours are Sigmoid, Tanh, Tanh");
        AssertRefused(Network("LSTM", TestGraph.Number("clip", 3)), "node 'LSTM1' (LSTM): it clips what its activations read at 3");
        AssertRefused(WithInput(6, graph => graph.Weights(1, 1, 4)),
            "its initial_c is something else, and sequences of ours begin at states of zero");
        AssertRefused(WithInput(7, graph => graph.Weights(1, 12)), "it has peepholes (P), and cells of ours have none");
        AssertRefused(WithInput(4, graph => graph.Node("Cast", [graph.Integers(1, 2, 3)], OnnxAttribute.Of("to", 6))),
            "its sequence_lens are fixed in the file");
    }

    [TestMethod]
    public void InitialStatesThatAreInputsAreRefusedUnlessTheyAreZeros()
    {
        TestGraph graph = WithInput(5, graph => graph.Zeros("h0", 1, 0, 4));
        AssertRefused(graph, "its initial_h is input 'h0'");
        graph.AssertScoresAsOnnxRuntime(options: new OnnxImportOptions { ZeroInputNames = ["h0"] });
    }

    [TestMethod]
    public void ZeroPeepholesAndStatesAreNone()
    {
        WithInput(7, graph => graph.Constant(new float[12], 1, 12)).AssertScoresAsOnnxRuntime();
        WithInput(5, graph => graph.Constant(new float[12], 1, 3, 4)).AssertScoresAsOnnxRuntime();
    }

    [TestMethod]
    public void WhatNetworksOfOursDoNotHaveIsRefusedByName()
    {
        foreach ((Func<TestGraph, string[], string> make, string message) in new (Func<TestGraph, string[], string>, string)[]
        {
            ((g, y) => g.Dense(g.Squeeze(y[2], 0), 4, 2), "node 'LSTM1' (LSTM): its cell state c is read"),
            ((g, y) => g.Dense(g.Node("ReduceSum", [g.Squeeze(y[0], 1), g.Integers(0)], OnnxAttribute.Of("keepdims", 0)), 4, 2),
                "steps are added up"),
            ((g, y) => g.Node("LayerNormalization", [g.Squeeze(y[1], 0), g.Weights(4)]),
                "(LayerNormalization): networks of ours have nothing like it"),
            ((g, y) => g.Dense(g.Node("Concat", [g.Squeeze(y[1], 0), Max(g, g.Squeeze(y[0], 1))], OnnxAttribute.Of("axis", 1)), 8, 2),
                "several ways (Last and Max)"),
            ((g, y) => Max(g, g.Dense(g.Squeeze(y[0], 1), 4, 2)), "the maximum is taken of a linear combination"),
            ((g, y) => g.Dense(g.Node("Gather", [g.Squeeze(y[0], 1), g.Integer(0)], OnnxAttribute.Of("axis", 0)), 4, 2),
                "first step is read"),
            ((g, y) => g.Dense(g.Squeeze(g.Recurrent("GRU", g.Squeeze(y[0], 1), 4, 4)[1], 0), 4, 2), "has another cell"),
            ((g, y) => g.Node("Dropout", [g.Node("Erf", [g.Squeeze(y[1], 0)])]), "(Erf) lies between the recurrent layers and the output"),
            ((g, y) => g.Node("Add", [g.Squeeze(y[1], 0), g.Transpose(y[1], 1, 0, 2)]), "don't fit each other"),
            ((g, y) => g.Node("Foo", [y[1]]), "node 'Foo2' (Foo): networks of ours have nothing like it"),
        })
        {
            var graph = new TestGraph();
            string[] layer = graph.Recurrent("LSTM", graph.Transpose(graph.Features("x", 3), 1, 0, 2), 3, 4);
            AssertRefused(graph.Output(make(graph, layer)), message);
        }

        static string Max(TestGraph graph, string value)
            => graph.Node("ReduceMax", [value], OnnxAttribute.Of("axes", [0]), OnnxAttribute.Of("keepdims", 0));
    }

    [TestMethod]
    public void TheReverseDirectionAtTheLastStepIsRefused()
    {
        var graph = new TestGraph();
        string[] layer = graph.Recurrent("LSTM", graph.Transpose(graph.Features("x", 3), 1, 0, 2), 3, 4, "bidirectional");
        string last = graph.Node("Gather", [graph.Reshape(graph.Transpose(layer[0], 0, 2, 1, 3), 0, 0, 8), graph.Integer(-1)]);
        AssertRefused(graph.Output(graph.Dense(last, 8, 2)),
            "its reverse direction is read at the last step, where it has read one step only");
    }

    [TestMethod]
    public void LayersSideBySideAreRefused()
    {
        var graph = new TestGraph();
        string x = graph.Transpose(graph.Features("x", 3), 1, 0, 2);
        string[] one = graph.Recurrent("LSTM", x, 3, 4), other = graph.Recurrent("LSTM", x, 3, 4);
        string both = graph.Node("Concat", [graph.Squeeze(one[1], 0), graph.Squeeze(other[1], 0)], OnnxAttribute.Of("axis", 1));
        AssertRefused(graph.Output(graph.Dense(both, 8, 2)), "node 'LSTM1' (LSTM) and node 'LSTM2' (LSTM) stand side by side");
    }

    [TestMethod]
    public void ExternalTensorsAreRefused()
    {
        TestGraph graph = Network("LSTM");
        TensorProto tensor = graph.Model.Graph.Initializer[0];
        tensor.DataLocation = TensorProto.Types.DataLocation.External;
        tensor.ExternalData.Add(new StringStringEntryProto { Key = "location", Value = "/etc/passwd" });
        AssertRefused(graph, "tensor 'tensor0' is kept in another file, which is not read");
    }

    [TestMethod]
    public void DamagedFilesAreRefusedWithWhatWasExpected()
    {
        var error = Assert.ThrowsExactly<InvalidDataException>(() => SequenceModelParameters.LoadOnnx(new MemoryStream([1, 2, 3])));
        StringAssert.StartsWith(error.Message, "ONNX: expected a model in protobuf's format");
        TestGraph graph = Network("LSTM");
        graph.Model.Graph.Initializer[0].Dims[2] = 7;
        error = Assert.ThrowsExactly<InvalidDataException>(() => graph.Load());
        Assert.AreEqual("ONNX: tensor 'tensor0': expected 448 bytes for its dimensions, found 192.", error.Message);
    }

    [TestMethod]
    public void AFileOfNothingButPartsOfTwoBytesIsRefusedBeforeItFillsTheMemory()
    {
        // A graph of a million empty nodes.
        byte[] nodes = [.. Enumerable.Repeat((byte[])[0x0A, 0x00], 1 << 20).SelectMany(node => node)];
        byte[] file = [0x3A, 0x80, 0x80, 0x80, 0x01, .. nodes];
        long before = GC.GetAllocatedBytesForCurrentThread();
        var error = Assert.ThrowsExactly<InvalidDataException>(() => SequenceModelParameters.LoadOnnx(new MemoryStream(file)));
        StringAssert.Contains(error.Message, "expected parts that the file's size accounts for");
        Assert.IsLessThan(1 << 20, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static TestGraph Network(string operation, params AttributeProto[] attributes)
    {
        var graph = new TestGraph();
        string[] layer = graph.Recurrent(operation, graph.Transpose(graph.Features("x", 3), 1, 0, 2), 3, 4, attributes: attributes);
        return graph.Output(graph.Dense(graph.Squeeze(layer[1], 0), 4, 2));
    }

    private static TestGraph WithInput(int index, Func<TestGraph, string> make)
    {
        var graph = new TestGraph();
        string x = graph.Transpose(graph.Features("x", 3), 1, 0, 2);
        string[] more = [.. Enumerable.Repeat("", index - 4), make(graph)];
        string[] layer = graph.Recurrent("LSTM", x, 3, 4, more: more);
        return graph.Output(graph.Dense(graph.Squeeze(layer[1], 0), 4, 2));
    }

    private static void AssertRefused(TestGraph graph, string message)
    {
        var error = Assert.ThrowsExactly<NotSupportedException>(() => graph.Load());
        StringAssert.Contains(error.Message, message);
    }
}

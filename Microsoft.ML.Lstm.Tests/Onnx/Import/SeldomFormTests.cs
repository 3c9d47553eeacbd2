using Microsoft.ML.Lstm.Onnx;
using Type = Microsoft.ML.Lstm.Onnx.TensorProto.Types.DataType;

namespace Microsoft.ML.Lstm.Tests.Onnx.Import;

/// <summary>Forms that few files have are read, and score as ONNX Runtime scores them.</summary>
[TestClass]
public sealed class SeldomFormTests
{
    [TestMethod]
    public void ABranchThatFollowsFromASize()
    {
        // What PyTorch makes of squeeze where it does not know the size.
        var graph = new TestGraph();
        string[] layer = graph.Recurrent("GRU", graph.Transpose(graph.Features("x", 3), 1, 0, 2), 3, 4);
        string isOne = graph.Node("Equal", [graph.SizeOf(layer[1], 0), graph.Integers(1)]);
        string last = graph.Node("If", [isOne], Branch("then_branch", "Squeeze", layer[1], graph.Integers(0)),
            Branch("else_branch", "Identity", layer[1]));
        graph.Output(graph.Dense(last, 4, 2)).AssertScoresAsOnnxRuntime();
    }

    [TestMethod]
    public void ABranchThatReadsWhatTheNodesBeforeItMake()
    {
        // Only the branch within the branch reads the layer's state and the factor.
        var graph = new TestGraph();
        string x = graph.Features("x", 3), factor = graph.Constant([2f]);
        string[] layer = graph.Recurrent("LSTM", graph.Transpose(x, 1, 0, 2), 3, 4);
        string scaled = graph.Node("Mul", [graph.Squeeze(layer[1], 0), factor]);
        string isThree = graph.Node("Equal", [graph.SizeOf(x, 2), graph.Integers(3)]);
        string isSo = graph.Add(new TensorProto { DataType = (int)Type.Bool, Int32Data = { 1 } });
        string last = graph.Node("If", [isSo], Outer("then_branch"), Branch("else_branch", "Identity", factor));
        graph.Output(graph.Dense(last, 4, 2)).AssertScoresAsOnnxRuntime();

        AttributeProto Outer(string name)
        {
            AttributeProto branch = Branch(name, "If", isThree);
            branch.G.Node[0].Attribute.Add(Branch("then_branch", "Mul", scaled, factor));
            branch.G.Node[0].Attribute.Add(Branch("else_branch", "Identity", scaled));
            // Names are unique in all graphs of a file.
            foreach (AttributeProto attribute in branch.G.Node[0].Attribute)
                attribute.G.Node[0].Output[0] = attribute.G.Output[0].Name = $"inner_{attribute.Name}";
            return branch;
        }
    }

    [TestMethod]
    public void TheMaskOfADropoutThatNobodyReads()
    {
        var graph = new TestGraph();
        string[] layer = graph.Recurrent("LSTM", graph.Transpose(graph.Features("x", 3), 1, 0, 2), 3, 4);
        string last = graph.Nodes("Dropout", [graph.Squeeze(layer[1], 0)], outputs: 2)[0];
        graph.Output(graph.Dense(last, 4, 2)).AssertScoresAsOnnxRuntime();
    }

    [TestMethod]
    public void AttentionThatReadsBothDirectionsAndWeightsOne()
    {
        var graph = new TestGraph();
        string[] layer = graph.Recurrent("LSTM", graph.Transpose(graph.Features("x", 3), 1, 0, 2), 3, 4, "bidirectional");
        string both = graph.Reshape(graph.Transpose(layer[0], 2, 0, 1, 3), 0, 0, 8);
        string ahead = graph.Node("Slice", [both, graph.Integers(0), graph.Integers(4), graph.Integers(2)]);
        SequenceModelParameters model = graph.Output(graph.Dense(graph.Attention(both, 8, ahead), 4, 2)).AssertScoresAsOnnxRuntime();
        Assert.AreEqual((Pooling.Attention, true), (model.Pooling, model.Bidirectional));
    }

    [TestMethod]
    public void ManyInputsOfANumberAStep()
    {
        var graph = new TestGraph();
        string[] columns = [.. Enumerable.Range(0, 6).Select(i => graph.Unsqueeze(graph.Column($"c{i}"), 2))];
        string x = graph.Node("Concat", columns, OnnxAttribute.Of("axis", 2));
        string[] layer = graph.Recurrent("LSTM", graph.Transpose(x, 1, 0, 2), 6, 4);
        SequenceModelParameters model = graph.Output(graph.Dense(graph.Squeeze(layer[1], 0), 4, 2)).AssertScoresAsOnnxRuntime();
        Assert.HasCount(6, model.InputNames);
    }

    [TestMethod]
    public void StepsByTheirNumberWhereThatOfAllIsFixed()
    {
        const int Last = TestGraph.Steps - 1;
        foreach ((string direction, Func<TestGraph, string, string> take) in new (string, Func<TestGraph, string, string>)[]
        {
            ("forward", (g, y) => g.Node("Gather", [y, g.Integer(Last)], OnnxAttribute.Of("axis", 0))),
            ("forward", (g, y) => g.Squeeze(Slice(g, y, Last, TestGraph.Steps), 0)),
            ("forward", (g, y) => g.Squeeze(Slice(g, y, Last, 100), 0)),
            ("reverse", (g, y) => g.Node("Gather", [y, g.Integer(-TestGraph.Steps)], OnnxAttribute.Of("axis", 0))),
            ("reverse", (g, y) => g.Squeeze(Slice(g, y, 0, -Last), 0)),
            ("reverse", (g, y) => g.Squeeze(Slice(g, y, -TestGraph.Steps, 1), 0)),
        })
        {
            var graph = new TestGraph();
            string x = Slice(graph, graph.Transpose(graph.Features("x", 3, isFixed: true), 1, 0, 2), 0, TestGraph.Steps);
            string steps = graph.Squeeze(graph.Recurrent("LSTM", x, 3, 4, direction)[0], 1);
            graph.Output(graph.Dense(take(graph, steps), 4, 2)).AssertScoresAsOnnxRuntime();
        }

        static string Slice(TestGraph graph, string value, long start, long end)
            => graph.Node("Slice", [value, graph.Integers(start), graph.Integers(end), graph.Integers(0)]);
    }

    [TestMethod]
    public void BoundsOfLengthsThatNoLengthIsBeyond()
    {
        var graph = new TestGraph();
        string x = graph.Features("x", 3);
        string most = graph.Node("Min", [graph.Lengths("lengths"), graph.SizeOf(x, 1)]);
        string lengths = graph.Node("Clip", [most, graph.Integer(1), graph.Integer(long.MaxValue)]);
        string[] layer = graph.Recurrent("GRU", graph.Transpose(x, 1, 0, 2), 3, 4,
            more: [graph.Node("Cast", [lengths], OnnxAttribute.Of("to", (long)Type.Int32))]);
        graph.Output(graph.Dense(graph.Squeeze(layer[1], 0), 4, 2)).AssertScoresAsOnnxRuntime();
    }

    [TestMethod]
    public void AMissingKeyIsTheTokenThatTheOptionsSayWhereKeysAreRenumbered()
    {
        var graph = new TestGraph();
        // Keys 1 and 3 are known; 2 is not.
        string rows = graph.Node("Gather", [graph.Integers(0, 1, 0, 2), graph.Tokens("words", 3)]);
        string words = graph.Node("Gather", [graph.Constant([1, 2, 3, 4, 5, 6], 3, 2), rows]);
        string[] layer = graph.Recurrent("GRU", graph.Transpose(words, 1, 0, 2), 2, 4);
        graph.Output(graph.Dense(graph.Squeeze(layer[1], 0), 4, 2));
        foreach ((int? unknown, float[] expected) in new (int?, float[])[]
        {
            (null, [1, 2, 3, 4, 5, 6]),
            (2, [1, 2, 3, 4, 5, 6]),
            (3, [5, 6, 3, 4, 1, 2, 5, 6]),
        })
        {
            var options = new OnnxImportOptions { KeysAreTokens = true, UnknownToken = unknown };
            CollectionAssert.AreEqual(expected, graph.Load(options).Weights["embeddings.0.weight"].ToArray());
        }
    }

    private static AttributeProto Branch(string name, string operation, params string[] inputs) => OnnxAttribute.Of(name, new GraphProto
    {
        Name = name,
        Node = { new NodeProto { OpType = operation, Input = { inputs }, Output = { name } } },
        Output = { new ValueInfoProto { Name = name, Type = new TypeProto { TensorType = new() { ElemType = (int)Type.Float } } } },
    });
}

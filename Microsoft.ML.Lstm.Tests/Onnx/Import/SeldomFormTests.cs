using Microsoft.ML.Lstm.Onnx;
using Type = Microsoft.ML.Lstm.Onnx.TensorProto.Types.DataType;

namespace Microsoft.ML.Lstm.Tests.Onnx.Import;

/// <summary>Forms that few files have are read, and score as ONNX Runtime scores them.</summary>
[TestClass]
public sealed class SeldomFormTests
{
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
}

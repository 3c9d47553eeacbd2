using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Onnx;
using Microsoft.ML.Lstm.Onnx.Import;

namespace Microsoft.ML.Lstm.Tests.Onnx.Import;

/// <summary>
/// Valid graphs that compute something else than networks of ours are refused with a reason, and large ones before they are made.
/// </summary>
[TestClass]
public sealed class RefusedGraphTests
{
    [TestMethod]
    [DataRow("Min", "from above by other than the number of steps")]
    [DataRow("Max", "from below by more than 1")]
    [DataRow("Clip", "from above by other than the number of steps")]
    public void LengthsThatAreBoundedOtherwiseThanByTheSteps(string operation, string expected)
    {
        var graph = new TestGraph();
        string[] limits = operation == "Clip" ? [graph.Integer(1), graph.Integer(3)] : [graph.Integer(3)];
        string lengths = graph.Node(operation, [graph.Lengths("lengths"), .. limits]);
        string[] layer = graph.Recurrent("GRU", graph.Transpose(graph.Features("x", 3), 1, 0, 2), 3, 4,
            more: [graph.Node("Cast", [lengths], OnnxAttribute.Of("to", 6))]);
        AssertRefused(graph.Output(graph.Dense(graph.Squeeze(layer[1], 0), 4, 2)),
            $"({operation}): it bounds the lengths of rows {expected}");
    }

    [TestMethod]
    public void AttentionWhoseScoresAreThoseOfAnotherLayer()
    {
        var graph = new TestGraph();
        string first = graph.Squeeze(graph.Recurrent("LSTM", graph.Transpose(graph.Features("x", 3), 1, 0, 2), 3, 4)[0], 1);
        string second = graph.Squeeze(graph.Recurrent("LSTM", first, 4, 4)[0], 1);
        string pooled = graph.Attention(graph.Transpose(first, 1, 0, 2), 4, graph.Transpose(second, 1, 0, 2));
        AssertRefused(graph.Output(graph.Dense(pooled, 4, 2)), "stand side by side, or one of them also skips the other");
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void StepsThatOneLinearLayerReadsSideBySide(bool isGemm)
    {
        var graph = new TestGraph();
        string[] layer = graph.Recurrent("LSTM", graph.Transpose(graph.Features("x", 3, isFixed: true), 1, 0, 2), 3, 4);
        string flat = graph.Node("Flatten", [graph.Transpose(graph.Squeeze(layer[0], 1), 1, 0, 2)]);
        int inputs = 4 * TestGraph.Steps;
        string y = isGemm ? graph.Node("Gemm", [flat, graph.Weights(inputs, 2)]) : graph.Dense(flat, inputs, 2);
        AssertRefused(graph.Output(y), "it reads the steps side by side in one linear layer");
    }

    [TestMethod]
    public void StepsThatAreTheChannelsOfANormalization()
    {
        var graph = new TestGraph();
        string[] parameters = [.. Enumerable.Range(0, 3).Select(_ => graph.Weights(TestGraph.Steps)),
            graph.Constant([1, 1, 1, 1, 1, 1], TestGraph.Steps)];
        string[] layer = graph.Recurrent("LSTM", graph.Transpose(graph.Features("x", 3, isFixed: true), 1, 0, 2), 3, 4);
        string steps = graph.Transpose(graph.Squeeze(layer[0], 1), 1, 0, 2);
        AssertRefused(graph.Output(graph.Dense(graph.Node("BatchNormalization", [steps, .. parameters]), 4, 2)),
            "it normalizes each row or step in another way");
    }

    [TestMethod]
    public void TheEndOfTheSearchForWhatInputsMeanIsSaid()
    {
        var graph = new TestGraph();
        string[] columns = [.. Enumerable.Range(0, 4).Select(i => graph.Unsqueeze(graph.Column($"c{i}"), 2))];
        string x = graph.Node("Concat", columns, OnnxAttribute.Of("axis", 2));
        string[] layer = graph.Recurrent("LSTM", graph.Transpose(x, 1, 0, 2), 4, 4);
        string hidden = graph.Node("Relu", [graph.Squeeze(layer[1], 0)]);
        AssertRefused(graph.Output(graph.Dense(hidden, 4, 2)), "inputs are rows and which are steps is not known; 200 of 256 ways");
    }

    [TestMethod]
    public void MatricesThatTheFileDoesNotAccountForAreNotMade()
    {
        var graph = new TestGraph();
        string linear = graph.Node("MatMul", [graph.Features("z", 2), graph.Weights(2, 1)]);
        string x = graph.Node("Concat", [graph.Features("x", 6000), linear], OnnxAttribute.Of("axis", 2));
        string[] layer = graph.Recurrent("RNN", graph.Transpose(x, 1, 0, 2), 3, 1);
        var error = Assert.ThrowsExactly<InvalidDataException>(() => graph.Output(layer[1]).Load());
        StringAssert.Contains(error.Message, "the file's size accounts for");
    }

    [TestMethod]
    public void EveryMatrixOfFormsIsTakenFromTheMemory()
    {
        Forms scaled = Forms.OfConstants(new float[10]).WithMatrix(Enough()).ScaleBy(_ => 2, _ => 1);
        Forms plain = Forms.OfConstants(new float[10]);
        foreach (Action<Budget> make in new Action<Budget>[]
        {
            budget => plain.WithMatrix(budget),
            budget => plain.Add(plain, budget),
            budget => scaled.Multiply(new float[100], 10, budget),
            budget => scaled.WithoutOuterScale(budget),
            budget => scaled.Select([.. Enumerable.Range(0, 10)], budget),
            budget => scaled.Join([scaled, plain], budget),
        })
        {
            make(Enough());
            Assert.ThrowsExactly<InvalidDataException>(() => make(new Budget(399, "ONNX")));
        }
        // More than an int has, of which nothing is made.
        Forms wide = Forms.OfConstants(new float[70_000]);
        Assert.ThrowsExactly<InvalidDataException>(() => wide.WithMatrix(Enough()));

        static Budget Enough() => new(10_000, "ONNX");
    }

    private static void AssertRefused(TestGraph graph, string expected)
        => StringAssert.Contains(Assert.ThrowsExactly<NotSupportedException>(() => graph.Load()).Message, expected);
}

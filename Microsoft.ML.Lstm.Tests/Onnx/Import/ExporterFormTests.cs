using Microsoft.ML.Lstm.Onnx;
using Type = Microsoft.ML.Lstm.Onnx.TensorProto.Types.DataType;

namespace Microsoft.ML.Lstm.Tests.Onnx.Import;

/// <summary>Networks in the forms that exporters write them in are read, and score as ONNX Runtime scores them.</summary>
[TestClass]
public sealed class ExporterFormTests
{
    [TestMethod]
    [DataRow("LSTM")]
    [DataRow("GRU")]
    [DataRow("RNN")]
    public void KerasLayersAsTf2OnnxWritesThem(string operation)
    {
        // return_sequences, then not; states of zero expanded to the batch; Dense with an activation.
        var graph = new TestGraph(15);
        string x = graph.Features("input_1", 3);
        string batch = graph.SizeOf(x, 0);
        string zeros = graph.Node("Expand", [graph.Constant(new float[4], 1, 1, 4), graph.Node("Concat",
            [graph.Integers(1), batch, graph.Integers(4)], OnnxAttribute.Of("axis", 0))]);
        string[] more = ["", zeros, .. operation == "LSTM" ? [zeros] : Array.Empty<string>()];
        string[] first = graph.Recurrent(operation, graph.Transpose(x, 1, 0, 2), 3, 4, more: more);
        string steps = graph.Transpose(graph.Squeeze(first[0], 1), 1, 0, 2);
        string[] second = graph.Recurrent(operation, graph.Transpose(steps, 1, 0, 2), 4, 4, more: more, hasBias: false);
        string last = graph.Squeeze(second[1], 0);
        SequenceModelParameters model = graph.Output(graph.Node("Softmax", [graph.Dense(last, 4, 3)], OnnxAttribute.Of("axis", -1)))
            .AssertScoresAsOnnxRuntime();
        Assert.AreEqual((2, OutputFunction.Softmax, Pooling.Last), (model.NumberOfLayers, model.OutputFunction, model.Pooling));
        CollectionAssert.AreEqual((string[])["input_1"], model.InputNames.ToArray());
    }

    [TestMethod]
    public void TwoOperatorsThatAreTheDirectionsOfOneLayer()
    {
        var graph = new TestGraph();
        string x = graph.Transpose(graph.Features("x", 3), 1, 0, 2);
        string[] ahead = graph.Recurrent("LSTM", x, 3, 4), back = graph.Recurrent("LSTM", x, 3, 5, "reverse");
        string both = graph.Node("Concat", [graph.Squeeze(ahead[0], 1), graph.Squeeze(back[0], 1)], OnnxAttribute.Of("axis", 2));
        string[] next = graph.Recurrent("LSTM", both, 9, 3);
        SequenceModelParameters model = graph.Output(graph.Dense(graph.Transpose(graph.Squeeze(next[0], 1), 1, 0, 2), 3, 2))
            .AssertScoresAsOnnxRuntime();
        // Units and directions that a layer does not have are zeros.
        Assert.AreEqual((5, true, 2), (model.HiddenSize, model.Bidirectional, model.NumberOfLayers));
    }

    [TestMethod]
    public void ALayerThatOnlyGoesBackwards()
    {
        var graph = new TestGraph();
        string[] back = graph.Recurrent("GRU", graph.Transpose(graph.Features("x", 3), 1, 0, 2), 3, 4, "reverse");
        graph.Output(graph.Dense(graph.Squeeze(back[1], 0), 4, 2)).AssertScoresAsOnnxRuntime();
    }

    [TestMethod]
    public void ALayerOverStepsThatAreReversedAndBack()
    {
        // As Keras' Bidirectional and go_backwards come out of exporters that have no reverse direction.
        foreach (bool hasSlices in new[] { false, true })
        {
            var graph = new TestGraph();
            string x = graph.Transpose(graph.Features("x", 3), 1, 0, 2);
            string lengths = graph.Node("Tile", [graph.SizeOf(x, 0), graph.SizeOf(x, 1)]);
            string[] ahead = graph.Recurrent("LSTM", x, 3, 4), back = graph.Recurrent("LSTM", Reverse(x), 3, 4);
            string both = graph.Node("Concat", [graph.Squeeze(ahead[0], 1), Reverse(graph.Squeeze(back[0], 1))],
                OnnxAttribute.Of("axis", 2));
            string last = graph.Squeeze(graph.Recurrent("LSTM", Reverse(both), 8, 4)[1], 0);
            Assert.IsTrue(graph.Output(graph.Dense(last, 4, 2)).AssertScoresAsOnnxRuntime().Bidirectional);

            string Reverse(string value) => hasSlices
                ? graph.Node("Slice", [value, graph.Integers(-1), graph.Integers(long.MinValue), graph.Integers(0), graph.Integers(-1)])
                : graph.Node("ReverseSequence", [value, lengths], OnnxAttribute.Of("time_axis", 0), OnnxAttribute.Of("batch_axis", 1));
        }
    }

    [TestMethod]
    public void BatchesThatComeFirstOrSecondOpenOrFixed()
    {
        foreach ((bool isTimeFirst, bool isFixed) in new[] { (false, false), (false, true), (true, false), (true, true) })
        {
            var graph = new TestGraph();
            string x = graph.Features("x", 3, isTimeFirst, isFixed);
            string[] layer = graph.Recurrent("LSTM", isTimeFirst ? x : graph.Transpose(x, 1, 0, 2), 3, 4, "bidirectional",
                more: ["", graph.Constant(new float[2 * TestGraph.Rows * 4], 2, TestGraph.Rows, 4)]);
            string steps = graph.Reshape(graph.Transpose(layer[0], 0, 2, 1, 3), 0, 0, -1);
            graph.Output(graph.Dense(steps, 8, 2)).AssertScoresAsOnnxRuntime(isTimeFirst: true);
        }
    }

    [TestMethod]
    public void BatchFirstOperatorsAreReadThoughOnnxRuntimeRefusesThem()
    {
        var graph = new TestGraph();
        string[] layer = graph.Recurrent("LSTM", graph.Features("x", 3), 3, 4, "bidirectional", attributes: OnnxAttribute.Of("layout", 1));
        graph.Output(graph.Dense(graph.Reshape(layer[1], 0, -1), 8, 2));
        SequenceModelParameters model = graph.Load();
        Assert.AreEqual((8, Pooling.Last), (model.Weights["head.weight"].Length / model.OutputCount, model.Pooling));
    }

    [TestMethod]
    public void LinearLayersInFrontOfAndBetweenTheLayersBecomePartsOfThem()
    {
        var graph = new TestGraph();
        string x = graph.Dense(graph.Dense(graph.Features("x", 3), 3, 6), 6, 2);
        string[] first = graph.Recurrent("GRU", graph.Transpose(x, 1, 0, 2), 2, 4);
        string between = graph.Dense(graph.Squeeze(first[0], 1), 4, 5);
        string[] second = graph.Recurrent("GRU", between, 5, 4);
        string mean = graph.Node("ReduceMean", [graph.Squeeze(second[0], 1)], OnnxAttribute.Of("axes", [0]),
            OnnxAttribute.Of("keepdims", 0));
        SequenceModelParameters model = graph.Output(graph.Dense(graph.Dense(mean, 4, 7), 7, 2)).AssertScoresAsOnnxRuntime();
        Assert.AreEqual((3, 2), (model.FeaturesPerStep, model.OutputCount));
    }

    [TestMethod]
    public void ScalingOfInputsAndOutputsIsKeptAsSuch()
    {
        var graph = new TestGraph();
        string x = graph.Node("Div", [graph.Node("Sub", [graph.Features("x", 2), graph.Constant([100f, -5f], 2)]),
            graph.Constant([4f, 0.5f], 2)]);
        string[] layer = graph.Recurrent("LSTM", graph.Transpose(x, 1, 0, 2), 2, 4);
        string y = graph.Dense(graph.Squeeze(layer[1], 0), 4, 1);
        graph.Output(graph.Node("Add", [graph.Node("Mul", [y, graph.Constant([8f], 1)]), graph.Constant([1000f], 1)]));
        SequenceModelParameters model = graph.Load();
        CollectionAssert.AreEqual((float[])[100, -5], model.Network.InputScaler.Offset);
        CollectionAssert.AreEqual((float[])[0.25f, 2], model.Network.InputScaler.Scale);
        Assert.AreEqual((1000f, 0.125f), (model.Network.OutputScaler.Offset[0], model.Network.OutputScaler.Scale[0]));
    }

    [TestMethod]
    public void ScalersOfOtherDomainsAreScaling()
    {
        foreach (bool isFlat in new[] { false, true })
        {
            var graph = new TestGraph();
            graph.Model.OpsetImport.Add(new OperatorSetIdProto { Domain = "ai.onnx.ml", Version = 1 });
            string x = isFlat ? graph.Flat("x", 2) : graph.Reshape(graph.Features("x", 2), -1, 2);
            AttributeProto[] attributes = [Numbers("offset", 0.5f, -0.25f), Numbers("scale", 2, 4)];
            string scaled = graph.Node("Scaler", [x], attributes);
            graph.Model.Graph.Node[^1].Domain = "ai.onnx.ml";
            string steps = graph.Reshape(scaled, isFlat ? 0 : TestGraph.Rows, -1, 2);
            string[] layer = graph.Recurrent("LSTM", graph.Transpose(steps, 1, 0, 2), 2, 4);
            SequenceModelParameters model = graph.Output(graph.Dense(graph.Squeeze(layer[1], 0), 4, 2)).AssertScoresAsOnnxRuntime();
            CollectionAssert.AreEqual((float[])[2, 4], model.Network.InputScaler.Scale);
            attributes[1].Floats[^1] = 5;
            if (isFlat)
                Assert.ThrowsExactly<NotSupportedException>(() => graph.Load());

            AttributeProto Numbers(string name, params float[] values) => new()
            {
                Name = name,
                Type = AttributeProto.Types.AttributeType.Floats,
                Floats = { isFlat ? Enumerable.Repeat(values, TestGraph.Steps).SelectMany(each => each) : values },
            };
        }
    }

    [TestMethod]
    public void NumbersTokensAndStaticFeaturesTogether()
    {
        var graph = new TestGraph();
        string words = graph.Node("Gather", [graph.Weights(7, 3), graph.Tokens("words", 7)]);
        string tags = graph.Node("Gather", [graph.Weights(5, 2), graph.Node("Cast", [graph.Tokens("tags", 5)], OnnxAttribute.Of("to", 6))]);
        string steps = graph.Node("Concat", [words, graph.Features("x", 2), tags, graph.Features("more", 1)], OnnxAttribute.Of("axis", -1));
        string[] layer = graph.Recurrent("LSTM", graph.Transpose(steps, 1, 0, 2), 8, 4, "bidirectional");
        string last = graph.Reshape(graph.Transpose(layer[1], 1, 0, 2), 0, 8);
        string joined = graph.Node("Concat", [graph.Statics("who", 3), last], OnnxAttribute.Of("axis", 1));
        SequenceModelParameters model = graph.Output(graph.Dense(joined, 11, 2)).AssertScoresAsOnnxRuntime();
        CollectionAssert.AreEqual((string[])["x", "more", "words", "tags"], model.InputNames.ToArray());
        Assert.AreEqual("who", model.StaticInputName);
    }

    [TestMethod]
    public void TokensOfAGraphThatReadsTimeFirst()
    {
        var graph = new TestGraph();
        string words = graph.Node("Gather", [graph.Weights(7, 3), graph.Tokens("words", 7, isTimeFirst: true)]);
        string[] layer = graph.Recurrent("GRU", words, 3, 4);
        graph.Output(graph.Dense(graph.Squeeze(layer[1], 0), 4, 2)).AssertScoresAsOnnxRuntime();
    }

    [TestMethod]
    public void KeysAreTheTokensThatTheOptionsSay()
    {
        var graph = new TestGraph();
        string table = graph.Constant([1, 2, 3, 4, 5, 6], 3, 2);
        string words = graph.Node("Gather", [table, graph.Tokens("words", 3)]);
        string[] layer = graph.Recurrent("GRU", graph.Transpose(words, 1, 0, 2), 2, 4);
        graph.Output(graph.Dense(graph.Squeeze(layer[1], 0), 4, 2));
        // Row 0 is that of the missing key.
        foreach ((OnnxImportOptions options, float[] expected) in new (OnnxImportOptions, float[])[]
        {
            (new(), [3, 4, 1, 2, 3, 4, 5, 6]),
            (new() { UnknownToken = 2 }, [5, 6, 1, 2, 3, 4, 5, 6]),
            (new() { KeysAreTokens = true }, [1, 2, 3, 4, 5, 6]),
            (new() { KeysAreTokens = true, UnknownToken = 1 }, [3, 4, 3, 4, 5, 6]),
        })
            CollectionAssert.AreEqual(expected, graph.Load(options).Weights["embeddings.0.weight"].ToArray());
        Assert.ThrowsExactly<InvalidDataException>(() => graph.Load(new OnnxImportOptions { UnknownToken = 3 }));
    }

    [TestMethod]
    public void RowsWhoseStepsAreInOneVector()
    {
        var graph = new TestGraph();
        string x = graph.Reshape(graph.Flat("x", 2), 0, -1, 2);
        string[] layer = graph.Recurrent("LSTM", graph.Transpose(x, 1, 0, 2), 2, 4);
        Assert.AreEqual(2, graph.Output(graph.Dense(graph.Squeeze(layer[1], 0), 4, 2)).AssertScoresAsOnnxRuntime().FeaturesPerStep);
    }

    [TestMethod]
    public void PoolingOfAllKinds()
    {
        foreach ((Pooling pooling, Func<TestGraph, string, string> pool) in new (Pooling, Func<TestGraph, string, string>)[]
        {
            (Pooling.Max, (g, y) => g.Node("ReduceMax", [y], OnnxAttribute.Of("axes", [1]), OnnxAttribute.Of("keepdims", 0))),
            (Pooling.Mean, (g, y) => g.Node("ReduceMean", [y], OnnxAttribute.Of("axes", [-2]), OnnxAttribute.Of("keepdims", 0))),
            (Pooling.Mean, (g, y) => g.Node("Div", [g.Node("ReduceSum", [y, g.Integers(1)], OnnxAttribute.Of("keepdims", 0)),
                g.Node("Cast", [g.SizeOf(y, 1)], OnnxAttribute.Of("to", 1))])),
            (Pooling.Mean, (g, y) => g.Squeeze(g.Node("GlobalAveragePool", [g.Transpose(y, 0, 2, 1)]), 2)),
            (Pooling.Max, (g, y) => g.Node("Flatten", [g.Node("GlobalMaxPool", [g.Transpose(y, 0, 2, 1)])])),
            (Pooling.Last, (g, y) => g.Node("Gather", [y, g.Integer(-1)], OnnxAttribute.Of("axis", 1))),
            (Pooling.Last, (g, y) => g.Squeeze(g.Node("Slice", [y, g.Integers(-1), g.Integers(long.MaxValue), g.Integers(1)]), 1)),
        })
        {
            var graph = new TestGraph();
            string[] layer = graph.Recurrent("LSTM", graph.Transpose(graph.Features("x", 3), 1, 0, 2), 3, 4);
            string steps = graph.Transpose(graph.Squeeze(layer[0], 1), 1, 0, 2);
            Assert.AreEqual(pooling, graph.Output(graph.Dense(pool(graph, steps), 4, 2)).AssertScoresAsOnnxRuntime().Pooling);
        }
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void LengthsByTheOperatorAndByMasks(bool isFixed)
    {
        var graph = new TestGraph();
        string x = graph.Features("x", 3, isFixed: isFixed), lengths = graph.Lengths("lengths");
        string[] layer = graph.Recurrent("GRU", graph.Transpose(x, 1, 0, 2), 3, 4, "bidirectional",
            more: [graph.Node("Cast", [lengths], OnnxAttribute.Of("to", (long)Type.Int32))]);
        string steps = graph.Reshape(graph.Transpose(layer[0], 2, 0, 1, 3), 0, 0, 8);
        string range = isFixed
            ? graph.Integers(0, 1, 2, 3, 4, 5)
            : graph.Node("Range", [graph.Integer(0), graph.Squeeze(graph.SizeOf(x, 1), 0), graph.Integer(1)]);
        string mask = graph.Node("Less", [graph.Unsqueeze(range, 0), graph.Unsqueeze(lengths, 1)]);
        string within = graph.Node("Where", [graph.Unsqueeze(mask, 2), steps, graph.Constant([-1e9f])]);
        string most = graph.Node("ReduceMax", [within], OnnxAttribute.Of("axes", [1]), OnnxAttribute.Of("keepdims", 0));
        Assert.AreEqual(Pooling.Max, graph.Output(graph.Dense(most, 8, 2)).AssertScoresAsOnnxRuntime().Pooling);
    }

    [TestMethod]
    public void SkipsFromTheInputsToOutputsOfEachStep()
    {
        var graph = new TestGraph();
        string x = graph.Features("x", 3), statics = graph.Statics("who", 2);
        string[] layer = graph.Recurrent("LSTM", graph.Transpose(x, 1, 0, 2), 3, 4);
        string steps = graph.Dense(graph.Transpose(graph.Squeeze(layer[0], 1), 1, 0, 2), 4, 2);
        string row = graph.Unsqueeze(graph.Node("MatMul", [statics, graph.Weights(2, 2)]), 1);
        string linear = graph.Node("MatMul", [x, graph.Weights(3, 2)]);
        graph.Output(graph.Node("Add", [graph.Node("Add", [steps, row]), linear])).AssertScoresAsOnnxRuntime();
    }

    [TestMethod]
    public void NormalizationOfABatchBehindTheLayers()
    {
        var graph = new TestGraph();
        string[] layer = graph.Recurrent("LSTM", graph.Transpose(graph.Features("x", 3), 1, 0, 2), 3, 4);
        string normal = graph.Node("BatchNormalization", [graph.Squeeze(layer[1], 0), graph.Weights(4), graph.Weights(4), graph.Weights(4),
            graph.Constant([0.5f, 1, 2, 3], 4)]);
        graph.Output(graph.Node("Sigmoid", [graph.Dense(normal, 4, 1)])).AssertScoresAsOnnxRuntime();
    }

    [TestMethod]
    public void AValueWithinTheGraphIsTakenWhereItIsNamed()
    {
        var graph = new TestGraph();
        string[] layer = graph.Recurrent("LSTM", graph.Transpose(graph.Features("x", 3), 1, 0, 2), 3, 4);
        string hidden = graph.Node("Relu", [graph.Dense(graph.Squeeze(layer[1], 0), 4, 6)]);
        graph.Output(graph.Dense(hidden, 6, 2));
        var error = Assert.ThrowsExactly<NotSupportedException>(() => graph.Load());
        StringAssert.Contains(error.Message, $"node '{hidden.Split('.')[0]}' (Relu) lies between the recurrent layers and the output");
        Assert.AreEqual(OutputFunction.Relu, graph.Load(new OnnxImportOptions { OutputName = hidden }).OutputFunction);
    }
}

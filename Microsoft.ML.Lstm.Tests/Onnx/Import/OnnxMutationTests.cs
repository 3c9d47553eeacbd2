using System.Diagnostics;
using Google.Protobuf;
using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Lstm.Onnx;
using Microsoft.ML.Lstm.Tests.Files;
using Microsoft.ML.Lstm.Tests.Sequences;

namespace Microsoft.ML.Lstm.Tests.Onnx.Import;

/// <summary>
/// ONNX files that were damaged or edited at random: each is read as some network or refused, soon, and without taking more memory than the
/// file justifies.
/// </summary>
[TestClass]
public sealed class OnnxMutationTests
{
    private const long MaxAllocated = 64 << 20;

    private static readonly TimeSpan MaxTime = TimeSpan.FromSeconds(5);

    private static readonly long[] Numbers = [-1, 0, 1, 2, 3, 4, 7, 64, 65536, 1 << 20, int.MaxValue, int.MinValue, long.MaxValue,
        long.MinValue];

    private static readonly string[] Operators = ["LSTM", "GRU", "RNN", "Add", "Mul", "Div", "MatMul", "Gemm", "Concat", "Split",
        "Slice", "Gather", "Reshape", "Squeeze", "Unsqueeze", "Transpose", "Expand", "ConstantOfShape", "Range", "Shape", "ReduceMax",
        "ReduceMean", "Softmax", "Where", "Less", "TopK", "If", "NonZero", "Cast", "Tile", ""];

    [TestMethod]
    [TestCategory("mutations")]
    [DataRow(false)]
    [DataRow(true)]
    public void ADamagedFileIsReadOrRefused(bool isEdited)
    {
        byte[][] files = Files();
        var random = new Random(isEdited ? 1 : 2);
        int read = 0;
        for (int i = 0; i < Acceptance.Count(200, 5000); i++)
        {
            int which = random.Next(files.Length);
            byte[] damaged = isEdited ? Edit(files[which], random) : Mutator.Mutate(files[which], ".onnx", random);
            string message = $"file {which}, damage {i}";
            long before = GC.GetAllocatedBytesForCurrentThread();
            var watch = Stopwatch.StartNew();
            try
            {
                SequenceModelParameters model = SequenceModelParameters.LoadOnnx(new MemoryStream(damaged));
                Assert.IsLessThan(MaxTime, watch.Elapsed, message);
                Assert.IsLessThan(MaxAllocated + damaged.Length, GC.GetAllocatedBytesForCurrentThread() - before, message);
                var scorer = new SequenceScorer(new ScoringNetwork(model.Network));
                scorer.AddSequence(3).Fill(0.5f);
                scorer.Score();
                read++;
            }
            catch (Exception error) when (error is not AssertFailedException)
            {
                Assert.IsTrue(error is InvalidDataException or NotSupportedException, $"{message}: {error}");
                Assert.IsLessThan(MaxTime, watch.Elapsed, message);
                Assert.IsLessThan(MaxAllocated + damaged.Length, GC.GetAllocatedBytesForCurrentThread() - before, message);
            }
        }
        // Many a damage is to a weight, a name or a text.
        Assert.IsGreaterThan(0, read);
    }

    /// <summary>The file with one to three nodes, tensors or sizes changed.</summary>
    private static byte[] Edit(byte[] file, Random random)
    {
        ModelProto model = ModelProto.Parser.ParseFrom(file);
        GraphProto graph = model.Graph;
        for (int i = random.Next(3); i >= 0 && graph.Node.Count > 0; i--)
        {
            NodeProto node = graph.Node[random.Next(graph.Node.Count)], other = graph.Node[random.Next(graph.Node.Count)];
            TensorProto? tensor = graph.Initializer.Count > 0 ? graph.Initializer[random.Next(graph.Initializer.Count)] : null;
            switch (random.Next(10))
            {
                case 0:
                    node.OpType = Operators[random.Next(Operators.Length)];
                    break;
                case 1 when node.Input.Count > 0 && other.Input.Count > 0:
                    int input = random.Next(node.Input.Count), from = random.Next(other.Input.Count);
                    (node.Input[input], other.Input[from]) = (other.Input[from], node.Input[input]);
                    break;
                case 2 when node.Input.Count > 0:
                    node.Input[random.Next(node.Input.Count)] = other.Output.Count > 0 ? other.Output[0] : "";
                    break;
                case 3:
                    graph.Node.Remove(node);
                    break;
                case 4 when node.Attribute.Count > 0:
                    AttributeProto attribute = node.Attribute[random.Next(node.Attribute.Count)];
                    attribute.I = Number(random);
                    for (int k = 0; k < attribute.Ints.Count; k++)
                        attribute.Ints[k] = random.Next(2) == 0 ? Number(random) : attribute.Ints[k];
                    break;
                case 5 when tensor is { Int64Data.Count: > 0 }:
                    tensor.Int64Data[random.Next(tensor.Int64Data.Count)] = Number(random);
                    break;
                case 6 when tensor is { Dims.Count: > 0 }:
                    tensor.Dims[random.Next(tensor.Dims.Count)] = Number(random);
                    break;
                case 7 when tensor is { Dims.Count: > 1 }:
                    (tensor.Dims[0], tensor.Dims[1]) = (tensor.Dims[1], tensor.Dims[0]);
                    break;
                case 8 when graph.Input.Count > 0:
                    TypeProto.Types.Tensor type = graph.Input[random.Next(graph.Input.Count)].Type.TensorType;
                    if (random.Next(2) == 0 && type.Shape.Dim.Count > 0)
                        type.Shape.Dim[random.Next(type.Shape.Dim.Count)].DimValue = Number(random);
                    else
                        type.ElemType = random.Next(18);
                    break;
                case 9:
                    node.Output.Add(node.Output.Count > 0 && random.Next(2) == 0 ? node.Output[0] : other.Output.FirstOrDefault() ?? "x");
                    break;
            }
        }
        return model.ToByteArray();
    }

    private static long Number(Random random) => random.Next(2) == 0 ? random.Next(-3, 6) : Numbers[random.Next(Numbers.Length)];

    private static byte[][] Files()
    {
        var keras = new TestGraph();
        string x = keras.Features("x", 3);
        string zeros = keras.Node("ConstantOfShape", [keras.Node("Concat", [keras.Integers(1), keras.SizeOf(x, 0), keras.Integers(4)],
            OnnxAttribute.Of("axis", 0))]);
        string[] first = keras.Recurrent("LSTM", keras.Transpose(x, 1, 0, 2), 3, 4, more: ["", zeros, zeros]);
        string[] second = keras.Recurrent("LSTM", keras.Squeeze(first[0], 1), 4, 4);
        keras.Output(keras.Node("Softmax", [keras.Dense(keras.Squeeze(second[1], 0), 4, 3)], OnnxAttribute.Of("axis", -1)));

        var tokens = new TestGraph(11);
        string words = tokens.Node("Gather", [tokens.Weights(7, 3), tokens.Tokens("words", 7)]);
        string weights = tokens.Node("Unsqueeze", [Unfolded(tokens, 3)], OnnxAttribute.Of("axes", [0]));
        string[] gru = tokens.Nodes("GRU", [tokens.Transpose(words, 1, 0, 2), weights, tokens.Weights(1, 12, 4)], 2,
            OnnxAttribute.Of("linear_before_reset", 1));
        string mean = tokens.Node("ReduceMean", [gru[0]], OnnxAttribute.Of("axes", [0]), OnnxAttribute.Of("keepdims", 0));
        tokens.Output(tokens.Node("Gemm", [tokens.Node("Flatten", [tokens.Transpose(mean, 1, 0, 2)]), tokens.Weights(4, 2),
            tokens.Weights(2)]));

        return [keras.Model.ToByteArray(), tokens.Model.ToByteArray(), .. AnyTrainer.Names.Select(Exported)];
    }

    // Gates out of their order, as PyTorch writes them when it does not fold constants.
    private static string Unfolded(TestGraph graph, int inputs)
    {
        string all = graph.Weights(12, inputs);
        string[] gates = [.. new[] { 4, 0, 8 }.Select(start => graph.Node("Slice",
            [all, graph.Integers(start), graph.Integers(start + 4), graph.Integers(0)]))];
        return graph.Node("Concat", gates, OnnxAttribute.Of("axis", 0));
    }

    private static byte[] Exported(string trainer)
    {
        (SequencePredictionTransformer model, _) = AnyTrainer.Fit(trainer, Example.Make(40, variable: true), options =>
        {
            options.FeatureColumnNames = [nameof(Example.Tokens), nameof(Example.Features)];
            options.StaticFeatureColumnName = nameof(Example.Statics);
            options.Pooling = trainer == AnyTrainer.Regression ? Pooling.Attention : trainer == AnyTrainer.Binary ? Pooling.Mean
                : Pooling.Max;
            if (options is LstmSequenceLabelingTrainer.Options labeling)
                labeling.UseConditionalRandomField = false;
        });
        var stream = new MemoryStream();
        model.ExportToOnnx(stream);
        return stream.ToArray();
    }
}

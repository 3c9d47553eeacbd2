using System.Diagnostics;
using System.Text.RegularExpressions;
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

    private static readonly MLContext Ml = new(seed: 1);

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
                SequenceModelParameters? model = Load(damaged, random);
                Assert.IsLessThan(MaxTime, watch.Elapsed, message);
                Assert.IsLessThan(MaxAllocated + damaged.Length, GC.GetAllocatedBytesForCurrentThread() - before, message);
                if (model is not null)
                {
                    var scorer = new SequenceScorer(new ScoringNetwork(model.Network));
                    scorer.AddSequence(3).Fill(0.5f);
                    scorer.Score();
                }
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

    /// <summary>Reads a file by its graph, by what it says of its model, or as the whole transformer; null for one of series.</summary>
    private static SequenceModelParameters? Load(byte[] file, Random random)
    {
        var stream = new MemoryStream(file);
        // What says how a graph is to be read has the graph read.
        return random.Next(3) switch
        {
            0 => SequenceModelParameters.LoadOnnx(stream, new OnnxImportOptions { KeysAreTokens = true }),
            1 => SequenceModelParameters.LoadOnnx(stream),
            _ => (Ml.Model.LoadLstmFromOnnx(stream) as SequencePredictionTransformer)?.Model,
        };
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
            switch (random.Next(12))
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
                case 10 when model.MetadataProps.Count > 0:
                    StringStringEntryProto text = model.MetadataProps[random.Next(model.MetadataProps.Count)];
                    text.Value = EditNumber(text.Value, random);
                    break;
                case 11 when tensor is { RawData.Length: > 0 }:
                    byte[] bytes = tensor.RawData.ToByteArray();
                    bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
                    tensor.RawData = ByteString.CopyFrom(bytes);
                    break;
                case 9:
                    node.Output.Add(node.Output.Count > 0 && random.Next(2) == 0 ? node.Output[0] : other.Output.FirstOrDefault() ?? "x");
                    break;
            }
        }
        return model.ToByteArray();
    }

    /// <summary>A text with another number in place of one of its own.</summary>
    private static string EditNumber(string text, Random random)
    {
        MatchCollection numbers = Regex.Matches(text, "[0-9]+");
        if (numbers.Count == 0)
            return text[..random.Next(text.Length + 1)];
        Match number = numbers[random.Next(numbers.Count)];
        return text[..number.Index] + Number(random) + text[(number.Index + number.Length)..];
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

        return
        [
            keras.Model.ToByteArray(), tokens.Model.ToByteArray(), .. AnyTrainer.Names.Select(trainer => Exported(trainer)),
            Exported(AnyTrainer.Labeling, hasCrf: true), .. new[]
            {
                AnyTrainer.Autoencoder, OnePassModel.Forecaster, OnePassModel.FutureCovariates, OnePassModel.Detector
            }.Select(Fitted),
        ];
    }

    // Gates out of their order, as PyTorch writes them when it does not fold constants.
    private static string Unfolded(TestGraph graph, int inputs)
    {
        string all = graph.Weights(12, inputs);
        string[] gates = [.. new[] { 4, 0, 8 }.Select(start => graph.Node("Slice",
            [all, graph.Integers(start), graph.Integers(start + 4), graph.Integers(0)]))];
        return graph.Node("Concat", gates, OnnxAttribute.Of("axis", 0));
    }

    private static byte[] Fitted(string name)
    {
        var stream = new MemoryStream();
        switch (OnePassModel.Fit(name).Model)
        {
            case LstmForecastingTransformer forecaster:
                forecaster.ExportToOnnx(stream);
                break;
            case LstmAnomalyTransformer detector:
                detector.ExportToOnnx(stream);
                break;
            case var other:
                ((SequencePredictionTransformer)other).ExportToOnnx(stream);
                break;
        }
        return stream.ToArray();
    }

    private static byte[] Exported(string trainer, bool hasCrf = false)
    {
        (SequencePredictionTransformer model, _) = AnyTrainer.Fit(trainer, Example.Make(40, variable: true), options =>
        {
            options.FeatureColumnNames = [nameof(Example.Tokens), nameof(Example.Features)];
            options.StaticFeatureColumnName = nameof(Example.Statics);
            options.Pooling = trainer == AnyTrainer.Regression ? Pooling.Attention : trainer == AnyTrainer.Binary ? Pooling.Mean
                : Pooling.Max;
            if (options is LstmSequenceLabelingTrainer.Options labeling)
                labeling.UseConditionalRandomField = hasCrf;
        });
        var stream = new MemoryStream();
        model.ExportToOnnx(stream);
        return stream.ToArray();
    }
}

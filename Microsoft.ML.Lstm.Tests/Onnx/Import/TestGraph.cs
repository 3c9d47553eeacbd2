using System.Runtime.InteropServices;
using Google.Protobuf;
using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Lstm.Onnx;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Type = Microsoft.ML.Lstm.Onnx.TensorProto.Types.DataType;

namespace Microsoft.ML.Lstm.Tests.Onnx.Import;

/// <summary>A graph in the form of some exporter, written node by node, with weights at random.</summary>
internal sealed class TestGraph(int operatorSet = 17)
{
    /// <summary>Rows and steps of the batch that ONNX Runtime is given.</summary>
    public const int Rows = 3, Steps = 6;

    private readonly Random _random = new(operatorSet);
    private readonly List<NamedOnnxValue> _values = [];
    private readonly Dictionary<string, float[]> _numbers = [];
    private readonly Dictionary<string, long[]> _tokens = [];
    private int _nodes;

    public ModelProto Model { get; } = new()
    {
        IrVersion = 8,
        Graph = new GraphProto { Name = "network" },
        OpsetImport = { new OperatorSetIdProto { Version = operatorSet } },
    };

    private GraphProto Graph => Model.Graph;

    /// <summary>Steps of features, [B x T x F], or [T x B x F].</summary>
    public string Features(string name, int size, bool isTimeFirst = false, bool isFixed = false)
    {
        AddInput(name, Type.Float, isFixed ? isTimeFirst ? [Steps, Rows, size] : [Rows, Steps, size] : [0, 0, size]);
        float[] values = Numbers(Rows * Steps * size);
        _numbers[name] = values;
        AddValue(name, isTimeFirst ? Swap(values, Rows, Steps, size) : values,
            isTimeFirst ? [Steps, Rows, size] : [Rows, Steps, size]);
        return name;
    }

    /// <summary>What is known of a row, [B x S].</summary>
    public string Statics(string name, int size)
    {
        AddInput(name, Type.Float, [0, size]);
        _numbers[name] = Numbers(Rows * size);
        AddValue(name, _numbers[name], [Rows, size]);
        return name;
    }

    /// <summary>A row's features one behind the other, [B x T·F].</summary>
    public string Flat(string name, int size)
    {
        AddInput(name, Type.Float, [0, Steps * size]);
        _numbers[name] = Numbers(Rows * Steps * size);
        AddValue(name, _numbers[name], [Rows, Steps * size]);
        return name;
    }

    /// <summary>A number of each step, [B x T] of a fixed T.</summary>
    public string Column(string name)
    {
        AddInput(name, Type.Float, [0, Steps]);
        _numbers[name] = Numbers(Rows * Steps);
        AddValue(name, _numbers[name], [Rows, Steps]);
        return name;
    }

    /// <summary>Tokens of steps, [B x T], or [T x B].</summary>
    public string Tokens(string name, int count, bool isTimeFirst = false)
    {
        AddInput(name, Type.Int64, [0, 0]);
        long[] values = [.. Enumerable.Range(0, Rows * Steps).Select(_ => (long)_random.Next(count))];
        _tokens[name] = values;
        AddValue(name, isTimeFirst ? Swap(values, Rows, Steps, 1) : values, isTimeFirst ? [Steps, Rows] : [Rows, Steps]);
        return name;
    }

    /// <summary>The number of steps of each row, that of all.</summary>
    public string Lengths(string name, Type type = Type.Int64)
    {
        AddInput(name, type, [0]);
        if (type == Type.Int64)
            AddValue(name, Enumerable.Repeat((long)Steps, Rows).ToArray(), [Rows]);
        else
            AddValue(name, Enumerable.Repeat(Steps, Rows).ToArray(), [Rows]);
        return name;
    }

    public string Zeros(string name, params int[] sizes)
    {
        AddInput(name, Type.Float, sizes);
        int[] real = [.. sizes.Select(size => size == 0 ? Rows : size)];
        AddValue(name, new float[real.Aggregate(1, (a, b) => a * b)], real);
        return name;
    }

    /// <summary>Weights at random.</summary>
    public string Weights(params long[] sizes) => Constant(Numbers((int)sizes.Aggregate(1L, (a, b) => a * b)), sizes);

    public string Constant(float[] values, params long[] sizes) => Add(new TensorProto
    {
        DataType = (int)Type.Float,
        Dims = { sizes },
        RawData = ByteString.CopyFrom(MemoryMarshal.AsBytes(values.AsSpan())),
    });

    public string Integers(params long[] values) =>
        Add(new TensorProto { DataType = (int)Type.Int64, Dims = { values.Length }, Int64Data = { values } });

    public string Integer(long value) => Add(new TensorProto { DataType = (int)Type.Int64, Int64Data = { value } });

    public string Add(TensorProto tensor)
    {
        tensor.Name = $"tensor{Graph.Initializer.Count}";
        Graph.Initializer.Add(tensor);
        return tensor.Name;
    }

    public string Node(string operation, string[] inputs, params AttributeProto[] attributes) => Nodes(operation, inputs, 1, attributes)[0];

    public string[] Nodes(string operation, string[] inputs, int outputs, params AttributeProto[] attributes)
    {
        string name = $"{operation}{_nodes++}";
        var node = new NodeProto { Name = name, OpType = operation, Input = { inputs }, Attribute = { attributes } };
        for (int i = 0; i < outputs; i++)
            node.Output.Add($"{name}.{i}");
        Graph.Node.Add(node);
        return [.. node.Output];
    }

    /// <summary>A recurrent layer: Y and Y_h, and of an LSTM Y_c.</summary>
    /// <param name="operation">LSTM, GRU or RNN.</param>
    /// <param name="x">What it reads.</param>
    /// <param name="inputs">How much that is for a step.</param>
    /// <param name="units">H.</param>
    /// <param name="direction">forward, reverse or bidirectional.</param>
    /// <param name="more">The inputs behind the bias.</param>
    /// <param name="hasBias">Whether it has biases.</param>
    /// <param name="attributes">More attributes.</param>
    public string[] Recurrent(string operation, string x, int inputs, int units, string direction = "forward", string[]? more = null,
        bool hasBias = true, params AttributeProto[] attributes)
    {
        int gates = operation switch { "LSTM" => 4, "GRU" => 3, _ => 1 }, directions = direction == "bidirectional" ? 2 : 1;
        bool isGru = operation == "GRU" && !attributes.Any(attribute => attribute.Name == "linear_before_reset");
        return Nodes(operation,
            [
                x,
                Weights(directions, gates * units, inputs),
                Weights(directions, gates * units, units),
                hasBias ? Weights(directions, 2 * gates * units) : "",
                .. more ?? [],
            ],
            operation == "LSTM" ? 3 : 2,
            [
                OnnxAttribute.Of("hidden_size", units),
                OnnxAttribute.Of("direction", direction),
                .. isGru ? [OnnxAttribute.Of("linear_before_reset", 1)] : Array.Empty<AttributeProto>(),
                .. attributes,
            ]);
    }

    public string Transpose(string value, params long[] order) => Node("Transpose", [value], OnnxAttribute.Of("perm", order));

    public string Squeeze(string value, params long[] axes) => Node("Squeeze", [value, Integers(axes)]);

    public string Unsqueeze(string value, params long[] axes) => Node("Unsqueeze", [value, Integers(axes)]);

    public string Reshape(string value, params long[] sizes) => Node("Reshape", [value, Integers(sizes)]);

    public string SizeOf(string value, int axis) => Node("Gather", [Node("Shape", [value]), Integers(axis)], OnnxAttribute.Of("axis", 0));

    /// <summary>A linear layer as Keras' Dense.</summary>
    public string Dense(string value, int inputs, int outputs)
        => Node("Add", [Node("MatMul", [value, Weights(inputs, outputs)]), Weights(outputs)]);

    public TestGraph Output(string value)
    {
        Graph.Output.Add(new ValueInfoProto
        {
            Name = value,
            Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)Type.Float } },
        });
        return this;
    }

    /// <summary>The mean of steps [B x T x E], weighted by the softmax of v·tanh(W·s + b) of other steps.</summary>
    /// <param name="scored">The steps s that the weights are made of, [B x T x S].</param>
    /// <param name="size">S.</param>
    /// <param name="steps">The steps.</param>
    public string Attention(string scored, int size, string steps)
    {
        string scores = Node("MatMul", [Node("Tanh", [Dense(scored, size, 4)]), Weights(4, 1)]);
        string weighted = Node("Mul", [Node("Softmax", [scores], OnnxAttribute.Of("axis", 1)), steps]);
        return Node("ReduceSum", [weighted, Integers(1)], OnnxAttribute.Of("keepdims", 0));
    }

    public static AttributeProto Number(string name, float value)
        => new() { Name = name, Type = AttributeProto.Types.AttributeType.Float, F = value };

    public static AttributeProto Texts(string name, params string[] values) => new()
    {
        Name = name,
        Type = AttributeProto.Types.AttributeType.Strings,
        Strings = { values.Select(ByteString.CopyFromUtf8) },
    };

    public SequenceModelParameters Load(OnnxImportOptions? options = null)
        => SequenceModelParameters.LoadOnnx(new MemoryStream(Model.ToByteArray()), options);

    /// <summary>The network that is read scores each row as ONNX Runtime scores the graph.</summary>
    /// <param name="isTimeFirst">Whether the output is [T x B x O].</param>
    /// <param name="options">How it is read.</param>
    public SequenceModelParameters AssertScoresAsOnnxRuntime(bool isTimeFirst = false, OnnxImportOptions? options = null)
    {
        using var settings = new SessionOptions { IntraOpNumThreads = 1, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR };
        using var session = new InferenceSession(Model.ToByteArray(), settings);
        using IDisposableReadOnlyCollection<DisposableNamedOnnxValue> results = session.Run(_values);
        float[] expected = results[0].AsTensor<float>().ToArray();
        if (isTimeFirst)
            expected = Swap(expected, Steps, Rows, expected.Length / Rows / Steps);

        SequenceModelParameters model = Load(options);
        var scorer = new SequenceScorer(new ScoringNetwork(model.Network));
        string[] numbers = [.. model.InputNames.Where(_numbers.ContainsKey)], tokens = [.. model.InputNames.Where(_tokens.ContainsKey)];
        for (int row = 0; row < Rows; row++)
        {
            Span<float> features = scorer.AddSequence(Steps);
            for (int t = 0, at = 0; t < Steps; t++)
            {
                foreach (float[] values in numbers.Select(name => _numbers[name]))
                {
                    int size = values.Length / Rows / Steps;
                    values.AsSpan((row * Steps + t) * size, size).CopyTo(features[at..]);
                    at += size;
                }
                for (int i = 0; i < tokens.Length; i++)
                    scorer.Tokens(row)[t * tokens.Length + i] = (int)_tokens[tokens[i]][row * Steps + t] + 1;
            }
            if (model.StaticInputName is { } statics)
                _numbers[statics].AsSpan(row * model.StaticFeatureCount, model.StaticFeatureCount).CopyTo(scorer.Statics(row));
        }
        scorer.Score();
        float[] found = [.. Enumerable.Range(0, Rows).SelectMany(row => scorer.Output(row).ToArray())];
        for (int i = 0; i < found.Length; i += model.OutputCount)
            model.OutputFunction.Apply(found.AsSpan(i, model.OutputCount));
        Assert.HasCount(expected.Length, found);
        for (int i = 0; i < found.Length; i++)
            Assert.AreEqual(expected[i], found[i], 2e-6f, $"{i} of {found.Length}");
        return model;
    }

    private void AddInput(string name, Type type, int[] sizes)
    {
        var shape = new TensorShapeProto();
        for (int axis = 0; axis < sizes.Length; axis++)
        {
            shape.Dim.Add(sizes[axis] > 0
                ? new TensorShapeProto.Types.Dimension { DimValue = sizes[axis] }
                : new TensorShapeProto.Types.Dimension { DimParam = $"{name}{axis}" });
        }
        Graph.Input.Add(new ValueInfoProto
        {
            Name = name,
            Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)type, Shape = shape } },
        });
    }

    private void AddValue<T>(string name, T[] values, int[] sizes)
        => _values.Add(NamedOnnxValue.CreateFromTensor(name, new DenseTensor<T>(values, sizes)));

    private float[] Numbers(int count) => [.. Enumerable.Range(0, count).Select(_ => _random.NextSingle() * 1.4f - 0.7f)];

    private static T[] Swap<T>(T[] values, int first, int second, int size)
    {
        T[] swapped = new T[values.Length];
        for (int i = 0; i < first * second; i++)
            Array.Copy(values, i * size, swapped, (i % second * first + i / second) * size, size);
        return swapped;
    }
}

using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Google.Protobuf;

namespace Microsoft.ML.Lstm.Onnx.Export;

/// <summary>An axis of an input or output: its size, or the name of a size that is free.</summary>
internal readonly record struct OnnxAxis(long Size, string? Name)
{
    public static readonly OnnxAxis Batch = "batch", Time = "time", Characters = "characters";

    public static implicit operator OnnxAxis(int size) => new(size, null);

    public static implicit operator OnnxAxis(string name) => new(0, name);
}

/// <summary>A value of a graph with its type.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">The type of its elements.</param>
/// <param name="Axes">Its axes.</param>
internal sealed record OnnxValue(string Name, TensorProto.Types.DataType Type, params OnnxAxis[] Axes)
{
    /// <summary>What keys stand for, from 1 on, or numbers of the last axis; null where nothing says it.</summary>
    public IReadOnlyList<string>? Names { get; init; }
}

/// <summary>A whole ONNX file: operator set 17, which ONNX Runtime 1.12 and the tools of 2022 read.</summary>
/// <param name="name">The name of its graph.</param>
/// <param name="mostBytes">The most bytes that its constants may have, where a description from elsewhere is written.</param>
internal sealed class OnnxFile(string name, long mostBytes = long.MaxValue) : OnnxGraph
{
    private const int OperatorSet = 17, FormatVersion = 8;

    // Beyond this protobuf can't be read.
    private const long LargestFile = int.MaxValue - 1_000_000;

    private readonly GraphProto _graph = new() { Name = name };
    private readonly HashSet<string> _values = [];
    private readonly HashSet<string> _nodes = [];
    private readonly List<StringStringEntryProto> _metadata = [];
    private long _constants;

    public override bool AxesAreInputs => true;

    /// <summary>The constants so far.</summary>
    public IEnumerable<TensorProto> Constants => _graph.Initializer;

    /// <summary>Adds a text that says something of the model.</summary>
    public void AddMetadata(string key, string text) => _metadata.Add(new StringStringEntryProto { Key = key, Value = text });

    /// <summary>Declares an input.</summary>
    /// <param name="value">The name that it is to have, and its type.</param>
    /// <param name="standard">What it is where it isn't given; null where it has to be.</param>
    /// <returns>Its name.</returns>
    public string AddInput(OnnxValue value, long[]? standard = null)
    {
        value = value with { Name = Unique(_values, value.Name) };
        _graph.Input.Add(Describe(value));
        AddNames(value);
        if (standard is not null)
            Add(value.Name, TensorProto.Types.DataType.Int64, MemoryMarshal.AsBytes<long>(standard), [standard.Length]);
        return value.Name;
    }

    /// <summary>Declares the input for the steps of each row, which are as many as the time axis has where it isn't given.</summary>
    public string AddLengths()
        => AddInput(new OnnxValue("Lengths", TensorProto.Types.DataType.Int64, "lengths"), standard: [long.MaxValue]);

    /// <summary>Makes a value an output, under its column's name or, where an input has that, with ".output" behind it.</summary>
    public void AddOutput(string column, OnnxValue value)
    {
        string output = Unique(_values, _values.Contains(column) ? $"{column}.output" : column);
        Add(_graph, $"output/{column}", "Identity", [value.Name], [output], []);
        value = value with { Name = output };
        _graph.Output.Add(Describe(value));
        AddNames(value);
    }

    public override string[] Scan(string name, bool isReversed, TypedValue[] states, TypedValue[] sequences,
        TensorProto.Types.DataType[] outputs, ScanStep step)
    {
        var body = new Body(this, $"{name}.step");
        string[] results = step(body, [.. states.Select(state => body.AddInput("state", state.Type))],
            [.. sequences.Select(sequence => body.AddInput("item", sequence.Type))]);
        TensorProto.Types.DataType[] types = [.. states.Select(state => state.Type), .. outputs];
        // ONNX Runtime has no loop of no steps: in place of it is one of zeros, which says of all rows that they have no such step.
        string steps = SizeOf(sequences[0].Name, axis: 0), one = Vector(1);
        string missing = Node("Sub", [one, Node("Min", [steps, one])]);
        string[] values = Nodes(name, "Scan", [.. states.Select(state => state.Name), .. sequences.Select(Padded)],
            [.. types.Select((_, i) => $"{name}.{(i < states.Length ? "state" : "output")}")],
            OnnxAttribute.Of("body", body.Finish(results.Zip(types))),
            OnnxAttribute.Of("num_scan_inputs", sequences.Length),
            OnnxAttribute.Of("scan_input_directions", [.. sequences.Select(_ => isReversed ? 1L : 0)]),
            OnnxAttribute.Of("scan_output_directions", [.. outputs.Select(_ => isReversed ? 1L : 0)]));
        return [.. values.Select((value, i) => i < states.Length ? value : Node("Slice", [value, Vector(0), steps]))];

        string Padded(TypedValue sequence)
        {
            string step = Node("Slice", [Node("Shape", [sequence.Name]), one, Vector(int.MaxValue)]);
            string zeros = Node("Expand", [Cast(Constant("zero", 0), sequence.Type), Concat(0, missing, step)]);
            return Concat(0, sequence.Name, zeros);
        }
    }

    /// <exception cref="InvalidOperationException">The network is too large for an ONNX file.</exception>
    public void Write(Stream stream)
    {
        if (_constants > LargestFile)
            throw new InvalidOperationException(
                $"An ONNX file has at most 2 GB, but the weights of the network take {_constants / 1e9:0.0} GB.");
        var read = new HashSet<string>();
        RemoveUnread(_graph, read);
        TensorProto[] constants = [.. _graph.Initializer.Where(constant => read.Contains(constant.Name))];
        _graph.Initializer.Clear();
        _graph.Initializer.AddRange(constants);
        new ModelProto
        {
            IrVersion = FormatVersion,
            ProducerName = "Microsoft.ML.Lstm",
            ProducerVersion = typeof(OnnxFile).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion
                .Split('+')[0],
            Graph = _graph,
            OpsetImport = { new OperatorSetIdProto { Version = OperatorSet } },
            MetadataProps = { _metadata },
        }.WriteTo(stream);
    }

    protected override string AddConstant(string name, float[] values, long[] dimensions)
        => Add(Unique(_values, name), TensorProto.Types.DataType.Float, MemoryMarshal.AsBytes<float>(values), dimensions);

    protected override string AddConstant(string name, long[] values, long[] dimensions)
        => Add(Unique(_values, name), TensorProto.Types.DataType.Int64, MemoryMarshal.AsBytes<long>(values), dimensions);

    protected override string[] AddNode(string name, string operation, string[] inputs, string[] outputs, AttributeProto[] attributes)
        => AddNode(_graph, name, operation, inputs, outputs, attributes);

    private string[] AddNode(GraphProto graph, string name, string operation, string[] inputs, string[] outputs,
        AttributeProto[] attributes)
        => Add(graph, name, operation, inputs, [.. outputs.Select(output => output == "" ? "" : Unique(_values, output))], attributes);

    private string[] Add(GraphProto graph, string name, string operation, string[] inputs, string[] outputs, AttributeProto[] attributes)
    {
        graph.Node.Add(new NodeProto
        {
            Name = Unique(_nodes, name),
            OpType = operation,
            Input = { inputs },
            Output = { outputs },
            Attribute = { attributes },
        });
        return outputs;
    }

    private string Add(string name, TensorProto.Types.DataType type, ReadOnlySpan<byte> littleEndian, long[] dimensions)
    {
        _constants += littleEndian.Length;
        if (_constants > mostBytes)
            throw new InvalidDataException($"ONNX: expected a model of at most {mostBytes} bytes for its file's size, found a larger one.");
        _graph.Initializer.Add(new TensorProto
        {
            Name = name,
            DataType = (int)type,
            Dims = { dimensions },
            RawData = ByteString.CopyFrom(littleEndian),
        });
        return name;
    }

    /// <summary>Removes nodes that nobody reads, which runtimes warn of, and adds all that the others read.</summary>
    private static void RemoveUnread(GraphProto graph, HashSet<string> read)
    {
        read.UnionWith(graph.Output.Select(output => output.Name));
        var kept = new List<NodeProto>();
        foreach (NodeProto node in graph.Node.Reverse().Where(node => node.Output.Any(read.Contains)))
        {
            kept.Add(node);
            read.UnionWith(node.Input);
            foreach (GraphProto body in node.Attribute.Select(attribute => attribute.G).OfType<GraphProto>())
                RemoveUnread(body, read);
        }
        kept.Reverse();
        graph.Node.Clear();
        graph.Node.AddRange(kept);
    }

    // The format has no place for them.
    private void AddNames(OnnxValue value)
    {
        if (value.Names is not { } names)
            return;
        using var json = new MemoryStream();
        using (var writer = new Utf8JsonWriter(json))
        {
            writer.WriteStartArray();
            foreach (string name in names)
                writer.WriteStringValue(name);
            writer.WriteEndArray();
        }
        AddMetadata(value.Name, Encoding.UTF8.GetString(json.ToArray()));
    }

    private static ValueInfoProto Describe(OnnxValue value)
    {
        var shape = new TensorShapeProto();
        foreach (OnnxAxis axis in value.Axes)
        {
            shape.Dim.Add(axis.Name is { } free
                ? new TensorShapeProto.Types.Dimension { DimParam = free }
                : new TensorShapeProto.Types.Dimension { DimValue = axis.Size });
        }
        return new ValueInfoProto
        {
            Name = value.Name,
            Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)value.Type, Shape = shape } },
        };
    }

    private static string Unique(HashSet<string> names, string name)
    {
        string unique = name;
        for (int i = 1; !names.Add(unique); i++)
            unique = $"{name}_{i}";
        return unique;
    }

    /// <summary>A step of a loop. Its constants are those of the file.</summary>
    private sealed class Body(OnnxFile file, string name) : OnnxGraph
    {
        private readonly GraphProto _steps = new() { Name = name };

        public override bool AxesAreInputs => file.AxesAreInputs;

        public string AddInput(string input, TensorProto.Types.DataType type)
        {
            input = Unique(file._values, $"{name}.{input}");
            _steps.Input.Add(Describe(input, type));
            return input;
        }

        public GraphProto Finish(IEnumerable<(string Name, TensorProto.Types.DataType Type)> outputs)
        {
            // An output has to be made in the step itself, and be no other one.
            foreach ((string output, TensorProto.Types.DataType type) in outputs)
                _steps.Output.Add(Describe(Node("Identity", [output]), type));
            return _steps;
        }

        protected override string AddConstant(string name, float[] values, long[] dimensions) => file.AddConstant(name, values, dimensions);

        protected override string AddConstant(string name, long[] values, long[] dimensions) => file.AddConstant(name, values, dimensions);

        protected override string[] AddNode(string name, string operation, string[] inputs, string[] outputs, AttributeProto[] attributes)
            => file.AddNode(_steps, name, operation, inputs, outputs, attributes);

        // Of any shape.
        private static ValueInfoProto Describe(string name, TensorProto.Types.DataType type)
            => new() { Name = name, Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)type } } };
    }
}

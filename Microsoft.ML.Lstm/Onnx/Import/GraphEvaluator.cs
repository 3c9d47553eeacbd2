using Microsoft.ML.Lstm.Engine.Files;

namespace Microsoft.ML.Lstm.Onnx.Import;

/// <summary>Follows a graph from its inputs to a value: what each node on the way makes of what it reads, for any row and step.</summary>
internal sealed class GraphEvaluator
{
    private const int MaxNodes = 1 << 20;
    private const int MaxDepth = 8;

    private static readonly Dictionary<string, Func<OnnxNode, GraphValue>> Operators = new()
    {
        ["Identity"] = ShapeOperators.Identity,
        ["Dropout"] = ShapeOperators.Identity,
        ["Cast"] = ArithmeticOperators.Cast,
        ["Transpose"] = ShapeOperators.Transpose,
        ["Reshape"] = ShapeOperators.Reshape,
        ["Flatten"] = ShapeOperators.Flatten,
        ["Squeeze"] = ShapeOperators.Squeeze,
        ["Unsqueeze"] = ShapeOperators.Unsqueeze,
        ["Expand"] = ShapeOperators.Expand,
        ["ConstantOfShape"] = ShapeOperators.ConstantOfShape,
        ["Shape"] = ShapeOperators.Shape,
        ["Size"] = ShapeOperators.Count,
        ["ReduceProd"] = ShapeOperators.Count,
        ["Range"] = ShapeOperators.Range,
        ["NonZero"] = ShapeOperators.NonZero,
        ["Concat"] = ShapeOperators.Concat,
        ["Slice"] = IndexOperators.Slice,
        ["Gather"] = IndexOperators.Gather,
        ["ReverseSequence"] = IndexOperators.ReverseSequence,
        ["Tile"] = ShapeOperators.Tile,
        ["GatherElements"] = IndexOperators.GatherElements,
        ["GatherND"] = IndexOperators.GatherND,
        ["ScatterElements"] = IndexOperators.ScatterElements,
        ["Add"] = ArithmeticOperators.Arithmetic,
        ["Sub"] = ArithmeticOperators.Arithmetic,
        ["Mul"] = ArithmeticOperators.Arithmetic,
        ["Div"] = ArithmeticOperators.Arithmetic,
        ["Neg"] = ArithmeticOperators.Negate,
        ["Min"] = ArithmeticOperators.Bound,
        ["Max"] = ArithmeticOperators.Bound,
        ["Clip"] = ArithmeticOperators.Bound,
        ["Where"] = ArithmeticOperators.Where,
        ["Equal"] = Comparing.Compare,
        ["Less"] = Comparing.Compare,
        ["LessOrEqual"] = Comparing.Compare,
        ["Greater"] = Comparing.Compare,
        ["GreaterOrEqual"] = Comparing.Compare,
        ["Not"] = Comparing.Not,
        ["IsNaN"] = Comparing.IsNaN,
        ["MatMul"] = LinearOperators.MatMul,
        ["Gemm"] = LinearOperators.Gemm,
        ["BatchNormalization"] = LinearOperators.BatchNormalization,
        ["ReduceMean"] = Reducing.Reduce,
        ["ReduceMax"] = Reducing.Reduce,
        ["ReduceSum"] = Reducing.Reduce,
        ["GlobalAveragePool"] = Reducing.Reduce,
        ["GlobalMaxPool"] = Reducing.Reduce,
    };

    private static readonly HashSet<string> Functions = [.. LinearOperators.FunctionOperators];

    private readonly Dictionary<string, GraphValue> _values;
    private readonly Budget _budget;
    private readonly long _operatorSet;

    /// <param name="known">Values that are known.</param>
    /// <param name="budget">Memory.</param>
    /// <param name="operatorSet">The version of the operators.</param>
    public GraphEvaluator(IReadOnlyDictionary<string, GraphValue> known, Budget budget, long operatorSet)
    {
        _values = new Dictionary<string, GraphValue>(known);
        _budget = budget;
        _operatorSet = operatorSet;
    }

    public IReadOnlyDictionary<string, GraphValue> Values => _values;

    /// <summary>Nodes that were followed.</summary>
    public int Count { get; private set; }

    /// <summary>The nodes that values need, in their order.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="values">The values.</param>
    /// <param name="isKnown">Whether a value is known without any node.</param>
    /// <param name="needed">Receives all values that the nodes read.</param>
    /// <exception cref="InvalidDataException">The graph makes a value twice or a value of itself, or there are too many nodes.</exception>
    public static List<NodeProto> NodesFor(GraphProto graph, IEnumerable<string> values, Func<string, bool> isKnown,
        out HashSet<string> needed)
    {
        if (graph.Node.Count > MaxNodes)
            throw new InvalidDataException($"ONNX: expected at most {MaxNodes} nodes, found {graph.Node.Count}.");
        needed = [.. values];
        var made = new HashSet<string>();
        var nodes = new List<NodeProto>();
        // A node stands behind those that it reads.
        for (int i = graph.Node.Count - 1; i >= 0; i--)
        {
            NodeProto node = graph.Node[i];
            bool isNeeded = false;
            foreach (string output in node.Output)
                isNeeded |= output != "" && needed.Contains(output) && !isKnown(output);
            if (!isNeeded)
                continue;
            foreach (string output in node.Output.Where(output => output != ""))
            {
                if (!made.Add(output))
                    throw new InvalidDataException($"ONNX: expected one node that makes {OnnxText.Quote(output)}, found several.");
            }
            needed.UnionWith(ReadBy(node));
            nodes.Add(node);
        }
        nodes.Reverse();
        return nodes;
    }

    /// <summary>The values that a node reads, its branches and the branches within these too.</summary>
    private static IEnumerable<string> ReadBy(NodeProto node)
    {
        IEnumerable<string> read = node.Input.Where(input => input != "");
        // The files' reader bounds how deep graphs are within each other.
        foreach (GraphProto branch in node.Attribute.Where(attribute => attribute.G is not null).Select(attribute => attribute.G))
        {
            HashSet<string> own = [.. branch.Node.SelectMany(each => each.Output), .. branch.Initializer.Select(tensor => tensor.Name)];
            read = read.Concat(branch.Node.SelectMany(ReadBy).Concat(branch.Output.Select(output => output.Name))
                .Where(name => !own.Contains(name)));
        }
        return read;
    }

    /// <summary>Follows nodes.</summary>
    /// <param name="nodes">The nodes, each behind those that it reads.</param>
    /// <param name="needed">What is read of their results; others may be missing.</param>
    /// <param name="skipsUnknown">Whether nodes that read what is not known are left out, and those that can't be followed.</param>
    public void Follow(IEnumerable<NodeProto> nodes, IReadOnlySet<string> needed, bool skipsUnknown = false)
        => Follow(nodes, needed, skipsUnknown, depth: 0);

    private void Follow(IEnumerable<NodeProto> nodes, IReadOnlySet<string> needed, bool skipsUnknown, int depth)
    {
        foreach (NodeProto node in nodes)
        {
            if (node.Output.All(_values.ContainsKey) || (skipsUnknown && !ReadBy(node).All(_values.ContainsKey)))
                continue;
            try
            {
                Follow(node, needed, depth);
                Count++;
            }
            catch (NotSupportedException) when (skipsUnknown)
            {
                // It is tried again, and said, if it is needed.
            }
        }
    }

    private void Follow(NodeProto proto, IReadOnlySet<string> needed, int depth)
    {
        GraphValue?[] inputs = [.. proto.Input.Select(input => input == "" ? null
            : _values.TryGetValue(input, out GraphValue? value) ? value
            : throw new InvalidDataException($"ONNX: node {OnnxText.Quote(proto.Name)} ({OnnxText.Show(proto.OpType)}): expected a value "
                + $"{OnnxText.Quote(input)} before it, found none."))];
        var node = new OnnxNode(proto, inputs, _budget);
        GraphValue[] results = Apply(proto, node, depth);
        foreach (Elements elements in results.Select(result => result.Elements))
            _budget.Take(128 + (long)elements.Count * (elements is Forms ? Forms.BytesPerElement : sizeof(long)));
        for (int i = 0; i < proto.Output.Count; i++)
        {
            if (i < results.Length && proto.Output[i] != "")
                _values[proto.Output[i]] = results[i];
            else if (needed.Contains(proto.Output[i]))
                throw node.Unsupported(node.Operator == "Dropout"
                    ? "its mask is read"
                    : $"{OnnxText.Quote(proto.Output[i])} is read, its output {i}; the first {results.Length} are known");
        }
    }

    private GraphValue[] Apply(NodeProto proto, OnnxNode node, int depth)
    {
        if (proto.Domain == "ai.onnx.ml" && node.Operator is "Scaler" or "FeatureVectorizer")
            return [node.Operator == "Scaler" ? LinearOperators.Scaler(node) : ShapeOperators.Concat(node)];
        if (proto.Domain is not ("" or "ai.onnx"))
            throw node.Unsupported($"it is an operator of {OnnxText.Quote(proto.Domain)}, and of these only Scaler and FeatureVectorizer "
                + "of 'ai.onnx.ml' are known");
        switch (node.Operator)
        {
            case "Constant":
                return [ReadConstant(node)];
            case "LSTM" or "GRU" or "RNN":
                return RecurrentOperators.Read(node);
            case "Split":
                return ShapeOperators.Split(node);
            case "TopK":
                return IndexOperators.TopK(node);
            case "Softmax" or "LogSoftmax":
                return [LinearOperators.Softmax(node, _operatorSet)];
            case "If":
                return FollowBranch(node, depth);
        }
        if (Functions.Contains(node.Operator))
            return [LinearOperators.Function(node)];
        return Operators.TryGetValue(node.Operator, out Func<OnnxNode, GraphValue>? apply)
            ? [apply(node)]
            : throw node.Unsupported("networks of ours have nothing like it");
    }

    private GraphValue ReadConstant(OnnxNode node)
    {
        if (node.Attribute("value")?.T is { } tensor)
            return TensorReader.Read(tensor, $"the value of node {OnnxText.Quote(node.Name)}", _budget);
        if (node.Attribute("value_float") is { } number)
            return new GraphValue(Axes.Of(), new Floats([number.F]));
        if (node.Attribute("value_int") is { } integer)
            return new GraphValue(Axes.Of(), new Integers([integer.I]));
        if (node.Attribute("value_floats") is { } numbers)
            return new GraphValue(Axes.Of(numbers.Floats.Count), new Floats([.. numbers.Floats]));
        if (node.Attribute("value_ints") is { } integers)
            return new GraphValue(Axes.Of(integers.Ints.Count), new Integers([.. integers.Ints]));
        throw node.Unsupported("its value is no tensor of numbers");
    }

    /// <summary>The branch of an If whose condition follows from the sizes of axes, as behind a squeeze.</summary>
    private GraphValue[] FollowBranch(OnnxNode node, int depth)
    {
        if (node.Input(0).Elements is not Integers { Values: [var condition] })
            throw node.Unsupported("its condition depends on the data");
        GraphProto branch = node.Attribute(condition != 0 ? "then_branch" : "else_branch")?.G ?? throw node.Damaged("a branch", "none");
        if (depth == MaxDepth)
            throw node.Unsupported($"it is {MaxDepth} branches deep");
        var inner = new GraphEvaluator(_values, _budget, _operatorSet);
        _budget.Take(_values.Count * 64L);
        foreach (TensorProto tensor in branch.Initializer)
            inner._values[tensor.Name] = TensorReader.Read(tensor, $"tensor {OnnxText.Quote(tensor.Name)}", _budget);
        List<NodeProto> nodes = NodesFor(branch, branch.Output.Select(output => output.Name), inner._values.ContainsKey,
            out HashSet<string> needed);
        inner.Follow(nodes, needed, skipsUnknown: false, depth + 1);
        return [.. branch.Output.Select(output => inner._values.TryGetValue(output.Name, out GraphValue? value)
            ? value
            : throw node.Damaged($"a value {OnnxText.Quote(output.Name)}", "none"))];
    }
}

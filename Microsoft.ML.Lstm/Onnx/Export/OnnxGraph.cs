namespace Microsoft.ML.Lstm.Onnx.Export;

/// <summary>
/// A graph of ONNX operators while it is written: a file of our own, or the part of a pipeline that ML.NET's converter asks for. A value is
/// the name of a node's output.
/// </summary>
/// <remarks>
/// The two have different operator sets, 17 and 9 to 12, so what is written uses operators that are the same in all of them; where that
/// isn't possible, <see cref="AxesAreInputs"/> tells.
/// </remarks>
internal abstract class OnnxGraph
{
    /// <summary>What names of ours begin with, to keep them apart from those of columns.</summary>
    public const string Prefix = "network/";

    private readonly Dictionary<string, string> _shapes = [];

    /// <summary>Whether axes are inputs of operators, as they are from operator set 13 on, rather than attributes.</summary>
    public abstract bool AxesAreInputs { get; }

    /// <summary>Says that what follows goes through steps in turn, by <see cref="Scan"/>.</summary>
    /// <param name="what">What does.</param>
    /// <exception cref="NotSupportedException">The graph can't have loops.</exception>
    public virtual void RequireLoops(string what)
    {
    }

    /// <summary>A loop over the first axis of some values; the number of the states that it carries are those that it is given.</summary>
    /// <param name="name">What it is called.</param>
    /// <param name="isReversed">Whether it begins at the last step.</param>
    /// <param name="states">The states before the first step.</param>
    /// <param name="sequences">The values whose parts a step reads.</param>
    /// <param name="outputs">The types of what a step gives, after its states.</param>
    /// <param name="step">Writes a step.</param>
    /// <returns>The last states, then the outputs of all steps.</returns>
    public virtual string[] Scan(string name, bool isReversed, TypedValue[] states, TypedValue[] sequences,
        TensorProto.Types.DataType[] outputs, ScanStep step) => throw new NotSupportedException();

    /// <summary>A constant tensor.</summary>
    /// <param name="name">What it is called, if no other value has the name.</param>
    /// <param name="values">Its values, row by row.</param>
    /// <param name="dimensions">Its dimensions.</param>
    public string Constant(string name, float[] values, params long[] dimensions) => AddConstant(Prefix + name, values, dimensions);

    /// <summary>A constant tensor of whole numbers.</summary>
    public string Constant(string name, long[] values, params long[] dimensions) => AddConstant(Prefix + name, values, dimensions);

    /// <summary>A number that others are combined with.</summary>
    public string Constant(string name, float value) => Constant(name, [value], 1);

    /// <summary>A vector of sizes, axes or indices.</summary>
    public string Vector(params long[] values)
    {
        string key = string.Join('_', values);
        if (!_shapes.TryGetValue(key, out string? name))
            _shapes.Add(key, name = Constant($"shape_{key}", values, values.Length));
        return name;
    }

    /// <summary>The vector of 0 to <paramref name="count"/> - 1.</summary>
    public string Places(int count) => Vector([.. Enumerable.Range(0, count).Select(place => (long)place)]);

    /// <summary>A node with one output.</summary>
    /// <param name="operation">The operator.</param>
    /// <param name="inputs">Its inputs; empty names for optional ones that are left out.</param>
    /// <param name="attributes">Its attributes.</param>
    public string Node(string operation, string[] inputs, params AttributeProto[] attributes)
        => Nodes(operation, operation, inputs, [operation], attributes)[0];

    /// <summary>A node with one output and a name.</summary>
    public string Named(string name, string operation, string[] inputs, params AttributeProto[] attributes)
        => Nodes(name, operation, inputs, [name], attributes)[0];

    /// <summary>A node with several outputs.</summary>
    /// <param name="name">What it is called, if no other node has the name.</param>
    /// <param name="operation">The operator.</param>
    /// <param name="inputs">Its inputs; empty names for optional ones that are left out.</param>
    /// <param name="outputs">What its outputs are called; empty for those that nobody reads.</param>
    /// <param name="attributes">Its attributes.</param>
    public string[] Nodes(string name, string operation, string[] inputs, string[] outputs, params AttributeProto[] attributes)
        => AddNode(Prefix + name, operation, inputs, [.. outputs.Select(output => output == "" ? "" : Prefix + output)], attributes);

    /// <summary>A value with other dimensions; 0 for one that stays, -1 for one that follows from the others.</summary>
    public string Reshape(string value, params long[] dimensions) => Node("Reshape", [value, Vector(dimensions)]);

    public string Transpose(string value, params long[] axes) => Node("Transpose", [value], OnnxAttribute.Of("perm", axes));

    public string Concat(int axis, params string[] values)
        => values.Length == 1 ? values[0] : Node("Concat", values, OnnxAttribute.Of("axis", axis));

    public string Gather(string values, string indices, int axis) => Node("Gather", [values, indices], OnnxAttribute.Of("axis", axis));

    public string Cast(string value, TensorProto.Types.DataType type) => Node("Cast", [value], OnnxAttribute.Of("to", (long)type));

    /// <summary>The sum over some axes, which stay with the size 1.</summary>
    public string ReduceSum(string value, params long[] axes)
        => AxesAreInputs
            ? Node("ReduceSum", [value, Vector(axes)])
            : Node("ReduceSum", [value], OnnxAttribute.Of("axes", axes));

    /// <summary>The mean over some axes, which stay with the size 1.</summary>
    public string ReduceMean(string value, params long[] axes) => Node("ReduceMean", [value], OnnxAttribute.Of("axes", axes));

    /// <summary>The largest over some axes, which stay with the size 1.</summary>
    public string ReduceMax(string value, params long[] axes) => Node("ReduceMax", [value], OnnxAttribute.Of("axes", axes));

    /// <summary>The size of an axis, as a vector of one number.</summary>
    public string SizeOf(string value, int axis) => Gather(Node("Shape", [value]), Vector(axis), axis: 0);

    /// <summary>0 to n - 1, for a vector of the one number n.</summary>
    public string Range(string size) => Reshape(Node("NonZero", [Node("Expand", [Vector(1), size])]), -1);

    /// <summary>x·Wᵀ + b over the last axis.</summary>
    /// <param name="name">What it is called.</param>
    /// <param name="x">A value with a last axis of K.</param>
    /// <param name="weight">W: rows x K.</param>
    /// <param name="rows">The size of the last axis of the result.</param>
    /// <param name="bias">b; none where it is empty.</param>
    public string Linear(string name, string x, ReadOnlySpan<float> weight, int rows, ReadOnlySpan<float> bias = default)
    {
        int columns = weight.Length / rows;
        float[] transposed = new float[weight.Length];
        for (int i = 0; i < weight.Length; i++)
            transposed[i % columns * rows + i / columns] = weight[i];
        string product = Named(name, "MatMul", [x, Constant($"{name}.weight", transposed, columns, rows)]);
        return bias.IsEmpty ? product : Node("Add", [product, Constant($"{name}.bias", bias.ToArray(), rows)]);
    }

    protected abstract string AddConstant(string name, float[] values, long[] dimensions);

    protected abstract string AddConstant(string name, long[] values, long[] dimensions);

    protected abstract string[] AddNode(string name, string operation, string[] inputs, string[] outputs, AttributeProto[] attributes);
}

/// <summary>A value with the type of its elements.</summary>
internal readonly record struct TypedValue(string Name, TensorProto.Types.DataType Type);

/// <summary>Writes a step of a loop.</summary>
/// <param name="body">The graph of a step; it reads the values outside of the loop too.</param>
/// <param name="states">The states before the step.</param>
/// <param name="items">The step's parts of the sequences.</param>
/// <returns>The states after the step, then its outputs.</returns>
internal delegate string[] ScanStep(OnnxGraph body, string[] states, string[] items);

using Microsoft.ML.Lstm.Engine.Files;

namespace Microsoft.ML.Lstm.Onnx.Import;

/// <summary>A node of a graph that is being read, with what is known of its inputs.</summary>
internal sealed class OnnxNode(NodeProto proto, GraphValue?[] inputs, Budget budget)
{
    public string Operator => proto.OpType;

    public string Name => proto.Name != "" ? proto.Name : proto.Output.FirstOrDefault(output => output != "") ?? "";

    public int InputCount => inputs.Length;

    public int OutputCount => proto.Output.Count;

    public Budget Budget => budget;

    public GraphValue Input(int index) => Optional(index) ?? throw Damaged($"an input {index}", "none");

    public GraphValue? Optional(int index) => index < inputs.Length ? inputs[index] : null;

    /// <summary>The values of an input that has to be known whole numbers; null where there is none.</summary>
    public long[]? OptionalIntegers(int index, string what) => Optional(index)?.Elements switch
    {
        null => null,
        Integers integers => integers.Values,
        _ => throw Unsupported($"its {what} depend on the data or on the number of rows or steps"),
    };

    /// <summary>Whole numbers that are an attribute in some operator sets and an input in others; null for none.</summary>
    public long[]? AttributeOrInput(string name, int index) => Integers(name) ?? OptionalIntegers(index, name);

    /// <summary>An axis, counted from the last where it is negative.</summary>
    public int Axis(long axis, int rank)
        => axis >= -rank && axis < rank ? (int)(axis < 0 ? axis + rank : axis) : throw Damaged($"an axis below {rank}", $"{axis}");

    public int[] AxesOf(long[] axes, int rank) => [.. axes.Select(axis => Axis(axis, rank)).Distinct()];

    public AttributeProto? Attribute(string name)
    {
        foreach (AttributeProto attribute in proto.Attribute)
        {
            if (attribute.Name == name)
                return attribute;
        }
        return null;
    }

    public long Integer(string name, long otherwise) => Attribute(name) is { } attribute ? attribute.I : otherwise;

    public float Float(string name, float otherwise) => Attribute(name) is { } attribute ? attribute.F : otherwise;

    public long[]? Integers(string name) => Attribute(name) is { } attribute ? [.. attribute.Ints] : null;

    public string Text(string name, string otherwise)
        => Attribute(name) is { } attribute ? OnnxText.Show(attribute.S.ToStringUtf8()) : otherwise;

    /// <summary>What can't be read as one of our networks.</summary>
    public NotSupportedException Unsupported(string why) => new($"ONNX: node {OnnxText.Quote(Name)} ({OnnxText.Show(Operator)}): {why}.");

    public InvalidDataException Damaged(string expected, string found)
        => new($"ONNX: node {OnnxText.Quote(Name)} ({OnnxText.Show(Operator)}): expected {expected}, found {found}.");
}

/// <summary>Texts of a file in messages.</summary>
internal static class OnnxText
{
    /// <summary>A name that may be of any length.</summary>
    public static string Show(string name) => name.Length <= 64 ? name : name[..64] + "…";

    /// <summary>A name in quotation marks.</summary>
    public static string Quote(string name) => $"'{Show(name)}'";
}

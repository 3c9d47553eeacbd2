using Microsoft.ML.Data;
using Microsoft.ML.Model.OnnxConverter;

namespace Microsoft.ML.Lstm.Onnx.Export;

/// <summary>
/// The part of a pipeline that ML.NET's <c>ConvertToOnnx</c> asks a view for. Its files have the operator sets 9 to 12, and its nodes no
/// graphs.
/// </summary>
internal sealed class ConverterGraph(OnnxContext context, string transformer) : OnnxGraph
{
    public override bool AxesAreInputs => false;

    /// <summary>Makes a value a column of the pipeline.</summary>
    public void AddColumn(DataViewSchema.Column column, OnnxValue value)
    {
        // ML.NET's vectors of unknown size have one axis.
        bool isFlat = column.Type is VectorDataViewType { Size: 0 } && value.Axes.Length > 2;
        context.CreateNode("Identity", isFlat ? Reshape(value.Name, 0, -1) : value.Name,
            context.AddIntermediateVariable(column.Type, column.Name), context.GetNodeName($"{transformer}.{column.Name}"), domain: "");
    }

    /// <summary>The keys of a column, [B x T] whole numbers.</summary>
    /// <remarks>
    /// ML.NET writes into the file that a text has one word, and ONNX Runtime joins nodes and shares memory accordingly. So B and T are
    /// counted in the values, of which it can't know them before. On the way no value is of one number whose size it takes for that of
    /// the keys.
    /// </remarks>
    public string KeysOf(string column)
    {
        string keys = Cast(Reshape(column, 0, -1), TensorProto.Types.DataType.Int64);
        string marks = Node("Expand", [Vector(1, 0), Concat(0, SizeOf(keys, axis: 0), Vector(2))]);
        string rows = Places(Gather(Concat(1, marks, keys), Vector(0, 1), axis: 1), axis: 0);
        keys = Gather(keys, rows, axis: 0);
        return Gather(keys, Places(Node("Add", [Gather(keys, Vector(0), axis: 0), Vector(1)]), axis: 1), axis: 1);

        string Places(string values, int axis) => Reshape(Gather(Node("NonZero", [values]), Vector(axis), axis: 0), -1);
    }

    public override void RequireLoops(string what)
        => throw new NotSupportedException($"{what} needs a loop, which nodes that ML.NET writes can't have; ExportToOnnx writes it");

    protected override string AddConstant(string name, float[] values, long[] dimensions)
        => context.AddInitializer(values, dimensions, name);

    protected override string AddConstant(string name, long[] values, long[] dimensions)
        => context.AddInitializer(values, dimensions, name);

    protected override string[] AddNode(string name, string operation, string[] inputs, string[] outputs, AttributeProto[] attributes)
    {
        string[] variables = Array.ConvertAll(outputs,
            output => output == "" ? "" : context.AddIntermediateVariable(null, output, skip: true));
        OnnxNode node = context.CreateNode(operation, inputs, variables, context.GetNodeName(name), domain: "");
        foreach (AttributeProto attribute in attributes)
        {
            switch (attribute.Type)
            {
                case AttributeProto.Types.AttributeType.Int:
                    node.AddAttribute(attribute.Name, attribute.I);
                    break;
                case AttributeProto.Types.AttributeType.Ints:
                    node.AddAttribute(attribute.Name, (IEnumerable<long>)attribute.Ints);
                    break;
                case AttributeProto.Types.AttributeType.String:
                    node.AddAttribute(attribute.Name, attribute.S.ToStringUtf8());
                    break;
                default:
                    throw new NotSupportedException($"ML.NET's nodes have no attributes of the type {attribute.Type}.");
            }
        }
        return variables;
    }
}

using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Onnx.Export;

/// <summary>The encoder of words by their characters, written into a graph: what <c>Engine/Layers/CharacterEncoder</c> computes.</summary>
internal static class CharacterValues
{
    /// <summary>Writes the features of words, [B x T x F].</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="parameters">The network's parameters.</param>
    /// <param name="characters">The words, [B x T x C] whole numbers of any type: UTF-16's units, and 0 behind a word.</param>
    public static string Write(OnnxGraph graph, ParameterSet parameters, string characters)
    {
        CharacterShape shape = parameters.Shape.Characters!.Value;
        EmbeddingShape table = shape.Table;
        string key = graph.Cast(characters, TensorProto.Types.DataType.Int64);
        key = graph.Node("Where", [graph.Node("Greater", [key, graph.Vector(table.KeyCount - 1)]), graph.Vector(0), key]);
        string batch = graph.SizeOf(key, axis: 0), steps = graph.SizeOf(key, axis: 1), width = graph.SizeOf(key, axis: 2);
        string words = graph.Node("Mul", [batch, steps]), one = graph.Vector(1);

        // A word ends with its last character that is not 0.
        string place = graph.Range(width), isThere = graph.Node("Greater", [key, graph.Vector(0)]);
        string ends = graph.Node("Where", [isThere, graph.Node("Add", [place, one]), graph.Vector(0)]);
        string length = graph.ReduceMax(ends, 2), isOfWord = graph.Node("Less", [place, length]);

        string row = key, boundary = graph.Vector(table.Vocabulary);
        if (table.Keys is { } known)
        {
            long[] rows = [.. Enumerable.Range(0, known.KeyCount + 1).Select(each => (long)known.NumberOf(each))];
            row = graph.Gather(graph.Constant("characters.rows", rows, rows.Length), key, axis: 0);
        }
        row = graph.Node("Where", [isOfWord, row, boundary]);
        string padded = graph.Concat(2, [.. Boundaries(shape.BoundariesBefore), row, .. Boundaries(shape.KernelSize / 2)]);
        string embedded = graph.Gather(Constant(ParameterSet.CharacterEmbedding, table.Rows, table.Size), padded, axis: 0);
        string x = graph.Node("Reshape", [embedded, graph.Concat(0, words, graph.SizeOf(padded, axis: 2), graph.Vector(table.Size))]);
        string sums = graph.Named("characters", "Conv",
            [
                graph.Transpose(x, 0, 2, 1),
                Constant(ParameterSet.CharacterWeight, shape.Filters, table.Size, shape.KernelSize),
                Constant(ParameterSet.CharacterBias, shape.Filters),
            ],
            OnnxAttribute.Of("kernel_shape", [shape.KernelSize]));
        string isWindow = graph.Node("Reshape", [isOfWord, graph.Concat(0, words, one, width)]);
        sums = graph.Node("Where", [isWindow, sums, graph.Constant("lowest", float.MinValue)]);
        string features = graph.Node("Reshape",
            [graph.Node("Tanh", [graph.ReduceMax(sums, 2)]), graph.Concat(0, batch, steps, graph.Vector(shape.Filters))]);
        return graph.Node("Where", [graph.Node("Greater", [length, graph.Vector(0)]), features, graph.Constant("zero", 0)]);

        string[] Boundaries(int count)
            => count == 0 ? [] : [graph.Node("Expand", [boundary, graph.Concat(0, batch, steps, graph.Vector(count))])];

        string Constant(string name, params long[] dimensions) => graph.Constant(name, parameters[name].ToArray(), dimensions);
    }
}

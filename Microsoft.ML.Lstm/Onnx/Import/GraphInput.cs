using Microsoft.ML.Lstm.Engine.Files;
using Type = Microsoft.ML.Lstm.Onnx.TensorProto.Types.DataType;

namespace Microsoft.ML.Lstm.Onnx.Import;

/// <summary>An input of a graph, as it may be meant.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Value">Its axes and what it has for a row and a step.</param>
/// <param name="HasKeys">Whether its tokens are keys as ML.NET holds them, counted from 1.</param>
internal sealed record GraphInput(string Name, GraphValue Value, bool HasKeys)
{
    private const int MaxFeatures = 1 << 16;

    private static readonly AxisPart[] One = [];

    /// <summary>What an input may be, the likeliest first.</summary>
    /// <param name="input">The input.</param>
    /// <param name="number">Which one of the graph's, counted from 0.</param>
    /// <param name="features">What the first recurrent layer reads for a step; null where that is not known.</param>
    /// <param name="budget">Memory.</param>
    public static IEnumerable<GraphInput> Candidates(ValueInfoProto input, int number, int? features, Budget budget)
    {
        long[] sizes = DimensionsOf(input);
        var type = (Type)(input.Type?.TensorType?.ElemType ?? 0);
        bool isTokens = type is Type.Int64 or Type.Int32 or Type.Int16 or Type.Int8
            or Type.Uint64 or Type.Uint32 or Type.Uint16 or Type.Uint8;
        if (!isTokens && type is not (Type.Float or Type.Double or Type.Float16))
            throw Unsupported(input, $"has values of type {type}");
        AxisPart[] batch(int axis) => [new AxisPart(AxisKind.Batch, (int)sizes[axis])];
        AxisPart[] time(int axis) => [new AxisPart(AxisKind.Time, (int)sizes[axis])];
        switch (sizes.Length)
        {
            case 1 when isTokens:
                yield return Length(batch(0));
                yield return Of(time(0));
                break;
            case 1:
                yield return Length(batch(0));
                yield return Of(time(0));
                yield return Of(batch(0));
                break;
            case 2 when isTokens:
                yield return Of(batch(0), time(1));
                yield return Of(time(0), batch(1));
                yield return Length(batch(0), One);
                break;
            case 2:
                if (sizes[1] > 0)
                    yield return Of(batch(0), Axes.FixedAxis((int)sizes[1]));
                yield return Of(batch(0), time(1));
                yield return Of(time(0), batch(1));
                if (sizes[1] > 0)
                    yield return Of(time(0), Axes.FixedAxis((int)sizes[1]));
                if (features is { } flat && sizes[1] % flat == 0)
                    yield return Of(batch(0), [new AxisPart(AxisKind.Time, (int)sizes[1] / flat), .. Axes.FixedAxis(flat)]);
                break;
            case 3:
                int last = sizes[2] > 0 ? (int)sizes[2] : isTokens ? 0 : features ?? 0;
                if (last == 0)
                    throw Unsupported(input, "has an open number of features");
                yield return Of(batch(0), time(1), Axes.FixedAxis(last));
                yield return Of(time(0), batch(1), Axes.FixedAxis(last));
                break;
            default:
                throw Unsupported(input, $"has {sizes.Length} axes; sequences have up to three");
        }

        GraphInput Length(params AxisPart[][] parts) => new(input.Name, new GraphValue(new Axes(parts), new Facts([Fact.Length])), false);

        GraphInput Of(params AxisPart[][] parts)
        {
            var axes = new Axes(parts);
            if (axes.Count > MaxFeatures)
                throw Unsupported(input, $"has {axes.Count} features; up to {MaxFeatures} are read");
            budget.Take(axes.Count * (long)Forms.BytesPerElement);
            Elements elements = isTokens
                ? new Tokens([.. Enumerable.Range(0, axes.Count).Select(index => new TokenInput(number, index))])
                : Forms.Of(new InputSource(number, input.Name, axes.Count, axes.HasTime), axes.Count);
            return new GraphInput(input.Name, new GraphValue(axes, elements), type == Type.Uint32);
        }
    }

    /// <summary>The sizes of an input's axes; 0 for those that are open.</summary>
    /// <exception cref="InvalidDataException">It has none, or one that can't be.</exception>
    public static long[] DimensionsOf(ValueInfoProto input)
    {
        if (input.Type?.TensorType?.Shape is not { } shape)
            throw new InvalidDataException($"ONNX: input {OnnxText.Quote(input.Name)}: expected the axes of a tensor, found none.");
        // ML.NET's converter says -1 for those that are open.
        long[] sizes = [.. shape.Dim.Select(dimension => dimension.HasDimValue ? Math.Max(dimension.DimValue, 0) : 0)];
        if (sizes.Length > 16 || sizes.Any(size => size > int.MaxValue))
            throw new InvalidDataException($"ONNX: input {OnnxText.Quote(input.Name)}: expected sizes of axes, found "
                + $"[{string.Join(", ", sizes.Take(16))}].");
        return sizes;
    }

    private static NotSupportedException Unsupported(ValueInfoProto input, string why)
        => new($"ONNX: input {OnnxText.Quote(input.Name)} {why}.");
}

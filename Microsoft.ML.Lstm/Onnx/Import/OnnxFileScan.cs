using Google.Protobuf;

namespace Microsoft.ML.Lstm.Onnx.Import;

/// <summary>
/// Estimates what a file takes in memory before it is parsed: parts of a few bytes become objects of a few hundred, so that a small file of
/// nothing but such parts would take a hundred times its size.
/// </summary>
internal static class OnnxFileScan
{
    // What the objects of a file may take beyond its own size.
    private const long MaxBytes = 32 << 20;
    private const int BytesPerPart = 256;
    private const int BytesPerText = 48;
    private const int MaxDepth = 64;

    /// <summary>The messages that have parts which are messages themselves.</summary>
    private enum Part
    {
        Model,
        Graph,
        Node,
        Attribute,
        Tensor,
        Value,
        Type,
        TensorType,
        Shape,
        Other,
    }

    /// <summary>Parses a file.</summary>
    /// <param name="stream">Holds it, from its position to its end.</param>
    /// <param name="length">Its length.</param>
    /// <exception cref="InvalidDataException">It is no ONNX file, or has too many parts for its size.</exception>
    public static ModelProto Parse(Stream stream, out long length)
    {
        if (!stream.CanSeek)
        {
            var copy = new MemoryStream();
            stream.CopyTo(copy);
            copy.Position = 0;
            stream = copy;
        }
        long start = stream.Position;
        length = stream.Length - start;
        if (length > int.MaxValue)
            throw new InvalidDataException($"ONNX: expected at most {int.MaxValue} bytes, as protobuf allows, found {length}.");
        try
        {
            using (var scanned = new CodedInputStream(stream, leaveOpen: true))
                Scan(scanned, Part.Model, length, length + MaxBytes, depth: 0);
            stream.Position = start;
            return ModelProto.Parser.ParseFrom(stream);
        }
        catch (InvalidProtocolBufferException error)
        {
            throw new InvalidDataException($"ONNX: expected a model in protobuf's format, found something else ({error.Message})", error);
        }
    }

    /// <summary>What a message takes.</summary>
    private static long Scan(CodedInputStream input, Part part, long end, long most, int depth)
    {
        if (depth > MaxDepth)
            throw new InvalidDataException($"ONNX: expected at most {MaxDepth} parts within each other, found more.");
        long bytes = BytesPerPart;
        while (input.Position < end)
        {
            uint tag = input.ReadTag();
            if (tag == 0)
                break;
            int field = WireFormat.GetTagFieldNumber(tag);
            bool hasLength = WireFormat.GetTagWireType(tag) == WireFormat.WireType.LengthDelimited;
            if (hasLength && Inner(part, field) is { } inner)
            {
                long length = input.ReadLength();
                if (input.Position + length > end)
                    throw new InvalidDataException(
                        $"ONNX: expected a part of at most {end - input.Position} bytes, found one of {length}.");
                bytes += Scan(input, inner, input.Position + length, most, depth + 1);
            }
            else
            {
                long before = input.Position;
                input.SkipLastField();
                long length = input.Position - before;
                // Numbers of a byte each become numbers of eight, in a list that grows by doubling.
                bytes += part == Part.Tensor && field is 5 or 7 or 11 || part == Part.Attribute && field == 8 ? 16 * length
                    : part == Part.Tensor && field is 4 or 9 or 10 || part == Part.Attribute && field == 7 ? length + BytesPerText
                    : 2 * length + BytesPerText;
            }
            if (bytes > most)
                throw new InvalidDataException("ONNX: expected parts that the file's size accounts for, found many more.");
        }
        return bytes;
    }

    private static Part? Inner(Part part, int field) => (part, field) switch
    {
        (Part.Model, 7) => Part.Graph,
        (Part.Model, 8 or 14 or 25) => Part.Other,
        (Part.Graph, 1) => Part.Node,
        (Part.Graph, 5) => Part.Tensor,
        (Part.Graph, 11 or 12 or 13) => Part.Value,
        (Part.Node, 5) => Part.Attribute,
        (Part.Attribute, 5 or 10) => Part.Tensor,
        (Part.Attribute, 6 or 11) => Part.Graph,
        (Part.Tensor, 13) => Part.Other,
        (Part.Value, 2) => Part.Type,
        (Part.Type, 1) => Part.TensorType,
        (Part.TensorType, 2) => Part.Shape,
        (Part.Shape, 1) => Part.Other,
        _ => null,
    };
}

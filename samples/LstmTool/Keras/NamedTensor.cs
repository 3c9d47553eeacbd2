using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace LstmTool.Keras;

/// <summary>A tensor of floats for a safetensors file.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Shape">Its dimensions.</param>
/// <param name="Read">Gives its values, row-major.</param>
internal sealed record NamedTensor(string Name, int[] Shape, Func<float[]> Read)
{
    /// <summary>Writes tensors in the safetensors format: a header in JSON, and the numbers.</summary>
    public static void Write(IEnumerable<NamedTensor> tensors, Stream stream)
    {
        using var header = new MemoryStream();
        using (var json = new Utf8JsonWriter(header))
        {
            long at = 0;
            json.WriteStartObject();
            foreach (NamedTensor tensor in tensors)
            {
                json.WriteStartObject(tensor.Name);
                json.WriteString("dtype", "F32");
                long end = at + tensor.Shape.Aggregate((long)sizeof(float), (product, size) => product * size);
                WriteNumbers(json, "shape", tensor.Shape.Select(size => (long)size));
                WriteNumbers(json, "data_offsets", [at, end]);
                json.WriteEndObject();
                at = end;
            }
            json.WriteEndObject();
        }
        byte[] length = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
        stream.Write(length);
        stream.Write(header.GetBuffer(), 0, (int)header.Length);
        foreach (NamedTensor tensor in tensors)
        {
            float[] values = tensor.Read();
            Span<int> bits = MemoryMarshal.Cast<float, int>(values.AsSpan());
            if (!BitConverter.IsLittleEndian)
                BinaryPrimitives.ReverseEndianness(bits, bits);
            stream.Write(MemoryMarshal.AsBytes<float>(values));
        }
    }

    private static void WriteNumbers(Utf8JsonWriter json, string name, IEnumerable<long> numbers)
    {
        json.WriteStartArray(name);
        foreach (long number in numbers)
            json.WriteNumberValue(number);
        json.WriteEndArray();
    }
}

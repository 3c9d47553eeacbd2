using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Peers;

/// <summary>A file of safetensors that the benchmarks wrote: weights, inputs and targets, and as metadata the dimensions.</summary>
internal sealed class ProblemFile
{
    public ProblemFile(string path)
    {
        byte[] file = File.ReadAllBytes(path);
        int length = (int)BinaryPrimitives.ReadInt64LittleEndian(file);
        using var header = JsonDocument.Parse(file.AsMemory(8, length));
        ReadOnlySpan<byte> data = file.AsSpan(8 + length);
        foreach (JsonProperty entry in header.RootElement.EnumerateObject())
        {
            if (entry.Name == "__metadata__")
            {
                foreach (JsonProperty pair in entry.Value.EnumerateObject())
                    Metadata[pair.Name] = pair.Value.GetString()!;
                continue;
            }
            long[] shape = [.. entry.Value.GetProperty("shape").EnumerateArray().Select(size => size.GetInt64())];
            int begin = entry.Value.GetProperty("data_offsets")[0].GetInt32(), end = entry.Value.GetProperty("data_offsets")[1].GetInt32();
            Tensors[entry.Name] = (shape, MemoryMarshal.Cast<byte, float>(data[begin..end]).ToArray());
        }
    }

    public Dictionary<string, string> Metadata { get; } = [];

    public Dictionary<string, (long[] Shape, float[] Values)> Tensors { get; } = [];
}

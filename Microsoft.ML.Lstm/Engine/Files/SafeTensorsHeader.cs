using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Microsoft.ML.Lstm.Engine.Files;

/// <summary>
/// The JSON header of a safetensors stream, checked for consistency. It is read and written token by token, since its property names are
/// the names of tensors, and since the place of the checksum in it matters.
/// </summary>
internal sealed class SafeTensorsHeader
{
    private const string MetadataKey = "__metadata__";
    private const string ChecksumKey = "sha256";

    // The header nests two deep: tensors, and in each the shape.
    private const int MaxDepth = 4;

    /// <summary>A tensor's place in the data: it has <paramref name="Length"/> elements from byte <paramref name="Begin"/> on.</summary>
    public sealed record Entry(string Name, int[] Shape, ElementType Type, long Begin, int Length)
    {
        public long End => Begin + (long)Length * Type.Size;
    }

    private SafeTensorsHeader(
        IReadOnlyDictionary<string, string> metadata, IReadOnlyList<Entry> tensors, long dataBytes, Range? checksum = null)
    {
        Metadata = metadata;
        Tensors = tensors;
        DataBytes = dataBytes;
        Checksum = checksum;
    }

    /// <summary>The digits that stand for a checksum that is not computed yet.</summary>
    public static ReadOnlySpan<byte> ChecksumZeros => "0000000000000000000000000000000000000000000000000000000000000000"u8;

    /// <summary>The texts, without the checksum.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>The tensors in the order of their data.</summary>
    public IReadOnlyList<Entry> Tensors { get; }

    /// <summary>Bytes of the data.</summary>
    public long DataBytes { get; }

    /// <summary>The position of the checksum's digits in the parsed header; null if there is no checksum.</summary>
    public Range? Checksum { get; }

    /// <summary>The header that <paramref name="content"/> is written with.</summary>
    public static SafeTensorsHeader Of(SafeTensors content)
    {
        if (content.Metadata.ContainsKey(ChecksumKey))
            throw new InvalidOperationException($"A text can't be saved under the name '{ChecksumKey}', which is the checksum's.");
        var names = new HashSet<string> { MetadataKey };
        var entries = new List<Entry>();
        long begin = 0;
        foreach (SafeTensor tensor in content.Tensors)
        {
            if (!names.Add(tensor.Name))
                throw new InvalidOperationException($"Two tensors can't be saved under the name '{tensor.Name}'.");
            if (LengthOf(tensor.Shape) != tensor.Values.Length)
                throw new InvalidOperationException(
                    $"Tensor '{tensor.Name}' can't be saved: {tensor.Values.Length} values don't fill the shape {Show(tensor.Shape)}.");
            entries.Add(new Entry(tensor.Name, tensor.Shape, tensor.Type, begin, tensor.Values.Length));
            begin = entries[^1].End;
        }
        return new SafeTensorsHeader(content.Metadata, entries, begin);
    }

    /// <summary>
    /// The JSON, with zeros for the checksum, padded with blanks to a multiple of <paramref name="alignment"/> bytes.
    /// </summary>
    public byte[] ToJson(int alignment)
    {
        var buffer = new ArrayBufferWriter<byte>();
        // Relaxed, since this never gets into a web page, and JSON within JSON stays legible.
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteStartObject(MetadataKey);
            foreach ((string key, string value) in Metadata)
                json.WriteString(key, value);
            json.WriteString(ChecksumKey, ChecksumZeros);
            json.WriteEndObject();
            foreach (Entry entry in Tensors)
            {
                json.WriteStartObject(entry.Name);
                json.WriteString("dtype", entry.Type.Name);
                json.WriteStartArray("shape");
                foreach (int dimension in entry.Shape)
                    json.WriteNumberValue(dimension);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(entry.Begin);
                json.WriteNumberValue(entry.End);
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        int padding = -buffer.WrittenCount & (alignment - 1);
        buffer.GetSpan(padding)[..padding].Fill((byte)' ');
        buffer.Advance(padding);
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Reads a header.</summary>
    /// <exception cref="InvalidDataException">It isn't the header of tensors that follow one another without gaps.</exception>
    public static SafeTensorsHeader Parse(ReadOnlySpan<byte> json)
    {
        if (json.IsEmpty || json[0] != (byte)'{')
            throw Invalid("expected the header to begin with '{', found something else");
        try
        {
            var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = MaxDepth });
            var header = Parse(ref reader);
            // Only blanks, the padding, may follow: the reader throws at anything else.
            reader.Read();
            return header;
        }
        // The reader's exceptions are not kept as inner exceptions, so the innermost exception has one type for every kind of damage.
        catch (JsonException e)
        {
            throw new InvalidDataException(
                $"safetensors: expected a JSON header, found an error at byte {e.BytePositionInLine} of line {e.LineNumber}.");
        }
        catch (InvalidOperationException)
        {
            // What the reader throws for text that isn't valid Unicode.
            throw new InvalidDataException("safetensors: expected Unicode text in the header, found an invalid sequence.");
        }
    }

    private static SafeTensorsHeader Parse(ref Utf8JsonReader reader)
    {
        var metadata = new Dictionary<string, string>();
        var names = new HashSet<string>();
        var entries = new List<Entry>();
        Range? checksum = null;
        reader.Read();
        while (NextProperty(ref reader, "the header") is { } name)
        {
            if (!names.Add(name))
                throw Invalid($"expected each name once in the header, found '{Show(name)}' twice");
            if (name == MetadataKey)
                checksum = ReadMetadata(ref reader, metadata);
            else
                entries.Add(ReadEntry(ref reader, name));
        }
        // An empty tensor begins where it ends, so it comes before the one that begins there too.
        entries.Sort((a, b) => a.Begin != b.Begin ? a.Begin.CompareTo(b.Begin) : a.End.CompareTo(b.End));
        long end = 0;
        foreach (Entry entry in entries)
        {
            if (entry.Begin != end)
                throw Invalid($"expected tensors without gaps or overlaps, so '{Show(entry.Name)}' at byte {end}, "
                    + $"found it at {entry.Begin}");
            end = entry.End;
        }
        return new SafeTensorsHeader(metadata, entries, end, checksum);
    }

    /// <summary>Reads the texts and returns the position of the checksum among them.</summary>
    private static Range? ReadMetadata(ref Utf8JsonReader reader, Dictionary<string, string> metadata)
    {
        Range? checksum = null;
        Expect(ref reader, JsonTokenType.StartObject, MetadataKey);
        while (NextProperty(ref reader, MetadataKey) is { } key)
        {
            Expect(ref reader, JsonTokenType.String, $"{MetadataKey} '{Show(key)}'");
            if ((key == ChecksumKey && checksum is not null) || (key != ChecksumKey && !metadata.TryAdd(key, reader.GetString()!)))
                throw Invalid($"expected each name once in {MetadataKey}, found '{Show(key)}' twice");
            if (key != ChecksumKey)
                continue;
            if (reader.ValueIsEscaped || reader.ValueSpan.Length != ChecksumZeros.Length)
                throw Invalid($"expected {ChecksumZeros.Length} hexadecimal digits as {ChecksumKey}, found a text of "
                    + $"{reader.ValueSpan.Length} characters");
            // Behind the quotation mark.
            int begin = (int)reader.TokenStartIndex + 1;
            checksum = begin..(begin + ChecksumZeros.Length);
        }
        return checksum;
    }

    private static Entry ReadEntry(ref Utf8JsonReader reader, string name)
    {
        string what = $"tensor '{Show(name)}'";
        string? type = null;
        List<long>? shape = null, offsets = null;
        Expect(ref reader, JsonTokenType.StartObject, what);
        while (NextProperty(ref reader, what) is { } key)
        {
            switch (key)
            {
                case "dtype" when type is null:
                    Expect(ref reader, JsonTokenType.String, what + ", dtype");
                    type = reader.GetString();
                    break;
                case "shape" when shape is null:
                    shape = ReadIntegers(ref reader, what + ", shape");
                    break;
                case "data_offsets" when offsets is null:
                    offsets = ReadIntegers(ref reader, what + ", data_offsets");
                    break;
                default:
                    throw Invalid($"expected dtype, shape and data_offsets once each in {what}, found '{Show(key)}'");
            }
        }
        if (type is null || shape is null || offsets is null)
            throw Invalid($"expected dtype, shape and data_offsets in {what}, found "
                + $"{(type is null ? "no dtype" : shape is null ? "no shape" : "no data_offsets")}");
        if (ElementType.Find(type) is not { } elements)
            throw Invalid($"expected a dtype such as {ElementType.Float32.Name} in {what}, found '{Show(type)}'");
        if (offsets is not [long begin, long end] || begin > end)
            throw Invalid($"expected a begin and an end behind it as data_offsets of {what}, found [{string.Join(", ", offsets.Take(4))}]");

        int[] dimensions = new int[shape.Count];
        for (int i = 0; i < dimensions.Length; i++)
        {
            if (shape[i] > Array.MaxLength)
                throw Invalid($"expected dimensions up to {Array.MaxLength} in {what}, found {shape[i]}");
            dimensions[i] = (int)shape[i];
        }
        if (LengthOf(dimensions) is not { } length)
            throw Invalid($"expected a shape of at most {Array.MaxLength} values in {what}, found {Show(dimensions)}");
        if ((long)length * elements.Size != end - begin)
            throw Invalid($"expected {(long)length * elements.Size} bytes for the shape {Show(dimensions)} of {what}, found data_offsets "
                + $"[{begin}, {end}]");
        return new Entry(name, dimensions, elements, begin, length);
    }

    private static List<long> ReadIntegers(ref Utf8JsonReader reader, string what)
    {
        var values = new List<long>();
        Expect(ref reader, JsonTokenType.StartArray, what);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out long value) || value < 0)
                throw Invalid($"expected whole numbers, none negative, as {what}, found something else");
            values.Add(value);
        }
        return values;
    }

    /// <summary>The next name in the object being read, or null behind its last.</summary>
    private static string? NextProperty(ref Utf8JsonReader reader, string what)
    {
        reader.Read();
        return reader.TokenType switch
        {
            JsonTokenType.PropertyName => reader.GetString(),
            JsonTokenType.EndObject => null,
            _ => throw Invalid($"expected an object as {what}, found {reader.TokenType}"),
        };
    }

    private static void Expect(ref Utf8JsonReader reader, JsonTokenType expected, string what)
    {
        reader.Read();
        if (reader.TokenType != expected)
            throw Invalid($"expected {expected} as {what}, found {reader.TokenType}");
    }

    /// <summary>The number of values of a shape, or null if no array could hold them.</summary>
    private static int? LengthOf(ReadOnlySpan<int> shape)
    {
        long length = 1;
        foreach (int dimension in shape)
        {
            length *= dimension;
            if (length > Array.MaxLength)
                return null;
        }
        return (int)length;
    }

    private static string Show(int[] shape) => shape.Length <= 8 ? $"[{string.Join(", ", shape)}]" : $"of {shape.Length} dimensions";

    /// <summary>Shortens a name from the file, which may have any length, for a message.</summary>
    public static string Show(string name) => name.Length <= 64 ? name : name[..64] + "…";

    private static InvalidDataException Invalid(string message) => new($"safetensors: {message}.");
}

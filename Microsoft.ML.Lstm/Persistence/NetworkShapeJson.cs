using System.Buffers;
using System.Text;
using System.Text.Json;
using Microsoft.ML.Lstm.Network;

namespace Microsoft.ML.Lstm.Persistence;

/// <summary>A network's shape as a small JSON object, its enums by name; without embeddings, outputs a step or a decoder it does not speak of them.</summary>
internal static class NetworkShapeJson
{
    private const string Cell = "cell";
    private const string InputSize = "inputSize";
    private const string HiddenSize = "hiddenSize";
    private const string Layers = "layers";
    private const string Bidirectional = "bidirectional";
    private const string PoolingName = "pooling";
    private const string StaticSize = "staticSize";
    private const string OutputSize = "outputSize";
    private const string Embeddings = "embeddings";
    private const string Vocabulary = "vocabulary";
    private const string Size = "size";
    private const string StepOutputs = "stepOutputs";
    private const string HasCrf = "crf";
    private const string HeadReadsInputs = "headReadsInputs";
    private const string HasDecoder = "decoder";
    private const int PropertyCount = 8;
    private const int EmbeddingPropertyCount = 2;
    private const int MaxDepth = 3;

    public static string Write(NetworkShape shape)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString(Cell, shape.Cell.ToString());
            json.WriteNumber(InputSize, shape.InputSize);
            if (shape.Embeddings.Count > 0)
                WriteEmbeddings(json, shape.Embeddings);
            json.WriteNumber(HiddenSize, shape.HiddenSize);
            json.WriteNumber(Layers, shape.Layers);
            json.WriteBoolean(Bidirectional, shape.Bidirectional);
            json.WriteString(PoolingName, shape.Pooling.ToString());
            if (shape.StepOutputs)
                json.WriteBoolean(StepOutputs, true);
            if (shape.HasCrf)
                json.WriteBoolean(HasCrf, true);
            if (shape.HeadReadsInputs)
                json.WriteBoolean(HeadReadsInputs, true);
            if (shape.HasDecoder)
                json.WriteBoolean(HasDecoder, true);
            json.WriteNumber(StaticSize, shape.StaticSize);
            json.WriteNumber(OutputSize, shape.OutputSize);
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static void WriteEmbeddings(Utf8JsonWriter json, EmbeddingShapes embeddings)
    {
        json.WriteStartArray(Embeddings);
        foreach (EmbeddingShape embedding in embeddings)
        {
            json.WriteStartObject();
            json.WriteNumber(Vocabulary, embedding.Vocabulary);
            json.WriteNumber(Size, embedding.Size);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    /// <exception cref="InvalidDataException">
    /// It isn't an object with exactly the properties that <see cref="Write"/> writes, the sizes at least 1 (static and vocabulary: 0).
    /// </exception>
    public static NetworkShape Read(string text)
    {
        try
        {
            var options = new JsonDocumentOptions { MaxDepth = MaxDepth, AllowDuplicateProperties = false };
            using var json = JsonDocument.Parse(text, options);
            return Read(json.RootElement);
        }
        catch (Exception e) when (e is JsonException or ArgumentException or InvalidOperationException)
        {
            // The latter two are for text that isn't valid Unicode.
            throw new InvalidDataException("Network shape: expected a JSON object, found invalid JSON.", e);
        }
    }

    private static NetworkShape Read(JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object)
            throw Invalid("a JSON object", json.ValueKind.ToString());
        bool hasEmbeddings = Has(Embeddings), hasStepOutputs = Has(StepOutputs), hasCrf = Has(HasCrf), hasHeadReadsInputs = Has(HeadReadsInputs), hasDecoder = Has(HasDecoder);
        var shape = new NetworkShape
        {
            Cell = ReadEnum<CellType>(json, Cell),
            InputSize = ReadSize(json, InputSize),
            Embeddings = hasEmbeddings ? new EmbeddingShapes([.. Property(json, Embeddings, JsonValueKind.Array).EnumerateArray().Select(ReadEmbedding)]) : default,
            HiddenSize = ReadSize(json, HiddenSize),
            Layers = ReadSize(json, Layers),
            Bidirectional = ReadBoolean(json, Bidirectional),
            Pooling = ReadEnum<Pooling>(json, PoolingName),
            HasCrf = hasCrf && ReadBoolean(json, HasCrf),
            StepOutputs = hasStepOutputs && ReadBoolean(json, StepOutputs),
            HeadReadsInputs = hasHeadReadsInputs && ReadBoolean(json, HeadReadsInputs),
            HasDecoder = hasDecoder && ReadBoolean(json, HasDecoder),
            StaticSize = ReadSize(json, StaticSize, least: 0),
            OutputSize = ReadSize(json, OutputSize),
        };
        CheckPropertyCount(json, PropertyCount + new[] { hasEmbeddings, hasStepOutputs, hasCrf, hasHeadReadsInputs, hasDecoder }.Count(has => has));
        if ((shape.HasCrf || shape.HeadReadsInputs) && !shape.StepOutputs)
            throw Invalid($"{StepOutputs} where there is {(shape.HasCrf ? HasCrf : HeadReadsInputs)}", "none");
        if (shape.HasDecoder && (shape.StepOutputs || shape.Embeddings.Count > 0))
            throw Invalid($"neither {StepOutputs} nor {Embeddings} where there is a {HasDecoder}", shape.StepOutputs ? StepOutputs : Embeddings);
        if (shape.Embeddings.Sum(embedding => (long)embedding.Size) > shape.InputSize)
            throw Invalid($"embeddings of at most {shape.InputSize} features in all, the {InputSize}", "more");
        return shape;

        bool Has(string name) => json.TryGetProperty(name, out _);
    }

    private static EmbeddingShape ReadEmbedding(JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object)
            throw Invalid($"objects as {Embeddings}", json.ValueKind.ToString());
        var embedding = new EmbeddingShape(ReadSize(json, Vocabulary, least: 0), ReadSize(json, Size));
        CheckPropertyCount(json, EmbeddingPropertyCount);
        return embedding;
    }

    // All that are expected were found and none occurs twice, so one more is one that this version doesn't know.
    private static void CheckPropertyCount(JsonElement json, int expected)
    {
        if (json.GetPropertyCount() != expected)
            throw Invalid($"{expected} properties", $"{json.GetPropertyCount()}");
    }

    private static T ReadEnum<T>(JsonElement json, string name)
        where T : struct, Enum
    {
        string? text = Property(json, name, JsonValueKind.String).GetString();
        int index = Array.IndexOf(Enum.GetNames<T>(), text);
        if (index < 0)
            throw Invalid($"one of {string.Join(", ", Enum.GetNames<T>())} as {name}", $"'{(text is { Length: <= 64 } ? text : "a longer text")}'");
        return Enum.GetValues<T>()[index];
    }

    private static int ReadSize(JsonElement json, string name, int least = 1)
    {
        JsonElement property = Property(json, name, JsonValueKind.Number);
        if (!property.TryGetInt32(out int value) || value < least)
            throw Invalid($"a whole number from {least} to {int.MaxValue} as {name}", property.GetRawText() is { Length: <= 64 } raw ? raw : "a longer one");
        return value;
    }

    private static bool ReadBoolean(JsonElement json, string name)
    {
        JsonElement property = Property(json, name);
        if (property.ValueKind is not (JsonValueKind.True or JsonValueKind.False))
            throw Invalid($"true or false as {name}", property.ValueKind.ToString());
        return property.GetBoolean();
    }

    private static JsonElement Property(JsonElement json, string name, JsonValueKind kind)
    {
        JsonElement property = Property(json, name);
        return property.ValueKind == kind ? property : throw Invalid($"{kind} as {name}", property.ValueKind.ToString());
    }

    private static JsonElement Property(JsonElement json, string name) =>
        json.TryGetProperty(name, out JsonElement property) ? property : throw Invalid($"the property {name}", "none");

    private static InvalidDataException Invalid(string expected, string found) => new($"Network shape: expected {expected}, found {found}.");
}

using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Microsoft.ML.Lstm.Engine.Files;

/// <summary>Writes the records of <see cref="SavedJsonContext"/>, and reads them strictly, so that a damaged file is recognized.</summary>
internal static class SavedJson
{
    // A name that occurs twice is SavedValue's to find: the option of JsonDocument takes code that would be compiled in each process.
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 8 };

    /// <summary>The JSON of a value.</summary>
    /// <param name="value">The value.</param>
    /// <param name="type">Its type, from <see cref="SavedJsonContext"/>.</param>
    /// <param name="indented">Whether it is indented for people to read.</param>
    public static byte[] Write<T>(T value, JsonTypeInfo<T> type, bool indented = true)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = indented }))
            JsonSerializer.Serialize(writer, value, type);
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <param name="json">The JSON.</param>
    /// <param name="read">Reads the object.</param>
    /// <param name="what">The subject of the message when it can't be read.</param>
    /// <exception cref="InvalidDataException">It is not the JSON of a <typeparamref name="T"/>.</exception>
    public static T Read<T>(ReadOnlyMemory<byte> json, Func<SavedValue, T> read, string what)
        where T : class
    {
        try
        {
            using var document = JsonDocument.Parse(json, Strict);
            return document.RootElement.ValueKind == JsonValueKind.Null
                ? throw new InvalidDataException($"{what} can't be read: expected an object, found null.")
                : read(new SavedValue(document.RootElement));
        }
        // The reader's exceptions are not kept as inner exceptions, so the innermost exception has one type for every kind of damage.
        catch (JsonException error)
        {
            throw new InvalidDataException(
                $"{what} can't be read: expected the JSON of such settings, "
                + $"found an error at {error.Path ?? $"byte {error.BytePositionInLine} of line {error.LineNumber}"}: {error.Message}");
        }
        catch (InvalidOperationException)
        {
            // What the reader throws for text that isn't valid Unicode.
            throw new InvalidDataException($"{what} can't be read: expected Unicode text in the JSON, found an invalid sequence.");
        }
    }
}

/// <summary>
/// Everything that is saved as JSON, except the header of safetensors, whose property names are the names of tensors. The compiler
/// generates the code that writes it, so it works in a trimmed program too; <see cref="SavedValue"/> reads it.
/// </summary>
/// <remarks>
/// JSON is accepted only in the form in which it is written: each name once, no unknown names, null only where it is allowed, numbers as
/// numbers. A property that is added later is read by <see cref="SavedValue.Find"/>, with a default that means what files without it mean.
/// </remarks>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(SavedNetwork))]
[JsonSerializable(typeof(SavedTraining))]
[JsonSerializable(typeof(SavedInputs))]
[JsonSerializable(typeof(ScoringColumns))]
[JsonSerializable(typeof(CopyingColumns))]
[JsonSerializable(typeof(SavedForecast))]
[JsonSerializable(typeof(SavedAnomaly))]
[JsonSerializable(typeof(SlidingWindowSettings))]
[JsonSerializable(typeof(SubwordSettings))]
[JsonSerializable(typeof(SavedGeneration))]
[JsonSerializable(typeof(TrainingReport))]
internal sealed partial class SavedJsonContext : JsonSerializerContext;

using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Microsoft.ML.Lstm.Engine.Files;

/// <summary>Writes and reads the records of <see cref="SavedJsonContext"/>, strictly, so that a damaged file is recognized.</summary>
internal static class SavedJson
{
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
    /// <param name="type">The type of the value, from <see cref="SavedJsonContext"/>.</param>
    /// <param name="what">The subject of the message when it can't be read.</param>
    /// <exception cref="InvalidDataException">It is not the JSON of a <typeparamref name="T"/>.</exception>
    public static T Read<T>(ReadOnlySpan<byte> json, JsonTypeInfo<T> type, string what)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(json, type)
                ?? throw new InvalidDataException($"{what} can't be read: expected an object, found null.");
        }
        // The reader's exceptions are not kept as inner exceptions, so the innermost exception has one type for every kind of damage.
        catch (JsonException error)
        {
            throw new InvalidDataException(
                $"{what} can't be read: expected the JSON of such settings, "
                + $"found an error at {error.Path ?? "its begin"}: {error.Message}");
        }
        catch (InvalidOperationException)
        {
            // What the reader throws for text that isn't valid Unicode.
            throw new InvalidDataException($"{what} can't be read: expected Unicode text in the JSON, found an invalid sequence.");
        }
    }
}
